//! `Persistent` and `Detached`: the states of a row as types.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::entity::Entity;
use crate::slot::{Row, RowState, forget};

/// A struct whose row is in the database.
///
/// It is made by [`save`](Entity::save), by a query of the struct's `find`, and by sqlx itself
/// (`sqlx::query_as::<_, Persistent<User>>(..)`), and dereferences to the struct. Its first mutable borrow copies the columns, so that a save
/// knows which of them changed. It is not `Clone`: `clone()` finds the struct's, and gives a plain value that is new.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::Persistent;
///
/// let mut ada: Persistent<User> = user("ada").save(&pool).await?;
/// ada.name.push_str(" lovelace");
/// assert_eq!(ada.changed_columns(), ["name"]);
///
/// let mut users: Vec<Persistent<User>> = sqlx::query_as("SELECT * FROM users WHERE name LIKE 'a%'").fetch_all(&pool).await?;
/// users[0].name = "augusta ada".into();
/// users[0].save(&pool).await?;
/// # Ok(())
/// # }
/// ```
///
/// Its methods win over methods of the struct that have the same name; `User::key(&user)` reaches those.
pub struct Persistent<T> {
    pub(crate) row: Row<T>,
}

impl<T: Entity> Persistent<T> {
    /// A row that was just read.
    pub(crate) fn loaded(value: T) -> Self {
        Self {
            row: Row::persistent(value),
        }
    }

    /// The value, new: its row stays as it is in the database, and nothing here remembers it.
    #[must_use]
    pub fn into_inner(self) -> T {
        plain(self.row)
    }
}

impl<T> Deref for Persistent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row.value
    }
}

impl<T: Entity> DerefMut for Persistent<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.row.touch()
    }
}

impl<T: fmt::Debug> fmt::Debug for Persistent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Persistent<T> {
    /// Compares the values.
    fn eq(&self, other: &Self) -> bool {
        self.row.value == other.row.value
    }
}

/// A value that left its parent, or was expunged, with its row still in the database.
///
/// A wrapper's `adopt` takes it: the next save of that parent moves the row. Dropping it changes nothing in the database.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::Detached;
///
/// let mut ada = user("ada");
/// ada.profile.set(profile("mathematician"));
/// let mut ada = ada.save(&pool).await?;
/// let mut grace = user("grace").save(&pool).await?;
///
/// let moved: Detached<Profile> = ada.profile.expunge().unwrap();
/// grace.profile.adopt(moved);
/// let report = grace.save(&pool).await?; // UPDATE profiles SET user_id = 2 WHERE id = 1 AND user_id = 1
/// assert_eq!(report.changes()[0].columns, ["user_id"]);
/// assert_eq!(grace.profile.get().unwrap().id, 1);
/// # Ok(())
/// # }
/// ```
pub struct Detached<T> {
    row: Row<T>,
}

impl<T: Entity> Detached<T> {
    pub(crate) fn from_row(row: Row<T>) -> Self {
        Self { row }
    }

    pub(crate) fn into_row(self) -> Row<T> {
        self.row
    }

    /// The row as a root of its own; `None` where it was never saved.
    ///
    /// # Errors
    ///
    /// Gives the value back where it was never saved.
    pub fn into_persistent(self) -> Result<Persistent<T>, T> {
        let mut row = self.row;
        if row.state.is_new() {
            return Err(row.value);
        }
        row.state.arrive();
        Ok(Persistent { row })
    }

    /// The value, new.
    #[must_use]
    pub fn into_inner(self) -> T {
        plain(self.row)
    }
}

impl<T> Deref for Detached<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row.value
    }
}

impl<T: Entity> DerefMut for Detached<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.row.touch()
    }
}

impl<T: fmt::Debug> fmt::Debug for Detached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row.value.fmt(f)
    }
}

/// The value of a row, new throughout.
pub(crate) fn plain<T: Entity>(mut row: Row<T>) -> T {
    row.state = RowState::default();
    forget(T::table(), &mut row.value);
    row.value
}
