//! `BelongsTo`: the child's side of a relation, as a field.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::codec::{Erased, Null};
use crate::entity::Entity;
use crate::error::Error;
use crate::handle::plain;
use crate::meta::{ForeignKey, ForeignKeyPart, Holder, Table};
use crate::read::Reader;
use crate::rows::{Extent, One, not_loaded};
use crate::slot::{Fetched, Handle, Link, Place, Row, RowState, Slot};

/// A foreign key as a field: the key of the parent `P`.
///
/// `Default` has no target: saved under a NOT NULL key it is `MissingRequired`. A column that can be NULL is `Option<BelongsTo<P>>`.
///
/// ```
/// use sqlx_cascade::{BelongsTo, Relations};
///
/// #[derive(Default, Relations)]
/// #[table(name = "customers")]
/// struct Customer {
///     #[key(generated)]
///     id: i64,
/// }
///
/// #[derive(Default, Relations)]
/// #[table(name = "orders")]
/// struct Order {
///     #[key(generated)]
///     id: i64,
///     #[many_to_one(on_delete = "restrict")]
///     customer: BelongsTo<Customer>, // the column `customer_id`
///     #[many_to_one]
///     referrer: Option<BelongsTo<Customer>>,
/// }
///
/// let order = Order { customer: BelongsTo::to(7), ..Order::default() };
/// assert_eq!(order.customer.key(), Some(&7));
/// ```
pub struct BelongsTo<P> {
    key: Option<Key>,
    content: One<P>,
}

/// A key behind its erased type: held by type, a parent that is no entity would be an error at every mention of the field.
struct Key(Box<dyn AnyKey>);

/// What is asked of a key of any type.
trait AnyKey: Send + Sync {
    fn cell(&self) -> &Erased;
    fn copy(&self) -> Key;
    fn is(&self, other: &Erased) -> bool;
}

impl<K: Clone + PartialEq + Send + Sync + 'static> AnyKey for K {
    fn cell(&self) -> &Erased {
        self
    }

    fn copy(&self) -> Key {
        Key::new(self.clone())
    }

    fn is(&self, other: &Erased) -> bool {
        other.downcast_ref() == Some(self)
    }
}

impl Key {
    fn new<K: Clone + PartialEq + Send + Sync + 'static>(key: K) -> Self {
        Self(Box::new(key))
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        self.0.copy()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(other.0.cell())
    }
}

impl<P> BelongsTo<P> {
    /// The parent object, where it is held.
    pub(crate) fn held(&self) -> Option<&P> {
        self.content.rows().first().map(|row| &row.value)
    }

    /// A parent object is held that has no row: it was set, or its INSERT was rolled back.
    pub(crate) fn is_new(&self) -> bool {
        let mut rows = self.content.rows().iter();
        rows.any(|row| row.state.is_new())
    }

    /// Whether the parent object is held: it was set or loaded.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.content.extent() != Extent::NotLoaded
    }

    /// The parent, if there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded) where only its key is known.
    pub fn try_get(&self) -> Result<Option<&P>, Error> {
        match (self.held(), &self.key) {
            (None, Some(_)) => Err(not_loaded::<P>(Extent::NotLoaded)),
            (held, _) => Ok(held),
        }
    }

    /// The parent, if there is one.
    ///
    /// # Panics
    ///
    /// Where only its key is known.
    #[must_use]
    #[track_caller]
    pub fn get(&self) -> Option<&P> {
        match self.try_get() {
            Ok(parent) => parent,
            Err(error) => panic!("{error}"),
        }
    }
}

impl<P: Entity> BelongsTo<P> {
    /// The parent with this key.
    #[must_use]
    pub fn to(key: P::Key) -> Self {
        Self {
            key: Some(Key::new(key)),
            content: One::default(),
        }
    }

    /// A parent that is new: a save inserts it first.
    #[must_use]
    pub fn new(parent: P) -> Self {
        Self {
            key: None,
            content: One::of([parent]),
        }
    }

    /// A parent with this key that was just read.
    pub(crate) fn read(parent: P, key: P::Key) -> Self {
        Self {
            key: Some(Key::new(key)),
            content: One::new(Link::default(), Some(Row::persistent(parent))),
        }
    }

    /// The parent's key; `None` where there is no target, or one that has no key yet.
    #[must_use]
    pub fn key(&self) -> Option<&P::Key> {
        self.key.as_ref()?.0.cell().downcast_ref()
    }

    /// Points to the parent with this key. The object of another parent is let go.
    pub fn set_key(&mut self, key: P::Key) {
        if self.key() != Some(&key) {
            *self = Self::to(key);
        }
    }

    /// Points to a parent that is new, and hands back the object that was held.
    pub fn set(&mut self, parent: P) -> Option<P> {
        std::mem::replace(self, Self::new(parent)).into_held()
    }

    /// The parent for changing, if there is one. What a save writes of it is the relation's cascade to say.
    ///
    /// # Panics
    ///
    /// Where only its key is known.
    #[must_use]
    #[track_caller]
    pub fn get_mut(&mut self) -> Option<&mut P> {
        if let Err(error) = self.try_get() {
            panic!("{error}")
        }
        self.held_mut()
    }

    pub(crate) fn held_mut(&mut self) -> Option<&mut P> {
        self.content.rows_mut().first_mut().map(Row::touch)
    }

    /// The parent object, new.
    pub(crate) fn into_held(mut self) -> Option<P> {
        let (_, row) = self.content.parts_mut()?;
        row.take().map(plain)
    }
}

impl<P> Default for BelongsTo<P> {
    /// No target.
    fn default() -> Self {
        Self {
            key: None,
            content: One::default(),
        }
    }
}

impl<P: Clone> Clone for BelongsTo<P> {
    /// Refers to the same parent by its key; one that is new is copied.
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            content: if self.key.is_none() || self.is_new() {
                self.content.clone()
            } else {
                One::default()
            },
        }
    }
}

impl<P: PartialEq> PartialEq for BelongsTo<P> {
    /// Compares the keys; of parents that have none yet the values.
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && (self.key.is_some() || self.held() == other.held())
    }
}

impl<P: Eq> Eq for BelongsTo<P> {}

impl<P: Entity<Key: Hash>> Hash for BelongsTo<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<P: Entity<Key: fmt::Debug>> fmt::Debug for BelongsTo<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key(), self.held()) {
            (Some(key), _) => f.debug_tuple("BelongsTo").field(key).finish(),
            (None, Some(_)) => f.write_str("BelongsTo(new)"),
            (None, None) => f.write_str("BelongsTo(no target)"),
        }
    }
}

/// `BelongsTo<P>` and `Option<BelongsTo<P>>`, for the derive.
pub trait Parent: Sized + Send + Sync + 'static {
    /// The struct that it refers to.
    type Target: Entity;

    /// The parent's key.
    fn parent_key(&self) -> Option<&<Self::Target as Entity>::Key>;

    /// A field with this key, or with none where the field accepts NULL.
    fn with_key(key: Option<<Self::Target as Entity>::Key>) -> Option<Self>;

    /// A field with the key of these parts.
    fn from_parts(parts: Option<&[&Erased]>) -> Option<Self> {
        match parts {
            Some(parts) => Self::with_key(Some(Self::Target::key_from(parts)?)),
            None => Self::with_key(None),
        }
    }
}

impl<P: Entity> Parent for BelongsTo<P> {
    type Target = P;

    fn parent_key(&self) -> Option<&P::Key> {
        self.key()
    }

    fn with_key(key: Option<P::Key>) -> Option<Self> {
        Some(key.map(Self::to).unwrap_or_default())
    }
}

impl<P: Entity> Parent for Option<BelongsTo<P>> {
    type Target = P;

    fn parent_key(&self) -> Option<&P::Key> {
        self.as_ref().and_then(BelongsTo::key)
    }

    fn with_key(key: Option<P::Key>) -> Option<Self> {
        Some(key.map(BelongsTo::to))
    }
}

impl Holder {
    /// The functions of a field of type `H`.
    #[must_use]
    pub const fn of<H: Parent>() -> Self {
        fn part<H: Parent>(field: &Erased, part: usize) -> Option<&Erased> {
            let key = field.downcast_ref::<H>()?.parent_key()?;
            Some(H::Target::key_part(key, part))
        }
        Self { part: part::<H> }
    }
}

impl<P: Entity> Slot for BelongsTo<P> {
    fn link(&self) -> Option<&Link> {
        self.content.link()
    }

    fn link_mut(&mut self) -> Option<&mut Link> {
        self.content.link_mut()
    }

    fn count(&self) -> usize {
        self.content.count()
    }

    fn row(&self, index: usize) -> Option<(&Erased, &RowState)> {
        self.content.row(index)
    }

    fn each_mut<'r>(&'r mut self, see: &mut dyn FnMut(&'r mut Erased, &'r mut RowState)) {
        self.content.each_mut(see);
    }

    fn read(&self, row: &mut Reader<'_>) -> Result<Box<Erased>, Error> {
        self.content.read(row)
    }

    fn fill(
        &mut self,
        home: Handle,
        foreign_key: &'static ForeignKey,
        children: Vec<Fetched>,
        table: &'static Table,
    ) {
        self.content.fill(home, foreign_key, children, table);
    }

    fn take_over(&mut self, other: &mut dyn Slot) {
        if let Some(other) = other.as_any().downcast_mut::<Self>()
            && self.key == other.key
        {
            self.content = std::mem::take(&mut other.content);
        }
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn take(&mut self) -> Vec<Box<Erased>> {
        self.content.take()
    }

    fn unload(&mut self) {
        self.content.unload();
    }

    fn empty(&mut self, _: Link) {
        *self = Self::default();
    }

    fn arrange(&mut self, table: &'static Table, rows: Vec<Place>) {
        if rows.iter().any(|place| matches!(place, Place::New(_))) {
            self.key = None;
            self.content = One::of(None);
        }
        self.content.arrange(table, rows);
    }

    /// The object of another parent is let go.
    fn refer(&mut self, parts: Option<&[&Erased]>) {
        let key = parts.and_then(P::key_from).map(Key::new);
        // This is the key that an object was given which is new: it has none yet, or one from before a rollback.
        let row = self.content.rows().first();
        let is_new = row.is_some_and(|row| row.state.is_new());
        if self.key.is_some() && key != self.key && !is_new {
            self.content.unload();
        }
        self.key = key;
    }

    fn renew(&mut self) {
        if self.held().is_some() {
            self.key = None;
        }
    }
}

impl<P: Entity> Slot for Option<BelongsTo<P>> {
    fn link(&self) -> Option<&Link> {
        self.as_ref()?.link()
    }

    fn link_mut(&mut self) -> Option<&mut Link> {
        self.as_mut()?.link_mut()
    }

    fn count(&self) -> usize {
        self.as_ref().map_or(0, Slot::count)
    }

    fn row(&self, index: usize) -> Option<(&Erased, &RowState)> {
        self.as_ref()?.row(index)
    }

    fn each_mut<'r>(&'r mut self, see: &mut dyn FnMut(&'r mut Erased, &'r mut RowState)) {
        if let Some(held) = self {
            held.each_mut(see);
        }
    }

    fn read(&self, row: &mut Reader<'_>) -> Result<Box<Erased>, Error> {
        Ok(Box::new(P::read(row)?))
    }

    fn fill(
        &mut self,
        home: Handle,
        foreign_key: &'static ForeignKey,
        children: Vec<Fetched>,
        table: &'static Table,
    ) {
        if let Some(held) = self {
            held.fill(home, foreign_key, children, table);
        }
    }

    fn take_over(&mut self, other: &mut dyn Slot) {
        if let (Some(held), Some(Some(other))) = (self, other.as_any().downcast_mut::<Self>()) {
            held.take_over(other);
        }
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn take(&mut self) -> Vec<Box<Erased>> {
        self.as_mut().map_or_else(Vec::new, Slot::take)
    }

    fn unload(&mut self) {
        if let Some(held) = self {
            held.unload();
        }
    }

    fn empty(&mut self, _: Link) {
        *self = None;
    }

    fn arrange(&mut self, table: &'static Table, rows: Vec<Place>) {
        if rows.is_empty() {
            *self = None;
        } else {
            self.get_or_insert_default().arrange(table, rows);
        }
    }

    fn refer(&mut self, parts: Option<&[&Erased]>) {
        match parts {
            Some(_) => self.get_or_insert_default().refer(parts),
            None => *self = None,
        }
    }

    fn renew(&mut self) {
        if let Some(held) = self {
            held.renew();
        }
    }
}

/// Part `I` of the key in a `BelongsTo` field.
#[must_use]
pub(crate) fn holder_part<H: Parent, const I: usize>(field: &Erased) -> &Erased {
    let key = field.downcast_ref::<H>().and_then(H::parent_key);
    key.map_or(&Null as &Erased, |key| H::Target::key_part(key, I))
}

/// A column that a `BelongsTo` holds by itself: its cells are parts of the key, or [`Null`].
#[must_use]
pub const fn own_part(column: usize) -> ForeignKeyPart {
    fn key(cell: &Erased) -> Option<&Erased> {
        (!cell.is::<Null>()).then_some(cell)
    }
    fn assign(_: &mut Erased, _: Option<&Erased>) {}
    ForeignKeyPart {
        column,
        shared: false,
        key,
        assign,
    }
}

/// The column of a link that its parent's key fills.
#[must_use]
pub fn absent(_: &Erased) -> &Erased {
    &Null
}
