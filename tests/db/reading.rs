//! `find`, `find_many`, `load` and `refresh`.

use sqlx_cascade::{ErrorKind, HasOne, Persistent};

use crate::models::{COUNTRIES, Capital, Country, Palace, USERS, User, ada, bio, country, user};
use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    find_gives_the_row_with_relations_not_loaded,
    what_is_not_there_is_not_found,
    find_many_is_in_the_order_asked_without_the_absent,
    find_many_of_nothing_sends_nothing,
    with_is_one_query_per_table,
    load_skips_what_is_loaded_and_goes_on_below_it,
    load_under_a_row_that_is_gone_is_not_found,
    load_keeps_pending_changes,
    load_for_many_parents,
    two_rows_behind_a_relation_are_too_many,
    for_update_needs_a_transaction,
    refresh_reads_the_row_again,
    refresh_of_a_row_that_is_gone_is_not_found,
    refresh_discards_a_loaded_relation_that_is_gone,
    a_relation_that_is_not_loaded_gives_an_error,
];

async fn find_gives_the_row_with_relations_not_loaded<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    drop(test.sent());
    let found = User::find(1).one(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT users"]);
    assert_eq!(
        *found,
        User {
            id: 1,
            name: "ada".into(),
            profile: HasOne::default()
        }
    );
    assert!(found.profile.is_not_loaded());
    let found = User::find(1)
        .with(User::PROFILE)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(found.profile.get().unwrap().bio, "old");
}

async fn what_is_not_there_is_not_found<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let error = failed(
        User::find(1).one(&test.pool).await,
        ErrorKind::NotFound,
        "User",
    );
    assert_eq!(error.entity(), Some("User"));
    assert!(User::find(1).optional(&test.pool).await.unwrap().is_none());
    failed(
        User::delete_by_key(1, &test.pool).await,
        ErrorKind::NotFound,
        "User",
    );
}

async fn find_many_is_in_the_order_asked_without_the_absent<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let users = ["a", "b", "c"].map(|name| user(name, name));
    User::save_all(users.into(), &test.pool).await.unwrap();
    let found = User::find_many([3, 9, 1, 2, -4])
        .with(User::PROFILE)
        .all(&test.pool)
        .await
        .unwrap();
    let names: Vec<&str> = found
        .iter()
        .map(|user| user.profile.get().unwrap().bio.as_str())
        .collect();
    assert_eq!(names, ["c", "a", "b"]);
}

async fn find_many_of_nothing_sends_nothing<B: Base>(test: Test<B>) {
    assert!(
        User::find_many([])
            .all(&test.pool)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        User::save_all(Vec::new(), &test.pool)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        Persistent::<User>::delete_all(Vec::new(), &test.pool)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(test.sent(), NONE);
}

async fn with_is_one_query_per_table<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let saved = Country::save_all(
        vec![country("a"), country("b"), Country::default()],
        &test.pool,
    )
    .await
    .unwrap();
    drop(test.sent());
    let path = Country::CAPITAL.then(Capital::PALACE).then(Palace::THRONE);
    let found = Country::find_many([1, 2, 3])
        .with(path)
        .all(&test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.sent(),
        [
            "SELECT countries",
            "SELECT capitals",
            "SELECT palaces",
            "SELECT thrones"
        ]
    );
    assert_eq!(found[..2], saved[..2]);
    assert_eq!(found[2].capital.get(), None);
}

async fn load_skips_what_is_loaded_and_goes_on_below_it<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    country("a").save(&test.pool).await.unwrap();
    let mut country = Country::find(1)
        .with(Country::CAPITAL)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    country.load(Country::CAPITAL, &test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE);
    country
        .load(Country::CAPITAL.then(Capital::PALACE), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["SELECT palaces"]);
    assert_eq!(
        country.capital.get().unwrap().palace.get().unwrap().name,
        "a"
    );
    assert!(country.save(&test.pool).await.unwrap().is_empty());
}

async fn load_under_a_row_that_is_gone_is_not_found<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.profile = HasOne::default();
    test.execute("DELETE FROM users").await;
    failed(
        user.load(User::PROFILE, &test.pool).await,
        ErrorKind::NotFound,
        "User",
    );
    failed(
        user.detach(User::PROFILE, &test.pool).await,
        ErrorKind::NotFound,
        "User",
    );
    assert!(user.profile.is_not_loaded());
}

async fn load_keeps_pending_changes<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    user.name = "eve".into();
    user.load(User::PROFILE, &test.pool).await.unwrap();
    assert_eq!(user.changed_columns(), ["name"]);
    user.profile.remove();
    user.load(User::PROFILE, &test.pool).await.unwrap();
    assert_eq!(user.profile.get(), None);
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("users").await, ["1|eve"]);
    assert_eq!(test.rows("profiles").await, NONE);
}

async fn load_for_many_parents<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let saved = User::save_all(vec![user("a", "a"), user("b", "b")], &test.pool)
        .await
        .unwrap();
    test.execute("INSERT INTO users (name) VALUES ('c')").await;
    let mut found = User::find_many([1, 2, 3]).all(&test.pool).await.unwrap();
    found[1].load(User::PROFILE, &test.pool).await.unwrap();
    found[1].profile.get_mut().unwrap().bio = "unsaved".into();
    drop(test.sent());
    sqlx_cascade::load(&mut found, User::PROFILE, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["SELECT profiles"]);
    assert_eq!(found[0], saved[0]);
    assert_eq!(found[1].profile.get().unwrap().bio, "unsaved");
    assert_eq!(found[2].profile.get(), None);
}

async fn two_rows_behind_a_relation_are_too_many<B: Base>(test: Test<B>) {
    test.create(&USERS.replace("NOT NULL UNIQUE", "NOT NULL"))
        .await;
    ada().save(&test.pool).await.unwrap();
    test.execute("INSERT INTO profiles (user_id, bio) VALUES (1, 's3cret')")
        .await;
    let error = failed(
        User::find(1).with(User::PROFILE).one(&test.pool).await,
        ErrorKind::TooMany,
        "User.profile",
    );
    assert_eq!(error.entity(), Some("Profile"));
}

async fn for_update_needs_a_transaction<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    failed(
        User::find(1).for_update().one(&test.pool).await,
        ErrorKind::Unsupported,
        "User",
    );
    let mut transaction = test.pool.begin().await.unwrap();
    drop(test.sent());
    let mut user = User::find(1)
        .for_update()
        .one(&mut transaction)
        .await
        .unwrap();
    let sent = test.statements();
    assert!(
        B::SERVICE == "sqlite" || sent[0].contains("FOR UPDATE"),
        "{sent:?}"
    );
    user.name = "eve".into();
    user.save(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(test.rows("users").await, ["1|eve"]);
}

async fn refresh_reads_the_row_again<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    test.execute("UPDATE users SET name = 'elsewhere'; UPDATE profiles SET bio = 'elsewhere'")
        .await;
    user.name = "unsaved".into();
    user.profile.set(bio("unsaved"));
    user.refresh(&test.pool).await.unwrap();
    assert_eq!(
        (user.name.as_str(), user.profile.get().unwrap().bio.as_str()),
        ("elsewhere", "elsewhere")
    );
    assert!(user.changed_columns().is_empty());
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    let mut bare = User::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    bare.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT users"]);
    assert!(bare.profile.is_not_loaded());
}

async fn refresh_of_a_row_that_is_gone_is_not_found<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.name = "unsaved".into();
    test.execute("DELETE FROM users").await;
    let before = (*user).clone();
    failed(user.refresh(&test.pool).await, ErrorKind::NotFound, "User");
    assert_eq!(*user, before);
}

async fn refresh_discards_a_loaded_relation_that_is_gone<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    test.execute("DELETE FROM profiles").await;
    user.refresh(&test.pool).await.unwrap();
    assert_eq!(user.profile.get(), None);
    user.profile.set(bio("new"));
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["2|1|new"]);
}

async fn a_relation_that_is_not_loaded_gives_an_error<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    let user = User::find(1).one(&test.pool).await.unwrap();
    failed(user.profile.try_get(), ErrorKind::NotLoaded, "");
    let panic = std::panic::catch_unwind(|| drop(User::default().profile.get().cloned()));
    assert!(panic.is_err());
}
