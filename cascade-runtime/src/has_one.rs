//! `HasOne`: at most one child, whose row refers to the parent.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::Detached;
use crate::codec::Erased;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::meta::ForeignKey;
use crate::read::Reader;
use crate::rows::{Children, Rows};
use crate::slot::{Fetched, Handle, Link, Row, RowState, Slot};

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
pub struct HasOne<T> {
    rows: Option<Box<dyn Rows<T> + Send + Sync>>,
}

impl<T> HasOne<T> {
    /// Whether the relation was read, set or removed: everything but not loaded.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.rows.is_some()
    }

    /// Whether nothing is known of the relation: a save doesn't touch it.
    #[must_use]
    pub fn is_not_loaded(&self) -> bool {
        // A patch has to see every relation, also those that `skip_serializing_if` leaves out.
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            return false;
        }
        self.rows.is_none()
    }

    /// The child, if there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLoaded`].
    pub fn try_get(&self) -> Result<Option<&T>, Error> {
        match &self.rows {
            Some(rows) => Ok(rows.rows().first().map(|row| &row.value)),
            None => Err(not_loaded::<T>()),
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
        match &self.rows {
            Some(rows) => rows.rows().first().map(|row| &row.value),
            None => panic!("{}", not_loaded::<T>()),
        }
    }

    /// What is known of the relation.
    pub(crate) fn content(&self) -> Content<&T> {
        match &self.rows {
            Some(rows) => Content::Loaded(rows.rows().first().map(|row| &row.value)),
            None => Content::NotLoaded,
        }
    }
}

/// What a wrapper holds, for comparing and showing.
#[derive(Clone, Copy, PartialEq, Hash)]
pub(crate) enum Content<T> {
    NotLoaded,
    Loaded(Option<T>),
}

impl<T: Send + Sync + 'static> HasOne<T> {
    /// Loaded, and no child.
    ///
    /// Assigned to a persistent parent it means that the child leaves, whoever it is.
    #[must_use]
    pub fn empty() -> Self {
        Self::holding(Link::default(), Vec::new())
    }

    fn holding(link: Link, rows: Vec<Row<T>>) -> Self {
        Self {
            rows: Some(Box::new(Children { link, rows })),
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
        match &mut self.rows {
            Some(rows) => rows.parts_mut().1.first_mut().map(Row::touch),
            None => panic!("{}", not_loaded::<T>()),
        }
    }

    /// Makes `child`, which is new, the child, and hands back the one that leaves.
    ///
    /// Where the relation is not loaded, whatever row is there leaves at the next save.
    pub fn set(&mut self, child: T) -> Option<T> {
        let left = self.remove();
        self.known().1.push(Row::new(child));
        left
    }

    /// Takes the child out: its row leaves at the next save, by the relation's cascade. The value is new from then on.
    ///
    /// Where the relation is not loaded, whatever row is there leaves.
    pub fn remove(&mut self) -> Option<T> {
        let (link, rows) = self.known();
        let row = rows.pop()?;
        Some(link.dismiss(row))
    }

    /// Takes the child out with its row, for another parent to [`adopt`](Self::adopt).
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded.
    #[track_caller]
    pub fn expunge(&mut self) -> Option<Detached<T>> {
        let Some(rows) = &mut self.rows else {
            panic!("{}", not_loaded::<T>())
        };
        let (link, rows) = rows.parts_mut();
        let row = rows.pop()?;
        Some(Detached::from_row(link.expunge(row)))
    }

    /// Makes the child of another parent this one's: one UPDATE at the next save. A child that was here leaves.
    pub fn adopt(&mut self, child: Detached<T>) {
        drop(self.remove());
        let (link, rows) = self.known();
        let row = link.adopt(child.into_row());
        rows.push(row);
    }

    /// The link and the rows; where nothing is known yet, of a whole.
    fn known(&mut self) -> (&mut Link, &mut Vec<Row<T>>) {
        let whole = || {
            Box::new(Children {
                link: Link {
                    whole: true,
                    ..Link::default()
                },
                rows: Vec::new(),
            })
        };
        self.rows.get_or_insert_with(|| whole() as _).parts_mut()
    }
}

#[cold]
fn not_loaded<T>() -> Error {
    let name = std::any::type_name::<T>();
    let name = name.rsplit("::").next().unwrap_or(name);
    Error::new(
        ErrorKind::NotLoaded,
        format!(
            "the relation to `{name}` is not loaded: load it with `.load(..)` or `.with(..)` first"
        ),
    )
}

impl<T> Default for HasOne<T> {
    /// Not loaded.
    fn default() -> Self {
        Self { rows: None }
    }
}

impl<T: Send + Sync + 'static> From<T> for HasOne<T> {
    /// One child, new. Assigned to a persistent parent it replaces the child, whoever it is.
    fn from(child: T) -> Self {
        Self::holding(Link::default(), vec![Row::new(child)])
    }
}

impl<T: Clone> Clone for HasOne<T> {
    /// Copies the value: the copy's child is new.
    fn clone(&self) -> Self {
        let rows = self.rows.as_deref().map(|rows| {
            let values = rows.rows().iter().map(|row| row.value.clone());
            rows.fresh(values.collect())
        });
        Self { rows }
    }
}

impl<T: PartialEq> PartialEq for HasOne<T> {
    /// Compares the values; not loaded and empty differ.
    fn eq(&self, other: &Self) -> bool {
        self.content() == other.content()
    }
}

impl<T: Eq> Eq for HasOne<T> {}

impl<T: Hash> Hash for HasOne<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content().hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for HasOne<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content() {
            Content::NotLoaded => f.write_str("NotLoaded"),
            Content::Loaded(child) => child.fmt(f),
        }
    }
}

impl<T: Entity> Slot for HasOne<T> {
    fn link(&self) -> Option<&Link> {
        self.rows.as_ref().map(|rows| rows.link())
    }

    fn link_mut(&mut self) -> Option<&mut Link> {
        self.rows.as_mut().map(|rows| rows.parts_mut().0)
    }

    fn count(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.rows().len())
    }

    fn row(&self, index: usize) -> Option<(&Erased, &RowState)> {
        let row = self.rows.as_ref()?.rows().get(index)?;
        Some((&row.value, &row.state))
    }

    fn rows_mut(&mut self) -> Vec<(&mut Erased, &mut RowState)> {
        let rows = self.rows.iter_mut().flat_map(|rows| rows.parts_mut().1);
        rows.map(|row| (&mut row.value as &mut Erased, &mut row.state))
            .collect()
    }

    fn read(&self, row: &mut Reader<'_>) -> Result<Box<Erased>, Error> {
        Ok(Box::new(T::read(row)?))
    }

    fn fill(&mut self, home: Handle, foreign_key: &'static ForeignKey, children: Vec<Fetched>) {
        let link = Link {
            home,
            foreign_key: Some(foreign_key),
            ..Link::default()
        };
        let rows = children.into_iter().filter_map(|(child, state)| {
            Some(Row {
                value: *child.downcast::<T>().ok()?,
                state,
            })
        });
        *self = Self::holding(link, rows.collect());
    }

    fn take_over(&mut self, other: &mut dyn Slot) {
        if let Some(other) = other.as_any().downcast_mut::<Self>() {
            *self = std::mem::take(other);
        }
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn take(&mut self) -> Vec<Box<Erased>> {
        let rows = self
            .rows
            .iter_mut()
            .flat_map(|rows| std::mem::take(rows.parts_mut().1));
        rows.map(|row| Box::new(row.value) as Box<Erased>).collect()
    }

    fn unload(&mut self) {
        self.rows = None;
    }

    fn replace(&mut self, child: Box<Erased>) {
        if let Ok(child) = child.downcast::<T>() {
            drop(self.set(*child));
        }
    }

    fn clear(&mut self) {
        drop(self.remove());
    }
}
