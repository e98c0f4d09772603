//! `ManyToMany`: links to rows that others may be linked to as well.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::Persistent;
use crate::belongs_to::BelongsTo;
use crate::codec::{Cell, Erased};
use crate::entity::{Entity, Parts};
use crate::error::Error;
use crate::has_many::{Iter, IterMut};
use crate::meta::{Functions, See};
use crate::read::Reader;
use crate::rows::{Child, Extent, Many};
use crate::slot::{Handle, Leave, Left, Link, Row, RowState};

/// One side of a many-to-many relation: a set of links, by the keys of their targets.
///
/// A save inserts and deletes rows of the link table. The targets stay when they are unlinked, unless the relation has `single_parent` and
/// `delete-orphan`. `Default` is *not loaded*; adding and removing work in that state too, and concern the links that they name.
///
/// ```
/// # use sqlx_cascade::{ManyToMany, Relations};
/// # #[derive(Debug, Default, Relations)] #[table(name = "users")]
/// # struct User { #[key(generated)] id: i64, #[many_to_many(through = "user_roles")] roles: ManyToMany<Role> }
/// # #[derive(Debug, Default, Relations)] #[table(name = "roles")]
/// # struct Role { #[key(generated)] id: i64, name: String }
/// let mut user = User { roles: ManyToMany::empty(), ..Default::default() };
/// user.roles.add_key(7);
/// user.roles.add_key(7); // it is a set
/// user.roles.push(Role { name: "author".into(), ..Default::default() }); // inserted and linked
/// assert_eq!(user.roles.keys().collect::<Vec<_>>(), [&7]);
///
/// user.roles.remove_key(&7);
/// assert_eq!(user.roles.keys().count(), 0);
/// ```
///
/// A clone has the links by their keys, and copies of the targets that are new; not loaded stays not loaded. Equal are the same links in the same
/// order; not loaded and empty differ.
#[derive(Clone, PartialEq, Eq)]
pub struct ManyToMany<T> {
    pub(crate) content: Many<LinkRow<T>>,
}

/// A row of a link table: the key to the parent is the parent's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LinkRow<T> {
    pub(crate) target: BelongsTo<T>,
}

impl<T> ManyToMany<T> {
    /// Whether all links are held.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.content.extent() == Extent::Loaded
    }

    /// Whether nothing is known of the relation: a save doesn't touch it.
    #[must_use]
    pub fn is_not_loaded(&self) -> bool {
        self.content.is_not_loaded()
    }

    /// Whether some links are held, and the row may have others.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.content.extent() == Extent::Partial
    }

    /// The targets that are held, in any state of the relation.
    #[must_use]
    pub fn known(&self) -> Iter<'_, T> {
        Box::new(
            self.content
                .rows()
                .iter()
                .filter_map(|row| row.value.target.held()),
        )
    }

    /// All targets that are held: those that were loaded with the relation, and those that were pushed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded) where the relation is not loaded, or only in part.
    pub fn try_iter(&self) -> Result<Iter<'_, T>, Error> {
        self.content.loaded::<T>()?;
        Ok(self.known())
    }

    /// All targets that are held: those that were loaded with the relation, and those that were pushed. What was added by its key is among
    /// [`keys`](Self::keys) only.
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
}

impl<T: Entity> ManyToMany<T> {
    /// Loaded, and no links.
    ///
    /// Assigned to a persistent row it means that every link goes.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            content: Many::of(None),
        }
    }

    /// The keys of all links that are held; a target that is new has none yet.
    pub fn keys(&self) -> impl Iterator<Item = &T::Key> {
        self.content.rows().iter().filter_map(|row| row.value.key())
    }

    /// How many links there are, those to new targets included.
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

    /// Whether there are no links.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded, or only in part.
    #[must_use]
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a link to the row with this key is held.
    #[must_use]
    pub fn contains_key(&self, key: &T::Key) -> bool {
        self.place(key).is_some()
    }

    /// The targets that are held, for changing.
    ///
    /// # Panics
    ///
    /// Where the relation is not loaded, or only in part.
    #[track_caller]
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        self.content.expect_loaded::<T>();
        let rows = self.content.rows_mut().iter_mut();
        Box::new(rows.filter_map(|row| row.value.target.held_mut()))
    }

    /// Inserts a new target and links it.
    pub fn push(&mut self, target: T) {
        self.link(BelongsTo::new(target));
    }

    /// Links a row.
    pub fn add(&mut self, target: &Persistent<T>) {
        self.add_key(target.key());
    }

    /// Links the row with this key. A link that is there already is no error.
    pub fn add_key(&mut self, key: T::Key) {
        if self.contains_key(&key) {
            return;
        }
        let row = LinkRow {
            target: BelongsTo::to(key),
        };
        let (link, rows) = self.content.known(Link::partial);
        // A link that left and comes back was never away; of one that nobody has seen, nobody knows.
        let cells = row.cells();
        let back = link.take_back(|left| same::<T>(left, &cells));
        rows.push(if back.is_some_and(|left| left.handle != 0) {
            Row::persistent(row)
        } else {
            Row::new(row)
        });
    }

    fn link(&mut self, target: BelongsTo<T>) {
        let row = Row::new(LinkRow { target });
        self.content.known(Link::partial).1.push(row);
    }

    /// Takes a target out, by its place among those of [`iter`](Self::iter): the link goes at the next save. The value is new from then on.
    ///
    /// # Panics
    ///
    /// Where fewer targets are held.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let rows = self.content.rows().iter().enumerate();
        let mut held = rows.filter(|(_, row)| row.value.target.held().is_some());
        let place = held.nth(index).map(|(place, _)| place);
        let taken = place.and_then(|place| self.unlink(place).target.into_held());
        taken.unwrap_or_else(|| panic!("there is no target {index} in a relation that holds fewer"))
    }

    /// Unlinks the row with this key, whether the relation is loaded or not. One that isn't linked is no error.
    pub fn remove_key(&mut self, key: &T::Key) {
        match self.place(key) {
            Some(place) => drop(self.unlink(place)),
            None if self.is_loaded() => {}
            None => {
                let row = LinkRow {
                    target: BelongsTo::<T>::to(key.clone()),
                };
                let (link, _) = self.content.known(Link::partial);
                link.unlink(row.leave(0), &RowState::default());
            }
        }
    }

    /// Every link goes, loaded or not.
    pub fn clear(&mut self) {
        let (link, rows) = self.content.known(Link::whole);
        link.clear();
        // Which links were there is asked where removals are denied. One that comes back is made again: it may be gone by then.
        for row in std::mem::take(rows) {
            if !row.state.is_new() {
                link.unlink(row.value.leave(0), &row.state);
            }
        }
    }

    /// The links are these, loaded or not; what is linked already stays.
    pub fn set_keys(&mut self, keys: impl IntoIterator<Item = T::Key>) {
        self.clear();
        for key in keys {
            self.add_key(key);
        }
    }

    fn place(&self, key: &T::Key) -> Option<usize> {
        let rows = self.content.rows();
        rows.iter().position(|row| row.value.key() == Some(key))
    }

    fn unlink(&mut self, place: usize) -> LinkRow<T> {
        let (link, rows) = self.content.known(Link::partial);
        let row = rows.remove(place);
        // Of a relation that isn't loaded, a link that is added may be there already.
        if !row.state.is_new() || link.partial && row.value.key().is_some() {
            link.unlink(row.value.leave(row.state.handle()), &row.state);
        }
        row.value
    }
}

impl<T: Entity> LinkRow<T> {
    /// The key of the target; none of one that is new, though the field has the key that a rollback took from it.
    fn key(&self) -> Option<&T::Key> {
        self.target.key().filter(|_| !self.target.is_new())
    }

    /// What identifies the link beside the parent: the key of the target.
    fn cells(&self) -> Vec<Option<Cell>> {
        let key = self.key();
        let part = |part: usize| Some((T::KEY_CODECS[part].clone)(T::key_part(key?, part)));
        (0..T::KEY_CODECS.len()).map(part).collect()
    }

    /// What stays of a link that leaves; its handle is 0 where nobody knows whether it was there.
    fn leave(&self, handle: Handle) -> Left {
        let expunged = Vec::new();
        Left::new(handle, Leave::Removed { expunged }, self.cells())
    }
}

/// A link that left is to the target with this key: its cells end with those of the target.
fn same<T: Entity>(left: &Left, key: &[Option<Cell>]) -> bool {
    let first = left.cells.len().saturating_sub(key.len());
    let mut parts = T::KEY_CODECS
        .iter()
        .zip(left.cells[first..].iter().zip(key));
    parts.all(|(codec, cells)| matches!(cells, (Some(a), Some(b)) if (codec.same)(&**a, &**b)))
}

impl<T: Entity> Child for LinkRow<T> {
    /// Reads the target: its key is that of the link.
    fn read(row: &mut Reader<'_>) -> Result<Self, Error> {
        let key = row.key::<T>()?;
        let target = BelongsTo::read(T::read(row)?, key);
        Ok(Self { target })
    }
}

impl Functions {
    /// The functions of a link to `T`.
    #[must_use]
    pub const fn link<T: Entity>() -> Self {
        fn view<'a, T: Entity>(row: &'a Erased, see: &mut See<'_, 'a>) {
            if let Some(row) = row.downcast_ref::<LinkRow<T>>() {
                see(&[&row.target], &[T::held(&row.target)]);
            }
        }
        fn visit<'a, T: Entity>(row: &'a mut Erased, parts: &mut Parts<'a>) {
            if let Some(row) = row.downcast_mut::<LinkRow<T>>() {
                parts.put([], [T::held_mut(&mut row.target)]);
            }
        }
        Self {
            view: view::<T>,
            visit: visit::<T>,
            link: true,
        }
    }
}

impl<'r, T> IntoIterator for &'r ManyToMany<T> {
    type Item = &'r T;
    type IntoIter = Iter<'r, T>;

    /// [`iter`](ManyToMany::iter).
    #[track_caller]
    fn into_iter(self) -> Iter<'r, T> {
        self.iter()
    }
}

impl<'r, T: Entity> IntoIterator for &'r mut ManyToMany<T> {
    type Item = &'r mut T;
    type IntoIter = IterMut<'r, T>;

    /// [`iter_mut`](ManyToMany::iter_mut).
    #[track_caller]
    fn into_iter(self) -> IterMut<'r, T> {
        self.iter_mut()
    }
}

impl<T> Default for ManyToMany<T> {
    /// Not loaded.
    fn default() -> Self {
        Self {
            content: Many::default(),
        }
    }
}

impl<T: Entity<Key: Hash>> Hash for ManyToMany<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content.extent().hash(state);
        for key in self.keys() {
            key.hash(state);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for ManyToMany<T> {
    /// Shows the targets that are held, and how many links there are beside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content.extent() {
            Extent::NotLoaded => return f.write_str("NotLoaded"),
            Extent::Loaded => {}
            Extent::Partial => f.write_str("Partial")?,
        }
        let mut list = f.debug_list();
        list.entries(self.known());
        let by_key = self.content.rows().len() - self.known().count();
        if by_key > 0 {
            list.entry(&format_args!("{by_key} by key"));
        }
        list.finish()
    }
}
