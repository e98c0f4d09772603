//! Nobody reaches another's rows.

use serde_json::json;
use sqlx_cascade::{Error, ErrorKind, Persistent};

use crate::home::{Home, Kind, on_each};
use crate::models::{Profile, User, desk};
use crate::operation::everything;

on_each!(
    a_payload_with_a_rows_key_of_somebody_else,
    a_detached_row_that_was_taken_or_deleted,
    a_clone_is_new,
    a_wrapper_or_a_child_of_another_user,
    a_key_that_was_edited
);

/// Saves, which has to fail in this way and write nothing; memory stays as it was.
pub(crate) async fn refused<DB: Kind>(
    home: &Home<DB>,
    user: &mut Persistent<User>,
    kind: ErrorKind,
    path: &str,
) {
    let before = home.rows().await;
    let was = ((**user).clone(), user.changed_columns());
    let error = user
        .save(&home.pool)
        .await
        .expect_err("a save that is refused");
    is(&error, kind, path);
    assert_eq!(home.rows().await, before, "{error}");
    assert_eq!(((**user).clone(), user.changed_columns()), was, "{error}");
    home.usable().await;
}

#[track_caller]
pub(crate) fn is(error: &Error, kind: ErrorKind, path: &str) {
    assert_eq!((error.kind(), error.path()), (kind, path), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("bio of"),
        "{error:?}"
    );
}

pub(crate) async fn users<DB: Kind>(home: &Home<DB>) -> [Persistent<User>; 3] {
    let Ok(users) = <[_; 3]>::try_from(everything(&[1, 2, 3], &home.pool).await) else {
        panic!("three users");
    };
    users
}

async fn a_payload_with_a_rows_key_of_somebody_else<DB: Kind>(home: Home<DB>) {
    let before = home.rows().await;
    let [mut ann, _, mut cid] = users(&home).await;
    // Its own profile is 1; 2 is bob's, 9 is nobody's.
    for (owner, key) in [(1, 2), (1, 9), (3, 2), (3, 9)] {
        let theirs = Profile {
            id: key,
            user_id: owner,
            bio: "mine now".into(),
            ..Profile::default()
        };
        let put = User {
            id: owner,
            name: "x".into(),
            profile: theirs.into(),
            ..User::default()
        };
        let payload =
            json!({ "name": "x", "profile": { "id": key, "user_id": owner, "bio": "mine now" } });
        let handle = if owner == 1 { &mut ann } else { &mut cid };
        let was = (**handle).clone();
        let errors = [
            handle.merge(put.clone()).expect_err("merge"),
            handle.patch(payload.clone()).expect_err("patch"),
            User::merge(put, &home.pool).await.expect_err("User::merge"),
            User::patch(owner, payload, &home.pool)
                .await
                .expect_err("User::patch"),
        ];
        for error in errors {
            is(&error, ErrorKind::NotOwned, "User.profile");
        }
        assert_eq!(**handle, was);
        assert!(handle.changed_columns().is_empty());
    }
    // One level down: the picture of bob's profile.
    let payload = json!({ "profile": { "id": 1, "picture": { "id": 2, "path": "mine.png" } } });
    let error = User::patch(1, payload, &home.pool)
        .await
        .expect_err("User::patch");
    is(&error, ErrorKind::NotOwned, "User.profile.picture");
    assert_eq!(home.rows().await, before);
    home.usable().await;

    // A new child can't be smuggled in under a key or an owner of its choice.
    let stray = Profile {
        id: 2,
        user_id: 2,
        bio: "new".into(),
        ..Profile::default()
    };
    cid.profile.set(stray);
    cid.save(&home.pool).await.expect("a new profile");
    assert_eq!(
        home.texts("SELECT bio FROM profiles WHERE user_id = 2")
            .await,
        ["bio of bob"]
    );
    assert_eq!(
        home.texts("SELECT bio FROM profiles WHERE user_id = 3")
            .await,
        ["new"]
    );
}

async fn a_detached_row_that_was_taken_or_deleted<DB: Kind>(home: Home<DB>) {
    for meanwhile in [
        "DELETE FROM profiles WHERE id = 2",
        "UPDATE profiles SET user_id = 4 WHERE id = 2",
        "DELETE FROM users WHERE id = 2",
    ] {
        home.reset().await;
        home.run("INSERT INTO users (id, name, version) VALUES (4, 'dan', 1)")
            .await;
        let [_, mut bob, mut cid] = users(&home).await;
        cid.profile.adopt(bob.profile.expunge().expect("a profile"));
        home.run(meanwhile).await;
        refused(&home, &mut cid, ErrorKind::Stale, "User.profile").await;
        refused(&home, &mut cid, ErrorKind::Stale, "User.profile").await;
    }
}

async fn a_clone_is_new<DB: Kind>(home: Home<DB>) {
    let [mut ann, mut bob, _] = users(&home).await;
    *bob = (*ann).clone();
    refused(&home, &mut bob, ErrorKind::KeyChanged, "User.id").await;
    bob.refresh(&home.pool).await.expect("a refresh");
    bob.desk = desk("bob").into();

    bob.profile = ann.profile.clone();
    bob.save(&home.pool).await.expect("a copy of the child");
    let profiles = "SELECT user_id || ' ' || bio FROM profiles ORDER BY user_id";
    assert_eq!(home.texts(profiles).await, ["1 bio of ann", "2 bio of ann"]);
    "mine".clone_into(&mut ann.profile.get_mut().unwrap().bio);
    ann.save(&home.pool).await.expect("its own row");
    assert_eq!(home.texts(profiles).await, ["1 mine", "2 bio of ann"]);

    let copy = (*ann)
        .clone()
        .save(&home.pool)
        .await
        .expect("a copy of all");
    assert_eq!(copy.id, 4);
    assert_eq!(
        home.texts(profiles).await,
        ["1 mine", "2 bio of ann", "4 mine"]
    );
}

async fn a_wrapper_or_a_child_of_another_user<DB: Kind>(home: Home<DB>) {
    let [mut ann, mut bob, mut cid] = users(&home).await;
    std::mem::swap(&mut ann.profile, &mut bob.profile);
    refused(&home, &mut ann, ErrorKind::NotOwned, "User.profile").await;
    refused(&home, &mut bob, ErrorKind::NotOwned, "User.profile").await;
    std::mem::swap(&mut ann.profile, &mut cid.profile);
    refused(&home, &mut cid, ErrorKind::NotOwned, "User.profile").await;

    let [mut ann, mut bob, _] = users(&home).await;
    std::mem::swap(
        ann.profile.get_mut().unwrap(),
        bob.profile.get_mut().unwrap(),
    );
    for user in [&mut ann, &mut bob] {
        let before = home.rows().await;
        let error = user.save(&home.pool).await.expect_err("a swapped child");
        assert_eq!(error.kind(), ErrorKind::KeyChanged, "{error}");
        assert!(error.path().starts_with("User.profile."), "{error}");
        assert_eq!(home.rows().await, before);
    }

    // Pending removals are another's as well.
    let [mut ann, mut bob, _] = users(&home).await;
    ann.profile.remove();
    bob.profile = std::mem::take(&mut ann.profile);
    refused(&home, &mut bob, ErrorKind::NotOwned, "User.profile").await;
}

async fn a_key_that_was_edited<DB: Kind>(home: Home<DB>) {
    let [mut ann, mut bob, mut cid] = users(&home).await;
    ann.id = 2;
    refused(&home, &mut ann, ErrorKind::KeyChanged, "User.id").await;
    // A delete doesn't write what changed: it names the row by the recorded key.
    ann.delete(&home.pool).await.expect("a delete");
    assert_eq!(
        home.texts("SELECT name FROM users ORDER BY id").await,
        ["bob", "cid"]
    );
    bob.profile.get_mut().unwrap().id = 1;
    refused(&home, &mut bob, ErrorKind::KeyChanged, "User.profile.id").await;
    bob.profile.get_mut().unwrap().id = 2;
    bob.profile.get_mut().unwrap().user_id = 3;
    refused(
        &home,
        &mut bob,
        ErrorKind::KeyChanged,
        "User.profile.user_id",
    )
    .await;
    cid.profile.adopt(bob.profile.expunge().unwrap());
    cid.profile.get_mut().unwrap().id = 9;
    refused(&home, &mut cid, ErrorKind::KeyChanged, "User.profile.id").await;
}
