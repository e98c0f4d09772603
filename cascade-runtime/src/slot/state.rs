//! What is recorded about a row.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::codec::{Cell, Erased, Null};
use crate::meta::{ForeignKey, Table};
use crate::slot::Limbo;
use crate::undo::{Undoable, Verdict};

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
    record: Undoable<Record>,
    outcome: Outcome,
}

/// What is known of a row in the database.
#[derive(Debug, Default)]
struct Record {
    handle: Handle,
    touched: Option<Box<Touched>>,
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

/// Whether what a handle last wrote is known to have happened, and where it is on its way if it isn't.
///
/// Set while the answer is in flight that decides it: a future that is dropped there, or a connection that is lost, leaves it set.
#[derive(Debug, Default)]
pub(crate) struct Outcome(Mutex<Option<Arc<Limbo>>>);

impl Outcome {
    /// Nobody knows, from here on.
    pub(crate) fn doubt(&self, limbo: &Arc<Limbo>) {
        *self.lock() = Some(Arc::clone(limbo));
    }

    /// The answer came.
    pub(crate) fn settle(&self) {
        *self.lock() = None;
    }

    /// Nobody knows.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.lock().is_some()
    }

    /// Where the write is that nobody knows of.
    pub(crate) fn limbo(&self) -> Option<Arc<Limbo>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Limbo>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowState {
    /// A row that was just read or written.
    pub(crate) fn persistent() -> Self {
        Self {
            record: Undoable::new(Record {
                handle: next_handle(),
                touched: None,
            }),
            outcome: Outcome::default(),
        }
    }

    /// The transaction that is open and may undo the INSERT of the row.
    pub(super) fn insert(&self) -> Option<&Arc<Verdict>> {
        let (was, verdict) = self.record.before()?;
        (was.handle == 0).then_some(verdict)
    }

    /// The transaction that is open and may undo that the row came here: its INSERT, or its move.
    pub(super) fn arrival(&self) -> Option<&Arc<Verdict>> {
        let (was, verdict) = self.record.before()?;
        let departed = || {
            was.touched
                .as_ref()
                .is_some_and(|was| was.departure.is_some())
        };
        (was.handle == 0 || departed()).then_some(verdict)
    }

    /// This row was read again, in the place of another state of it: a transaction that is open may undo what was recorded before it.
    pub(crate) fn inherit(&mut self, old: Self) {
        self.record.get_mut().handle = old.handle();
        self.record.inherit(old.record);
    }

    /// Never saved.
    pub(crate) fn is_new(&self) -> bool {
        self.handle() == 0
    }

    pub(crate) fn handle(&self) -> Handle {
        self.record.get().handle
    }

    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Nobody knows whether what was last written happened.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.outcome.is_in_doubt() || self.record.is_in_doubt()
    }

    /// Copies the columns before the first change.
    pub(crate) fn touch(&mut self, table: &'static Table, row: &Erased) {
        let record = self.record.get_mut();
        if record.handle == 0 || record.touched.is_some() {
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
        record.touched = Some(Box::new(Touched {
            original,
            departure: None,
        }));
    }

    /// A row that leaves its parent with its row in the database.
    pub(crate) fn depart(&mut self, table: &'static Table, row: &Erased, departure: Departure) {
        self.touch(table, row);
        if let Some(touched) = &mut self.record.get_mut().touched {
            touched.departure.get_or_insert(departure);
        }
    }

    /// The row is back where it was.
    pub(crate) fn arrive(&mut self) {
        if let Some(touched) = &mut self.record.get_mut().touched {
            touched.departure = None;
        }
    }

    pub(crate) fn departure(&self) -> Option<Departure> {
        self.touched()?.departure
    }

    /// Whether the row was borrowed mutably since it was loaded or saved.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched().is_some()
    }

    fn touched(&self) -> Option<&Touched> {
        self.record.get().touched.as_deref()
    }

    /// A column as the database has it.
    pub(crate) fn recorded<'a>(
        &'a self,
        table: &'static Table,
        column: usize,
        fields: &[&'a Erased],
    ) -> &'a Erased {
        match self.touched() {
            Some(touched) => &*touched.original[column],
            None => table.columns[column].cell(fields),
        }
    }

    /// The columns that differ from what the database has.
    pub(crate) fn changed(&self, table: &'static Table, fields: &[&Erased]) -> Vec<usize> {
        let Some(touched) = self.touched() else {
            return Vec::new();
        };
        let changed = |&column: &usize| {
            let definition = &table.columns[column];
            !(definition.codec.same)(&*touched.original[column], definition.cell(fields))
        };
        (0..table.columns.len()).filter(changed).collect()
    }

    /// The database has these values in some columns now, and the others are as they were.
    pub(crate) fn record(
        &mut self,
        table: &'static Table,
        row: &Erased,
        cells: Vec<(usize, Cell)>,
        verdict: Option<&Arc<Verdict>>,
    ) {
        self.touch(table, row);
        let Some(touched) = self.touched() else {
            return;
        };
        let original = table.columns.iter().zip(&touched.original);
        let mut original: Vec<Cell> = original
            .map(|(column, cell)| (column.codec.clone)(&**cell))
            .collect();
        for (column, cell) in cells {
            original[column] = cell;
        }
        let next = Record {
            handle: self.handle(),
            touched: Some(Box::new(Touched {
                original,
                departure: touched.departure,
            })),
        };
        self.record.change(next, verdict);
    }

    /// Whether this transaction is in doubt concerns the row, though it wasn't written in it.
    pub(crate) fn share(&mut self, verdict: &Arc<Verdict>) {
        self.record.share(verdict);
    }

    /// The row is as the database has it now, unless a transaction is rolled back.
    pub(crate) fn settled(&mut self, verdict: Option<&Arc<Verdict>>) {
        let handle = if self.is_new() {
            next_handle()
        } else {
            self.handle()
        };
        let next = Record {
            handle,
            touched: None,
        };
        self.record.change(next, verdict);
        self.outcome.settle();
    }

    /// The key of the row as the database has it; `None` for a part that is unknown here.
    pub(crate) fn key(&self, table: &'static Table, row: &Erased) -> Vec<Option<Cell>> {
        let mut cells = Vec::new();
        (table.functions.view)(row, &mut |fields, _| {
            let key = table.key.iter().map(|&column| {
                let cell = self.recorded(table, column, fields);
                (!cell.is::<Null>()).then(|| (table.columns[column].codec.clone)(cell))
            });
            cells = key.collect();
        });
        cells
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
