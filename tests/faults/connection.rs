//! The connection lost before each message that runs something, and before the answer to each.

use sqlx_cascade::ErrorKind;

use crate::dropped::recovers;
use crate::home::{Home, Kind, Served, each_operation};
use crate::operation::{Memory as _, Writes};
use crate::proxy::Cut;

each_operation!(postgres mysql: nothing_is_left_of_a_connection_that_is_lost);

async fn nothing_is_left_of_a_connection_that_is_lost<DB: Served>(
    mut home: Home<DB>,
    operation: impl Writes,
) {
    let proxy = DB::proxy(&home.place).await;
    home.pool = proxy.pool.clone();
    let after = operation.after(&home).await;
    home.reset().await;
    let before = (home.rows().await, home.content().await);
    for cut in [Cut::Before, Cut::After] {
        let mut commits = 0;
        for at in 0.. {
            home.reset().await;
            let mut memory = operation.memory(&home.pool).await;
            let was = memory.snapshot();
            proxy.arm(cut(at));
            let done = operation.run(&mut memory, &home.pool).await;
            let (was_cut, seen) = proxy.disarm();
            if !was_cut {
                done.expect("the operation without a fault");
                break;
            }
            let place = format!("{:?} of {seen:?}", cut(at));
            let error = done.expect_err(&place);
            let is_alone = !seen.contains(&"BEGIN".to_owned());
            let decides = is_alone || seen.last().is_some_and(|what| what == "COMMIT");
            if decides {
                commits += 1;
                assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{place}: {error}");
            } else {
                assert_eq!(error.kind(), ErrorKind::Database, "{place}: {error}");
            }
            assert_eq!(memory.snapshot(), was, "{place}");
            DB::settled(&home.place, &home.observer).await;
            let happened = if operation.consumes() {
                taken_back(&home, operation, memory, &before, &after, decides).await
            } else {
                recovers(&home, operation, memory, &before, &after, &place).await
            };
            let answered =
                cut(at) == Cut::After(at) && seen.last().is_some_and(|what| what != "Parse");
            assert_eq!(happened, decides && answered, "{place}");
        }
        assert!(commits > 0, "the outcome was in doubt at least once");
    }
}

/// What the error carried: the plain value can be saved again, and the handle is in doubt where the outcome is.
pub(crate) async fn taken_back<DB: Kind, O: Writes>(
    home: &Home<DB>,
    operation: O,
    mut memory: O::Memory,
    (rows, _): &(Vec<String>, Vec<String>),
    after: &[String],
    decides: bool,
) -> bool {
    let there = home.rows().await;
    let happened = there != *rows;
    if happened {
        assert_eq!(home.content().await, after);
    }
    if decides && !memory.has_values() {
        let refused = operation.run(&mut memory, &home.pool).await;
        let refused = refused.expect_err("a handle in doubt");
        assert_eq!(refused.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(home.rows().await, there);
        operation.refresh(&mut memory, &home.pool, happened).await;
    }
    if !happened {
        let done = operation.run(&mut memory, &home.pool).await;
        done.expect("what was taken back, once more");
        assert_eq!(home.content().await, after);
    }
    happened
}
