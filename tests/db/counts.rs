//! How many statements are sent.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx_cascade::{ErrorKind, HasOne, Relations};

use crate::models::{COUNTRIES, Capital, USERS, User, ada, bio, country, user};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    an_unchanged_save_takes_no_connection,
    a_new_user_with_a_profile_is_two_statements_in_one_transaction,
    a_thousand_new_users_with_profiles,
    a_changed_profile_is_one_statement_for_the_changed_columns,
    a_thousand_changed_profiles,
    replacing_is_two,
    removing_is_one,
    deleting_an_unloaded_chain_of_three_is_three,
    deleting_what_the_database_cascades_is_one,
    loading_the_profiles_of_a_thousand_users_is_one,
    finding_a_thousand_users_is_one,
    moving_is_one,
];

fn crowd(size: usize) -> Vec<User> {
    (0..size)
        .map(|number| user(&format!("user {number}"), &format!("bio {number}")))
        .collect()
}

/// What lists may take that are sent in pieces.
fn most<B: Base>(rows: usize) -> usize {
    if B::LISTS { rows.div_ceil(256) + 8 } else { 1 }
}

async fn an_unchanged_save_takes_no_connection<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.name = "ada".into();
    let options = PoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(500));
    let exhausted = test.another_pool(options).await;
    let held = exhausted.acquire().await.unwrap();
    drop(test.sent());
    assert!(user.save(&exhausted).await.unwrap().is_empty());
    user.profile.get_mut().unwrap().bio = "new".into();
    failed(user.save(&exhausted).await, ErrorKind::Database, "");
    user.profile.get_mut().unwrap().bio = "old".into();
    assert!(user.save(&exhausted).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    drop(held);
}

async fn a_new_user_with_a_profile_is_two_statements_in_one_transaction<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    assert_eq!(test.commits(), 1);
    assert_eq!(test.sent(), ["INSERT users", "INSERT profiles"]);
}

async fn a_thousand_new_users_with_profiles<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let users = User::save_all(crowd(1_000), &test.pool).await.unwrap();
    let sent = test.sent();
    for table in ["INSERT users", "INSERT profiles"] {
        let count = sent.iter().filter(|sent| *sent == table).count();
        assert!((1..=most::<B>(1_000)).contains(&count), "{table}: {count}");
    }
    assert!(sent.iter().all(|sent| sent.starts_with("INSERT ")));
    assert!(B::SERVICE != "postgres" || sent.len() == 2);
    assert!(
        users
            .iter()
            .all(|user| user.id > 0 && user.profile.get().unwrap().user_id == user.id)
    );
}

async fn a_changed_profile_is_one_statement_for_the_changed_columns<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    drop(test.sent());
    user.profile.get_mut().unwrap().bio = "new".into();
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(report.changes()[0].columns, ["bio"]);
    let sent = test.statements();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let (_, rest) = sent[0].split_once(" SET ").unwrap();
    let columns = rest.split(" WHERE ").next().unwrap();
    let columns = columns.split(" FROM ").next().unwrap();
    assert!(columns.contains("bio"), "{columns}");
    assert!(
        !columns.contains("_id") && !columns.contains(','),
        "{columns}"
    );
    assert_eq!(test.rows("profiles").await, ["1|1|new"]);
}

async fn a_thousand_changed_profiles<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut users = User::save_all(crowd(1_000), &test.pool).await.unwrap();
    for user in &mut users {
        let bio = format!("now {}", user.name);
        user.profile.get_mut().unwrap().bio = bio;
    }
    drop(test.sent());
    let report = sqlx_cascade::Persistent::save_all(&mut users, &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["updated 1000 profiles"]);
    let sent = test.sent();
    assert!(sent.len() <= most::<B>(1_000), "{}", sent.len());
    let found = User::find(users[700].id)
        .with(User::PROFILE)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found, users[700]);
}

async fn replacing_is_two<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.profile.set(bio("new"));
    drop(test.sent());
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE profiles", "INSERT profiles"]);
}

async fn removing_is_one<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.profile.remove();
    drop(test.sent());
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE profiles"]);
}

async fn deleting_an_unloaded_chain_of_three_is_three<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    country("a").save(&test.pool).await.unwrap();
    let capital = Capital::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    capital.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        ["DELETE thrones", "DELETE palaces", "DELETE capitals"]
    );
    assert_eq!(test.chain().await, [vec!["1|-"], vec![], vec![], vec![]]);
}

async fn deleting_what_the_database_cascades_is_one<B: Base>(test: Test<B>) {
    test.create(PASSIVE).await;
    test.execute("INSERT INTO tops (id, name) VALUES (1, 'a'); INSERT INTO middles (id, top_id) VALUES (1, 1); INSERT INTO bottoms (id, middle_id) VALUES (1, 1)").await;
    let top = Top::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    top.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE tops"]);
    assert_eq!(test.rows("bottoms").await, NONE);
}

async fn loading_the_profiles_of_a_thousand_users_is_one<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let users = User::save_all(crowd(1_000), &test.pool).await.unwrap();
    let mut found = User::find_many(users.iter().map(|user| user.id))
        .all(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    sqlx_cascade::load(&mut found, User::PROFILE, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), B::reads("SELECT profiles", 1_000));
    assert_eq!(found, users);
}

async fn finding_a_thousand_users_is_one<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let users = User::save_all(crowd(1_000), &test.pool).await.unwrap();
    drop(test.sent());
    let found = User::find_many(users.iter().rev().map(|user| user.id))
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), B::reads("SELECT users", 1_000));
    assert!(
        found
            .iter()
            .zip(users.iter().rev())
            .all(|(found, user)| found.name == user.name)
    );
}

async fn moving_is_one<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = User {
        profile: HasOne::empty(),
        ..User::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.profile.adopt(a.profile.expunge().unwrap());
    drop(test.sent());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 1 profiles"]);
    assert_eq!(test.sent(), ["UPDATE profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|2|old"]);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
}

#[derive(Debug, Default, Relations)]
#[table(name = "tops")]
struct Top {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
    middle: HasOne<Middle>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "middles")]
struct Middle {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top, on_delete = "cascade")]
    top_id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    bottom: HasOne<Bottom>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "bottoms")]
struct Bottom {
    #[key(generated)]
    id: i64,
    #[one_to_one(Middle, on_delete = "cascade")]
    middle_id: i64,
}

const PASSIVE: &str = "
    CREATE TABLE tops (id $id, name TEXT NOT NULL);
    CREATE TABLE middles (id $id, top_id BIGINT NOT NULL UNIQUE REFERENCES tops (id) ON DELETE CASCADE);
    CREATE TABLE bottoms (id $id, middle_id BIGINT NOT NULL UNIQUE REFERENCES middles (id) ON DELETE CASCADE);
";
