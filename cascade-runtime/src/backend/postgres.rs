//! PostgreSQL.

use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use futures_core::future::BoxFuture;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::postgres::{PgArguments, PgDatabaseError, PgRow};
use sqlx::{
    Arguments as _, Column as _, Connection as _, Executor as _, PgConnection, Postgres, Row as _,
    Transaction, ValueRef as _,
};

use crate::backend::{Backend, Own, sealed};
use crate::codec::{Codec, Fns};
use crate::error::ErrorKind;
use crate::sql::{self, Texts};

impl sealed::Sealed for Postgres {}

impl Backend for Postgres {
    fn texts() -> Texts {
        Texts {
            dialect: &sql::Postgres,
        }
    }

    const BEGIN: Option<&'static str> = None;

    fn begin(connection: &mut PgConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async {
            if !connection.is_in_transaction() {
                mem::forget(connection.begin().await?);
                return Ok(());
            }
            // A RELEASE that is dropped on its way is followed by a ROLLBACK TO the same name: it finds this savepoint, under the one that
            // was released. Without it the server would refuse everything else in the caller's transaction.
            drop(Savepoint(Some(Box::pin(connection.begin()))).await?);
            mem::forget(Savepoint(Some(Box::pin(connection.begin()))).await?);
            Ok(())
        })
    }

    /// sqlx doesn't know of that transaction. A statement that begins one is queued by its first poll, without waiting: what is queued here
    /// ends it, before anything else is sent.
    fn undo_begin(connection: &mut PgConnection) {
        let queued = pin!(connection.begin_with("ROLLBACK"));
        drop(queued.poll(&mut Context::from_waker(Waker::noop())));
    }

    fn fns(codec: &Codec) -> Option<Fns<Self>> {
        codec.postgres
    }

    fn bind_own(own: Own<'_>, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match own {
            Own::Flag(flag) => arguments.add(flag),
            Own::Number(number) => arguments.add(number),
            // Its keys come in rows.
            Own::Unsigned(number) => arguments.add(i64::try_from(number)?),
            Own::Place(place) => arguments.add(place),
            Own::Flags(flags) => arguments.add(flags),
            Own::Numbers(numbers) => arguments.add(numbers),
            Own::Places(places) => arguments.add(places),
        }
    }

    sqlx_calls!(PgConnection, PgRow, PgArguments);

    fn number(row: &PgRow, column: usize) -> Result<i64, sqlx::Error> {
        row.try_get(column)
    }

    fn flag(row: &PgRow, column: usize) -> Result<bool, sqlx::Error> {
        row.try_get(column)
    }

    fn classify(error: &dyn DatabaseError) -> Option<ErrorKind> {
        // Serialisation failure, deadlock, lock not available.
        matches!(&*error.code()?, "40001" | "40P01" | "55P03").then_some(ErrorKind::Conflict)
    }

    /// NOT NULL has a column and no name.
    fn constraint(error: &dyn DatabaseError) -> Option<String> {
        let error = error.try_downcast_ref::<PgDatabaseError>()?;
        let named = error.constraint().map(str::to_owned);
        named.or_else(|| Some(format!("{}.{}", error.table()?, error.column()?)))
    }

    /// It is told from a failed EXECUTE in a function by who reports it.
    fn has_forgotten(error: &dyn DatabaseError) -> bool {
        let routine = |error: &PgDatabaseError| error.routine() == Some("exec_bind_message");
        error.code().as_deref() == Some("26000") && error.try_downcast_ref().is_some_and(routine)
    }

    /// Connection exceptions, and a server that shuts down or was told to end the session.
    fn is_lost(error: &dyn DatabaseError) -> bool {
        let code = error.code();
        code.is_some_and(|code| code.starts_with("08") || code.starts_with("57P0"))
    }

    /// Syntax errors and unknown names: what is bound isn't part of them.
    fn is_plain(code: &str) -> bool {
        code.starts_with("42")
    }
}

/// A savepoint on its way.
///
/// sqlx rolls back the caller's transaction when it drops this. So it is forgotten instead: the next user of the connection reads the answer,
/// and a savepoint that nobody knows of is harmless.
struct Savepoint<'c>(Option<BoxFuture<'c, Result<Transaction<'c, Postgres>, sqlx::Error>>>);

impl<'c> Future for Savepoint<'c> {
    type Output = Result<Transaction<'c, Postgres>, sqlx::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(begin) = &mut self.0 else {
            return Poll::Pending;
        };
        let savepoint = ready!(begin.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(savepoint)
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        mem::forget(self.0.take());
    }
}
