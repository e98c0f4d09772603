//! A transaction of ours: what is saved in it knows how it ends.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Pool, SqlStr};
use sqlx_core::transaction::TransactionManager;

use crate::Run;
use crate::backend::{Backend, from_sqlx, is_lost};
use crate::error::ErrorKind;
use crate::exec::ended;
use crate::undo::Verdict;

/// A transaction around several operations.
///
/// The handles that are saved in it share its outcome. After a rollback, explicit, by drop or by a failed commit, their states are what they
/// were before: a row whose INSERT was rolled back is new again and is inserted by the next save; a column whose UPDATE was rolled back is changed
/// again; what had left is about to leave again. (A plain `sqlx::Transaction` can't tell them.) The fields keep what they hold, and what was loaded
/// inside stays: refresh it. Handles that `delete` consumed stay consumed.
///
/// It dereferences to the connection, for SQL of your own.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::Transaction;
///
/// let mut transaction = Transaction::begin(&pool).await?;
/// let mut ada = user("ada").save(&mut transaction).await?;
/// sqlx::query("UPDATE users SET name = 'augusta'").execute(&mut *transaction).await?;
/// transaction.rollback().await?;
///
/// // The row is gone, and the handle knows it.
/// ada.save(&pool).await?; // INSERT
/// assert_eq!(User::find(ada.id).one(&pool).await?.name, "ada");
/// # Ok(())
/// # }
/// ```
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'c, DB: Backend> {
    connection: PoolConnection<DB>,
    verdict: Arc<Verdict>,
    stage: Stage,
    marker: PhantomData<&'c mut DB::Connection>,
}

/// How far a transaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Beginning,
    Open,
    Committing,
    Over,
}

impl<DB: Backend> Transaction<'static, DB> {
    /// Begins a transaction on a connection of the pool. On SQLite it is `BEGIN IMMEDIATE`: a deferred one that reads, then writes, fails under
    /// a second writer.
    #[must_use]
    pub fn begin(pool: &Pool<DB>) -> Run<'_, Self> {
        Box::pin(async move {
            let mut this = Self {
                connection: pool.acquire().await.map_err(from_sqlx::<DB>)?,
                verdict: Arc::default(),
                stage: Stage::Beginning,
                marker: PhantomData,
            };
            let statement = DB::BEGIN.map(SqlStr::from_static);
            let begun = DB::TransactionManager::begin(&mut this.connection, statement).await;
            this.stage = if begun.is_ok() {
                Stage::Open
            } else {
                Stage::Over
            };
            begun.map_err(from_sqlx::<DB>)?;
            Ok(this)
        })
    }
}

impl<DB: Backend> Transaction<'_, DB> {
    /// Makes what was done in it last.
    ///
    /// # Errors
    ///
    /// Where the database refuses, everything is rolled back, and the handles know it. [`ErrorKind::OutcomeUnknown`] where the connection is lost on
    /// the way: the handles are in doubt until they are refreshed.
    #[must_use]
    pub fn commit<'t>(self) -> Run<'t, ()>
    where
        Self: 't,
    {
        Box::pin(async move {
            // All of it: a block takes of a field that is `Copy` only a copy.
            let mut this = self;
            if this.verdict.is_undone() {
                return Err(ended());
            }
            this.stage = Stage::Committing;
            this.verdict.doubt();
            let committed = DB::TransactionManager::commit(&mut this.connection).await;
            let error = match committed {
                Ok(()) => {
                    this.stage = Stage::Over;
                    this.verdict.keep();
                    return Ok(());
                }
                Err(error) => error,
            };
            if is_lost::<DB>(&error) {
                let message = "the connection was lost while the transaction was being committed: refresh what was saved in it to learn whether it was written";
                return Err(from_sqlx::<DB>(error).recast(ErrorKind::OutcomeUnknown, message));
            }
            this.stage = Stage::Open;
            this.verdict.undo();
            Err(from_sqlx::<DB>(error))
        })
    }

    /// Undoes what was done in it. So does dropping it, some time later.
    #[must_use]
    pub fn rollback<'t>(self) -> Run<'t, ()>
    where
        Self: 't,
    {
        Box::pin(async move {
            let mut this = self;
            if DB::CLOSES && this.verdict.is_undone() {
                this.connection.close_on_drop();
                this.stage = Stage::Over;
                return Ok(());
            }
            this.verdict.undo();
            let undone = DB::TransactionManager::rollback(&mut this.connection).await;
            if undone.is_ok() {
                this.stage = Stage::Over;
            }
            undone.map_err(from_sqlx::<DB>)
        })
    }

    /// Undoes every level that sqlx knows of: an operation that was dropped inside may have left its savepoint.
    fn abandon(&mut self) {
        for _ in 0..DB::TransactionManager::get_transaction_depth(&self.connection) {
            DB::TransactionManager::start_rollback(&mut self.connection);
        }
    }

    pub(crate) fn verdict(&self) -> Arc<Verdict> {
        Arc::clone(&self.verdict)
    }
}

impl<DB: Backend> Drop for Transaction<'_, DB> {
    fn drop(&mut self) {
        match self.stage {
            Stage::Over => {}
            // The answer to the BEGIN would be taken for another's.
            Stage::Beginning if DB::CLOSES => self.connection.close_on_drop(),
            Stage::Beginning => DB::undo_begin(&mut self.connection),
            // An operation was dropped inside, or the database has ended it.
            Stage::Open if DB::CLOSES && self.verdict.is_undone() => {
                self.connection.close_on_drop();
            }
            // Nobody knows whether the COMMIT was carried out; if it wasn't, it is undone.
            Stage::Committing => self.abandon(),
            Stage::Open => {
                self.verdict.undo();
                self.abandon();
            }
        }
    }
}

impl<DB: Backend> Deref for Transaction<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Backend> DerefMut for Transaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: Backend> fmt::Debug for Transaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
