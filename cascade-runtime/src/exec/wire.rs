//! How statements go on a connection.

use futures_core::future::BoxFuture;
use sqlx::Connection as _;

use crate::backend::{Answer, Backend};

/// A connection, and how statements go on it.
pub(crate) struct Wire<'c, DB: Backend> {
    pub(super) connection: &'c mut DB::Connection,
    /// See [`Source::named`](crate::db::Source).
    pub(super) named: bool,
}

impl<DB: Backend> Wire<'_, DB> {
    /// The same one, lent.
    pub(crate) fn lend(&mut self) -> Wire<'_, DB> {
        Wire {
            connection: self.connection,
            named: self.named,
        }
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        self.connection.is_in_transaction()
    }

    /// Undoes a BEGIN of a text, of which sqlx knows nothing.
    pub(crate) fn undo_begin(&mut self) {
        DB::undo_begin(self.connection);
    }

    /// Runs a statement for its rows.
    pub(crate) fn fetch(
        &mut self,
        text: String,
        arguments: DB::Arguments,
    ) -> BoxFuture<'_, Result<Vec<DB::Row>, sqlx::Error>> {
        DB::fetch(self.connection, text, arguments, self.named)
    }

    /// Runs the statements of a text.
    pub(crate) fn send<'w>(
        &'w mut self,
        text: String,
        arguments: DB::Arguments,
        answers: &'w mut Vec<Answer<DB::Row>>,
    ) -> BoxFuture<'w, Result<(), sqlx::Error>> {
        DB::send(self.connection, text, arguments, self.named, answers)
    }
}
