//! What operations run on: a pool, a connection, a transaction.

use sqlx::pool::PoolConnection;
use sqlx::{Pool, Transaction};

use crate::backend::Backend;

mod sealed {
    pub trait Sealed {}
}

/// A pool, a connection or a transaction of a database that is built.
///
/// It is sealed. In a function of your own that runs several operations, take `mut db: impl Db` and pass `&mut db`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something to run an operation on",
    label = "pass `&pool`, `&mut *connection` or `&mut transaction`",
    note = "the feature of the database has to be on as well: `sqlite`, `postgres`"
)]
pub trait Db: Send + sealed::Sealed {
    /// The database.
    type Backend: Backend;

    /// Where to get a connection.
    #[doc(hidden)]
    fn source(&mut self) -> Source<'_, Self::Backend>;
}

/// Where an operation gets its connection.
#[doc(hidden)]
pub enum Source<'c, DB: Backend> {
    /// Taken from a pool when there is something to send.
    Pool(&'c Pool<DB>),
    /// The caller's.
    Connection(&'c mut DB::Connection),
}

impl<DB: Backend> sealed::Sealed for &Pool<DB> {}
impl<DB: Backend> Db for &Pool<DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        Source::Pool(self)
    }
}

impl<DB: Backend> sealed::Sealed for &mut PoolConnection<DB> {}
impl<DB: Backend> Db for &mut PoolConnection<DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        Source::Connection(&mut ***self)
    }
}

impl<DB: Backend> sealed::Sealed for &mut Transaction<'_, DB> {}
impl<DB: Backend> Db for &mut Transaction<'_, DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        Source::Connection(&mut ***self)
    }
}

#[cfg(feature = "sqlite")]
impl sealed::Sealed for &mut sqlx::SqliteConnection {}
#[cfg(feature = "sqlite")]
impl Db for &mut sqlx::SqliteConnection {
    type Backend = sqlx::Sqlite;

    fn source(&mut self) -> Source<'_, sqlx::Sqlite> {
        Source::Connection(&mut **self)
    }
}

#[cfg(feature = "postgres")]
impl sealed::Sealed for &mut sqlx::PgConnection {}
#[cfg(feature = "postgres")]
impl Db for &mut sqlx::PgConnection {
    type Backend = sqlx::Postgres;

    fn source(&mut self) -> Source<'_, sqlx::Postgres> {
        Source::Connection(&mut **self)
    }
}

impl<D: Db> sealed::Sealed for &mut D {}
impl<D: Db> Db for &mut D {
    type Backend = D::Backend;

    fn source(&mut self) -> Source<'_, D::Backend> {
        (**self).source()
    }
}
