//! Identity is the handle's recorded key and owner, never a field.

use sqlx_cascade::{ErrorKind, HasOne, Persistent};

use crate::models::{Profile, USERS, User, ada, bio, user};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    a_clone_is_new_throughout,
    a_clone_of_what_is_not_loaded_is_not_loaded,
    an_edited_key_is_refused,
    an_edited_key_to_the_owner_is_refused,
    a_root_may_change_its_foreign_key,
    assigning_a_value_with_the_same_key_writes_its_columns,
    assigning_a_value_with_another_key_is_refused,
    swapped_values_are_refused,
    swapped_children_are_refused,
    swapped_wrappers_are_not_owned,
    a_wrapper_of_another_parent_is_not_owned_by_a_new_one,
    swapped_pending_removals_are_not_owned,
    swapped_handles_are_just_moved,
    a_taken_wrapper_loses_nothing,
    a_child_that_was_never_saved_and_leaves_is_not_saved,
    a_child_removed_and_set_again_is_new,
    a_failed_save_leaves_memory_as_it_was,
];

async fn saved<B: Base>(test: &Test<B>, name: &str) -> Persistent<User> {
    let user = user(name, name).save(&test.pool).await.unwrap();
    drop(test.sent());
    user
}

async fn a_clone_is_new_throughout<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = saved(&test, "ada").await;
    user.profile.remove();
    user.profile.set(bio("new"));
    let copy = (*user).clone().save(&test.pool).await.unwrap();
    assert_eq!(copy.key(), 2);
    assert_eq!(test.rows("users").await, ["1|ada", "2|ada"]);
    assert_eq!(
        test.rows("profiles").await,
        ["1|1|ada", "2|2|new"],
        "pending removals don't travel"
    );
}

async fn a_clone_of_what_is_not_loaded_is_not_loaded<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    saved(&test, "ada").await;
    let user = User::find(1).one(&test.pool).await.unwrap();
    let copy = (*user).clone();
    assert!(copy.profile.is_not_loaded());
    copy.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|1|ada"]);
}

async fn an_edited_key_is_refused<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = saved(&test, "ada").await;
    user.id = 5;
    assert_eq!(user.key(), 1);
    failed(
        user.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.id",
    );
    user.id = 1;
    user.profile.get_mut().unwrap().id = 5;
    let error = failed(
        user.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.profile.id",
    );
    assert_eq!(error.entity(), Some("Profile"));
    user.profile.get_mut().unwrap().id = 1;
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn an_edited_key_to_the_owner_is_refused<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    saved(&test, "bob").await;
    let mut user = saved(&test, "ada").await;
    user.profile.get_mut().unwrap().user_id = 1;
    failed(
        user.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.profile.user_id",
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("profiles").await, ["1|1|bob", "2|2|ada"]);
}

async fn a_root_may_change_its_foreign_key<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    saved(&test, "ada").await;
    test.execute("INSERT INTO users (name) VALUES ('bob')")
        .await;
    let mut profile = Profile::find(1).one(&test.pool).await.unwrap();
    profile.user_id = 2;
    let report = test.save_as_planned(&mut profile).await;
    assert_eq!(changes(&report), ["updated 1 profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|2|ada"]);
}

async fn assigning_a_value_with_the_same_key_writes_its_columns<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = saved(&test, "ada").await;
    *user = User {
        id: 1,
        name: "eve".into(),
        ..User::default()
    };
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(changes(&report), ["updated 1 users"]);
    assert_eq!(test.rows("profiles").await, ["1|1|ada"]);
    assert!(user.profile.is_not_loaded());
}

async fn assigning_a_value_with_another_key_is_refused<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = saved(&test, "ada").await;
    *user.profile.get_mut().unwrap() = bio("new");
    failed(
        user.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.profile.id",
    );
    *user = self::user("eve", "new");
    failed(
        user.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.id",
    );
    assert_eq!(test.sent(), NONE);
}

async fn swapped_values_are_refused<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let (mut a, mut b) = (saved(&test, "a").await, saved(&test, "b").await);
    std::mem::swap(&mut *a, &mut *b);
    failed(a.save(&test.pool).await, ErrorKind::KeyChanged, "User.id");
    failed(b.save(&test.pool).await, ErrorKind::KeyChanged, "User.id");
    std::mem::swap(&mut *a, &mut *b);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn swapped_children_are_refused<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let (mut a, mut b) = (saved(&test, "a").await, saved(&test, "b").await);
    std::mem::swap(a.profile.get_mut().unwrap(), b.profile.get_mut().unwrap());
    failed(
        a.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.profile.id",
    );
    failed(
        Persistent::save_all([&mut a, &mut b], &test.pool).await,
        ErrorKind::KeyChanged,
        "User[0].profile.id",
    );
    assert_eq!(test.sent(), NONE);
}

async fn swapped_wrappers_are_not_owned<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let (mut a, mut b) = (saved(&test, "a").await, saved(&test, "b").await);
    std::mem::swap(&mut a.profile, &mut b.profile);
    let error = failed(
        a.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.profile",
    );
    assert!(
        error.to_string().contains("`expunge` and `adopt`"),
        "{error}"
    );
    failed(
        b.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.profile",
    );
    std::mem::swap(&mut a.profile, &mut b.profile);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn a_wrapper_of_another_parent_is_not_owned_by_a_new_one<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = saved(&test, "a").await;
    let new = User {
        profile: std::mem::take(&mut a.profile),
        ..user("new", "")
    };
    failed(
        new.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.profile",
    );
    assert_eq!(test.sent(), NONE);
}

async fn swapped_pending_removals_are_not_owned<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let (mut a, mut b) = (saved(&test, "a").await, saved(&test, "b").await);
    a.profile.remove();
    b.profile = std::mem::take(&mut a.profile);
    failed(
        b.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.profile",
    );
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("profiles").await, ["1|1|a", "2|2|b"]);
}

async fn swapped_handles_are_just_moved<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let (mut a, mut b) = (saved(&test, "a").await, saved(&test, "b").await);
    std::mem::swap(&mut a, &mut b);
    a.name = "c".into();
    a.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("users").await, ["1|a", "2|c"]);
}

async fn a_taken_wrapper_loses_nothing<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = saved(&test, "ada").await;
    drop(std::mem::take(&mut user.profile));
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    user.load(User::PROFILE, &test.pool).await.unwrap();
    user.profile = HasOne::default();
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("profiles").await, ["1|1|ada"]);
}

async fn a_child_that_was_never_saved_and_leaves_is_not_saved<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = User {
        profile: HasOne::empty(),
        ..ada()
    }
    .save(&test.pool)
    .await
    .unwrap();
    user.profile.set(bio("a"));
    user.profile.remove();
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    user.profile.set(bio("a"));
    user.profile.set(bio("b"));
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|1|b"]);
}

async fn a_child_removed_and_set_again_is_new<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = saved(&test, "ada").await;
    let profile = user.profile.remove().unwrap();
    user.profile.set(profile);
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(
        changes(&report),
        ["deleted 1 profiles", "inserted 1 profiles"]
    );
    assert_eq!(test.rows("profiles").await, ["2|1|ada"]);
}

async fn a_failed_save_leaves_memory_as_it_was<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    test.execute("CREATE UNIQUE INDEX one_bio ON profiles (bio)")
        .await;
    saved(&test, "taken").await;
    let mut user = saved(&test, "ada").await;
    user.name = "eve".into();
    user.profile.set(bio("taken"));
    let before = (*user).clone();
    failed(
        user.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "User.profile",
    );
    assert_eq!(*user, before);
    assert_eq!(user.changed_columns(), ["name"]);
    assert_eq!(test.rows("users").await, ["1|taken", "2|ada"]);
    assert_eq!(test.rows("profiles").await, ["1|1|taken", "2|2|ada"]);
    user.profile.get_mut().unwrap().bio = "free".into();
    let report = test.save_as_planned(&mut user).await;
    assert_eq!(
        changes(&report),
        [
            "deleted 1 profiles",
            "updated 1 users",
            "inserted 1 profiles"
        ]
    );
    assert_eq!(test.rows("users").await, ["1|taken", "2|eve"]);
}
