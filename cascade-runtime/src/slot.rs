//! What a handle and a wrapper record: the state of a row, and what a relation holds and lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::codec::{Cell, Erased};
use crate::entity::Entity;
use crate::error::Error;
use crate::meta::{ForeignKey, Table};
use crate::read::Reader;

/// Tells the rows that this process has loaded or saved from each other; 0 is a new row.
///
/// Identity is this number and what is recorded with it, never a field: a wrapper remembers the handle under which it was loaded, so
/// that one that was swapped in from another parent is recognised.
pub(crate) type Handle = u64;

fn next_handle() -> Handle {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What is recorded about a row: nothing for a new one, its columns as the database has them for a persistent one.
#[derive(Debug, Default)]
pub struct RowState {
    handle: Handle,
    touched: Option<Box<Touched>>,
    outcome: Outcome,
}

/// The row as the database has it, from the first mutable borrow on.
#[derive(Debug)]
struct Touched {
    original: Vec<Cell>,
    departure: Option<Departure>,
}

/// An expunged row: it still has its owner in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departure {
    /// The parent that the row was expunged from.
    pub from: Handle,
    /// The foreign key that still refers to it.
    pub foreign_key: Option<&'static ForeignKey>,
}

impl PartialEq for Departure {
    fn eq(&self, other: &Self) -> bool {
        self.from == other.from
            && self.foreign_key.map(std::ptr::from_ref) == other.foreign_key.map(std::ptr::from_ref)
    }
}

/// Whether what a handle last wrote is known to have happened.
///
/// Set while a COMMIT is in flight: a future that is dropped there, or a connection that is lost, leaves it set.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    in_doubt: AtomicBool,
}

impl Outcome {
    /// Nobody knows, from here on.
    pub(crate) fn doubt(&self) {
        self.in_doubt.store(true, Ordering::Relaxed);
    }

    /// The answer came.
    pub(crate) fn settle(&self) {
        self.in_doubt.store(false, Ordering::Relaxed);
    }

    /// Nobody knows.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.in_doubt.load(Ordering::Relaxed)
    }
}

impl RowState {
    /// A row that was just read or written.
    pub(crate) fn persistent() -> Self {
        Self {
            handle: next_handle(),
            touched: None,
            outcome: Outcome::default(),
        }
    }

    /// Never saved.
    pub(crate) fn is_new(&self) -> bool {
        self.handle == 0
    }

    pub(crate) fn handle(&self) -> Handle {
        self.handle
    }

    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Copies the columns before the first change.
    pub(crate) fn touch(&mut self, table: &'static Table, row: &Erased) {
        if self.is_new() || self.touched.is_some() {
            return;
        }
        let mut original = Vec::with_capacity(table.columns.len());
        (table.functions.view)(row, &mut |fields, _| {
            original.extend(
                table
                    .columns
                    .iter()
                    .map(|column| (column.codec.clone)(column.cell(fields))),
            );
        });
        self.touched = Some(Box::new(Touched {
            original,
            departure: None,
        }));
    }

    /// A row that leaves its parent with its row in the database.
    pub(crate) fn depart(&mut self, table: &'static Table, row: &Erased, departure: Departure) {
        self.touch(table, row);
        if let Some(touched) = &mut self.touched {
            touched.departure.get_or_insert(departure);
        }
    }

    /// The row is back where it was.
    pub(crate) fn arrive(&mut self) {
        if let Some(touched) = &mut self.touched {
            touched.departure = None;
        }
    }

    pub(crate) fn departure(&self) -> Option<Departure> {
        self.touched.as_ref().and_then(|touched| touched.departure)
    }

    /// Whether the row was borrowed mutably since it was loaded or saved.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched.is_some()
    }

    /// A column as the database has it.
    pub(crate) fn recorded<'a>(
        &'a self,
        table: &'static Table,
        column: usize,
        fields: &[&'a Erased],
    ) -> &'a Erased {
        match &self.touched {
            Some(touched) => &*touched.original[column],
            None => table.columns[column].cell(fields),
        }
    }

    /// The columns that differ from what the database has.
    pub(crate) fn changed(&self, table: &'static Table, fields: &[&Erased]) -> Vec<usize> {
        let Some(touched) = &self.touched else {
            return Vec::new();
        };
        let changed = |&column: &usize| {
            let definition = &table.columns[column];
            !(definition.codec.same)(&*touched.original[column], definition.cell(fields))
        };
        (0..table.columns.len()).filter(changed).collect()
    }

    /// The database has this value in a column now.
    pub(crate) fn record(&mut self, column: usize, cell: Cell) {
        if let Some(touched) = &mut self.touched {
            touched.original[column] = cell;
        }
    }

    /// The row is as the database has it now.
    pub(crate) fn settled(&mut self) {
        if self.is_new() {
            self.handle = next_handle();
        }
        self.touched = None;
        self.outcome.settle();
    }

    /// What identifies the row, kept when the value goes.
    pub(crate) fn identity(&self, table: &'static Table, row: &Erased) -> Vec<Option<Cell>> {
        let mut cells = Vec::new();
        (table.functions.view)(row, &mut |fields, _| {
            cells = (0..table.columns.len())
                .map(|column| {
                    let kept = table.identifies(column);
                    kept.then(|| {
                        (table.columns[column].codec.clone)(self.recorded(table, column, fields))
                    })
                })
                .collect();
        });
        cells
    }
}

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

/// What a relation that isn't "not loaded" records beside its rows.
#[derive(Debug, Default)]
pub struct Link {
    /// The parent that the relation was loaded or saved under; 0 for none yet.
    pub(crate) home: Handle,
    /// The children's foreign key, known from then on.
    pub(crate) foreign_key: Option<&'static ForeignKey>,
    /// The next save concerns all rows of the parent, loaded or not.
    pub(crate) whole: bool,
    /// The rows that left since the last save.
    pub(crate) left: Vec<Left>,
}

impl Link {
    /// Concerns all rows of `parent`: what is not kept leaves.
    pub(crate) fn is_whole_under(&self, parent: &RowState) -> bool {
        !parent.is_new() && (self.whole || self.home != parent.handle())
    }
}

impl Link {
    /// Takes leave of a row: what identifies it stays here until the next save.
    ///
    /// A row that was never saved leaves no trace, and one that was adopted since the last save stays with its old owner.
    pub(crate) fn dismiss<T: Entity>(&mut self, mut row: Row<T>) -> T {
        let here = !row.state.is_new() && row.state.departure().is_none();
        let cells = here.then(|| row.state.identity(T::table(), &row.value));
        let expunged = forget(T::table(), &mut row.value);
        if let Some(cells) = cells {
            self.left.push(Left {
                handle: row.state.handle(),
                how: Leave::Removed { expunged },
                cells,
            });
        }
        row.value
    }

    /// Lets a row go with its row in the database.
    pub(crate) fn expunge<T: Entity>(&mut self, mut row: Row<T>) -> Row<T> {
        if !row.state.is_new() && row.state.departure().is_none() {
            let cells = row.state.identity(T::table(), &row.value);
            self.left.push(Left {
                handle: row.state.handle(),
                how: Leave::Expunged,
                cells,
            });
            row.state.depart(T::table(), &row.value, self.departure());
        }
        row
    }

    /// Takes a row in; one that was expunged from here, and was nowhere else since, is back as if nothing had been.
    pub(crate) fn adopt<T>(&mut self, mut row: Row<T>) -> Row<T> {
        let expunged =
            |left: &Left| left.handle == row.state.handle() && matches!(left.how, Leave::Expunged);
        if let Some(back) = self.left.iter().position(expunged) {
            self.left.swap_remove(back);
            if row.state.departure() == Some(self.departure()) {
                row.state.arrive();
            }
        }
        row
    }

    /// How a row departs from here.
    fn departure(&self) -> Departure {
        Departure {
            from: self.home,
            foreign_key: self.foreign_key,
        }
    }
}

/// A row that left its relation.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) handle: Handle,
    pub(crate) how: Leave,
    /// What identifies the row, by column.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// How a row left.
#[derive(Debug)]
pub(crate) enum Leave {
    /// The cascade decides what becomes of the row; these rows had been expunged from below it.
    Removed {
        /// Their handles.
        expunged: Vec<Handle>,
    },
    /// The row stays as it is until it is adopted.
    Expunged,
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
    /// The rows that are held.
    fn rows_mut(&mut self) -> Vec<(&mut Erased, &mut RowState)>;
    /// Reads a child.
    fn read(&self, row: &mut Reader<'_>) -> Result<Box<Erased>, Error>;
    /// Becomes loaded with these children, rows of the parent with this handle, which they refer to by this foreign key.
    fn fill(&mut self, home: Handle, foreign_key: &'static ForeignKey, children: Vec<Fetched>);
    /// Takes over the content of another wrapper of the same type.
    fn take_over(&mut self, other: &mut dyn Slot);
    /// This wrapper, to be recognised by [`take_over`](Self::take_over).
    fn as_any(&mut self) -> &mut dyn std::any::Any;
    /// Takes the children out, as values.
    fn take(&mut self) -> Vec<Box<Erased>>;
    /// Becomes not loaded.
    fn unload(&mut self);
    /// Adds a child that was never saved, and takes out the one that has its place.
    fn replace(&mut self, child: Box<Erased>);
    /// Takes every child out: its row leaves at the next save.
    fn clear(&mut self);
}

/// Makes a value new: what its subtree recorded is forgotten. Gives the rows that had been expunged from it.
pub(crate) fn forget(table: &'static Table, row: &mut Erased) -> Vec<Handle> {
    let mut expunged = Vec::new();
    let mut rows = vec![(table, row)];
    while let Some((table, row)) = rows.pop() {
        let parts = (table.functions.visit)(row);
        for (relation, slot) in table.relations.iter().zip(parts.slots) {
            if let Some(link) = slot.link_mut() {
                let link = std::mem::take(link);
                expunged.extend(
                    link.left
                        .iter()
                        .filter(|left| matches!(left.how, Leave::Expunged))
                        .map(|left| left.handle),
                );
            }
            for (child, state) in slot.rows_mut() {
                *state = RowState::default();
                rows.push(((relation.target)(), child));
            }
        }
    }
    expunged
}
