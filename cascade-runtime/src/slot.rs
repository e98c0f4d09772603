//! What a handle and a wrapper record: the state of a row, and what a relation holds and lost.

mod link;
mod outcome;
mod state;

use crate::codec::Erased;
use crate::entity::Entity;
use crate::error::Error;
use crate::meta::{ForeignKey, Table};
use crate::read::Reader;

pub(crate) use link::{Home, Leave, Left, Link, Ties};
pub(crate) use outcome::Outcome;
pub(crate) use state::{Handle, RowState};

/// A struct that was just read, with the state that it will have.
pub(crate) type Fetched = (Box<Erased>, RowState);

/// A value with what is recorded about its row.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub(crate) value: T,
    pub(crate) state: RowState,
}

impl<T> Row<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value,
            state: RowState::default(),
        }
    }

    pub(crate) fn persistent(value: T) -> Self {
        Self {
            value,
            state: RowState::persistent(),
        }
    }
}

impl<T: Entity> Row<T> {
    /// The value for changing: its columns are copied first.
    pub(crate) fn touch(&mut self) -> &mut T {
        self.state.touch(T::table(), &self.value);
        &mut self.value
    }
}

/// The rows of a relation, without the child's type: what planning and writing back know of a wrapper.
pub trait Slot: Send + Sync {
    /// `None` where the relation is not loaded.
    fn link(&self) -> Option<&Link>;
    /// The link for changing.
    fn link_mut(&mut self) -> Option<&mut Link>;
    /// How many rows are held.
    fn count(&self) -> usize;
    /// A row that is held.
    fn row(&self, index: usize) -> Option<(&Erased, &RowState)>;
    /// Hands out the rows that are held, in their order.
    fn each_mut<'r>(&'r mut self, see: &mut dyn FnMut(&'r mut Erased, &'r mut RowState));
    /// The rows that are held.
    fn rows_mut(&mut self) -> Vec<(&mut Erased, &mut RowState)> {
        let mut rows = Vec::with_capacity(self.count());
        self.each_mut(&mut |value, state| rows.push((value, state)));
        rows
    }
    /// Reads a child.
    fn read(&self, row: &mut Reader<'_>) -> Result<Box<Erased>, Error>;
    /// Becomes loaded with these children, rows of the parent with this handle, which they refer to by this foreign key. What a partial relation
    /// holds stays.
    fn fill(
        &mut self,
        home: Handle,
        foreign_key: &'static ForeignKey,
        children: Vec<Fetched>,
        table: &'static Table,
    );
    /// Takes over the content of another wrapper of the same type.
    fn take_over(&mut self, other: &mut dyn Slot);
    /// This wrapper, to be recognised by [`take_over`](Self::take_over).
    fn as_any(&mut self) -> &mut dyn std::any::Any;
    /// Takes the children out, as values.
    fn take(&mut self) -> Vec<Box<Erased>>;
    /// Becomes not loaded.
    fn unload(&mut self);
    /// Holds nothing, under this link.
    fn empty(&mut self, link: Link);
    /// Holds these rows, in this order; the others leave.
    fn arrange(&mut self, table: &'static Table, rows: Vec<Place>);
    /// Refers to the row with these key parts, or to none: of a `BelongsTo`.
    fn refer(&mut self, _: Option<&[&Erased]>) {}
    /// Holds a parent that is new, where it holds one: of a `BelongsTo`.
    fn renew(&mut self) {}
}

/// What stands at a place of a relation that is arranged anew.
pub enum Place {
    /// The row that is held there.
    Kept(usize),
    /// A value that is new.
    New(Box<Erased>),
}

/// Makes a value new: what its subtree recorded is forgotten. Gives the rows that had been expunged from it.
///
/// A parent that it belongs to is no part of it, unless it goes with it.
pub(crate) fn forget(table: &'static Table, row: &mut Erased) -> Vec<Handle> {
    let mut expunged = Vec::new();
    let mut rows = vec![(table, row)];
    while let Some((table, row)) = rows.pop() {
        let parts = table.functions.parts(row);
        for (relation, slot) in table.relations.iter().zip(parts.slots) {
            if relation.is_held() && !relation.cascade.delete {
                continue;
            }
            if let Some(link) = slot.link_mut() {
                let partial = link.is_partial();
                let fresh = Ties {
                    partial,
                    ..Ties::default()
                };
                let link = std::mem::replace(link, Link::from(fresh));
                let left = link.left().filter(|left| left.is_expunged());
                expunged.extend(left.map(|left| left.handle));
            }
            slot.renew();
            for (child, state) in slot.rows_mut() {
                *state = RowState::default();
                rows.push(((relation.target)(), child));
            }
        }
    }
    expunged
}
