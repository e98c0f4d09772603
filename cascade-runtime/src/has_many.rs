//! `HasMany`: any number of children, whose rows refer to the parent.

use std::fmt;
use std::ops::{Index, IndexMut};

use crate::entity::Entity;
use crate::error::Error;
use crate::keys::ByKey;
use crate::rows::{Extent, Many};
use crate::slot::{Link, Row};
use crate::{Detached, Persistent};

/// The parent's side of a one-to-many relation: not loaded, loaded, or partial, where the parent may have rows that are not held.
///
/// `Default` is *not loaded*: a save doesn't touch it, and reading it panics like an index out of bounds. What its methods do is written by
/// the next save of the parent, where the relation's cascade decides what becomes of rows that left.
///
/// ```
/// # use sqlx_cascade::{HasMany, Relations};
/// # #[derive(Debug, Default, Relations)] #[table(name = "users")]
/// # struct User { #[key(generated)] id: i64, #[one_to_many(cascade = "all, delete-orphan")] posts: HasMany<Post> }
/// # #[derive(Debug, Default, Relations)] #[table(name = "posts")]
/// # struct Post { #[key(generated)] id: i64, #[many_to_one(User)] user_id: i64, title: String }
/// let post = |title: &str| Post { title: title.into(), ..Default::default() };
/// let mut user = User { posts: HasMany::from(vec![post("one"), post("two")]), ..Default::default() };
/// user.posts.push(post("three"));
///
/// let left = user.posts.remove(0);
/// assert_eq!(left.title, "one");
/// let titles: Vec<&str> = user.posts.iter().map(|post| post.title.as_str()).collect();
/// assert_eq!(titles, ["two", "three"]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HasMany<T> {
    pub(crate) content: Many<T>,
}

/// The children of a [`HasMany`], or the targets of a [`ManyToMany`](crate::ManyToMany), by shared reference.
pub type Iter<'r, T> = Box<dyn DoubleEndedIterator<Item = &'r T> + 'r>;

/// The same, for changing.
pub type IterMut<'r, T> = Box<dyn DoubleEndedIterator<Item = &'r mut T> + 'r>;

impl<T> HasMany<T> {
    /// Whether all children are held: the relation was loaded, or assigned, or its parent was inserted.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.content.extent() == Extent::Loaded
    }

    /// Whether nothing is known of the relation: a save doesn't touch it.
    #[must_use]
    pub fn is_not_loaded(&self) -> bool {
        self.content.is_not_loaded()
    }

    /// Whether some children are held, and the parent may have others: a save touches those that are.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.content.extent() == Extent::Partial
    }

    /// The children that are held, in any state of the relation: none where it is not loaded.
    #[must_use]
    pub fn known(&self) -> Iter<'_, T> {
        Box::new(self.content.rows().iter().map(|row| &row.value))
    }

    /// All children.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded) where the relation is not loaded, or only in part.
    pub fn try_iter(&self) -> Result<Iter<'_, T>, Error> {
        self.content.loaded::<T>()?;
        Ok(self.known())
    }

    /// All children.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded, or only in part.
    #[must_use]
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        self.content.expect_loaded::<T>();
        self.known()
    }

    /// How many children there are.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded, or only in part.
    #[must_use]
    #[track_caller]
    pub fn len(&self) -> usize {
        self.content.expect_loaded::<T>();
        self.content.rows().len()
    }

    /// Whether there are no children.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded, or only in part.
    #[must_use]
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The child at this place among those that are held.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.content.rows().get(index).map(|row| &row.value)
    }
}

impl<T: Send + Sync + 'static> HasMany<T> {
    /// Loaded, and no children.
    ///
    /// Assigned to a persistent parent it means that every child leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            content: Many::of(None),
        }
    }
}

impl<T: Entity> HasMany<T> {
    /// Adds a new child. Where the relation is not loaded it becomes partial.
    pub fn push(&mut self, child: T) {
        self.content.known(Link::partial).1.push(Row::new(child));
    }

    /// The children that are held, for changing; none where the relation is not loaded.
    pub fn known_mut(&mut self) -> IterMut<'_, T> {
        Box::new(self.content.rows_mut().iter_mut().map(Row::touch))
    }

    /// All children, for changing.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded, or only in part.
    #[track_caller]
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        self.content.expect_loaded::<T>();
        self.known_mut()
    }

    /// The child at this place among those that are held, for changing.
    #[must_use]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.content.rows_mut().get_mut(index).map(Row::touch)
    }

    /// Takes a child out: its row leaves at the next save, by the relation's cascade. The value is new from then on.
    ///
    /// # Panics
    ///
    /// Where fewer children are held.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let (link, row) = self.taken(index);
        link.dismiss(row)
    }

    /// Takes a child out with its row, for another parent to [`adopt`](Self::adopt).
    ///
    /// # Panics
    ///
    /// Where fewer children are held.
    #[must_use]
    #[track_caller]
    pub fn expunge(&mut self, index: usize) -> Detached<T> {
        let (link, row) = self.taken(index);
        Detached::from_row(link.expunge(row))
    }

    #[track_caller]
    fn taken(&mut self, index: usize) -> (&mut Link, Row<T>) {
        let held = self.content.rows().len();
        match self.content.parts_mut() {
            Some((link, rows)) if index < held => (link, rows.remove(index)),
            _ => panic!("there is no child {index} in a relation that holds {held}"),
        }
    }

    /// Makes the child of another parent this one's: one UPDATE at the next save. Where the relation is not loaded it becomes partial.
    pub fn adopt(&mut self, child: Detached<T>) {
        let (link, rows) = self.content.known(Link::partial);
        let row = link.adopt(child.into_row());
        rows.push(row);
    }

    /// Adds children that a query of your own found. Where the relation is not loaded it becomes partial: what is not held is never lost.
    /// A row that is held already stays as it is.
    ///
    /// A row that isn't this parent's is [`NotOwned`](crate::ErrorKind::NotOwned) at the next save.
    pub fn attach(&mut self, children: Vec<Persistent<T>>) {
        let (link, rows) = self.content.known(Link::partial);
        link.attached = true;
        let mut held = ByKey::new(T::table());
        for (index, row) in rows
            .iter()
            .enumerate()
            .filter(|(_, row)| !row.state.is_new())
        {
            held.add(index, row.state.key(T::table(), &row.value));
        }
        for child in children {
            let key = child.row.state.key(T::table(), &child.row.value);
            if held.find(&key).is_none() {
                held.add(rows.len(), key);
                rows.push(child.row);
            }
        }
        link.forget_expunged(T::table(), &held);
    }

    /// Keeps the children of which this is true, among those that are held. The others leave.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        if let Some((link, rows)) = self.content.parts_mut() {
            for row in std::mem::take(rows) {
                if keep(&row.value) {
                    rows.push(row);
                } else {
                    drop(link.dismiss(row));
                }
            }
        }
    }

    /// Every child leaves, loaded or not.
    pub fn clear(&mut self) {
        let (link, rows) = self.content.known(Link::whole);
        link.clear();
        for row in std::mem::take(rows) {
            drop(link.dismiss(row));
        }
    }

    /// Every child leaves, loaded or not, and these, which are new, enter. To keep rows there are [`retain`](Self::retain) and
    /// [`push`](Self::push), or a merge.
    pub fn replace(&mut self, children: impl IntoIterator<Item = T>) {
        self.clear();
        self.extend(children);
    }
}

impl<T: Entity> Extend<T> for HasMany<T> {
    /// Adds new children. Where the relation is not loaded it becomes partial.
    fn extend<I: IntoIterator<Item = T>>(&mut self, children: I) {
        let (_, rows) = self.content.known(Link::partial);
        rows.extend(children.into_iter().map(Row::new));
    }
}

impl<T> Index<usize> for HasMany<T> {
    type Output = T;

    /// The child at this place among those that are held.
    #[track_caller]
    fn index(&self, index: usize) -> &T {
        &self.content.rows()[index].value
    }
}

impl<T: Entity> IndexMut<usize> for HasMany<T> {
    #[track_caller]
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.content.rows_mut()[index].touch()
    }
}

impl<'r, T> IntoIterator for &'r HasMany<T> {
    type Item = &'r T;
    type IntoIter = Iter<'r, T>;

    /// [`iter`](HasMany::iter).
    #[track_caller]
    fn into_iter(self) -> Iter<'r, T> {
        self.iter()
    }
}

impl<'r, T: Entity> IntoIterator for &'r mut HasMany<T> {
    type Item = &'r mut T;
    type IntoIter = IterMut<'r, T>;

    /// [`iter_mut`](HasMany::iter_mut).
    #[track_caller]
    fn into_iter(self) -> IterMut<'r, T> {
        self.iter_mut()
    }
}

impl<T> Default for HasMany<T> {
    /// Not loaded.
    fn default() -> Self {
        Self {
            content: Many::default(),
        }
    }
}

impl<T: Send + Sync + 'static> From<Vec<T>> for HasMany<T> {
    /// These children, new. Assigned to a persistent parent they replace all that there are.
    fn from(children: Vec<T>) -> Self {
        children.into_iter().collect()
    }
}

impl<T: Send + Sync + 'static> FromIterator<T> for HasMany<T> {
    /// These children, new. Assigned to a persistent parent they replace all that there are.
    fn from_iter<I: IntoIterator<Item = T>>(children: I) -> Self {
        Self {
            content: Many::of(children),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for HasMany<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content.extent() {
            Extent::NotLoaded => f.write_str("NotLoaded"),
            Extent::Loaded => f.debug_list().entries(self.known()).finish(),
            Extent::Partial => {
                f.write_str("Partial")?;
                f.debug_list().entries(self.known()).finish()
            }
        }
    }
}
