//! Another transaction is in the way: worth a retry, and nothing is lost until then.

use sqlx::{Executor as _, MySql, Postgres, Sqlite};
use sqlx_cascade::{ErrorKind, Persistent};

use crate::home::{Home, Kind, each_operation};
use crate::models::User;
use crate::on_mysql;
use crate::operation::{Memory as _, Writes, everything};

mod busy {
    use super::*;

    each_operation!(sqlite: a_second_writer_is_a_conflict);

    async fn a_second_writer_is_a_conflict(home: Home<Sqlite>, operation: impl Writes) {
        in_the_way(
            &home,
            operation,
            "BEGIN IMMEDIATE",
            "UPDATE notes SET note = 'rival'",
        )
        .await;
    }
}

mod rows_locked {
    use super::*;

    each_operation!(mysql: rows_that_are_locked_are_a_conflict);

    async fn rows_that_are_locked_are_a_conflict(mut home: Home<MySql>, operation: impl Writes) {
        home.pool = on_mysql::pool(&home.place, "SET innodb_lock_wait_timeout = 0");
        let lock = |table: &&str| format!("SELECT 1 FROM {table} FOR UPDATE");
        let locks: Vec<String> = home.tables().iter().map(lock).collect();
        in_the_way(&home, operation, "BEGIN", &locks.join("; ")).await;
    }
}

mod locked {
    use super::*;

    each_operation!(postgres: a_lock_that_is_not_available_is_a_conflict);

    async fn a_lock_that_is_not_available_is_a_conflict(
        mut home: Home<Postgres>,
        operation: impl Writes,
    ) {
        home.pool = sqlx::pool::PoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(home.place.options().options([("lock_timeout", "20ms")]));
        let locks = format!("LOCK TABLE {} IN EXCLUSIVE MODE", home.tables().join(", "));
        in_the_way(&home, operation, "BEGIN", &locks).await;
    }
}

/// Runs an operation while a rival's transaction is open, and again when it is gone.
async fn in_the_way<DB: Kind>(
    home: &Home<DB>,
    operation: impl Writes,
    begin: &'static str,
    lock: &str,
) {
    let after = operation.after(home).await;
    home.reset().await;
    let before = home.rows().await;
    let mut memory = operation.memory(&home.pool).await;
    let was = memory.snapshot();

    let mut rival = home
        .observer
        .begin_with(begin)
        .await
        .expect("the rival's transaction");
    DB::run_on(&mut rival, lock)
        .await
        .expect("the rival's lock");
    for _ in 0..2 {
        let done = operation.run(&mut memory, &home.pool).await;
        let error = done.expect_err("a rival in the way");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert_eq!(memory.snapshot(), was);
    }
    rival.rollback().await.expect("the rival's rollback");
    assert_eq!(home.rows().await, before);

    let done = operation.run(&mut memory, &home.pool).await;
    done.expect("the retry");
    assert_eq!(home.content().await, after);
    memory.agrees(home).await;
}

/// Repeatable read: a row that changed since the snapshot.
#[tokio::test]
async fn a_serialization_failure_is_a_conflict() {
    let Some(home) = Home::<Postgres>::open().await else {
        return;
    };
    let mut caller = home.pool.begin().await.expect("a transaction");
    caller
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .await
        .expect("a level");
    let mut user: Persistent<User> = User::find(1)
        .with(User::PROFILE)
        .one(&mut caller)
        .await
        .expect("the user");
    home.run("UPDATE profiles SET bio = 'rival'").await;
    let before = home.rows().await;

    user.profile.get_mut().unwrap().bio = "mine".into();
    let was = (*user).clone();
    let error = user
        .save(&mut caller)
        .await
        .expect_err("a serialization failure");
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::Conflict, "User.profile"),
        "{error}"
    );
    caller.rollback().await.expect("a rollback");
    assert_eq!(home.rows().await, before);
    assert_eq!(*user, was);

    user.save(&home.pool).await.expect("the retry");
    assert_eq!(
        home.texts("SELECT bio FROM profiles ORDER BY id").await,
        ["mine", "rival"]
    );
}

/// A row that changed since the snapshot, where MariaDB is told to look.
#[tokio::test]
async fn a_row_that_changed_since_the_snapshot_is_a_conflict() {
    let Some(mut home) = Home::<MySql>::open().await else {
        return;
    };
    home.pool = on_mysql::pool(&home.place, "SET innodb_snapshot_isolation = ON");
    let mut caller = home.pool.begin().await.expect("a transaction");
    let found = User::find(1).with(User::PROFILE).one(&mut caller).await;
    let mut user = found.expect("the user");
    home.run("UPDATE profiles SET bio = 'rival'").await;
    let before = home.rows().await;

    user.profile.get_mut().unwrap().bio = "mine".into();
    let was = (*user).clone();
    let error = user
        .save(&mut caller)
        .await
        .expect_err("another version of the row");
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::Conflict, "User.profile"),
        "{error}"
    );
    caller.rollback().await.expect("a rollback");
    assert_eq!((home.rows().await, &*user), (before, &was));

    user.save(&home.pool).await.expect("the retry");
    let bios = home.texts("SELECT bio FROM profiles ORDER BY id").await;
    assert_eq!(bios, ["mine", "rival"]);
}

/// A deferred transaction of the caller's that has read before a rival wrote.
#[tokio::test]
async fn an_old_snapshot_is_a_conflict() {
    let home = Home::<Sqlite>::open().await.expect("SQLite is embedded");
    let mut caller = home.pool.begin().await.expect("a transaction");
    let found = User::find(1).with(User::PROFILE).one(&mut caller).await;
    let mut user = found.expect("the user");
    home.run("UPDATE profiles SET bio = 'rival'").await;
    let before = home.rows().await;

    user.profile.get_mut().unwrap().bio = "mine".into();
    let was = (*user).clone();
    let error = user.save(&mut caller).await.expect_err("an old snapshot");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    caller.rollback().await.expect("a rollback");
    assert_eq!((home.rows().await, &*user), (before, &was));

    user.save(&home.pool).await.expect("the retry");
    let bios = home.texts("SELECT bio FROM profiles ORDER BY id").await;
    assert_eq!(bios, ["mine", "rival"]);
}

/// Who waits first looks for a deadlock first, unless the machine is so slow that the other waits a second later: then the
/// other is the one who is told, and all of it is repeated.
#[tokio::test]
async fn a_deadlock_is_a_conflict() {
    let Some(home) = Home::<Postgres>::open().await else {
        return;
    };
    let before = home.rows().await;
    for _ in 0..20 {
        if deadlock(&home).await {
            let names = home.texts("SELECT name FROM users ORDER BY id").await;
            assert_eq!(names, ["ann", "rob", "cid"]);
            return;
        }
        assert_eq!(home.rows().await, before);
    }
    panic!("the rival was told of the deadlock each time");
}

/// Has a save of the second user and a rival wait for each other; whether it was the save that was told.
async fn deadlock(home: &Home<Postgres>) -> bool {
    let [mut ann, mut bob] =
        <[_; 2]>::try_from(everything(&[1, 2], &home.pool).await).expect("two users");
    ann.name = "anna".into();
    bob.name = "rob".into();
    let was = (*bob).clone();
    let before = home.rows().await;
    let onlooker = Postgres::pool(&home.place);
    let mut rival = home
        .observer
        .begin()
        .await
        .expect("the rival's transaction");
    rival
        .execute("UPDATE users SET name = 'rival' WHERE id = 2")
        .await
        .expect("a write");

    let mut caller = home.pool.begin().await.expect("a transaction");
    ann.save(&mut caller).await.expect("a save");
    let waiting = "SELECT 'waits' FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = current_setting('application_name')";
    // Before anybody waits: it may take long.
    let mut connection = onlooker.acquire().await.expect("a connection");
    let waits = Postgres::texts_on(&mut connection, waiting).await;
    assert!(waits.expect("the activity").is_empty());
    let rivals = async {
        while Postgres::texts_on(&mut connection, waiting)
            .await
            .expect("the activity")
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
        let wrote = rival
            .execute("UPDATE users SET name = 'rival' WHERE id = 1")
            .await;
        rival.rollback().await.expect("the rival's rollback");
        wrote
    };
    let mine = async {
        let saved = bob.save(&mut caller).await;
        // The caller's own lock, in which the rival is caught, stays until then: all of it is to be repeated.
        caller.rollback().await.expect("a rollback");
        saved
    };
    let (saved, wrote) = tokio::join!(mine, rivals);
    if let Err(told) = wrote {
        let code = told
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("40P01"), "{told}");
        saved.expect("the save goes on");
        return false;
    }
    let error = saved.expect_err("a deadlock");
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, Some("40P01")),
        "{error}"
    );
    assert_eq!(*bob, was);
    assert_eq!(home.rows().await, before);
    bob.save(&home.pool).await.expect("the retry");
    true
}
