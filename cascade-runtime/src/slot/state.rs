//! What is recorded about a row.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::codec::{Cell, Erased, Null};
use crate::meta::Table;
use crate::slot::{Home, Outcome};
use crate::undo::{Record, Rest, Undoable, Verdict};

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
pub struct RowState(Undoable<Handle, Option<Touched>>);

/// The row as the database has it, from the first mutable borrow on.
#[derive(Debug)]
struct Touched {
    original: Vec<Cell>,
    /// Where the row was expunged from: it still has that owner in the database.
    departure: Option<Home>,
}

impl Rest for Option<Touched> {
    const NOTHING: &'static Self = &None;

    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

impl RowState {
    /// A row that was just read or written.
    pub(crate) fn persistent() -> Self {
        Self(Undoable::new(next_handle(), None))
    }

    /// The transaction that is open and may undo the INSERT of the row.
    pub(super) fn insert(&self) -> Option<&Arc<Verdict>> {
        let (was, verdict) = self.0.before()?;
        (was.plain == 0).then_some(verdict)
    }

    /// The transaction that is open and may undo that the row came here: its INSERT, or its move.
    pub(super) fn arrival(&self) -> Option<&Arc<Verdict>> {
        let (was, verdict) = self.0.before()?;
        let departed = was.rest.as_ref().and_then(|was| was.departure);
        (was.plain == 0 || departed.is_some()).then_some(verdict)
    }

    /// This row was read again, in the place of another state of it: a transaction that is open may undo what was recorded before it.
    pub(crate) fn inherit(&mut self, old: Self) {
        *self.0.plain_mut() = old.handle();
        self.0.inherit(old.0);
    }

    /// Never saved.
    pub(crate) fn is_new(&self) -> bool {
        self.handle() == 0
    }

    pub(crate) fn handle(&self) -> Handle {
        self.0.plain()
    }

    /// An operation is about to write the row, or what is below it.
    pub(crate) fn await_outcome(&mut self, outcome: &Arc<Outcome>) {
        self.0.await_outcome(outcome);
    }

    /// That of the last operation.
    pub(crate) fn outcome(&self) -> Option<&Arc<Outcome>> {
        self.0.outcome()
    }

    /// Nobody knows whether what was last written happened.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.0.is_in_doubt()
    }

    /// Copies the columns before the first change.
    pub(crate) fn touch(&mut self, table: &'static Table, row: &Erased) {
        if self.is_new() || self.is_touched() {
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
        *self.0.rest_mut() = Some(Touched {
            original,
            departure: None,
        });
    }

    /// A row that leaves its parent with its row in the database.
    pub(crate) fn depart(&mut self, table: &'static Table, row: &Erased, departure: Home) {
        self.touch(table, row);
        if let Some(touched) = self.touched_mut() {
            touched.departure.get_or_insert(departure);
        }
    }

    /// The row is back where it was.
    pub(crate) fn arrive(&mut self) {
        if let Some(touched) = self.touched_mut() {
            touched.departure = None;
        }
    }

    pub(crate) fn departure(&self) -> Option<Home> {
        self.touched()?.departure
    }

    /// Whether the row was borrowed mutably since it was loaded or saved.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched().is_some()
    }

    fn touched(&self) -> Option<&Touched> {
        self.0.rest().as_ref()
    }

    fn touched_mut(&mut self) -> Option<&mut Touched> {
        self.is_touched()
            .then(|| self.0.rest_mut())
            .and_then(Option::as_mut)
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
            plain: self.handle(),
            rest: Some(Touched {
                original,
                departure: touched.departure,
            }),
        };
        self.0.change(next, verdict);
    }

    /// Whether this transaction is in doubt concerns the row, though it wasn't written in it.
    pub(crate) fn share(&mut self, verdict: &Arc<Verdict>) {
        self.0.share(verdict);
    }

    /// The row is as the database has it now, unless a transaction is rolled back.
    pub(crate) fn settled(&mut self, verdict: Option<&Arc<Verdict>>) {
        let handle = if self.is_new() {
            next_handle()
        } else {
            self.handle()
        };
        let next = Record {
            plain: handle,
            rest: None,
        };
        self.0.change(next, verdict);
    }

    /// The key of the row as the database has it; `None` for a part that is unknown here.
    pub(crate) fn key(&self, table: &'static Table, row: &Erased) -> Vec<Option<Cell>> {
        let mut cells = Vec::new();
        (table.functions.view)(row, &mut |fields, _| {
            let key = table.key.iter().enumerate().map(|(part, &column)| {
                let cell = self.key_part(table, part, fields)?;
                Some((table.columns[column].codec.clone)(cell))
            });
            cells = key.collect();
        });
        cells
    }

    /// A part of it.
    pub(crate) fn key_part<'a>(
        &'a self,
        table: &'static Table,
        part: usize,
        fields: &[&'a Erased],
    ) -> Option<&'a Erased> {
        let cell = self.recorded(table, table.key[part], fields);
        (!cell.is::<Null>()).then_some(cell)
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
