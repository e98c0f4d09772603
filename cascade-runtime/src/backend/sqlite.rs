//! SQLite.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::thread::{self, Thread};

use futures_core::future::BoxFuture;
use sqlx::error::{BoxDynError, DatabaseError};
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult, SqliteRow};
use sqlx::{
    Arguments as _, Column as _, Connection as _, Executor as _, Row as _, Sqlite,
    SqliteConnection, Transaction, ValueRef as _,
};

use crate::backend::{Backend, Own, sealed};
use crate::codec::{Codec, Fns};
use crate::error::ErrorKind;
use crate::sql::{self, Texts};

impl sealed::Sealed for Sqlite {}

impl Backend for Sqlite {
    fn texts() -> Texts {
        Texts {
            dialect: &sql::Sqlite,
        }
    }

    /// A deferred transaction that reads, then writes, fails under a second writer, without waiting.
    const BEGIN: Option<&'static str> = Some("BEGIN IMMEDIATE");

    fn begin(connection: &mut SqliteConnection) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async {
            let begun = if connection.is_in_transaction() {
                Savepoint(Some(Box::pin(connection.begin()))).await?
            } else {
                connection
                    .begin_with(Self::BEGIN.unwrap_or_default())
                    .await?
            };
            mem::forget(begun);
            Ok(())
        })
    }

    /// Queued by one poll, behind what is on its way. Where that was no BEGIN of a text, or was undone, this fails, and nobody hears of it.
    fn undo_begin(connection: &mut SqliteConnection) {
        let mut queued = connection.execute("ROLLBACK");
        drop(
            queued
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop())),
        );
    }

    const SEVERAL: bool = true;

    /// Of several the last.
    fn key(done: &SqliteQueryResult) -> u64 {
        done.last_insert_rowid().cast_unsigned()
    }

    fn fns(codec: &Codec) -> Option<Fns<Self>> {
        codec.sqlite
    }

    fn bind_own(own: Own<'_>, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match own {
            Own::Flag(flag) => arguments.add(flag),
            Own::Number(number) => arguments.add(number),
            // Its keys come in rows.
            Own::Place(place) => arguments.add(place),
            Own::Unsigned(number) => arguments.add(i64::try_from(number)?),
            Own::Flags(flags) => flags.iter().try_for_each(|flag| arguments.add(*flag)),
            Own::Numbers(numbers) => numbers.iter().try_for_each(|number| arguments.add(*number)),
            Own::Places(places) => places.iter().try_for_each(|place| arguments.add(*place)),
        }
    }

    sqlx_calls!(SqliteConnection, SqliteRow, SqliteArguments);

    fn number(row: &SqliteRow, column: usize) -> Result<i64, sqlx::Error> {
        row.try_get(column)
    }

    fn flag(row: &SqliteRow, column: usize) -> Result<bool, sqlx::Error> {
        Ok(Self::number(row, column)? != 0)
    }

    fn classify(error: &dyn DatabaseError) -> Option<ErrorKind> {
        // The low byte is the primary result code: SQLITE_BUSY, SQLITE_LOCKED. SQLITE_CONSTRAINT_TRIGGER is what RESTRICT gives.
        match error.code()?.parse().ok()? {
            1811 if error.message() == "FOREIGN KEY constraint failed" => {
                Some(ErrorKind::ForeignKeyViolation)
            }
            code => matches!(code & 0xff, 5 | 6).then_some(ErrorKind::Conflict),
        }
    }

    /// It names the columns.
    fn constraint(error: &dyn DatabaseError) -> Option<String> {
        let (_, columns) = error.message().split_once("constraint failed: ")?;
        Some(columns.to_owned())
    }

    fn is_lost(_: &dyn DatabaseError) -> bool {
        false
    }

    /// SQLite's messages name tables and columns.
    fn is_plain(_: &str) -> bool {
        true
    }
}

/// A savepoint on its way.
///
/// sqlx undoes one level more than was begun when it drops this, the caller's transaction. So a drop waits for the answer, which the thread of the
/// connection gives without anybody else, and undoes the savepoint alone.
struct Savepoint<'c>(Option<BoxFuture<'c, Result<Transaction<'c, Sqlite>, sqlx::Error>>>);

impl<'c> Future for Savepoint<'c> {
    type Output = Result<Transaction<'c, Sqlite>, sqlx::Error>;

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
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        while let Some(begin) = &mut self.0 {
            match begin.as_mut().poll(&mut context) {
                Poll::Ready(begun) => {
                    self.0 = None;
                    drop(begun);
                }
                Poll::Pending => thread::park(),
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
