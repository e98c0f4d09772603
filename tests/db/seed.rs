//! The life of a user and a profile: the key NOT NULL, `all, delete-orphan`.

use crate::models::{Profile, USERS, User, ada, bio};
use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    both_are_created_by_one_save,
    a_profile_is_replaced_under_its_unique_key,
    a_profile_that_is_removed_is_deleted,
    the_library_deletes_the_profile_with_its_user,
    the_database_deletes_the_profile_with_its_user,
];

async fn both_are_created_by_one_save<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let user = ada().save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT users", "INSERT profiles"]);
    assert_eq!(test.rows("users").await, ["1|ada"]);
    assert_eq!(test.rows("profiles").await, ["1|1|old"]);
    let profile = Profile {
        id: 1,
        user_id: 1,
        bio: "old".into(),
    };
    assert_eq!(
        *user,
        User {
            id: 1,
            name: "ada".into(),
            profile: profile.into()
        }
    );
    assert_eq!(user.key(), 1);
}

async fn a_profile_is_replaced_under_its_unique_key<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    drop(test.sent());
    let left = user.profile.set(bio("new")).unwrap();
    assert_eq!(left.bio, "old");
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(
        changes(&report),
        ["deleted 1 profiles", "inserted 1 profiles"]
    );
    assert_eq!(test.sent(), ["DELETE profiles", "INSERT profiles"]);
    assert_eq!(test.rows("users").await, ["1|ada"]);
    assert_eq!(test.rows("profiles").await, ["2|1|new"]);
    assert_eq!(
        user.profile.get(),
        Some(&Profile {
            id: 2,
            user_id: 1,
            bio: "new".into()
        })
    );
}

async fn a_profile_that_is_removed_is_deleted<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    drop(test.sent());
    user.profile.remove();
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(changes(&report), ["deleted 1 profiles"]);
    assert_eq!(test.sent(), ["DELETE profiles"]);
    assert_eq!(test.rows("users").await, ["1|ada"]);
    assert_eq!(test.rows("profiles").await, NONE);
    assert_eq!(user.profile.get(), None);
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn the_library_deletes_the_profile_with_its_user<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let user = ada().save(&test.pool).await.unwrap();
    drop(test.sent());
    let value: User = user.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE profiles", "DELETE users"]);
    assert_eq!(test.rows("users").await, NONE);
    assert_eq!(test.rows("profiles").await, NONE);
    assert_eq!(
        (
            value.name.as_str(),
            value.profile.get().unwrap().bio.as_str()
        ),
        ("ada", "old")
    );
    value.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["2|2|old"]);
}

async fn the_database_deletes_the_profile_with_its_user<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    ada().save(&test.pool).await.unwrap();
    test.execute("DELETE FROM users WHERE id = 1").await;
    assert_eq!(test.rows("users").await, NONE);
    assert_eq!(test.rows("profiles").await, NONE);
}
