//! What a wrapper holds: nothing that is known, or rows with what is recorded of them and of their relation.
//!
//! The rows are behind a trait object: with children held by type, proving `Send` for a chain of 30 structs overflows rustc's recursion limit.

use crate::codec::Erased;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::keys::ByKey;
use crate::meta::{ForeignKey, Table};
use crate::read::Reader;
use crate::slot::{Fetched, Handle, Link, Place, Row, RowState, Slot, Ties};

/// Rows with their values, as a wrapper keeps them: any number in one block of memory, or one at most, in place.
pub(crate) trait Store: Default + IntoIterator<Item = Row<Self::Value>> {
    type Value;

    fn as_slice(&self) -> &[Row<Self::Value>];
    fn as_mut_slice(&mut self) -> &mut [Row<Self::Value>];
    /// Adds a row; one at most is the one that came last.
    fn put(&mut self, row: Row<Self::Value>);
    /// Takes room for so many rows, and no more.
    fn with_room(count: usize) -> Self;
    /// So many rows, or some more or less.
    fn of(count: usize, rows: impl Iterator<Item = Row<Self::Value>>) -> Self {
        let mut store = Self::with_room(count);
        rows.for_each(|row| store.put(row));
        store
    }
}

impl<T> Store for Vec<Row<T>> {
    type Value = T;

    fn as_slice(&self) -> &[Row<T>] {
        self
    }

    fn as_mut_slice(&mut self) -> &mut [Row<T>] {
        self
    }

    fn put(&mut self, row: Row<T>) {
        self.push(row);
    }

    fn with_room(count: usize) -> Self {
        Self::with_capacity(count)
    }
}

impl<T> Store for Option<Row<T>> {
    type Value = T;

    fn as_slice(&self) -> &[Row<T>] {
        Option::as_slice(self)
    }

    fn as_mut_slice(&mut self) -> &mut [Row<T>] {
        Option::as_mut_slice(self)
    }

    fn put(&mut self, row: Row<T>) {
        *self = Some(row);
    }

    fn with_room(_: usize) -> Self {
        None
    }
}

/// The rows of a relation. It asks nothing of `S`, so that a wrapper needs for `Clone` and the like only the same of its rows.
pub(crate) trait Rows<S> {
    fn link(&self) -> &Link;
    fn rows(&self) -> &S;
    fn parts_mut(&mut self) -> (&mut Link, &mut S);
    /// Others of the same kind, which are all new.
    fn fresh(&self, rows: S) -> Held<S>;
}

type Held<S> = Box<dyn Rows<S> + Send + Sync>;

/// The only implementation.
struct Children<S> {
    link: Link,
    rows: S,
}

impl<S: Send + Sync + 'static> Rows<S> for Children<S> {
    fn link(&self) -> &Link {
        &self.link
    }

    fn rows(&self) -> &S {
        &self.rows
    }

    fn parts_mut(&mut self) -> (&mut Link, &mut S) {
        (&mut self.link, &mut self.rows)
    }

    fn fresh(&self, rows: S) -> Held<S> {
        let link = Link::from(Ties {
            partial: self.link.is_partial(),
            ..Ties::default()
        });
        Box::new(Self { link, rows })
    }
}

/// The content of a wrapper that keeps its rows in `S`; `Default` is not loaded.
pub(crate) struct Content<S> {
    held: Option<Held<S>>,
}

/// That of a wrapper that holds one row at most.
pub(crate) type One<T> = Content<Option<Row<T>>>;

/// That of a wrapper that holds any number.
pub(crate) type Many<T> = Content<Vec<Row<T>>>;

/// How much of a relation a wrapper holds, for comparing and showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    NotLoaded,
    Partial,
    Loaded,
}

impl<S: Store> Content<S> {
    pub(crate) fn extent(&self) -> Extent {
        match &self.held {
            None => Extent::NotLoaded,
            Some(held) if held.link().is_partial() => Extent::Partial,
            Some(_) => Extent::Loaded,
        }
    }

    /// Nothing is known of the relation.
    #[cfg(feature = "json")]
    pub(crate) fn is_not_held(&self) -> bool {
        self.held.is_none()
    }

    /// The same, as far as serde is told.
    pub(crate) fn is_not_loaded(&self) -> bool {
        // A patch has to see every relation, also those that `skip_serializing_if` leaves out.
        #[cfg(feature = "json")]
        if crate::patch::is_patching() {
            return false;
        }
        self.extent() == Extent::NotLoaded
    }

    /// All rows of the parent are held; `R` is what the relation is to.
    pub(crate) fn loaded<R>(&self) -> Result<(), Error> {
        match self.extent() {
            Extent::Loaded => Ok(()),
            extent => Err(not_loaded::<R>(extent)),
        }
    }

    /// The same, where it is a mistake in the program.
    #[track_caller]
    pub(crate) fn expect_loaded<R>(&self) {
        if let Err(error) = self.loaded::<R>() {
            panic!("{error}");
        }
    }

    /// The rows that are held; none where the relation is not loaded.
    pub(crate) fn rows(&self) -> &[Row<S::Value>] {
        let held = self.held.as_ref();
        held.map_or(&[], |held| held.rows().as_slice())
    }

    /// The link and the rows, of a relation of which something is known.
    pub(crate) fn parts_mut(&mut self) -> Option<(&mut Link, &mut S)> {
        self.held.as_mut().map(|held| held.parts_mut())
    }

    /// The rows for changing; none where the relation is not loaded.
    pub(crate) fn rows_mut(&mut self) -> &mut [Row<S::Value>] {
        let parts = self.parts_mut();
        parts.map_or(&mut [], |(_, rows)| rows.as_mut_slice())
    }
}

impl<S: Store + Send + Sync + 'static> Content<S> {
    pub(crate) fn new(link: Link, rows: S) -> Self {
        Self {
            held: Some(Box::new(Children { link, rows })),
        }
    }

    /// New rows, as all that there is.
    pub(crate) fn of(values: impl IntoIterator<Item = S::Value>) -> Self {
        let values = values.into_iter();
        let rows = S::of(values.size_hint().0, values.map(Row::new));
        Self::new(Link::default(), rows)
    }

    /// The link and the rows; where nothing is known yet, with this link.
    pub(crate) fn known(&mut self, link: fn() -> Link) -> (&mut Link, &mut S) {
        let held = self.held.get_or_insert_with(|| {
            Box::new(Children {
                link: link(),
                rows: S::default(),
            })
        });
        held.parts_mut()
    }
}

impl<S> Default for Content<S> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<S: Store<Value: Clone>> Clone for Content<S> {
    /// Copies the values: they are new.
    fn clone(&self) -> Self {
        let held = self.held.as_deref().map(|held| {
            let rows = held.rows().as_slice();
            let values = rows.iter().map(|row| row.value.clone());
            held.fresh(S::of(rows.len(), values.map(Row::new)))
        });
        Self { held }
    }
}

impl<S: Store<Value: PartialEq>> PartialEq for Content<S> {
    /// Compares the values; not loaded and empty differ.
    fn eq(&self, other: &Self) -> bool {
        let values = |content: &Self| content.rows().len();
        self.extent() == other.extent()
            && values(self) == values(other)
            && self
                .rows()
                .iter()
                .zip(other.rows())
                .all(|(a, b)| a.value == b.value)
    }
}

impl<S: Store<Value: Eq>> Eq for Content<S> {}

impl<S: Store<Value: std::hash::Hash>> std::hash::Hash for Content<S> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.extent().hash(state);
        for row in self.rows() {
            row.value.hash(state);
        }
    }
}

/// Rows that a wrapper can hold.
pub(crate) trait Child: Sized + Send + Sync + 'static {
    /// Builds one from a row of the database.
    fn read(row: &mut Reader<'_>) -> Result<Self, Error>;
}

impl<T: Entity> Child for T {
    fn read(row: &mut Reader<'_>) -> Result<Self, Error> {
        <T as Entity>::read(row)
    }
}

impl<T: Child, S: Store<Value = T> + Send + Sync + 'static> Slot for Content<S> {
    fn link(&self) -> Option<&Link> {
        self.held.as_ref().map(|held| held.link())
    }

    fn link_mut(&mut self) -> Option<&mut Link> {
        self.parts_mut().map(|(link, _)| link)
    }

    fn count(&self) -> usize {
        self.rows().len()
    }

    fn row(&self, index: usize) -> Option<(&Erased, &RowState)> {
        let row = self.rows().get(index)?;
        Some((&row.value, &row.state))
    }

    fn each_mut<'r>(&'r mut self, see: &mut dyn FnMut(&'r mut Erased, &'r mut RowState)) {
        for row in self.rows_mut() {
            see(&mut row.value, &mut row.state);
        }
    }

    fn read(&self, row: &mut Reader<'_>) -> Result<Box<Erased>, Error> {
        Ok(Box::new(T::read(row)?))
    }

    fn fill(
        &mut self,
        home: Handle,
        foreign_key: &'static ForeignKey,
        children: Vec<Fetched>,
        table: &'static Table,
    ) {
        let count = children.len();
        let read = children.into_iter().filter_map(|(child, state)| {
            let value = *child.downcast::<T>().ok()?;
            Some(Row { value, state })
        });
        if let Some((link, held)) = self.parts_mut() {
            let there = std::mem::take(held).into_iter();
            let rows = completed(table, link, there.collect(), read);
            *held = S::of(rows.len(), rows.into_iter());
            link.loaded(home, foreign_key);
        } else {
            *self = Self::new(Link::under(home, foreign_key), S::of(count, read));
        }
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
        let rows = self.parts_mut().map(|(_, rows)| std::mem::take(rows));
        let rows = rows.into_iter().flatten();
        rows.map(|row| Box::new(row.value) as Box<Erased>).collect()
    }

    fn unload(&mut self) {
        self.held = None;
    }

    fn empty(&mut self, link: Link) {
        *self = Self::new(link, S::default());
    }

    fn arrange(&mut self, table: &'static Table, places: Vec<Place>) {
        let (link, rows) = self.known(Link::default);
        let mut there: Vec<Option<Row<T>>> = std::mem::take(rows).into_iter().map(Some).collect();
        for place in places {
            let row = match place {
                Place::Kept(index) => there.get_mut(index).and_then(Option::take),
                Place::New(value) => value.downcast::<T>().ok().map(|value| Row::new(*value)),
            };
            if let Some(row) = row {
                rows.put(row);
            }
        }
        for row in there.into_iter().flatten() {
            drop(link.dismiss_from(table, row));
        }
    }
}

/// The rows that were read, but for those that left meanwhile, with what was held already in its place; what else was held comes last.
fn completed<T: Child>(
    table: &'static Table,
    link: &Link,
    held: Vec<Row<T>>,
    read: impl Iterator<Item = Row<T>>,
) -> Vec<Row<T>> {
    let mut known = ByKey::new(table);
    // A link is what it refers to: one that is new may be there already.
    let identified = |row: &Row<T>| table.is_link() || !row.state.is_new();
    for (index, row) in held.iter().enumerate().filter(|(_, row)| identified(row)) {
        known.add(index, row.state.key(table, &row.value));
    }
    let mut left = ByKey::new(table);
    for (index, row) in link.left().enumerate() {
        left.add(index, row.key(table));
    }
    let mut held: Vec<Option<Row<T>>> = held.into_iter().map(Some).collect();
    let mut rows = Vec::new();
    for row in read {
        let key = row.state.key(table, &row.value);
        if left.find(&key).is_some() {
            continue;
        }
        let there = known
            .find(&key)
            .and_then(|index| held.get_mut(index)?.take())
            .filter(|there| !is_bare(table, &there.value));
        rows.push(there.unwrap_or(row));
    }
    rows.extend(held.into_iter().flatten());
    rows
}

/// A link whose target is known by its key alone.
fn is_bare(table: &'static Table, row: &Erased) -> bool {
    let mut bare = false;
    if table.is_link() {
        (table.functions.view)(row, &mut |_, slots| bare = slots[0].count() == 0);
    }
    bare
}

/// What reading a relation that is not there says.
#[cold]
pub(crate) fn not_loaded<T>(extent: Extent) -> Error {
    let name = std::any::type_name::<T>();
    let name = name.rsplit("::").next().unwrap_or(name);
    let message = match extent {
        Extent::Partial => format!(
            "the relation to `{name}` is loaded only in part: load it with `.load(..)` first, or look at what there is with `known()`"
        ),
        Extent::NotLoaded | Extent::Loaded => format!(
            "the relation to `{name}` is not loaded: load it with `.load(..)` or `.with(..)` first"
        ),
    };
    Error::new(ErrorKind::NotLoaded, message)
}
