//! Pools, connections and transactions; what a rollback does; plans and reports.

use sqlx_cascade::{Db, Error, ErrorKind, Persistent};

use crate::models::{COUNTRIES, USERS, User, ada, bio, country, user};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    in_a_callers_transaction_nothing_is_there_before_its_commit,
    a_rolled_back_transaction_leaves_nothing,
    a_connection_of_the_pool,
    a_function_over_any_database,
    operations_are_send,
    a_plan_needs_no_database_and_says_what_the_report_says,
    a_report_prints_as_a_table,
    changed_columns_are_named,
    a_save_of_many_is_one_transaction,
];

async fn in_a_callers_transaction_nothing_is_there_before_its_commit<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut transaction = test.pool.begin().await.unwrap();
    let mut user = ada().save(&mut transaction).await.unwrap();
    assert_eq!(test.rows("users").await, NONE);
    user.profile.set(bio("new"));
    user.save(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(test.rows("users").await, ["1|ada"]);
    assert_eq!(test.rows("profiles").await, ["2|1|new"]);
}

async fn a_rolled_back_transaction_leaves_nothing<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut transaction = test.pool.begin().await.unwrap();
    let mut user = ada().save(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(test.rows("users").await, NONE);
    assert_eq!(test.rows("profiles").await, NONE);
    // The handle doesn't know.
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    user.name = "eve".into();
    failed(user.save(&test.pool).await, ErrorKind::Stale, "User");
}

async fn a_connection_of_the_pool<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut connection = test.pool.acquire().await.unwrap();
    let mut user = ada().save(&mut connection).await.unwrap();
    user.name = "eve".into();
    user.save(&mut connection).await.unwrap();
    assert_eq!(test.rows("users").await, ["1|eve"]);
}

async fn twice(mut db: impl Db) -> Result<Persistent<User>, Error> {
    let mut user = ada().save(&mut db).await?;
    user.name.push('!');
    user.save(&mut db).await?;
    Ok(user)
}

async fn a_function_over_any_database<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    twice(&test.pool).await.unwrap();
    twice(&mut test.pool.acquire().await.unwrap())
        .await
        .unwrap();
    let mut transaction = test.pool.begin().await.unwrap();
    twice(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(test.rows("users").await, ["1|ada!", "2|ada!", "3|ada!"]);
}

async fn operations_are_send<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let pool = test.pool.clone();
    let spawned = tokio::spawn(async move {
        let mut transaction = pool.begin().await.unwrap();
        let user = twice(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        user
    });
    assert_eq!(spawned.await.unwrap().name, "ada!");
}

async fn a_plan_needs_no_database_and_says_what_the_report_says<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let mut country = country("a").save(&test.pool).await.unwrap();
    drop(test.sent());
    assert!(country.plan().unwrap().is_empty());
    let capital = country.capital.get_mut().unwrap();
    capital.name = "b".into();
    capital.palace.get_mut().unwrap().throne.remove();
    let plan = country.plan().unwrap();
    assert_eq!(test.sent(), NONE);
    assert_eq!(changes(&plan), ["deleted 1 thrones", "updated 1 capitals"]);
    let report = country.save(&test.pool).await.unwrap();
    assert_eq!(plan.changes(), report.changes());
    assert_eq!(plan.to_string(), report.to_string());
}

async fn a_report_prints_as_a_table<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.name = "eve".into();
    user.profile.set(bio("s3cret"));
    let report = user.save(&test.pool).await.unwrap();
    let lines = [
        "profiles  deleted        1",
        "users     updated        1  name",
        "profiles  inserted       1  user_id, bio",
    ];
    assert_eq!(report.to_string().lines().collect::<Vec<_>>(), lines);
    assert_eq!(
        user.save(&test.pool).await.unwrap().to_string(),
        "no change"
    );
}

async fn changed_columns_are_named<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    assert!(user.changed_columns().is_empty());
    user.name = "ada".into();
    assert!(user.changed_columns().is_empty());
    user.name = "eve".into();
    assert_eq!(user.changed_columns(), ["name"]);
    user.save(&test.pool).await.unwrap();
    assert!(user.changed_columns().is_empty());
}

async fn a_save_of_many_is_one_transaction<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    test.execute("CREATE UNIQUE INDEX one_name ON users (name)")
        .await;
    let mut users = User::save_all(
        vec![user("a", "a"), user("b", "b"), user("c", "c")],
        &test.pool,
    )
    .await
    .unwrap();
    test.commits();
    users[0].profile.get_mut().unwrap().bio = "x".into();
    users[1].profile.remove();
    users[2].name = "b".into();
    failed(
        Persistent::save_all(&mut users, &test.pool).await,
        ErrorKind::UniqueViolation,
        "User[2]",
    );
    assert_eq!(test.rows("profiles").await, ["1|1|a", "2|2|b", "3|3|c"]);
    users[2].name = "d".into();
    test.commits();
    Persistent::save_all(&mut users, &test.pool).await.unwrap();
    assert_eq!(test.commits(), 1);
    assert_eq!(test.rows("profiles").await, ["1|1|x", "3|3|c"]);
    assert_eq!(test.rows("users").await, ["1|a", "2|b", "3|d"]);
}
