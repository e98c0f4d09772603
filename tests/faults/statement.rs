//! Each statement fails in turn.

use sqlx_cascade::ErrorKind;

use crate::home::{Home, Kind, each_operation};
use crate::operation::Operation;

each_operation!(nothing_is_left_of_a_statement_that_fails);

async fn nothing_is_left_of_a_statement_that_fails<DB: Kind>(home: Home<DB>, operation: Operation) {
    let after = operation.after(&home).await;
    let mut failed = 0;
    for (table, path) in [
        ("users", "User"),
        ("profiles", "User.profile"),
        ("pictures", "User.profile.picture"),
        ("desks", "User.desk"),
    ] {
        for kind in ["INSERT", "UPDATE", "DELETE"] {
            home.reset().await;
            let before = home.rows().await;
            let mut memory = operation.memory(&home.pool).await;
            let was = memory.snapshot();
            home.fail(&format!("{kind} {table}")).await;
            let Err(error) = operation.run(&mut memory, &home.pool).await else {
                assert_eq!(
                    home.content().await,
                    after,
                    "{kind} {table} isn't part of it"
                );
                continue;
            };
            failed += 1;
            assert_eq!(error.kind(), ErrorKind::Database, "{error}");
            assert!(!format!("{error:?}").contains("ann"), "{error:?}");
            assert_path(operation, error.path(), path);
            assert_eq!(home.rows().await, before, "{kind} {table}: {error}");
            assert_eq!(memory.snapshot(), was, "{kind} {table}: {error}");
            home.usable().await;

            home.mend().await;
            let done = operation.run(&mut memory, &home.pool).await;
            done.expect("the same call, repeated");
            assert_eq!(home.content().await, after, "{kind} {table}");
            memory.agrees(&home).await;
        }
    }
    assert!(failed > 0);
}

/// The path of the row, or of the relation or the root whose rows a statement reaches below it.
fn assert_path(operation: Operation, path: &str, row: &str) {
    let plain: String = path
        .chars()
        .filter(|character| !"[]012".contains(*character))
        .collect();
    let several = matches!(
        operation,
        Operation::InsertAll | Operation::SaveAll | Operation::Whole | Operation::DeleteAll
    );
    assert!(several || path == plain, "{path}");
    assert!(
        plain == row || row.starts_with(&format!("{plain}.")),
        "{path} is not about {row}"
    );
}
