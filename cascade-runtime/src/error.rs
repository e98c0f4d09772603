//! What can go wrong, where, and what to do.

use std::any::Any;
use std::fmt;
use std::sync::Mutex;

/// What kind of failure an [`Error`] is.
///
/// In the terms of HTTP, for what a client has sent:
///
/// | kind | status |
/// | --- | --- |
/// | [`NotFound`](Self::NotFound) | 404 |
/// | [`NotOwned`](Self::NotOwned) | 403, or 404 |
/// | [`Stale`](Self::Stale), [`UniqueViolation`](Self::UniqueViolation), [`ForeignKeyViolation`](Self::ForeignKeyViolation), [`RemovalDenied`](Self::RemovalDenied) | 409 |
/// | [`InvalidPayload`](Self::InvalidPayload), [`CheckViolation`](Self::CheckViolation), [`NotNullViolation`](Self::NotNullViolation), [`MissingRequired`](Self::MissingRequired), [`KeyChanged`](Self::KeyChanged), [`Contradiction`](Self::Contradiction) | 422 |
/// | [`Conflict`](Self::Conflict) | again, then 503 |
/// | the others | 500 |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No row has that key.
    NotFound,
    /// A row that should be there isn't, or its version moved on. Nothing was written.
    Stale,
    /// A row or a wrapper belongs to another parent.
    NotOwned,
    /// The relation says `on_remove = "deny"`.
    RemovalDenied,
    /// A child or a key that is required is missing.
    MissingRequired,
    /// A change in a relation without `save-update`.
    NotCascaded,
    /// The relation is not loaded, or only partly.
    NotLoaded,
    /// Two rows behind a `HasOne`.
    TooMany,
    /// A key differs from the one that is recorded.
    KeyChanged,
    /// A UNIQUE constraint of the database.
    UniqueViolation,
    /// A FOREIGN KEY constraint of the database.
    ForeignKeyViolation,
    /// A NOT NULL constraint of the database.
    NotNullViolation,
    /// A CHECK constraint of the database.
    CheckViolation,
    /// A serialisation failure, a deadlock, a busy database, or a row that went while others that refer to it were read: worth a retry.
    Conflict,
    /// A graph that no order of statements can save, or one row changed in two ways.
    Contradiction,
    /// The connection was lost while the outcome of a write was on its way.
    OutcomeUnknown,
    /// The database can't store a column's type.
    Unsupported,
    /// A payload that is no patch of the struct: a wrong type, a missing field, and an unknown one where the struct says `deny_unknown_fields`.
    InvalidPayload,
    /// Everything else that sqlx reports.
    Database,
}

/// What went wrong, where, and what to do about it.
///
/// Neither `Display` nor `Debug` prints a bound value, the entity that the error carries, or what a database adds to its message where that
/// repeats values.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::ErrorKind;
///
/// user("ada").save(&pool).await?;
/// let error = user("ada").save(&pool).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::UniqueViolation);
/// assert_eq!(error.path(), "User");
/// assert_eq!(error.constraint(), Some("users.name"));
///
/// // Nothing is lost: the value comes back.
/// let mut again: User = error.take_entity().unwrap();
/// again.name = "ada the second".into();
/// again.save(&pool).await?;
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    path: String,
    entity: Option<&'static str>,
    constraint: Option<String>,
    code: Option<String>,
    database: Option<sqlx::Error>,
    carried: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            path: String::new(),
            entity: None,
            constraint: None,
            code: None,
            database: None,
            carried: Mutex::new(None),
        }))
    }

    /// Says where, unless that is known already.
    pub(crate) fn at(mut self, entity: &'static str, path: impl Into<String>) -> Self {
        if self.0.path.is_empty() {
            self.0.path = path.into();
            self.0.entity = Some(entity);
        }
        self
    }

    /// Carries what a consuming operation was given.
    pub(crate) fn carrying(mut self, entity: impl Any + Send) -> Self {
        self.0.carried = Mutex::new(Some(Box::new(entity)));
        self
    }

    pub(crate) fn from_database(
        kind: ErrorKind,
        message: String,
        code: Option<String>,
        constraint: Option<String>,
        error: sqlx::Error,
    ) -> Self {
        let mut this = Self::new(kind, message);
        this.0.code = code;
        this.0.constraint = constraint;
        this.0.database = Some(error);
        this
    }

    /// The same failure, of another kind and with another message.
    pub(crate) fn recast(mut self, kind: ErrorKind, message: impl Into<String>) -> Self {
        self.0.kind = kind;
        self.0.message = message.into();
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where: `User.profile`; empty where the failure has no place in a graph.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The struct whose row it is about.
    #[must_use]
    pub fn entity(&self) -> Option<&'static str> {
        self.0.entity
    }

    /// The constraint that was violated, as the database names it. SQLite names the columns: `profiles.user_id`.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// The database's code: the SQLSTATE on PostgreSQL, the extended result code on SQLite, the number of the error on MySQL and
    /// MariaDB.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What sqlx reported. It may repeat values, so it is not the [`source`](std::error::Error::source), which loggers print.
    #[must_use]
    pub fn database_error(&self) -> Option<&sqlx::Error> {
        self.0.database.as_ref()
    }

    /// Gives back what a consuming operation was given: the plain value that was to be inserted (`T`), the handle that was to be
    /// deleted (`Persistent<T>`), the list of either (`Vec<..>`). Once; `None` for another type.
    #[must_use]
    pub fn take_entity<E: 'static>(&self) -> Option<E> {
        let mut carried = self
            .0
            .carried
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match carried.take()?.downcast::<E>() {
            Ok(entity) => Some(*entity),
            Err(other) => {
                *carried = Some(other);
                None
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("path", &self.0.path)
            .field("message", &self.0.message)
            .field("constraint", &self.0.constraint)
            .field("code", &self.0.code)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {}
