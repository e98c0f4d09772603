//! Each statement fails in turn.

use sqlx_cascade::ErrorKind;

use crate::home::{Home, Kind, each_operation};
use crate::operation::{Memory as _, Writes};

each_operation!(nothing_is_left_of_a_statement_that_fails);

async fn nothing_is_left_of_a_statement_that_fails<DB: Kind>(
    home: Home<DB>,
    operation: impl Writes,
) {
    let after = operation.after(&home).await;
    let statements = operation.statements(&home).await;
    home.reset().await;
    let before = home.rows().await;
    for statement in statements {
        home.reset().await;
        let mut memory = operation.memory(&home.pool).await;
        let was = memory.snapshot();
        home.fail(&statement).await;
        let done = operation.run(&mut memory, &home.pool).await;
        let error = done.expect_err(&statement);
        assert_eq!(error.kind(), ErrorKind::Database, "{error}");
        assert!(!format!("{error:?}").contains("ann"), "{error:?}");
        let (_, table) = statement.split_once(' ').expect("a table");
        assert!(
            operation.is_path(error.path(), table),
            "{} is not about {table}",
            error.path()
        );
        assert_eq!(home.rows().await, before, "{statement}: {error}");
        assert_eq!(memory.snapshot(), was, "{statement}: {error}");
        home.usable().await;

        home.mend().await;
        let done = operation.run(&mut memory, &home.pool).await;
        done.expect("the same call, repeated");
        assert_eq!(home.content().await, after, "{statement}");
        memory.agrees(&home).await;
    }
}
