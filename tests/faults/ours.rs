//! `sqlx_cascade::Transaction`: whatever ends it, the tables and the handles agree, and its connection is clean.

use sqlx::Sqlite;
use sqlx_cascade::{Error, ErrorKind, Persistent, Transaction};

use crate::blog::{Author, BLOG, post};
use crate::blog_memory::authors;
use crate::dropped::{When, polled, recovers};
use crate::home::{Home, Kind, Served, each_operation, few_operations, on_each};
use crate::models::User;
use crate::operation::{Memory as _, Writes};
use crate::proxy::Cut;

/// How a transaction ends without a commit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Rollback,
    Dropped,
    CommitNeverPolled,
    CommitRefused,
}

mod rolled_back {
    use super::*;

    each_operation!(what_was_rolled_back_is_pending_again);

    async fn what_was_rolled_back_is_pending_again<DB: Kind>(
        home: Home<DB>,
        operation: impl Writes,
    ) {
        let after = operation.after(&home).await;
        home.reset().await;
        let before = home.rows().await;
        for end in [
            End::Rollback,
            End::Dropped,
            End::CommitNeverPolled,
            End::CommitRefused,
        ] {
            if end == End::CommitRefused && !DB::DEFERS {
                continue;
            }
            home.reset().await;
            let mut memory = operation.memory(&home.pool).await;
            let was = memory.pending();
            if end == End::CommitRefused {
                home.fail("COMMIT").await;
            }
            let begun = Transaction::begin(&home.pool).await;
            let mut transaction = begun.expect("a transaction");
            let done = operation.run(&mut memory, &mut transaction).await;
            done.expect("the operation inside");
            match end {
                End::Rollback => transaction.rollback().await.expect("a rollback"),
                End::Dropped => drop(transaction),
                End::CommitNeverPolled => drop(transaction.commit()),
                End::CommitRefused => {
                    let error = transaction.commit().await.expect_err("a refused commit");
                    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
                }
            }
            home.usable().await;
            assert_eq!(home.rows().await, before, "{end:?}");
            home.mend().await;
            if !was.is_empty() && !operation.consumes() {
                assert_eq!(memory.pending(), was, "{end:?}");
            }
            operation.redo(&mut memory, &home.pool).await;
            assert_eq!(home.content().await, after, "{end:?}");
            memory.agrees(&home).await;
        }
    }
}

mod inside {
    use super::*;

    each_operation!(a_statement_that_fails_inside_is_undone_alone);

    async fn a_statement_that_fails_inside_is_undone_alone<DB: Kind>(
        home: Home<DB>,
        operation: impl Writes,
    ) {
        let after = operation.after(&home).await;
        let statements = operation.statements(&home).await;
        home.reset().await;
        let (before, noted) = (home.rows().await, ["notes first", "notes second"]);
        let statement = statements.last().expect("a statement");
        for commits in [false, true] {
            home.reset().await;
            let mut memory = operation.memory(&home.pool).await;
            let (was, pending) = (memory.snapshot(), memory.pending());
            home.fail(statement).await;
            let begun = Transaction::begin(&home.pool).await;
            let mut transaction = begun.expect("a transaction");
            let sql = "INSERT INTO notes (note) VALUES ('first')";
            DB::run_on(&mut transaction, sql).await.expect("a write");
            let failed = operation.run(&mut memory, &mut transaction).await;
            failed.expect_err(statement);
            assert_eq!(memory.snapshot(), was);
            let sql = "DELETE FROM fault; INSERT INTO notes (note) VALUES ('second')";
            DB::run_on(&mut transaction, sql).await.expect("a write");
            let done = operation.run(&mut memory, &mut transaction).await;
            done.expect("the same call, repeated");
            if commits {
                transaction.commit().await.expect("a commit");
                let mut content = home.content().await;
                let written = content.split_off(content.len() - 2);
                assert_eq!(
                    (content, written),
                    (after.clone(), noted.map(str::to_owned).to_vec())
                );
                memory.agrees(&home).await;
                continue;
            }
            transaction.rollback().await.expect("a rollback");
            home.mend().await;
            assert_eq!(home.rows().await, before);
            if !pending.is_empty() && !operation.consumes() {
                assert_eq!(memory.pending(), pending);
            }
            operation.redo(&mut memory, &home.pool).await;
            assert_eq!(home.content().await, after);
            memory.agrees(&home).await;
        }
    }
}

/// All of it: begun, run, and ended.
async fn all<DB: Kind, O: Writes>(
    home: &Home<DB>,
    operation: O,
    memory: &mut O::Memory,
    commits: bool,
) -> Result<(), Error> {
    let mut transaction = Transaction::begin(&home.pool).await?;
    operation.run(memory, &mut transaction).await?;
    if commits {
        transaction.commit().await
    } else {
        transaction.rollback().await
    }
}

mod dropped {
    use super::*;

    few_operations!(a_transaction_that_is_dropped_is_undone);

    async fn a_transaction_that_is_dropped_is_undone<DB: Kind>(
        mut home: Home<DB>,
        operation: impl Writes,
    ) {
        home.pool = DB::slow_pool(&home.place).await;
        let after = operation.after(&home).await;
        home.reset().await;
        let before = (home.rows().await, home.content().await);
        for (when, commits) in [
            (When::Waiting, true),
            (When::Woken, true),
            (When::Waiting, false),
        ] {
            for times in 0.. {
                home.reset().await;
                let mut memory = operation.memory(&home.pool).await;
                let was = memory.pending();
                let run = all(&home, operation, &mut memory, commits);
                let done = polled(run, times, when).await;
                home.usable().await;
                let place = format!("{when:?} after {times} polls");
                let is_done = done.is_some();
                if let Some(done) = done {
                    done.expect("the transaction without a fault");
                }
                if is_done && commits {
                    assert_eq!(home.content().await, after);
                    memory.agrees(&home).await;
                    break;
                }
                if !commits && !operation.consumes() {
                    assert_eq!(memory.pending(), was, "{place}");
                }
                let happened = recovers(&home, operation, memory, &before, &after, &place).await;
                assert!(commits || !happened, "{place}");
                if is_done {
                    break;
                }
            }
        }
    }
}

mod lost {
    use super::*;

    few_operations!(postgres mysql: a_transaction_whose_connection_is_lost_is_undone_or_in_doubt);

    async fn a_transaction_whose_connection_is_lost_is_undone_or_in_doubt<DB: Served>(
        mut home: Home<DB>,
        operation: impl Writes,
    ) {
        let proxy = DB::proxy(&home.place).await;
        home.pool = proxy.pool.clone();
        let after = operation.after(&home).await;
        home.reset().await;
        let before = (home.rows().await, home.content().await);
        for cut in [Cut::Before, Cut::After] {
            for at in 0.. {
                home.reset().await;
                let mut memory = operation.memory(&home.pool).await;
                let was = memory.pending();
                proxy.arm(cut(at));
                let done = all(&home, operation, &mut memory, true).await;
                let (was_cut, seen) = proxy.disarm();
                if !was_cut {
                    done.expect("the transaction without a fault");
                    break;
                }
                let place = format!("{:?} of {seen:?}", cut(at));
                let error = done.expect_err(&place);
                let commits = seen.last().is_some_and(|what| what == "COMMIT");
                let decides = commits || is_read_by_the_commit::<DB>(&seen);
                let kind = if decides {
                    ErrorKind::OutcomeUnknown
                } else {
                    ErrorKind::Database
                };
                assert_eq!(error.kind(), kind, "{place}: {error}");
                if !decides && !operation.consumes() {
                    assert_eq!(memory.pending(), was, "{place}");
                }
                DB::settled(&home.place, &home.observer).await;
                let happened = recovers(&home, operation, memory, &before, &after, &place).await;
                assert_eq!(happened, commits && cut(at) == Cut::After(at), "{place}");
            }
        }
    }

    /// What ends a savepoint on MySQL is queued: who commits learns what became of it.
    fn is_read_by_the_commit<DB: Kind>(seen: &[String]) -> bool {
        let ends = seen.iter().rposition(|what| what.starts_with("SAVEPOINT"));
        let last = seen.iter().rposition(|what| what == "Execute");
        DB::CLOSES && ends.zip(last).is_some_and(|(ends, last)| ends > last)
    }
}

on_each!(
    two_handles_of_a_row_share_the_outcome,
    several_saves_are_undone_as_one,
    handles_of_a_transaction_that_failed_go_on_in_another
);

async fn two_handles_of_a_row_share_the_outcome<DB: Kind>(_: Home<DB>) {
    let Some(home) = Home::<DB>::of(&BLOG).await else {
        return;
    };
    let before = home.rows().await;
    let mut first = authors(&[1], &home.pool).await.remove(0);
    let mut second = authors(&[1], &home.pool).await.remove(0);
    let mut transaction = Transaction::begin(&home.pool).await.expect("a transaction");
    first.name = "first".into();
    first.save(&mut transaction).await.expect("the first");
    second.name = "second".into();
    let error = second
        .save(&mut transaction)
        .await
        .expect_err("an old version");
    assert_eq!(error.kind(), ErrorKind::Stale, "{error}");
    second.refresh(&mut transaction).await.expect("a refresh");
    second.posts[0].title = "second".into();
    second.posts.remove(1);
    second.save(&mut transaction).await.expect("the second");
    let mut inside = Author::find(1)
        .one(&mut transaction)
        .await
        .expect("a row inside");
    transaction.rollback().await.expect("a rollback");
    assert_eq!(home.rows().await, before);

    // What was read inside never was.
    inside.name = "inside".into();
    let error = inside
        .save(&home.pool)
        .await
        .expect_err("a version that never was");
    assert_eq!(error.kind(), ErrorKind::Stale, "{error}");
    assert_eq!(home.rows().await, before);

    assert_eq!(first.changed_columns(), ["name"]);
    first.save(&home.pool).await.expect("the first, again");
    second.save(&home.pool).await.expect("the second, again");
    let titles = home
        .texts("SELECT title || version FROM posts WHERE author_id = 1")
        .await;
    assert_eq!(titles, ["second2"]);
    assert_eq!(
        home.texts("SELECT name || version FROM authors WHERE id = 1")
            .await,
        ["first2"]
    );
}

async fn several_saves_are_undone_as_one<DB: Kind>(_: Home<DB>) {
    let Some(home) = Home::<DB>::of(&BLOG).await else {
        return;
    };
    let before = home.rows().await;
    for drops in [false, true] {
        home.reset().await;
        let mut all = authors(&[1, 2], &home.pool).await;
        let [ann, bob] = all.as_mut_slice() else {
            panic!("two authors");
        };
        let mut transaction = Transaction::begin(&home.pool).await.expect("a transaction");
        // A child that is inserted, changed, moved, and removed.
        ann.posts.push(post("new", 7));
        ann.save(&mut transaction).await.expect("an insert");
        ann.posts[2].title = "newer".into();
        ann.save(&mut transaction).await.expect("an update");
        bob.posts.adopt(ann.posts.expunge(2));
        bob.posts.adopt(ann.posts.expunge(0));
        Persistent::save_all([&mut *ann, &mut *bob], &mut transaction)
            .await
            .expect("a move");
        bob.posts.remove(2);
        bob.posts.remove(0);
        bob.save(&mut transaction).await.expect("a removal");
        if drops {
            drop(transaction);
        } else {
            transaction.rollback().await.expect("a rollback");
        }
        home.usable().await;
        assert_eq!(home.rows().await, before);
        Persistent::save_all([&mut *ann, &mut *bob], &home.pool)
            .await
            .expect("all of it, again");
        let posts = home
            .texts("SELECT author_id || ' ' || title FROM posts ORDER BY id")
            .await;
        assert_eq!(posts, ["2 one", "1 two", "2 four"]);
        assert!(
            Persistent::save_all(&mut all, &home.pool)
                .await
                .expect("a save")
                .is_empty()
        );
    }
}

async fn handles_of_a_transaction_that_failed_go_on_in_another<DB: Kind>(home: Home<DB>) {
    let mut dora = crate::models::user("dora");
    for times in 0..3 {
        let mut transaction = Transaction::begin(&home.pool).await.expect("a transaction");
        let mut saved = dora.save(&mut transaction).await.expect("a save");
        saved.profile.get_mut().unwrap().bio = format!("bio {times}");
        saved.save(&mut transaction).await.expect("another save");
        drop(transaction);
        let error = saved
            .refresh(&home.pool)
            .await
            .expect_err("a row that never was");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let mut transaction = Transaction::begin(&home.pool).await.expect("a transaction");
        saved.save(&mut transaction).await.expect("a save");
        transaction.rollback().await.expect("a rollback");
        dora = saved.into_inner();
    }
    let mut saved = dora.save(&home.pool).await.expect("a save");
    let bios = home
        .texts("SELECT bio FROM profiles WHERE user_id > 3")
        .await;
    assert_eq!(bios, ["bio 2"]);
    saved.name = "dora too".into();
    let mut transaction = Transaction::begin(&home.pool).await.expect("a transaction");
    saved.save(&mut transaction).await.expect("a save");
    let there = User::find(saved.id)
        .one(&mut transaction)
        .await
        .expect("the row inside");
    assert_eq!(there.name, "dora too");
    transaction.commit().await.expect("a commit");
    assert!(saved.save(&home.pool).await.expect("a save").is_empty());
}

/// A writer in the way: it doesn't begin, and its connection is clean.
#[tokio::test]
async fn a_begin_that_is_refused() {
    let home = Home::<Sqlite>::open().await.expect("SQLite is embedded");
    let mut rival = home.observer.acquire().await.expect("a connection");
    Sqlite::run_on(&mut rival, "BEGIN IMMEDIATE")
        .await
        .expect("a transaction");
    let error = Transaction::begin(&home.pool)
        .await
        .expect_err("a writer in the way");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    Sqlite::run_on(&mut rival, "ROLLBACK")
        .await
        .expect("a rollback");
    drop(rival);
    home.usable().await;
}

mod in_doubt {
    use super::*;

    on_each!(postgres mysql; crate::models::USERS; [an_insert_in_doubt]);

    /// The answer to the COMMIT of an insert is lost: the handle writes nothing until it is refreshed, and a refresh tells.
    async fn an_insert_in_doubt<DB: Served>(mut home: Home<DB>) {
        let proxy = DB::proxy(&home.place).await;
        home.pool = proxy.pool.clone();
        for (cut, happened) in [(Cut::Before as fn(usize) -> Cut, false), (Cut::After, true)] {
            home.reset().await;
            let mut transaction = Transaction::begin(&home.pool).await.expect("a transaction");
            let dora = crate::models::user("dora");
            let mut dora = dora.save(&mut transaction).await.expect("a save");
            // What the save has queued is sent before.
            let read = DB::texts_on(&mut transaction, "SELECT 'read'").await;
            read.expect("an answer");
            proxy.arm(cut(0));
            let error = transaction.commit().await.expect_err("a lost connection");
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
            assert_eq!(proxy.disarm().1, ["COMMIT"]);
            DB::settled(&home.place, &home.observer).await;
            let there = home.rows().await;
            for error in [
                dora.save(&home.pool).await.expect_err("save"),
                dora.detach(User::PROFILE, &home.pool)
                    .await
                    .expect_err("detach"),
            ] {
                assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
            }
            assert_eq!(home.rows().await, there);
            let refreshed = dora.refresh(&home.pool).await;
            if happened {
                refreshed.expect("a refresh");
                dora.name = "dora too".into();
                dora.save(&home.pool).await.expect("a save");
            } else {
                assert_eq!(refreshed.expect_err("no row").kind(), ErrorKind::NotFound);
                dora.into_inner()
                    .save(&home.pool)
                    .await
                    .expect("the value, saved");
            }
            assert_eq!(
                home.texts("SELECT name FROM users ORDER BY id").await.len(),
                4
            );
        }
    }
}
