//! Connections and transactions of an operation, and what is known of their outcome.

use std::sync::Arc;

use sqlx::Connection as _;
use sqlx_core::transaction::TransactionManager as _;

use crate::backend::{Backend, from_sqlx, is_lost};
use crate::db::Source;
use crate::error::{Error, ErrorKind};
use crate::slot::Outcome;
use crate::undo::Verdict;

/// A connection for an operation: the caller's, or one of the pool's.
pub(crate) struct Lease<'c, DB: Backend> {
    held: Held<'c, DB>,
    /// A BEGIN is on its way.
    beginning: bool,
    /// The operation has something to send, and isn't done.
    busy: bool,
}

enum Held<'c, DB: Backend> {
    Pool(sqlx::pool::PoolConnection<DB>),
    Caller(&'c mut DB::Connection),
    Ours(&'c mut DB::Connection, Arc<Verdict>),
}

impl<DB: Backend> Held<'_, DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pool(connection) => connection,
            Self::Caller(connection) | Self::Ours(connection, _) => connection,
        }
    }
}

impl<DB: Backend> Drop for Lease<'_, DB> {
    fn drop(&mut self) {
        if self.beginning {
            DB::undo_begin(self.held.connection());
        }
        if self.busy && DB::CLOSES {
            match &mut self.held {
                Held::Pool(connection) => connection.close_on_drop(),
                Held::Caller(_) => {}
                Held::Ours(_, verdict) => verdict.undo(),
            }
        }
    }
}

impl<'c, DB: Backend> Lease<'c, DB> {
    pub(crate) async fn take(source: Source<'c, DB>) -> Result<Self, Error> {
        let held = match source {
            Source::Pool(pool) => Held::Pool(pool.acquire().await.map_err(from_sqlx::<DB>)?),
            Source::Connection(connection) => Held::Caller(connection),
            Source::Transaction(_, verdict) if verdict.is_undone() => return Err(ended()),
            Source::Transaction(connection, verdict) => Held::Ours(connection, verdict),
        };
        Ok(Self {
            held,
            beginning: false,
            busy: false,
        })
    }

    /// The caller's connection is in a transaction.
    pub(crate) fn is_in_transaction(&mut self) -> bool {
        self.held.connection().is_in_transaction()
    }

    /// For statements without a transaction; [`done`](Self::done) follows.
    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        self.busy = true;
        self.held.connection()
    }

    /// The answers to all statements were read.
    pub(crate) fn done(&mut self) {
        self.busy = false;
    }
}

/// A transaction on a connection: of its own, or a savepoint in the caller's.
pub(crate) async fn begin<'l, DB: Backend>(
    lease: &'l mut Lease<'_, DB>,
) -> Result<Transaction<'l, DB>, Error> {
    let is_savepoint = lease.is_in_transaction();
    lease.busy = true;
    lease.beginning = !is_savepoint;
    let begun = DB::begin(lease.held.connection()).await;
    lease.beginning = false;
    lease.busy = begun.is_ok();
    if let Err(sqlx::Error::BeginFailed) = begun {
        return Err(ended());
    }
    begun.map_err(from_sqlx::<DB>)?;
    let (connection, verdict) = match &mut lease.held {
        Held::Pool(connection) => (&mut **connection, None),
        Held::Caller(connection) => (&mut **connection, None),
        Held::Ours(connection, verdict) => (&mut **connection, Some(&**verdict)),
    };
    Ok(Transaction {
        connection,
        verdict,
        busy: &mut lease.busy,
        open: true,
        is_savepoint,
    })
}

/// A transaction of the library's own.
pub(crate) struct Transaction<'c, DB: Backend> {
    connection: &'c mut DB::Connection,
    /// That of the transaction of ours that it is in.
    verdict: Option<&'c Verdict>,
    /// The lease's.
    busy: &'c mut bool,
    /// There is something to undo.
    open: bool,
    is_savepoint: bool,
}

impl<DB: Backend> Transaction<'_, DB> {
    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        self.connection
    }

    /// Commits what was done, or rolls back what failed.
    ///
    /// Where the rollback fails too, the first failure says more; sqlx rolls back a connection before it is used again.
    pub(crate) async fn end<T>(
        mut self,
        done: Result<T, Error>,
        outcomes: &[&Outcome],
    ) -> Result<T, Error> {
        let ended = match done {
            Ok(done) => self.commit(outcomes).await.map(|()| done),
            Err(error) => {
                if let (Some(verdict), Some(sqlx::Error::Database(database))) =
                    (self.verdict, error.database_error())
                    && DB::ends_transaction(&**database)
                {
                    verdict.undo();
                }
                drop(DB::rollback(self.connection, &mut self.open).await);
                Err(error)
            }
        };
        *self.busy = false;
        ended
    }

    /// Undoes what was done, for something else to be done instead.
    pub(crate) async fn undo(mut self) -> Result<(), Error> {
        let undone = DB::rollback(self.connection, &mut self.open).await;
        *self.busy = false;
        undone.map_err(from_sqlx::<DB>)
    }

    /// While a commit is on its way, nobody knows the outcome.
    async fn commit(&mut self, outcomes: &[&Outcome]) -> Result<(), Error> {
        doubt(outcomes);
        let committed = if self.is_savepoint {
            DB::release(self.connection, &mut self.open).await
        } else {
            DB::commit(self.connection, &mut self.open).await
        };
        match committed {
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

impl<DB: Backend> Drop for Transaction<'_, DB> {
    /// Queues what undoes it.
    fn drop(&mut self) {
        if self.open {
            DB::TransactionManager::start_rollback(self.connection);
        }
    }
}

/// The database has ended a transaction before its owner did.
pub(crate) fn ended() -> Error {
    let message = "the transaction was rolled back by the database, or its connection can't be used any more; roll it back, and repeat all of it";
    Error::new(ErrorKind::Conflict, message)
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
    if is_lost::<DB>(&error) {
        let message = "the connection was lost while the outcome was on its way: refresh to learn whether it was written";
        return from_sqlx::<DB>(error).recast(ErrorKind::OutcomeUnknown, message);
    }
    settle(outcomes);
    from_sqlx::<DB>(error)
}
