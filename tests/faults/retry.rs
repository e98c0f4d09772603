//! `retry`: what another transaction is in the way of succeeds once that is gone.

use std::time::Duration;

use sqlx::{Pool, Postgres, Sqlite};
use sqlx_cascade::{ErrorKind, Persistent, Retry, Transaction, retry};
use tokio::sync::Barrier;

use crate::home::{Home, Kind, Level, on_each};
use crate::models::{Desk, User, user};
use crate::operation::everything;

/// Two pauses: three attempts.
const SOON: [Duration; 2] = [Duration::from_millis(1); 2];

on_each![what_is_no_conflict_is_not_repeated];

async fn what_is_no_conflict_is_not_repeated<DB: Kind>(home: Home<DB>) {
    home.fail("INSERT users").await;
    let mut attempts = 0;
    let saved = retry(async || {
        attempts += 1;
        user("eve").save(&home.pool).await
    });
    let error = saved.await.expect_err("it is told to fail");
    assert_ne!(error.kind(), ErrorKind::Conflict);
    assert_eq!(attempts, 1);
}

/// Two desks are written in opposite orders; whoever is told of the deadlock does it all again, when the other has committed.
mod deadlock {
    use super::*;

    on_each!(postgres mysql; crate::models::USERS; [two_writers_that_deadlock_both_succeed]);
}

async fn two_writers_that_deadlock_both_succeed<DB: Kind>(home: Home<DB>) {
    for own in [false, true] {
        home.reset().await;
        let meet = Barrier::new(2);
        let (one, other) = tokio::join!(
            relabel(&home.pool, [1, 2], "one", (&meet, own)),
            relabel(&home.observer, [2, 1], "other", (&meet, own)),
        );
        assert_eq!(one + other, 3, "attempts");
        let last = if one == 2 { "one" } else { "other" };
        let expected = [
            format!("desks 1 of 1 {last}"),
            format!("desks 2 of 2 {last}"),
        ];
        assert_eq!(changed(&home).await, expected);
    }
}

/// Writes two desks in one transaction, the second by SQL of its own if so; gives the number of attempts.
async fn relabel<DB: Kind>(
    pool: &Pool<DB>,
    keys: [i64; 2],
    label: &str,
    (meet, own): (&Barrier, bool),
) -> u32 {
    let desks = Desk::find_many(keys).all(pool).await.expect("the desks");
    let [mut first, mut second] = <[Persistent<Desk>; 2]>::try_from(desks).expect("two desks");
    first.label = label.into();
    second.label = label.into();
    let mut attempts = 0;
    let done = retry(async || {
        attempts += 1;
        let mut transaction = Transaction::begin(pool).await?;
        first.save(&mut transaction).await?;
        if attempts == 1 {
            meet.wait().await;
        }
        if own {
            let update = format!("UPDATE desks SET label = '{label}' WHERE id = {}", keys[1]);
            DB::run_on(&mut transaction, &update).await?;
        } else {
            second.save(&mut transaction).await?;
        }
        transaction.commit().await
    });
    done.await.expect("both succeed");
    attempts
}

/// Each desk is labelled by what the other says: one after the other, in whichever order, but not at once.
#[tokio::test]
async fn serializable_transactions_that_depend_on_each_other_both_succeed() {
    let Some(home) = Home::<Postgres>::open().await else {
        return;
    };
    let (pool, _proxy, rival) = Postgres::rivals(&home.place, Level::Serializable).await;
    let meet = Barrier::new(2);
    let (one, other) = tokio::join!(copy(&pool, 1, 2, &meet), copy(&rival, 2, 1, &meet));
    assert_eq!(one + other, 3, "attempts");
    let expected = if one == 1 {
        [
            "desks 1 of 1 as as desk of ann",
            "desks 2 of 2 as desk of ann",
        ]
    } else {
        [
            "desks 1 of 1 as desk of bob",
            "desks 2 of 2 as as desk of bob",
        ]
    };
    assert_eq!(changed(&home).await, expected);
}

/// Labels a desk by another; gives the number of attempts.
async fn copy(pool: &Pool<Postgres>, from: i64, to: i64, meet: &Barrier) -> u32 {
    let mut attempts = 0;
    let done = retry(async || {
        attempts += 1;
        let mut transaction = Transaction::begin(pool).await?;
        let label = Desk::find(from).one(&mut transaction).await?.label.clone();
        let mut desk = Desk::find(to).one(&mut transaction).await?;
        if attempts == 1 {
            meet.wait().await;
        }
        desk.label = format!("as {label}");
        desk.save(&mut transaction).await?;
        transaction.commit().await
    });
    done.await.expect("both succeed");
    attempts
}

/// The rows that are not as they were at the beginning.
async fn changed<DB: Kind>(home: &Home<DB>) -> Vec<String> {
    let now = home.rows().await;
    home.reset().await;
    let before = home.rows().await;
    assert_eq!(now.len(), before.len());
    let changed = now.into_iter().filter(|row| !before.contains(row));
    changed.collect()
}

/// The retry is spawned, so it is a loop, whose future is `Send`.
#[tokio::test]
async fn a_busy_file_is_written_when_the_other_writer_is_done() {
    let home = Home::<Sqlite>::open().await.expect("SQLite is embedded");
    let [mut ann] = <[_; 1]>::try_from(everything(&[1], &home.pool).await).expect("a user");
    ann.profile.remove();
    ann.name = "anna".into();
    let mut rival = Some(rival(&home).await);
    let pool = home.pool.clone();
    let writer = tokio::spawn(async move {
        let mut retry = Retry::new();
        for attempts in 1.. {
            if attempts == 3 {
                let done = rival.take().expect("the rival").rollback().await;
                done.expect("the rival's rollback");
            }
            match ann.save(&pool).await {
                Err(error) if retry.again(&error).await => {}
                done => {
                    done.expect("the third attempt");
                    return attempts;
                }
            }
        }
        0
    });
    assert_eq!(writer.await.expect("the writer"), 3);
    assert_eq!(
        home.rows().await,
        [
            "users 1 anna v2",
            "users 2 bob v1",
            "users 3 cid v1",
            "profiles 2 of 2 bio of bob v1",
            "pictures 2 of 2 bob.png",
            "desks 1 of 1 desk of ann",
            "desks 2 of 2 desk of bob",
        ]
    );
}

/// What a save takes comes back with each conflict.
#[tokio::test]
async fn what_is_taken_goes_into_the_next_attempt() {
    let home = Home::<Sqlite>::open().await.expect("SQLite is embedded");
    let mut rival = Some(rival(&home).await);
    let mut held = Some(user("eve"));
    let saved = retry(async || {
        let user = held.take().expect("a conflict gives it back");
        let saved = user.save(&home.pool).await;
        if let Some(rival) = rival.take() {
            rival.rollback().await.expect("the rival's rollback");
        }
        saved.inspect_err(|error| held = error.take_entity())
    });
    let eve = saved.await.expect("the second attempt");
    assert_eq!(eve.id, 4);
    let rows = home.rows().await;
    let of_eve = [
        "users 4 eve v1",
        "profiles 3 of 4 bio of eve v1",
        "pictures 3 of 3 eve.png",
        "desks 3 of 4 desk of eve",
    ];
    assert_eq!(rows.len(), 9 + of_eve.len());
    assert!(
        of_eve
            .iter()
            .all(|row| rows.iter().any(|found| found == row))
    );
}

#[tokio::test]
async fn it_gives_up_after_the_last_pause() {
    let home = Home::<Sqlite>::open().await.expect("SQLite is embedded");
    let before = home.rows().await;
    let mut ann: Persistent<User> = everything(&[1], &home.pool).await.remove(0);
    ann.name = "anna".into();
    ann.profile.remove();
    let (was, pending) = ((*ann).clone(), ann.plan().expect("a plan").to_string());
    let rival = rival(&home).await;
    let mut attempts = 0;
    let saved = Retry::with(SOON).run(async || {
        attempts += 1;
        ann.save(&home.pool).await
    });
    let error = saved.await.expect_err("the rival stays");
    assert_eq!((error.kind(), attempts), (ErrorKind::Conflict, 3));
    rival.rollback().await.expect("the rival's rollback");
    assert_eq!(home.rows().await, before);
    assert_eq!(*ann, was);
    assert_eq!(ann.plan().expect("a plan").to_string(), pending);
}

/// A writer in the way of all others.
async fn rival(home: &Home<Sqlite>) -> sqlx::Transaction<'static, Sqlite> {
    let begun = home.observer.begin_with(Sqlite::WRITE).await;
    begun.expect("the rival's transaction")
}
