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

/// The rows of a relation. It asks nothing of `T`, so that a wrapper needs for `Clone` and the like only the same of `T`.
pub(crate) trait Rows<T> {
    fn link(&self) -> &Link;
    fn rows(&self) -> &[Row<T>];
    fn parts_mut(&mut self) -> (&mut Link, &mut Vec<Row<T>>);
    /// Others of the same kind, with these values, all new.
    fn fresh(&self, values: Vec<T>) -> Held<T>;
}

type Held<T> = Box<dyn Rows<T> + Send + Sync>;

/// The only implementation: a link, and the rows in one block of memory.
struct Children<T> {
    link: Link,
    rows: Vec<Row<T>>,
}

impl<T: Send + Sync + 'static> Rows<T> for Children<T> {
    fn link(&self) -> &Link {
        &self.link
    }

    fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    fn parts_mut(&mut self) -> (&mut Link, &mut Vec<Row<T>>) {
        (&mut self.link, &mut self.rows)
    }

    fn fresh(&self, values: Vec<T>) -> Held<T> {
        Box::new(Self {
            link: Link::from(Ties {
                partial: self.link.is_partial(),
                ..Ties::default()
            }),
            rows: values.into_iter().map(Row::new).collect(),
        })
    }
}

/// The content of a wrapper; `Default` is not loaded.
pub(crate) struct Content<T> {
    held: Option<Held<T>>,
}

/// How much of a relation a wrapper holds, for comparing and showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    NotLoaded,
    Partial,
    Loaded,
}

impl<T> Content<T> {
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
    pub(crate) fn rows(&self) -> &[Row<T>] {
        self.held.as_ref().map_or(&[], |held| held.rows())
    }

    /// The link and the rows, of a relation of which something is known.
    pub(crate) fn parts_mut(&mut self) -> Option<(&mut Link, &mut Vec<Row<T>>)> {
        self.held.as_mut().map(|held| held.parts_mut())
    }

    /// The rows for changing; none where the relation is not loaded.
    pub(crate) fn rows_mut(&mut self) -> &mut [Row<T>] {
        self.parts_mut().map_or(&mut [], |(_, rows)| rows)
    }
}

impl<T: Send + Sync + 'static> Content<T> {
    pub(crate) fn new(link: Link, rows: Vec<Row<T>>) -> Self {
        Self {
            held: Some(Box::new(Children { link, rows })),
        }
    }

    /// New rows, as all that there is.
    pub(crate) fn of(values: impl IntoIterator<Item = T>) -> Self {
        Self::new(Link::default(), values.into_iter().map(Row::new).collect())
    }

    /// The link and the rows; where nothing is known yet, with this link.
    pub(crate) fn known(&mut self, link: fn() -> Link) -> (&mut Link, &mut Vec<Row<T>>) {
        let held = self.held.get_or_insert_with(|| {
            Box::new(Children {
                link: link(),
                rows: Vec::new(),
            })
        });
        held.parts_mut()
    }
}

impl<T> Default for Content<T> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<T: Clone> Clone for Content<T> {
    /// Copies the values: they are new.
    fn clone(&self) -> Self {
        let held = self.held.as_deref().map(|held| {
            let values = held.rows().iter().map(|row| row.value.clone());
            held.fresh(values.collect())
        });
        Self { held }
    }
}

impl<T: PartialEq> PartialEq for Content<T> {
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

impl<T: Eq> Eq for Content<T> {}

impl<T: std::hash::Hash> std::hash::Hash for Content<T> {
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

impl<T: Child> Slot for Content<T> {
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

    fn rows_mut(&mut self) -> Vec<(&mut Erased, &mut RowState)> {
        let rows = self.rows_mut().iter_mut();
        rows.map(|row| (&mut row.value as &mut Erased, &mut row.state))
            .collect()
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
        // As long as they are, and no longer: they stay.
        let mut rows: Vec<Row<T>> = Vec::with_capacity(children.len());
        rows.extend(children.into_iter().filter_map(|(child, state)| {
            let value = *child.downcast::<T>().ok()?;
            Some(Row { value, state })
        }));
        if let Some((link, held)) = self.parts_mut() {
            *held = completed(table, link, std::mem::take(held), rows);
            link.loaded(home, foreign_key);
        } else {
            *self = Self::new(Link::to_all(home, foreign_key), rows);
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
        *self = Self::new(link, Vec::new());
    }

    fn arrange(&mut self, table: &'static Table, places: Vec<Place>) {
        let (link, rows) = self.known(Link::default);
        let mut there: Vec<Option<Row<T>>> = std::mem::take(rows).into_iter().map(Some).collect();
        for place in places {
            rows.extend(match place {
                Place::Kept(index) => there.get_mut(index).and_then(Option::take),
                Place::New(value) => value.downcast::<T>().ok().map(|value| Row::new(*value)),
            });
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
    read: Vec<Row<T>>,
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
    let mut rows = Vec::with_capacity(read.len());
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
