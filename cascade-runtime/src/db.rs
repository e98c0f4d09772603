//! What operations run on: a pool, a connection, a transaction.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Pool, Transaction};

use crate::backend::Backend;
use crate::undo::Verdict;

mod sealed {
    pub trait Sealed {}
}

/// A pool, a connection or a transaction of a database that is built.
///
/// It is sealed. In a function of your own that runs several operations, take `mut db: impl Db` and pass `&mut db`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::{Db, Error};
///
/// async fn rename(id: i64, name: &str, mut db: impl Db) -> Result<(), Error> {
///     let mut user = User::find(id).one(&mut db).await?;
///     user.name = name.into();
///     user.save(&mut db).await?;
///     Ok(())
/// }
///
/// user("ada").save(&pool).await?;
/// rename(1, "augusta", &pool).await?;
///
/// let mut transaction = pool.begin().await?;
/// rename(1, "ada", &mut transaction).await?;
/// transaction.rollback().await?;
/// assert_eq!(User::find(1).one(&pool).await?.name, "augusta");
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something to run an operation on",
    label = "pass `&pool`, `&mut *connection` or `&mut transaction`",
    note = "the feature of the database has to be on as well: `sqlite`, `postgres`, `mysql`"
)]
pub trait Db: Send + sealed::Sealed {
    /// The database.
    type Backend: Backend;

    /// Where to get a connection.
    #[doc(hidden)]
    fn source(&mut self) -> Source<'_, Self::Backend>;

    /// How a transaction of ours ends, for what is saved in it.
    #[doc(hidden)]
    fn verdict(&self) -> Option<Arc<Verdict>> {
        None
    }
}

/// Where an operation gets its connection.
#[doc(hidden)]
pub enum Source<'c, DB: Backend> {
    /// Taken from a pool when there is something to send.
    Pool(&'c Pool<DB>),
    /// The caller's.
    Connection(&'c mut DB::Connection),
    /// That of a transaction of ours, which is told where the database ends it.
    Transaction(&'c mut DB::Connection, Arc<Verdict>),
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

#[cfg(feature = "mysql")]
impl sealed::Sealed for &mut sqlx::MySqlConnection {}
#[cfg(feature = "mysql")]
impl Db for &mut sqlx::MySqlConnection {
    type Backend = sqlx::MySql;

    fn source(&mut self) -> Source<'_, sqlx::MySql> {
        Source::Connection(&mut **self)
    }
}

impl<D: Db> sealed::Sealed for &mut D {}
impl<D: Db> Db for &mut D {
    type Backend = D::Backend;

    fn source(&mut self) -> Source<'_, D::Backend> {
        (**self).source()
    }

    fn verdict(&self) -> Option<Arc<Verdict>> {
        (**self).verdict()
    }
}

impl<DB: Backend> sealed::Sealed for &mut crate::Transaction<'_, DB> {}
impl<DB: Backend> Db for &mut crate::Transaction<'_, DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        let verdict = (**self).verdict();
        Source::Transaction(&mut ***self, verdict)
    }

    fn verdict(&self) -> Option<Arc<Verdict>> {
        Some((**self).verdict())
    }
}
