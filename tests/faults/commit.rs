//! The commit fails: a constraint that is checked there. MySQL and MariaDB have none.

use sqlx_cascade::ErrorKind;

use crate::home::{Home, Kind, each_operation};
use crate::operation::{Memory as _, Writes};

each_operation!(sqlite postgres: nothing_is_left_of_a_commit_that_fails);

async fn nothing_is_left_of_a_commit_that_fails<DB: Kind>(home: Home<DB>, operation: impl Writes) {
    let after = operation.after(&home).await;
    home.reset().await;
    let before = home.rows().await;
    let mut memory = operation.memory(&home.pool).await;
    let was = memory.snapshot();
    home.fail("COMMIT").await;
    for _ in 0..2 {
        let done = operation.run(&mut memory, &home.pool).await;
        let error = done.expect_err("a commit that fails");
        assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
        assert_eq!(home.rows().await, before);
        assert_eq!(memory.snapshot(), was);
        home.usable().await;
    }

    home.mend().await;
    let done = operation.run(&mut memory, &home.pool).await;
    done.expect("the same call, repeated");
    assert_eq!(home.content().await, after);
    memory.agrees(&home).await;
}
