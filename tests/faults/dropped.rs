//! The future dropped at each await point.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sqlx_cascade::ErrorKind;

use crate::home::{Home, Kind, each_operation};
use crate::operation::{Memory as _, Writes};

/// When a future is dropped after it was polled for the last time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// At once: what it waits for is on its way.
    Waiting,
    /// When it was woken: what it waits for is there, and it hasn't seen it.
    Woken,
}

/// Polls a future so often, drops it then, and gives what it gave if it was done.
pub(crate) async fn polled<F: Future>(future: F, times: usize, when: When) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 && matches!(when, When::Waiting) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

each_operation!(nothing_is_left_of_a_future_that_is_dropped);

async fn nothing_is_left_of_a_future_that_is_dropped<DB: Kind>(
    mut home: Home<DB>,
    operation: impl Writes,
) {
    home.pool = DB::slow_pool(&home.place).await;
    let after = operation.after(&home).await;
    home.reset().await;
    let before = (home.rows().await, home.content().await);
    for when in [When::Waiting, When::Woken] {
        for times in 0.. {
            home.reset().await;
            let mut memory = operation.memory(&home.pool).await;
            let was = memory.snapshot();
            let run = operation.run(&mut memory, &home.pool);
            if let Some(done) = polled(run, times, when).await {
                done.expect("the operation without a fault");
                assert_eq!(home.content().await, after);
                memory.agrees(&home).await;
                break;
            }
            home.usable().await;
            let place = format!("{when:?} after {times} polls");
            if !operation.consumes() {
                assert_eq!(memory.snapshot(), was, "{place}");
            }
            recovers(&home, operation, memory, &before, &after, &place).await;
        }
    }
}

/// Where the handles are in doubt, a refresh tells whether the operation happened; else it didn't. Then it can be repeated.
pub(crate) async fn recovers<DB: Kind, O: Writes>(
    home: &Home<DB>,
    operation: O,
    mut memory: O::Memory,
    (rows, content): &(Vec<String>, Vec<String>),
    after: &[String],
    place: &str,
) -> bool {
    let there = home.rows().await;
    let happened = there != *rows;
    let expected = if happened { after } else { content };
    assert_eq!(home.content().await, expected, "{place}: in between");
    // Nobody holds a handle that could be in doubt.
    if memory.pending().is_empty() || operation.consumes() {
        if !happened {
            memory = operation.memory(&home.pool).await;
            let done = operation.run(&mut memory, &home.pool).await;
            done.unwrap_or_else(|error| panic!("{place}: {error}"));
        }
        assert_eq!(home.content().await, after, "{place}");
        return happened;
    }
    match operation.run(&mut memory, &home.pool).await {
        Ok(()) => assert!(!happened, "{place}: it happened, and memory doesn't know"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{place}: {error}");
            assert_eq!(home.rows().await, there, "{place}");
            operation.refresh(&mut memory, &home.pool, happened).await;
            let done = operation.run(&mut memory, &home.pool).await;
            done.unwrap_or_else(|error| panic!("{place}, happened: {happened}: {error}"));
        }
    }
    assert_eq!(home.content().await, after, "{place}");
    memory.agrees(home).await;
    happened
}
