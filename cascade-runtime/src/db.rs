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

/// Where an operation gets its connection, and how its statements go there.
#[doc(hidden)]
pub struct Source<'c, DB: Backend> {
    pub(crate) place: Place<'c, DB>,
    /// sqlx prepares a statement under a name, and keeps it on the connection. Where they have no names, each operation is a transaction.
    pub(crate) named: bool,
}

/// Where an operation gets its connection.
pub(crate) enum Place<'c, DB: Backend> {
    /// Taken from a pool when there is something to send.
    Pool(&'c Pool<DB>),
    /// The caller's.
    Connection(&'c mut DB::Connection),
    /// That of a transaction of ours, which is told where the database ends it.
    Transaction(&'c mut DB::Connection, Arc<Verdict>),
}

impl<'c, DB: Backend> From<Place<'c, DB>> for Source<'c, DB> {
    fn from(place: Place<'c, DB>) -> Self {
        Self { place, named: true }
    }
}

impl<DB: Backend> sealed::Sealed for &Pool<DB> {}
impl<DB: Backend> Db for &Pool<DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        Place::Pool(self).into()
    }
}

impl<DB: Backend> sealed::Sealed for &mut PoolConnection<DB> {}
impl<DB: Backend> Db for &mut PoolConnection<DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        Place::Connection(&mut ***self).into()
    }
}

impl<DB: Backend> sealed::Sealed for &mut Transaction<'_, DB> {}
impl<DB: Backend> Db for &mut Transaction<'_, DB> {
    type Backend = DB;

    fn source(&mut self) -> Source<'_, DB> {
        Place::Connection(&mut ***self).into()
    }
}

#[cfg(feature = "sqlite")]
impl sealed::Sealed for &mut sqlx::SqliteConnection {}
#[cfg(feature = "sqlite")]
impl Db for &mut sqlx::SqliteConnection {
    type Backend = sqlx::Sqlite;

    fn source(&mut self) -> Source<'_, sqlx::Sqlite> {
        Place::Connection(&mut **self).into()
    }
}

#[cfg(feature = "postgres")]
impl sealed::Sealed for &mut sqlx::PgConnection {}
#[cfg(feature = "postgres")]
impl Db for &mut sqlx::PgConnection {
    type Backend = sqlx::Postgres;

    fn source(&mut self) -> Source<'_, sqlx::Postgres> {
        Place::Connection(&mut **self).into()
    }
}

#[cfg(feature = "mysql")]
impl sealed::Sealed for &mut sqlx::MySqlConnection {}
#[cfg(feature = "mysql")]
impl Db for &mut sqlx::MySqlConnection {
    type Backend = sqlx::MySql;

    fn source(&mut self) -> Source<'_, sqlx::MySql> {
        Place::Connection(&mut **self).into()
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
        Place::Transaction(&mut ***self, verdict).into()
    }

    fn verdict(&self) -> Option<Arc<Verdict>> {
        Some((**self).verdict())
    }
}

/// What an operation runs on behind a pooler in transaction mode that doesn't track prepared statements: `PgBouncer` before 1.21, or with
/// `max_prepared_statements = 0`.
///
/// sqlx prepares a statement and executes it in two exchanges, under a name that it keeps. Such a pooler may give each to another of the server's
/// connections, and on one of them the names of its clients meet. Through this, no statement has a name, and each operation, also one that reads, is
/// in a transaction, or a savepoint in yours: the pooler keeps one connection for all of it, and on that nothing is left. It takes a pool, a
/// connection or a transaction, whatever is a [`Db`] of PostgreSQL.
///
/// ```no_run
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # async fn example(pool: sqlx::PgPool) -> Result<(), sqlx_cascade::Error> {
/// use sqlx_cascade::{Transaction, Unnamed};
///
/// let db = Unnamed(&pool);
/// user("ada").save(db).await?;
/// let mut ada = User::find(1).with(User::PROFILE).one(db).await?;
///
/// let mut transaction = Transaction::begin(&pool).await?;
/// ada.name = "augusta".into();
/// ada.save(Unnamed(&mut transaction)).await?;
/// sqlx::query("UPDATE profiles SET bio = ''").persistent(false).execute(&mut *transaction).await?;
/// transaction.commit().await
/// # }
/// # fn main() {}
/// ```
///
/// Everything behind that pooler has to be like this. SQL of your own says `persistent(false)` and stands in a transaction, or is a `raw_sql`; and
/// what uses the same connections without it leaves names behind that others meet.
///
/// What it costs: two round trips for each statement, which is prepared anew, and those of BEGIN and COMMIT. Where sqlx meets a type of your own, such as an enum,
/// for the first time on a connection, the server refuses the statement once (`26000` in its log), and the library does the same again.
/// `docs/performance.md` says which poolers don't need it.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone, Copy)]
pub struct Unnamed<D>(pub D);

#[cfg(feature = "postgres")]
impl<D: Db<Backend = sqlx::Postgres>> sealed::Sealed for Unnamed<D> {}
#[cfg(feature = "postgres")]
impl<D: Db<Backend = sqlx::Postgres>> Db for Unnamed<D> {
    type Backend = sqlx::Postgres;

    fn source(&mut self) -> Source<'_, sqlx::Postgres> {
        Source {
            named: false,
            ..self.0.source()
        }
    }

    fn verdict(&self) -> Option<Arc<Verdict>> {
        self.0.verdict()
    }
}
