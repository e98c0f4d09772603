//! Connections and transactions of an operation, and what is known of their outcome.

use sqlx::Connection as _;

use crate::backend::{Backend, from_sqlx, is_lost};
use crate::db::Source;
use crate::error::{Error, ErrorKind};
use crate::slot::Outcome;

/// A connection for an operation: the caller's, or one of the pool's.
pub(crate) struct Lease<'c, DB: Backend> {
    held: Held<'c, DB>,
    /// A BEGIN is on its way.
    beginning: bool,
}

enum Held<'c, DB: Backend> {
    Pool(sqlx::pool::PoolConnection<DB>),
    Caller(&'c mut DB::Connection),
}

impl<DB: Backend> Held<'_, DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pool(connection) => connection,
            Self::Caller(connection) => connection,
        }
    }
}

impl<DB: Backend> Drop for Lease<'_, DB> {
    fn drop(&mut self) {
        if self.beginning {
            DB::undo_begin(self.held.connection());
        }
    }
}

impl<'c, DB: Backend> Lease<'c, DB> {
    pub(crate) async fn take(source: Source<'c, DB>) -> Result<Self, Error> {
        let held = match source {
            Source::Pool(pool) => Held::Pool(pool.acquire().await.map_err(from_sqlx::<DB>)?),
            Source::Connection(connection) => Held::Caller(connection),
        };
        Ok(Self {
            held,
            beginning: false,
        })
    }

    /// The caller's connection is in a transaction.
    pub(crate) fn is_in_transaction(&mut self) -> bool {
        self.connection().is_in_transaction()
    }

    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        self.held.connection()
    }
}

/// A transaction on a connection: of its own, or a savepoint in the caller's.
pub(crate) async fn begin<'l, DB: Backend>(
    lease: &'l mut Lease<'_, DB>,
) -> Result<Transaction<'l, DB>, Error> {
    let is_savepoint = lease.is_in_transaction();
    lease.beginning = !is_savepoint;
    let begun = DB::begin(lease.held.connection()).await;
    lease.beginning = false;
    Ok(Transaction {
        inner: begun.map_err(from_sqlx::<DB>)?,
        is_savepoint,
    })
}

/// A transaction of the library's own.
pub(crate) struct Transaction<'c, DB: Backend> {
    inner: sqlx::Transaction<'c, DB>,
    is_savepoint: bool,
}

impl<DB: Backend> Transaction<'_, DB> {
    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.inner
    }

    /// Commits what was done, or rolls back what failed.
    ///
    /// Where the rollback fails too, the first failure says more; sqlx rolls back a connection before it is used again.
    pub(crate) async fn end<T>(
        self,
        done: Result<T, Error>,
        outcomes: &[&Outcome],
    ) -> Result<T, Error> {
        match done {
            Ok(done) => self.commit(outcomes).await.map(|()| done),
            Err(error) => {
                drop(self.inner.rollback().await);
                Err(error)
            }
        }
    }

    /// Undoes what was done, for something else to be done instead.
    pub(crate) async fn undo(self) -> Result<(), Error> {
        self.inner.rollback().await.map_err(from_sqlx::<DB>)
    }

    /// While a commit is on its way, nobody knows the outcome.
    async fn commit(self, outcomes: &[&Outcome]) -> Result<(), Error> {
        doubt(outcomes);
        match self.inner.commit().await {
            Ok(()) => {
                settle(outcomes);
                Ok(())
            }
            // With the caller's transaction everything in it is gone.
            Err(error) if self.is_savepoint => {
                settle(outcomes);
                Err(from_sqlx::<DB>(error))
            }
            Err(error) => Err(answered::<DB>(error, outcomes)),
        }
    }
}

/// From here on nobody knows whether the handles' rows were written.
pub(super) fn doubt(outcomes: &[&Outcome]) {
    for outcome in outcomes {
        outcome.doubt();
    }
}

/// The answer came.
pub(super) fn settle(outcomes: &[&Outcome]) {
    for outcome in outcomes {
        outcome.settle();
    }
}

/// An error in place of the answer that decides an outcome: unless the connection was lost, it says that nothing was written.
pub(super) fn answered<DB: Backend>(error: sqlx::Error, outcomes: &[&Outcome]) -> Error {
    if is_lost(&error) {
        let message = "the connection was lost while the outcome was on its way: refresh to learn whether it was written";
        return from_sqlx::<DB>(error).recast(ErrorKind::OutcomeUnknown, message);
    }
    settle(outcomes);
    from_sqlx::<DB>(error)
}
