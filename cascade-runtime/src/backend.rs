//! The seam between the library and a database of sqlx: how to bind, run, read, and tell its errors apart.

use std::any::Any;
use std::fmt::Write as _;

use futures_core::future::BoxFuture;
use sqlx::error::{BoxDynError, DatabaseError};
#[cfg(feature = "mysql")]
use sqlx::mysql::MySqlDatabaseError;
#[cfg(feature = "postgres")]
use sqlx::postgres::PgDatabaseError;
#[cfg(feature = "sqlite")]
use sqlx::sqlite::SqliteError;
use sqlx_core::transaction::TransactionManager as _;

use crate::codec::{Cell, Codec, Elements, Erased, Fns};
use crate::error::{Error, ErrorKind};
use crate::meta::Table;
use crate::read::ReadRow;
use crate::sql::Texts;

/// The calls of sqlx that are the same for every database, but for its types: sqlx has no bounds for them that hold for all.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
macro_rules! sqlx_calls {
    ($connection:ty, $row:ty, $arguments:ty) => {
        fn fetch(
            connection: &mut $connection,
            text: String,
            arguments: $arguments,
            named: bool,
        ) -> futures_core::future::BoxFuture<'_, Result<Vec<$row>, sqlx::Error>> {
            let query = crate::sql::query::<Self>(text, arguments);
            Box::pin(query.persistent(named).fetch_all(connection))
        }

        fn send<'c>(
            connection: &'c mut $connection,
            text: String,
            arguments: $arguments,
            named: bool,
            answers: &'c mut Vec<crate::backend::Answer<$row>>,
        ) -> futures_core::future::BoxFuture<'c, Result<(), sqlx::Error>> {
            let query = crate::sql::query::<Self>(text, arguments).persistent(named);
            Box::pin(async {
                let mut answer = crate::backend::Answer::default();
                let mut parts = connection.fetch_many(query);
                while let Some(part) =
                    std::future::poll_fn(|context| parts.as_mut().poll_next(context)).await
                {
                    match part? {
                        sqlx::Either::Left(done) => {
                            answer.rows_affected = done.rows_affected();
                            answer.key = Self::key(&done);
                            answers.push(std::mem::take(&mut answer));
                        }
                        sqlx::Either::Right(row) => answer.rows.push(row),
                    }
                }
                Ok(())
            })
        }

        fn ordinal(row: &$row, name: &str) -> Result<usize, sqlx::Error> {
            Ok(row.try_column(name)?.ordinal())
        }

        fn is_null(row: &$row, column: usize) -> Result<bool, sqlx::Error> {
            Ok(row.try_get_raw(column)?.is_null())
        }
    };
}

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

mod sealed {
    pub trait Sealed {}
}

/// A database that is built. It is sealed: `sqlx::Sqlite`, `sqlx::Postgres` and `sqlx::MySql` are, where their features are on.
pub trait Backend: sqlx::Database + sealed::Sealed {
    /// How its texts are written.
    #[doc(hidden)]
    fn texts() -> Texts;

    /// What begins a transaction of ours, where it isn't sqlx's `BEGIN`.
    #[doc(hidden)]
    const BEGIN: Option<&'static str>;

    /// A connection of a pool is closed where an operation was dropped before it was done.
    #[doc(hidden)]
    const CLOSES: bool = false;

    /// Begins a transaction, or a savepoint in the caller's. Dropped on its way, and dropped while it commits, it leaves the caller's usable.
    #[doc(hidden)]
    fn begin(connection: &mut Self::Connection) -> BoxFuture<'_, Result<(), sqlx::Error>>;

    /// Makes what a transaction has done last. `open` says, also to who drops it, that there is something to undo.
    #[doc(hidden)]
    fn commit<'c>(
        connection: &'c mut Self::Connection,
        open: &'c mut bool,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async {
            Self::TransactionManager::commit(connection).await?;
            *open = false;
            Ok(())
        })
    }

    /// Ends a savepoint in the caller's transaction, and keeps what was done since.
    #[doc(hidden)]
    fn release<'c>(
        connection: &'c mut Self::Connection,
        open: &'c mut bool,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Self::commit(connection, open)
    }

    /// Undoes a transaction, or what was done since a savepoint.
    #[doc(hidden)]
    fn rollback<'c>(
        connection: &'c mut Self::Connection,
        open: &'c mut bool,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async {
            Self::TransactionManager::rollback(connection).await?;
            *open = false;
            Ok(())
        })
    }

    /// Undoes a BEGIN that was dropped on its way, or that sqlx knows nothing of, where sqlx doesn't.
    #[doc(hidden)]
    fn undo_begin(connection: &mut Self::Connection);

    /// How it stores a type.
    #[doc(hidden)]
    fn fns(codec: &Codec) -> Option<Fns<Self>>;

    /// Binds values of a plain type of ours: one, or an array of them.
    #[doc(hidden)]
    fn bind_own(own: Own<'_>, arguments: &mut Self::Arguments) -> Result<(), BoxDynError>;

    /// Runs a statement for its rows: prepared under a name that is kept, if `named`.
    #[doc(hidden)]
    fn fetch(
        connection: &mut Self::Connection,
        text: String,
        arguments: Self::Arguments,
        named: bool,
    ) -> BoxFuture<'_, Result<Vec<Self::Row>, sqlx::Error>>;

    /// Several statements can go as one message, each of which takes its arguments in turn.
    #[doc(hidden)]
    const SEVERAL: bool = false;

    /// Runs the statements of a text. Of one that fails there is no answer, nor of those behind it, which don't run.
    #[doc(hidden)]
    fn send<'c>(
        connection: &'c mut Self::Connection,
        text: String,
        arguments: Self::Arguments,
        named: bool,
        answers: &'c mut Vec<Answer<Self::Row>>,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>>;

    /// The key that an insert has drawn, where the database says so beside the rows.
    #[doc(hidden)]
    #[must_use]
    fn key(_: &Self::QueryResult) -> u64 {
        0
    }

    /// The position of a column in a row.
    #[doc(hidden)]
    fn ordinal(row: &Self::Row, name: &str) -> Result<usize, sqlx::Error>;

    /// Whether a column of a row is NULL.
    #[doc(hidden)]
    fn is_null(row: &Self::Row, column: usize) -> Result<bool, sqlx::Error>;

    /// A number that one of our statements returns.
    #[doc(hidden)]
    fn number(row: &Self::Row, column: usize) -> Result<i64, sqlx::Error>;

    /// A truth value that one of our statements returns.
    #[doc(hidden)]
    fn flag(row: &Self::Row, column: usize) -> Result<bool, sqlx::Error>;

    /// The code of an error.
    #[doc(hidden)]
    fn code(error: &dyn DatabaseError) -> Option<String> {
        error.code().map(std::borrow::Cow::into_owned)
    }

    /// What the database's own codes say beyond what sqlx tells apart.
    #[doc(hidden)]
    fn classify(error: &dyn DatabaseError) -> Option<ErrorKind>;

    /// The constraint that an error is about.
    #[doc(hidden)]
    fn constraint(error: &dyn DatabaseError) -> Option<String> {
        error.constraint().map(str::to_owned)
    }

    /// With this error the database has rolled back the whole transaction, savepoints and all.
    #[doc(hidden)]
    #[must_use]
    fn ends_transaction(_: &dyn DatabaseError) -> bool {
        false
    }

    /// The server has forgotten a statement without a name between its preparation and its execution.
    #[doc(hidden)]
    #[must_use]
    fn has_forgotten(_: &dyn DatabaseError) -> bool {
        false
    }

    /// The database ends the connection with this error.
    #[doc(hidden)]
    fn is_lost(error: &dyn DatabaseError) -> bool;

    /// The message of an error of that code never repeats a value.
    #[doc(hidden)]
    fn is_plain(code: &str) -> bool;
}

/// The answer to a statement.
#[doc(hidden)]
pub struct Answer<Row> {
    pub rows: Vec<Row>,
    pub rows_affected: u64,
    /// The key that an insert has drawn: of several the first on MySQL, the last on SQLite; else 0.
    pub key: u64,
}

impl<Row> Default for Answer<Row> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            rows_affected: 0,
            key: 0,
        }
    }
}

/// Values of our own that a statement binds.
#[doc(hidden)]
pub enum Own<'v> {
    /// Truth values: masks.
    Flag(bool),
    /// Numbers: places in a list.
    Number(i64),
    /// A key that the database has drawn.
    Unsigned(u64),
    /// A number, or NULL.
    Place(Option<i64>),
    /// An array of truth values.
    Flags(&'v [bool]),
    /// An array of numbers.
    Numbers(&'v [i64]),
    /// An array of numbers and NULLs.
    Places(&'v [Option<i64>]),
}

/// The codec of a database for a column.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] where the database can't store its type.
pub(crate) fn fns<DB: Backend>(
    table: &'static Table,
    column: usize,
    codec: &Codec,
) -> Result<Fns<DB>, Error> {
    DB::fns(codec).ok_or_else(|| {
        let column = &table.columns[column];
        let message = format!(
            "{} can't store `{}`, the type of the column `{}`",
            DB::NAME,
            (codec.type_name)(),
            column.name
        );
        Error::new(ErrorKind::Unsupported, message)
            .at(table.entity, format!("{}.{}", table.entity, column.field))
    })
}

/// Makes sure that the database can store every column of a table.
pub(crate) fn supports<DB: Backend>(table: &'static Table) -> Result<(), Error> {
    (0..table.columns.len())
        .try_for_each(|column| fns::<DB>(table, column, &table.columns[column].codec).map(drop))
}

/// A row with columns of a table.
pub(crate) struct RowOf<'r, DB: Backend> {
    pub(crate) row: &'r DB::Row,
    pub(crate) places: Places,
}

/// Where the columns of a table are in a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Places {
    /// In the order of the table, from this position on.
    From(usize),
    /// The one column that is asked for is here.
    At(usize),
    /// By their names.
    Named,
}

impl<DB: Backend> RowOf<'_, DB> {
    fn position(&self, table: &'static Table, column: usize) -> Result<usize, Error> {
        match self.places {
            Places::From(first) => Ok(first + column),
            Places::At(position) => Ok(position),
            Places::Named => {
                DB::ordinal(self.row, table.columns[column].name).map_err(from_sqlx::<DB>)
            }
        }
    }
}

impl<DB: Backend> ReadRow for RowOf<'_, DB> {
    fn decode(&self, table: &'static Table, column: usize, out: &mut dyn Any) -> Result<(), Error> {
        let fns = fns::<DB>(table, column, &table.columns[column].codec)?;
        let decoded = (fns.decode)(self.row, self.position(table, column)?, out);
        decoded.map_err(|error| unreadable::<DB>(table, column, error))
    }

    fn has(&self, table: &'static Table, column: usize) -> bool {
        self.position(table, column).is_ok()
    }

    fn is_null(&self, table: &'static Table, column: usize) -> Result<bool, Error> {
        DB::is_null(self.row, self.position(table, column)?).map_err(from_sqlx::<DB>)
    }
}

/// Binds a value of a column, or NULL.
pub(crate) fn encoding(error: BoxDynError) -> Error {
    let error = sqlx::Error::Encode(error);
    Error::from_database(
        ErrorKind::Database,
        "a value can't be encoded for the database".to_owned(),
        None,
        None,
        error,
    )
}

/// Whether the connection was lost, so that the outcome of what was sent last is unknown.
pub(crate) fn is_lost<DB: Backend>(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => DB::is_lost(&**error),
        _ => false,
    }
}

/// An error of sqlx as ours.
pub(crate) fn from_sqlx<DB: Backend>(error: sqlx::Error) -> Error {
    let sqlx::Error::Database(database) = &error else {
        return other(error);
    };
    let code = DB::code(&**database);
    let known = match database.kind() {
        sqlx::error::ErrorKind::UniqueViolation => Some(ErrorKind::UniqueViolation),
        sqlx::error::ErrorKind::ForeignKeyViolation => Some(ErrorKind::ForeignKeyViolation),
        sqlx::error::ErrorKind::NotNullViolation => Some(ErrorKind::NotNullViolation),
        sqlx::error::ErrorKind::CheckViolation => Some(ErrorKind::CheckViolation),
        _ => None,
    };
    let kind = known
        .or_else(|| DB::classify(&**database))
        .unwrap_or(ErrorKind::Database);
    let constraint = DB::constraint(&**database);
    let what = match kind {
        ErrorKind::UniqueViolation => "another row has that value already",
        ErrorKind::ForeignKeyViolation => {
            "a row that is referred to is missing, or is still referred to"
        }
        ErrorKind::NotNullViolation => "a column that can't be NULL has no value",
        ErrorKind::CheckViolation => "a value fails a CHECK constraint",
        ErrorKind::Conflict => "another transaction was in the way; try again",
        _ => "the database reports an error",
    };
    let mut message = what.to_owned();
    if let Some(constraint) = &constraint {
        let _ = write!(message, " (constraint `{constraint}`)");
    }
    if let Some(code) = code.as_deref().filter(|_| kind == ErrorKind::Database) {
        let _ = write!(message, " (code {code})");
        if DB::is_plain(code) {
            let _ = write!(message, ": {}", database.message());
        }
    }
    Error::from_database(kind, message, code, constraint, error)
}

/// A column of a row that can't be read.
pub(crate) fn unreadable<DB: Backend>(
    table: &'static Table,
    column: usize,
    error: sqlx::Error,
) -> Error {
    let column = &table.columns[column];
    let path = format!("{}.{}", table.entity, column.field);
    let sqlx::Error::ColumnDecode { source, .. } = &error else {
        return from_sqlx::<DB>(error).at(table.entity, path);
    };
    let mut message = format!(
        "the column `{}` can't be read as its field's type",
        column.name
    );
    // Of what sqlx says, this names types, and no value.
    let reason = source.to_string();
    if reason.starts_with("mismatched types") || source.is::<sqlx::error::UnexpectedNullError>() {
        let _ = write!(message, ": {reason}");
    }
    Error::from_database(ErrorKind::Database, message, None, None, error).at(table.entity, path)
}

/// So that `?` works where SQL of your own stands between operations: in what [`retry`](crate::retry) repeats, its conflicts are repeated, too.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let database = error.as_database_error();
        #[cfg(feature = "postgres")]
        if database.is_some_and(|error| error.try_downcast_ref::<PgDatabaseError>().is_some()) {
            return from_sqlx::<sqlx::Postgres>(error);
        }
        #[cfg(feature = "sqlite")]
        if database.is_some_and(|error| error.try_downcast_ref::<SqliteError>().is_some()) {
            return from_sqlx::<sqlx::Sqlite>(error);
        }
        #[cfg(feature = "mysql")]
        if database.is_some_and(|error| error.try_downcast_ref::<MySqlDatabaseError>().is_some()) {
            return from_sqlx::<sqlx::MySql>(error);
        }
        if database.is_some() {
            let message = "a database that is not built in reports an error".to_owned();
            return Self::from_database(ErrorKind::Database, message, None, None, error);
        }
        other(error)
    }
}

/// What is no error of the database itself.
fn other(error: sqlx::Error) -> Error {
    let message = match &error {
        // The source of a decoding error may quote what it could not read.
        sqlx::Error::ColumnDecode { index, .. } => {
            format!("the column {index} can't be read as its field's type")
        }
        sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => {
            "a value can't be read or written as its field's type".to_owned()
        }
        error => error.to_string(),
    };
    Error::from_database(ErrorKind::Database, message, None, None, error)
}

/// Binds one cell.
pub(crate) fn bind<DB: Backend>(
    codec: &Codec,
    value: Option<&Erased>,
    arguments: &mut DB::Arguments,
) -> Result<(), Error> {
    let fns = DB::fns(codec).ok_or_else(|| unsupported::<DB>(codec))?;
    (fns.encode)(value, arguments).map_err(encoding)
}

/// Binds cells as one array.
pub(crate) fn bind_array<DB: Backend>(
    codec: &Codec,
    values: &[Option<&Erased>],
    arguments: &mut DB::Arguments,
) -> Result<(), Error> {
    let array = DB::fns(codec)
        .and_then(|fns| fns.array)
        .ok_or_else(|| unsupported::<DB>(codec))?;
    (array.encode)(values, arguments).map_err(encoding)
}

/// A column of some rows, that stands as one array at a place of a row.
pub(crate) fn elements<DB: Backend>(
    table: &'static Table,
    column: usize,
    row: &DB::Row,
    position: usize,
) -> Result<Box<dyn Elements>, Error> {
    let codec = &table.columns[column].codec;
    let array = fns::<DB>(table, column, codec)?
        .array
        .ok_or_else(|| unsupported::<DB>(codec))?;
    (array.decode)(row, position).map_err(|error| unreadable::<DB>(table, column, error))
}

/// The values of such a column.
pub(crate) fn read_cells<DB: Backend>(
    table: &'static Table,
    column: usize,
    row: &DB::Row,
    position: usize,
) -> Result<Vec<Cell>, Error> {
    let elements = elements::<DB>(table, column, row, position)?;
    let read = |row| {
        (table.columns[column].codec.read)(&mut |out| {
            let read = elements.read(row, out);
            read.map_err(|error| unreadable::<DB>(table, column, error))
        })
    };
    (0..elements.count()).map(read).collect()
}

fn unsupported<DB: Backend>(codec: &Codec) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{} can't store `{}`", DB::NAME, (codec.type_name)()),
    )
}
