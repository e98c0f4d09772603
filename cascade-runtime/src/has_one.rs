//! `HasOne`: at most one child, whose row refers to the parent.

use std::fmt;

use crate::Detached;
use crate::entity::Entity;
use crate::error::Error;
use crate::rows::{Extent, One, not_loaded};
use crate::slot::{Link, Row};

/// The parent's side of a one-to-one relation: not loaded, loaded and empty, or one child.
///
/// `Default` is *not loaded*: a save doesn't touch it, and reading it panics like an index out of bounds. What its methods do is written by
/// the next save of the parent, where the relation's cascade decides what becomes of a row that left.
///
/// ```
/// # use sqlx_cascade::{HasOne, Relations};
/// # #[derive(Debug, Default, Relations)] #[table(name = "users")]
/// # struct User { #[key(generated)] id: i64, #[one_to_one(cascade = "all, delete-orphan")] profile: HasOne<Profile> }
/// # #[derive(Debug, Default, Relations)] #[table(name = "profiles")]
/// # struct Profile { #[key(generated)] id: i64, #[one_to_one(User)] user_id: i64, bio: String }
/// let mut user = User::default();
/// assert!(user.profile.is_not_loaded());
///
/// user.profile.set(Profile { bio: "hello".into(), ..Default::default() });
/// assert_eq!(user.profile.get().unwrap().bio, "hello");
///
/// let left = user.profile.remove().unwrap();
/// assert_eq!(left.bio, "hello");
/// assert!(user.profile.get().is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HasOne<T> {
    pub(crate) content: One<T>,
}

impl<T> HasOne<T> {
    /// Whether the relation was read, set or removed: everything but not loaded.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.content.extent() == Extent::Loaded
    }

    /// Whether nothing is known of the relation: a save doesn't touch it.
    #[must_use]
    pub fn is_not_loaded(&self) -> bool {
        // A patch has to see every relation, also those that `skip_serializing_if` leaves out.
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            return false;
        }
        !self.is_loaded()
    }

    /// The child, if there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded).
    pub fn try_get(&self) -> Result<Option<&T>, Error> {
        if self.is_loaded() {
            Ok(self.content.rows().first().map(|row| &row.value))
        } else {
            Err(not_loaded::<T>(Extent::NotLoaded))
        }
    }

    /// The child, if there is one.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded.
    #[must_use]
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        match self.try_get() {
            Ok(child) => child,
            Err(error) => panic!("{error}"),
        }
    }
}

impl<T: Send + Sync + 'static> HasOne<T> {
    /// Loaded, and no child.
    ///
    /// Assigned to a persistent parent it means that the child leaves, whoever it is.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            content: One::of(None),
        }
    }
}

impl<T: Entity> HasOne<T> {
    /// The child for changing, if there is one.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded.
    #[must_use]
    #[track_caller]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        match self.content.parts_mut() {
            Some((_, row)) => row.as_mut().map(Row::touch),
            None => panic!("{}", not_loaded::<T>(Extent::NotLoaded)),
        }
    }

    /// Makes `child`, which is new, the child, and hands back the one that leaves.
    ///
    /// Where the relation is not loaded, whatever row is there leaves at the next save.
    pub fn set(&mut self, child: T) -> Option<T> {
        let left = self.remove();
        let (link, row) = self.known();
        link.occupy();
        *row = Some(Row::new(child));
        left
    }

    /// Takes the child out: its row leaves at the next save, by the relation's cascade. The value is new from then on.
    ///
    /// Where the relation is not loaded, whatever row is there leaves.
    pub fn remove(&mut self) -> Option<T> {
        let (link, row) = self.known();
        let row = row.take()?;
        Some(link.dismiss(row))
    }

    /// Takes the child out with its row, for another parent to [`adopt`](Self::adopt).
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded.
    #[track_caller]
    pub fn expunge(&mut self) -> Option<Detached<T>> {
        let Some((link, row)) = self.content.parts_mut() else {
            panic!("{}", not_loaded::<T>(Extent::NotLoaded))
        };
        let row = row.take()?;
        Some(Detached::from_row(link.expunge(row)))
    }

    /// Makes the child of another parent this one's: one UPDATE at the next save. A child that was here leaves.
    pub fn adopt(&mut self, child: Detached<T>) {
        drop(self.remove());
        let (link, row) = self.known();
        link.occupy();
        *row = Some(link.adopt(child.into_row()));
    }

    /// The link and the row; where nothing is known, also after a rollback, of a whole.
    fn known(&mut self) -> (&mut Link, &mut Option<Row<T>>) {
        let (link, row) = self.content.known(Link::whole);
        if link.is_partial() {
            link.clear();
        }
        (link, row)
    }
}

impl<T> Default for HasOne<T> {
    /// Not loaded.
    fn default() -> Self {
        Self {
            content: One::default(),
        }
    }
}

impl<T: Send + Sync + 'static> From<T> for HasOne<T> {
    /// One child, new. Assigned to a persistent parent it replaces the child, whoever it is.
    fn from(child: T) -> Self {
        Self {
            content: One::of([child]),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for HasOne<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_get() {
            Ok(child) => child.fmt(f),
            Err(_) => f.write_str("NotLoaded"),
        }
    }
}
