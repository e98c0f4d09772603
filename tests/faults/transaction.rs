//! Inside the caller's transaction: what fails is undone to where it began, and the caller's own writes stay.

use crate::dropped::{When, polled, recovers};
use crate::home::{Home, Kind, each_operation};
use crate::operation::{Memory as _, Writes};

mod failed {
    use super::*;

    each_operation!(a_statement_that_fails_is_undone_alone);

    async fn a_statement_that_fails_is_undone_alone<DB: Kind>(
        home: Home<DB>,
        operation: impl Writes,
    ) {
        let after = operation.after(&home).await;
        let statements = operation.statements(&home).await;
        home.reset().await;
        let before = home.content().await;
        for statement in statements {
            home.reset().await;
            let mut memory = operation.memory(&home.pool).await;
            let was = memory.snapshot();
            home.fail(&statement).await;

            let mut caller = home
                .pool
                .begin_with(DB::WRITE)
                .await
                .expect("a transaction");
            note::<DB>(&mut caller, "earlier").await;
            let failure = operation.run(&mut memory, &mut caller).await;
            note::<DB>(&mut caller, "later").await;
            caller.commit().await.expect("the caller's commit");
            failure.expect_err(&statement);
            assert_eq!(home.content().await, noted(&before), "{statement}");
            assert_eq!(memory.snapshot(), was, "{statement}");

            home.mend().await;
            let done = operation.run(&mut memory, &home.pool).await;
            done.expect("the same call, repeated");
            assert_eq!(home.content().await, noted(&after), "{statement}");
            memory.agrees(&home).await;
        }
    }
}

mod dropped {
    use super::*;

    each_operation!(a_future_that_is_dropped_is_undone_alone);

    async fn a_future_that_is_dropped_is_undone_alone<DB: Kind>(
        mut home: Home<DB>,
        operation: impl Writes,
    ) {
        home.pool = DB::slow_pool(&home.place).await;
        let after = operation.after(&home).await;
        home.reset().await;
        home.run("INSERT INTO notes (note) VALUES ('earlier'), ('later')")
            .await;
        let before = (home.rows().await, home.content().await);
        for when in [When::Waiting, When::Woken] {
            for times in 0.. {
                home.reset().await;
                let mut memory = operation.memory(&home.pool).await;
                let was = memory.snapshot();
                let place = format!("{when:?} after {times} polls");

                let mut caller = home
                    .pool
                    .begin_with(DB::WRITE)
                    .await
                    .expect("a transaction");
                note::<DB>(&mut caller, "earlier").await;
                let done = polled(operation.run(&mut memory, &mut caller), times, when).await;
                note::<DB>(&mut caller, "later").await;
                caller.commit().await.expect("the caller's commit");
                if let Some(done) = done {
                    done.expect("the operation without a fault");
                    assert_eq!(home.content().await, noted(&after));
                    break;
                }
                home.usable().await;
                if !operation.consumes() {
                    assert_eq!(memory.snapshot(), was, "{place}");
                }
                recovers(&home, operation, memory, &before, &noted(&after), &place).await;
            }
        }
    }
}

async fn note<DB: Kind>(connection: &mut DB::Connection, note: &str) {
    DB::run_on(
        connection,
        &format!("INSERT INTO notes (note) VALUES ('{note}')"),
    )
    .await
    .expect("a transaction that is usable");
}

/// The content, and what the caller wrote before and after the operation.
fn noted(content: &[String]) -> Vec<String> {
    let notes = ["notes earlier", "notes later"].map(str::to_owned);
    content.iter().cloned().chain(notes).collect()
}
