//! The server ends the session, at a statement or at the COMMIT.

use sqlx_cascade::ErrorKind;

use crate::connection::taken_back;
use crate::dropped::recovers;
use crate::home::{Home, Kind, each_operation};
use crate::operation::{Memory as _, Writes};

each_operation!(postgres mysql: nothing_is_left_of_a_session_that_ends);

async fn nothing_is_left_of_a_session_that_ends<DB: Kind>(home: Home<DB>, operation: impl Writes) {
    let after = operation.after(&home).await;
    let mut faults = Vec::new();
    if DB::DEFERS {
        faults.push("end COMMIT".to_owned());
    }
    let statements = operation.statements(&home).await;
    faults.extend(
        statements
            .iter()
            .map(|statement| format!("end {statement}")),
    );
    home.reset().await;
    let before = (home.rows().await, home.content().await);
    for fault in faults {
        home.reset().await;
        let mut memory = operation.memory(&home.pool).await;
        let was = memory.snapshot();
        home.fail(&fault).await;
        let done = operation.run(&mut memory, &home.pool).await;
        home.mend().await;
        let error = done.expect_err(&fault);
        // What is one statement has no COMMIT of its own: its end is that of the transaction.
        let decides = error.kind() == ErrorKind::OutcomeUnknown;
        let is_decided = operation.is_alone() || fault == "end COMMIT";
        assert!(decides || !is_decided, "{fault}: {error}");
        assert!(
            decides || error.kind() == ErrorKind::Database,
            "{fault}: {error}"
        );
        assert_eq!(memory.snapshot(), was, "{fault}");
        let happened = if operation.consumes() {
            taken_back(&home, operation, memory, &before, &after, decides).await
        } else {
            recovers(&home, operation, memory, &before, &after, &fault).await
        };
        assert!(!happened, "{fault}");
    }
}
