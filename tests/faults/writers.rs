//! Nothing that others wrote meanwhile is overwritten unseen.

use sqlx_cascade::{ErrorKind, HasOne, Persistent};

use crate::home::{Home, Kind, on_each};
use crate::models::{Desk, Picture, User, desk, profile, user};
use crate::others::{is, refused, users};

on_each!(
    a_version_that_moved_on,
    a_row_that_left_its_owner,
    a_rival_who_inserts_first,
    two_writers
);

async fn a_version_that_moved_on<DB: Kind>(home: Home<DB>) {
    let [mut ann, mut bob, mut cid] = users(&home).await;
    home.run("UPDATE users SET version = 2; UPDATE profiles SET version = 2")
        .await;

    "anna".clone_into(&mut ann.name);
    ann.desk.get_mut().unwrap().label = "new".into();
    refused(&home, &mut ann, ErrorKind::Stale, "User").await;
    let before = home.rows().await;
    let error = ann
        .delete(&home.pool)
        .await
        .expect_err("a delete that is refused");
    is(&error, ErrorKind::Stale, "User");
    assert_eq!(home.rows().await, before);
    let mut ann: Persistent<User> = error.take_entity().expect("the handle");

    bob.profile.get_mut().unwrap().bio = "new".into();
    refused(&home, &mut bob, ErrorKind::Stale, "User.profile").await;
    bob.profile.set(profile("new"));
    refused(&home, &mut bob, ErrorKind::Stale, "User.profile").await;
    bob.profile.remove();
    refused(&home, &mut bob, ErrorKind::Stale, "User.profile").await;

    let [_, mut other, _] = users(&home).await;
    home.run("UPDATE profiles SET version = 3").await;
    cid.profile.adopt(other.profile.expunge().unwrap());
    refused(&home, &mut cid, ErrorKind::Stale, "User.profile").await;

    let put = User {
        id: 1,
        name: "x".into(),
        version: 1,
        ..User::default()
    };
    let error = User::merge(put, &home.pool)
        .await
        .expect_err("an old version");
    is(&error, ErrorKind::Stale, "User");

    ann.refresh(&home.pool).await.expect("a refresh");
    "anna".clone_into(&mut ann.name);
    ann.save(&home.pool)
        .await
        .expect("a save of the version that is there");
    assert_eq!(
        home.texts("SELECT name || version FROM users WHERE id = 1")
            .await,
        ["anna3"]
    );
}

async fn a_row_that_left_its_owner<DB: Kind>(home: Home<DB>) {
    let changes: [fn(&mut User); 4] = [
        |ann| ann.profile.get_mut().unwrap().bio = "new".into(),
        |ann| drop(ann.profile.remove()),
        |ann| drop(ann.profile.set(profile("new"))),
        |ann| {
            let profile = ann.profile.get_mut().unwrap();
            profile.picture.set(Picture::default());
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        home.reset().await;
        let [mut ann, _, _] = users(&home).await;
        change(&mut ann);
        let path = if number == 3 {
            "User.profile.picture"
        } else {
            "User.profile"
        };
        // Another one's profile goes with its picture: what is below it is no longer ann's either.
        home.run("UPDATE profiles SET user_id = 3 WHERE id = 1; UPDATE pictures SET profile_id = 2 WHERE id = 3").await;
        if number == 3 {
            home.run("DELETE FROM pictures WHERE id = 1").await;
        }
        refused(&home, &mut ann, ErrorKind::Stale, path).await;
    }
    home.reset().await;
    let [mut ann, _, _] = users(&home).await;
    ann.desk.get_mut().unwrap().label = "new".into();
    home.run("UPDATE desks SET user_id = NULL WHERE id = 1")
        .await;
    refused(&home, &mut ann, ErrorKind::Stale, "User.desk").await;
}

async fn a_rival_who_inserts_first<DB: Kind>(home: Home<DB>) {
    type Enter = fn(&mut User, &mut User);
    let rival = "INSERT INTO profiles (user_id, bio, version) VALUES (3, 'rival', 1); INSERT INTO desks (user_id, label) VALUES (3, 'rival')";
    let entering: [(Enter, &str); 3] = [
        (
            |cid, _| drop(cid.profile.set(profile("mine"))),
            "User.profile",
        ),
        (|cid, _| drop(cid.desk.set(desk("mine"))), "User.desk"),
        (
            |cid, bob| cid.profile.adopt(bob.profile.expunge().unwrap()),
            "User.profile",
        ),
    ];
    for (enter, path) in entering {
        home.reset().await;
        let [_, mut bob, mut cid] = users(&home).await;
        enter(&mut cid, &mut bob);
        "cyd".clone_into(&mut cid.name);
        home.run(rival).await;
        refused(&home, &mut cid, ErrorKind::UniqueViolation, path).await;
        home.run("DELETE FROM profiles WHERE user_id = 3; DELETE FROM desks WHERE user_id = 3")
            .await;
        cid.save(&home.pool)
            .await
            .expect("a save when the rival is gone");
        assert!(home.content().await.contains(&"users cyd v2".to_owned()));
    }
    // Two new graphs, the second with a child whose place is taken by a row of the first.
    home.reset().await;
    let before = home.rows().await;
    home.run("CREATE UNIQUE INDEX labels ON desks (label)")
        .await;
    let twice = vec![
        user("dora"),
        User {
            desk: Desk {
                label: "desk of ann".into(),
                ..Desk::default()
            }
            .into(),
            ..user("eve")
        },
    ];
    let error = User::save_all(twice.clone(), &home.pool)
        .await
        .expect_err("a label twice");
    assert_eq!(
        (error.kind(), error.entity()),
        (ErrorKind::UniqueViolation, Some("Desk")),
        "{error}"
    );
    assert_eq!(error.take_entity::<Vec<User>>(), Some(twice));
    assert_eq!(home.rows().await, before);
}

async fn two_writers<DB: Kind>(home: Home<DB>) {
    let [mut first, _, _] = users(&home).await;
    let [mut second, _, _] = users(&home).await;
    "first".clone_into(&mut first.name);
    first.profile.set(profile("first"));
    "second".clone_into(&mut second.name);
    second.profile.get_mut().unwrap().bio = "second".into();

    first.save(&home.pool).await.expect("the first");
    refused(&home, &mut second, ErrorKind::Stale, "User").await;
    second.refresh(&home.pool).await.expect("a refresh");
    assert_eq!(
        (
            second.name.as_str(),
            second.profile.get().unwrap().bio.as_str()
        ),
        ("first", "bio of first")
    );
    second.profile.get_mut().unwrap().bio = "second".into();
    second
        .save(&home.pool)
        .await
        .expect("the second, on what the first wrote");

    // Without a version the last one wins, but a row that is gone is gone.
    second.desk = HasOne::default();
    second.load(User::DESK, &home.pool).await.expect("the desk");
    first.desk.get_mut().unwrap().label = "of the first".into();
    second.desk.get_mut().unwrap().label = "of the second".into();
    first.save(&home.pool).await.expect("the first");
    second.save(&home.pool).await.expect("the second");
    assert_eq!(
        home.texts("SELECT label FROM desks WHERE user_id = 1")
            .await,
        ["of the second"]
    );
    first.desk.get_mut().unwrap().label = "again".into();
    second.desk.remove();
    second.save(&home.pool).await.expect("the second");
    refused(&home, &mut first, ErrorKind::Stale, "User.desk").await;
}
