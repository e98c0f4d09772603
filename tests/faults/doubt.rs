//! A handle whose last write has an unknown outcome.

use std::time::Duration;

use sqlx::{Connection as _, Database as _, Postgres, Sqlite};
use sqlx_cascade::{Entity, ErrorKind, HasOne, Persistent};

use tokio::time::timeout;

use crate::dropped::{When, polled};
use crate::home::{Home, Kind, Served, on_each};
use crate::models::{Picture, Profile, User, desk, profile};
use crate::operation::{Operation, Writes as _, everything};
use crate::proxy::Cut;

/// Drops saves until one leaves its handle in doubt: a thread of SQLite may answer before it is asked a second time, then it begins anew.
async fn in_doubt<DB: Kind, T: Entity>(
    home: &Home<DB>,
    handle: impl AsyncFn() -> Persistent<T>,
) -> Persistent<T> {
    let mut times = 0;
    for _ in 0..20_000 {
        times += 1;
        home.reset().await;
        let mut handle = handle().await;
        let saved = polled(handle.save(&home.pool), times, When::Waiting).await;
        if saved.is_some() {
            times = 0;
        }
        home.usable().await;
        let before = home.rows().await;
        let again = handle.save(&home.pool).await;
        if again.is_err_and(|error| error.kind() == ErrorKind::OutcomeUnknown) {
            assert_eq!(home.rows().await, before);
            return handle;
        }
    }
    panic!("no save was left in doubt");
}

/// ann, with a change.
async fn ann<DB: Kind>(home: &Home<DB>, change: fn(&mut User)) -> Persistent<User> {
    let mut user = everything(&[1], &home.pool).await.remove(0);
    change(&mut user);
    user
}

on_each!(
    it_writes_nothing_until_it_is_refreshed,
    a_refresh_reads_all_that_the_write_may_have_written,
    its_row_is_not_moved_either,
    a_savepoint_of_the_callers_stays
);

/// sqlx sends nothing to MySQL before it has read the answer to a BEGIN: a connection of the caller's has to be closed by the caller.
mod without_a_transaction {
    use super::*;

    on_each!(sqlite postgres; crate::models::USERS; [a_connection_of_the_callers_is_left_without_a_transaction]);
}

mod in_flight {
    use super::*;

    on_each!(postgres; crate::models::USERS; [a_refresh_waits_for_a_write_that_is_on_its_way]);
}

/// The statement waits for a lock, and nobody waits for it: it happens later, and a refresh doesn't say that it hasn't.
async fn a_refresh_waits_for_a_write_that_is_on_its_way<DB: Kind>(home: Home<DB>) {
    let mut user = ann(&home, |user| {
        let profile = user.profile.get_mut().expect("the profile of ann");
        drop(profile.picture.set(Picture {
            path: "late.png".into(),
            ..Picture::default()
        }));
    })
    .await;
    let mut rival = home.observer.begin().await.expect("a rival");
    let lock = "SELECT 1 FROM profiles FOR UPDATE";
    DB::run_on(&mut rival, lock).await.expect("a lock");
    let while_locked = Duration::from_millis(200);
    let saved = timeout(while_locked, user.save(&home.pool)).await;
    saved.expect_err("a save that waits");
    for _ in 0..2 {
        let refreshed = timeout(while_locked, user.refresh(&home.pool)).await;
        refreshed.expect_err("a refresh that waits");
        let error = user.save(&home.pool).await.expect_err("nobody knows");
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    }
    rival.rollback().await.expect("the rival's rollback");
    user.refresh(&home.pool).await.expect("the refresh");
    let profile = user.profile.get().expect("the profile of ann");
    assert_eq!(profile.picture.get().expect("its picture").path, "late.png");
    assert!(user.save(&home.pool).await.expect("a save").is_empty());
    let there = home.texts("SELECT path FROM pictures ORDER BY id").await;
    assert_eq!(there.iter().filter(|path| *path == "late.png").count(), 1);
}

async fn it_writes_nothing_until_it_is_refreshed<DB: Kind>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    let mut user = in_doubt(&home, async || {
        ann(&home, |user| user.name = "anna".into()).await
    })
    .await;
    let before = home.rows().await;
    let mut other = everything(&[2], &home.pool).await.remove(0);
    other.name = "other".into();

    let refused = [
        user.save(&home.pool).await.expect_err("save"),
        user.detach(User::PROFILE, &home.pool)
            .await
            .expect_err("detach"),
        Persistent::save_all([&mut other, &mut user], &home.pool)
            .await
            .expect_err("save_all"),
    ];
    for error in refused {
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::OutcomeUnknown, "User"),
            "{error}"
        );
    }
    let error = user.delete(&home.pool).await.expect_err("delete");
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let user = error.take_entity::<Persistent<User>>().expect("the handle");
    let error = Persistent::delete_all(vec![other, user], &home.pool)
        .await
        .expect_err("delete_all");
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(home.rows().await, before);

    let mut handles = error
        .take_entity::<Vec<Persistent<User>>>()
        .expect("the handles");
    handles[1].refresh(&home.pool).await.expect("a refresh");
    handles[1].name = "annie".into();
    Persistent::save_all(&mut handles, &home.pool)
        .await
        .expect("a save");
    assert_eq!(
        home.texts("SELECT name FROM users ORDER BY id").await,
        ["annie", "other", "cid"]
    );
}

async fn a_refresh_reads_all_that_the_write_may_have_written<DB: Kind>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    // The desk is not in `refresh-expire`, but what became of it is as unknown as the rest.
    let mut user = in_doubt(&home, async || {
        ann(&home, |user| drop(user.desk.set(desk("new")))).await
    })
    .await;
    user.refresh(&home.pool).await.expect("a refresh");
    let there = everything(&[1], &home.pool).await.remove(0);
    assert_eq!(*user, *there);
    assert!(user.plan().expect("a plan").is_empty());
    user.desk.set(desk("newer"));
    user.save(&home.pool).await.expect("a save");
    assert_eq!(
        home.texts("SELECT label FROM desks WHERE user_id = 1")
            .await,
        ["desk of newer"]
    );
}

async fn its_row_is_not_moved_either<DB: Kind>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    let mut root: Persistent<Profile> = in_doubt(&home, async || {
        let mut root = Profile::find(2).one(&home.pool).await.expect("the profile");
        root.bio = "new".into();
        root
    })
    .await;
    let before = home.rows().await;
    let mut cid = everything(&[3], &home.pool).await.remove(0);
    cid.profile.adopt(root.expunge());
    let error = cid.save(&home.pool).await.expect_err("a row in doubt");
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::OutcomeUnknown, "User.profile"),
        "{error}"
    );
    assert_eq!(home.rows().await, before);

    let child = cid
        .profile
        .expunge()
        .expect("the profile")
        .into_persistent();
    root = child.expect("a row");
    root.refresh(&home.pool).await.expect("a refresh");
    cid.profile.adopt(root.expunge());
    cid.save(&home.pool).await.expect("a save");
    assert_eq!(
        home.texts("SELECT user_id || '' FROM profiles ORDER BY id")
            .await,
        ["1", "3"]
    );
}

async fn a_connection_of_the_callers_is_left_without_a_transaction<DB: Kind>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    for operation in [
        Operation::Insert,
        Operation::Change,
        Operation::Patch,
        Operation::Lone,
    ] {
        let after = operation.after(&home).await;
        for times in 0.. {
            home.reset().await;
            let before = home.content().await;
            let mut memory = operation.memory(&home.pool).await;
            let mut connection = home.pool.acquire().await.expect("a connection");
            let run = operation.run(&mut memory, &mut connection);
            let done = polled(run, times, When::Waiting).await;
            DB::run_on(&mut connection, "INSERT INTO notes (note) VALUES ('mine')")
                .await
                .expect("a usable connection");
            assert!(!connection.is_in_transaction());
            let content = home.content().await;
            let (note, content) = content.split_last().expect("a note");
            assert_eq!(note, "notes mine", "{operation:?} after {times} polls");
            assert!(
                content == before || content == after,
                "{operation:?} after {times} polls: {content:?}"
            );
            if done.is_some() {
                break;
            }
        }
    }
}

async fn a_savepoint_of_the_callers_stays<DB: Kind>(mut home: Home<DB>) {
    home.pool = DB::slow_pool(&home.place).await;
    if DB::CLOSES {
        // A connection that was left while it prepared a statement can't be used any more.
        Operation::Replace.after(&home).await;
    }
    for times in 0.. {
        home.reset().await;
        let mut user = everything(&[1], &home.pool).await.remove(0);
        user.profile.set(profile("new"));
        let mut outer = home
            .pool
            .begin_with(DB::WRITE)
            .await
            .expect("a transaction");
        DB::run_on(&mut outer, "INSERT INTO notes (note) VALUES ('outer')")
            .await
            .expect("a write");
        let mut inner = outer.begin().await.expect("a savepoint");
        DB::run_on(&mut inner, "INSERT INTO notes (note) VALUES ('inner')")
            .await
            .expect("a write");
        let done = polled(user.save(&mut inner), times, When::Waiting).await;
        if times % 2 == 0 {
            inner.commit().await.expect("a commit");
        } else {
            inner.rollback().await.expect("a rollback");
        }
        outer.commit().await.expect("a commit");
        let notes = home.texts("SELECT note FROM notes ORDER BY note").await;
        let bios = home
            .texts("SELECT bio FROM profiles WHERE user_id = 1")
            .await;
        if times % 2 == 0 {
            assert_eq!(notes, ["inner", "outer"], "after {times} polls");
        } else {
            assert_eq!(
                (notes, bios),
                (vec!["outer".to_owned()], vec!["bio of ann".to_owned()]),
                "after {times} polls"
            );
        }
        home.usable().await;
        if done.is_some() {
            break;
        }
    }
}

mod lost {
    use super::*;

    on_each!(postgres mysql; crate::models::USERS; [a_lost_save_and_a_lost_answer_look_the_same]);

    /// The answer to a save is lost, and the save is: both look the same until the row is read again.
    async fn a_lost_save_and_a_lost_answer_look_the_same<DB: Served>(mut home: Home<DB>) {
        let proxy = DB::proxy(&home.place).await;
        home.pool = proxy.pool.clone();
        // Two deletes and two inserts: one statement, or several and a COMMIT.
        let (what, last) = if DB::NAME == Postgres::NAME {
            ("Execute", 0)
        } else {
            ("COMMIT", 5)
        };
        for (cut, happened) in [(Cut::Before as fn(usize) -> Cut, false), (Cut::After, true)] {
            home.reset().await;
            let mut user = everything(&[1], &home.pool).await.remove(0);
            user.profile.set(profile("warm"));
            user.save(&home.pool)
                .await
                .expect("a save that prepares the statements");
            user.profile.set(profile("new"));
            proxy.arm(cut(last));
            let error = user.save(&home.pool).await.expect_err("a lost connection");
            let (_, seen) = proxy.disarm();
            assert_eq!(seen.last().map(String::as_str), Some(what));
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
            assert_eq!(user.profile.get().unwrap().bio, "bio of new");
            user.refresh(&home.pool).await.expect("a refresh");
            let bio = if happened {
                "bio of new"
            } else {
                "bio of warm"
            };
            assert_eq!(user.profile.get().unwrap().bio, bio);
        }
    }
}

/// In memory, doubt and what was read under it are the handle's: another handle of the row is not in doubt.
#[tokio::test]
async fn another_handle_of_the_row_is_not_in_doubt() {
    let home = Home::<Sqlite>::open().await.expect("SQLite is embedded");
    let mut user = in_doubt(&home, async || {
        ann(&home, |user| user.name = "anna".into()).await
    })
    .await;
    let mut other = everything(&[1], &home.pool).await.remove(0);
    other.name = "annie".into();
    other.save(&home.pool).await.expect("a save");
    user.desk = HasOne::default();
    user.refresh(&home.pool).await.expect("a refresh");
    assert!(user.desk.is_not_loaded());
    assert_eq!(user.name, "annie");
}
