//! Operations about all rows of a relation, and operations about the rows that they name.

use sqlx_cascade::{ErrorKind, HasOne};

use crate::models::{
    COUNTRIES, Country, OWNERS, Owner, USERS, User, ada, bio, country, owner, pet, user,
};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    setting_what_is_not_loaded_replaces_whatever_is_there,
    removing_what_is_not_loaded_removes_whatever_is_there,
    a_whole_operation_sends_its_statement_also_for_nothing,
    a_whole_operation_reaches_below_by_subqueries,
    a_whole_operation_releases_where_the_relation_does,
    an_assigned_wrapper_concerns_all_rows,
    an_assigned_clone_concerns_all_rows,
    adopting_into_what_is_not_loaded_replaces_whatever_is_there,
    on_what_is_loaded_a_rival_is_a_unique_violation,
    on_what_is_loaded_a_vanished_row_is_stale,
    after_a_whole_operation_the_relation_is_loaded,
];

async fn setting_what_is_not_loaded_replaces_whatever_is_there<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    user("bob", "bob").save(&test.pool).await.unwrap();
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    assert_eq!(user.profile.set(bio("new")), None);
    assert_eq!(
        changes(&user.plan().unwrap()),
        ["deleted * profiles", "inserted 1 profiles"]
    );
    drop(test.sent());
    let report = user.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["deleted 1 profiles", "inserted 1 profiles"]
    );
    assert_eq!(test.sent(), ["DELETE profiles", "INSERT profiles"]);
    assert_eq!(test.rows("profiles").await, ["2|2|bob", "3|1|new"]);
}

async fn removing_what_is_not_loaded_removes_whatever_is_there<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    assert_eq!(user.profile.remove(), None);
    let report = user.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 profiles"]);
    assert_eq!(test.rows("profiles").await, NONE);
}

async fn a_whole_operation_sends_its_statement_also_for_nothing<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    test.execute("INSERT INTO users (name) VALUES ('ada')")
        .await;
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    user.profile.remove();
    drop(test.sent());
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), ["DELETE profiles"]);
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn a_whole_operation_reaches_below_by_subqueries<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    country("a").save(&test.pool).await.unwrap();
    country("b").save(&test.pool).await.unwrap();
    let mut country = Country::find(1).one(&test.pool).await.unwrap();
    country.capital.remove();
    drop(test.sent());
    let report = country.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 1 thrones",
            "deleted 1 palaces",
            "deleted 1 capitals"
        ]
    );
    assert_eq!(
        test.sent(),
        ["DELETE thrones", "DELETE palaces", "DELETE capitals"]
    );
    assert_eq!(
        test.chain().await,
        [
            vec!["1|-", "2|-"],
            vec!["2|2|b"],
            vec!["2|2|b"],
            vec!["2|2|b"]
        ]
    );
}

async fn a_whole_operation_releases_where_the_relation_does<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    owner("ada", "rex").save(&test.pool).await.unwrap();
    let mut owner = Owner::find(1).one(&test.pool).await.unwrap();
    owner.pet.set(pet("tom"));
    let report = owner.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["released 1 pets", "inserted 1 pets"]);
    assert_eq!(test.rows("pets").await, ["1|-|rex", "2|1|tom"]);
}

async fn an_assigned_wrapper_concerns_all_rows<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    test.execute("UPDATE profiles SET id = 7").await;
    user.profile = bio("new").into();
    let report = user.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["deleted 1 profiles", "inserted 1 profiles"]
    );
    user.profile = HasOne::empty();
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, NONE);
}

async fn an_assigned_clone_concerns_all_rows<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let a = ada().save(&test.pool).await.unwrap();
    let mut b = user("bob", "bob").save(&test.pool).await.unwrap();
    b.profile = a.profile.clone();
    let report = b.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["deleted 1 profiles", "inserted 1 profiles"]
    );
    assert_eq!(test.rows("profiles").await, ["1|1|old", "3|2|old"]);
}

async fn adopting_into_what_is_not_loaded_replaces_whatever_is_there<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    user("bob", "bob").save(&test.pool).await.unwrap();
    let mut b = User::find(2).one(&test.pool).await.unwrap();
    b.profile.adopt(a.profile.expunge().unwrap());
    drop(test.sent());
    let report = b.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 profiles", "moved 1 profiles"]);
    assert_eq!(test.sent(), ["DELETE profiles", "UPDATE profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|2|old"]);
}

async fn on_what_is_loaded_a_rival_is_a_unique_violation<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = User {
        profile: HasOne::empty(),
        ..ada()
    }
    .save(&test.pool)
    .await
    .unwrap();
    test.execute("INSERT INTO profiles (user_id, bio) VALUES (1, 'rival')")
        .await;
    user.profile.set(bio("mine"));
    let error = failed(
        user.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "User.profile",
    );
    assert!(error.constraint().unwrap().contains("user_id"));
    assert_eq!(test.rows("profiles").await, ["1|1|rival"]);
}

async fn on_what_is_loaded_a_vanished_row_is_stale<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    test.execute("DELETE FROM profiles; INSERT INTO profiles (user_id, bio) VALUES (1, 'rival')")
        .await;
    user.profile.get_mut().unwrap().bio = "mine".into();
    failed(
        user.save(&test.pool).await,
        ErrorKind::Stale,
        "User.profile",
    );
    user.profile.set(bio("mine"));
    failed(
        user.save(&test.pool).await,
        ErrorKind::Stale,
        "User.profile",
    );
    assert_eq!(test.rows("profiles").await, ["2|1|rival"]);
}

async fn after_a_whole_operation_the_relation_is_loaded<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    user.profile.set(bio("new"));
    user.save(&test.pool).await.unwrap();
    user.profile.get_mut().unwrap().bio = "newer".into();
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(changes(&report), ["updated 1 profiles"]);
    user.profile.remove();
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(changes(&report), ["deleted 1 profiles"]);
}
