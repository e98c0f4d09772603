//! What a handle and a wrapper record: the state of a row, and what a relation holds and lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::codec::{Cell, Erased, Null};
use crate::entity::Entity;
use crate::error::Error;
use crate::keys::ByKey;
use crate::meta::{ForeignKey, Table};
use crate::read::Reader;
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
            record: Undoable::new(Record {
                handle: next_handle(),
                touched: None,
            }),
            outcome: Outcome::default(),
        }
    }

    /// The transaction that is open and may undo the INSERT of the row.
    fn insert(&self) -> Option<&Arc<Verdict>> {
        let (was, verdict) = self.record.before()?;
        (was.handle == 0).then_some(verdict)
    }

    /// The transaction that is open and may undo that the row came here: its INSERT, or its move.
    fn arrival(&self) -> Option<&Arc<Verdict>> {
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
pub struct Link(Undoable<Ties>);

/// How a relation stands to the parent's rows in the database.
#[derive(Debug, Default)]
pub struct Ties {
    /// The parent that the relation was loaded or saved under; 0 for none yet.
    pub(crate) home: Handle,
    /// The children's foreign key, known from then on.
    pub(crate) foreign_key: Option<&'static ForeignKey>,
    /// The next save concerns all rows of the parent, loaded or not.
    pub(crate) whole: bool,
    /// The parent may have rows that are not held.
    pub(crate) partial: bool,
    /// Some rows come from a query of the user's: whether they are the parent's has to be checked.
    pub(crate) attached: bool,
    /// The rows that left since the last save, and those of which a rollback has undone the INSERT: see [`left()`](Self::left).
    pub(crate) left: Vec<Left>,
}

impl Ties {
    /// The parent may have rows that are not held, and that stay.
    pub(crate) fn is_partial(&self) -> bool {
        self.partial && !self.whole
    }

    /// The rows that left since the last save.
    pub(crate) fn left(&self) -> impl Iterator<Item = &Left> {
        self.left.iter().filter(|left| !left.is_undone())
    }
}

impl std::ops::Deref for Link {
    type Target = Ties;

    fn deref(&self) -> &Ties {
        self.0.get()
    }
}

impl std::ops::DerefMut for Link {
    fn deref_mut(&mut self) -> &mut Ties {
        self.0.get_mut()
    }
}

impl From<Ties> for Link {
    fn from(ties: Ties) -> Self {
        Self(Undoable::new(ties))
    }
}

impl Link {
    /// All rows of `parent` are known, but for what others added meanwhile.
    pub(crate) fn is_loaded_under(&self, parent: &RowState) -> bool {
        self.home == parent.handle() && !self.partial
    }

    /// Concerns all rows that refer to `parent` by this key: what is not kept leaves.
    pub(crate) fn is_whole_under(&self, parent: &RowState, foreign_key: &ForeignKey) -> bool {
        let assigned = !self.is_of(parent, foreign_key) && !self.partial;
        !parent.is_new() && (self.whole || assigned)
    }

    /// It was loaded or saved under `parent`, as the relation of this key.
    pub(crate) fn is_of(&self, parent: &RowState, foreign_key: &ForeignKey) -> bool {
        let mut keys = self.foreign_key.iter();
        self.home == parent.handle() && keys.all(|key| std::ptr::eq(*key, foreign_key))
    }

    /// Nothing is known yet of a relation that is about to hold something.
    pub(crate) fn partial() -> Self {
        Self::from(Ties {
            partial: true,
            ..Ties::default()
        })
    }

    /// All rows of the parent leave, loaded or not.
    pub(crate) fn whole() -> Self {
        Self::from(Ties {
            whole: true,
            ..Ties::default()
        })
    }

    /// All rows of the parent leave, also if a transaction is rolled back in which the relation was saved.
    pub(crate) fn clear(&mut self) {
        let (now, before) = self.0.both_mut();
        for ties in std::iter::once(now).chain(before) {
            ties.whole = true;
        }
    }

    /// A child takes the one place that there is: of all rows of the parent, where they are unknown after a rollback.
    pub(crate) fn occupy(&mut self) {
        if let (_, Some(before)) = self.0.both_mut() {
            before.whole |= before.partial;
        }
    }

    /// A row left. It is gone for a rollback too, if it was here before the transaction.
    fn leave(&mut self, mut left: Left, state: &RowState) {
        left.arrival = state.arrival().cloned();
        let was_here = left.arrival.is_none();
        self.lose(left, |_| was_here);
    }

    /// A link is to go. One whose INSERT may be undone may have been there before it: nobody knows, and it goes in any case.
    pub(crate) fn unlink(&mut self, mut left: Left, state: &RowState) {
        let known = state.insert().is_none();
        if !known {
            left.handle = 0;
        }
        self.lose(left, |before| known || before.partial);
    }

    /// Records what left; also for a rollback, where it may have been there before.
    fn lose(&mut self, left: Left, existed: impl FnOnce(&Ties) -> bool) {
        let (now, before) = self.0.both_mut();
        if let Some(before) = before.filter(|before| existed(before)) {
            before.left.push(left.clone());
        }
        now.left.push(left);
    }

    /// All rows of the parent are known from now on, but for what left: also after a rollback, where it isn't all of them that are to go then.
    pub(crate) fn loaded(&mut self, home: Handle, foreign_key: &'static ForeignKey) {
        let (now, before) = self.0.both_mut();
        let before = before.filter(|before| before.is_partial());
        for ties in std::iter::once(now).chain(before) {
            ties.home = home;
            ties.foreign_key = Some(foreign_key);
            ties.whole = false;
            ties.partial = false;
        }
    }

    /// This relation of the parent with this handle was read again, in the place of another link: a transaction that is open may undo what was
    /// recorded before it. Whether the rows are the parent's has to be checked then.
    pub(crate) fn inherit(&mut self, old: Option<&mut Self>, home: Handle) {
        self.home = home;
        let Some(old) = old else { return };
        self.0.inherit(std::mem::take(&mut old.0));
        if let (_, Some(before)) = self.0.both_mut() {
            before.attached = true;
        }
    }

    /// Takes back the first row that left and is like this.
    pub(crate) fn take_back(&mut self, is_it: impl Fn(&Left) -> bool) -> Option<Left> {
        let back = self
            .left
            .iter()
            .position(|left| !left.is_undone() && is_it(left))?;
        Some(self.left.swap_remove(back))
    }

    /// What was pending is written, unless a transaction is rolled back; `all` rows of the parent are held.
    pub(crate) fn settled(
        &mut self,
        home: Handle,
        foreign_key: Option<&'static ForeignKey>,
        all: bool,
        verdict: Option<&Arc<Verdict>>,
    ) {
        let expunged = self.left().filter(|left| left.is_expunged());
        let next = Ties {
            home,
            foreign_key,
            whole: false,
            partial: self.partial && !all && !self.whole,
            attached: false,
            left: expunged.cloned().collect(),
        };
        self.0.change(next, verdict);
    }

    /// All rows of `parent` left at once; if a transaction is rolled back, nothing is known of the relation.
    pub(crate) fn emptied(
        parent: &RowState,
        foreign_key: &'static ForeignKey,
        verdict: Option<&Arc<Verdict>>,
    ) -> Self {
        let ties = |home, partial| Ties {
            home,
            foreign_key: Some(foreign_key),
            partial,
            ..Ties::default()
        };
        let home = parent.handle();
        // A parent whose INSERT is undone is new.
        let before = parent.insert().map_or(home, |_| 0);
        let mut link = Self::from(ties(before, true));
        link.0.change(ties(home, false), verdict);
        link
    }
}

impl Link {
    /// Takes leave of a row: what identifies it stays here until the next save.
    ///
    /// A row that was never saved leaves no trace, and one that was adopted since the last save stays with its old owner.
    pub(crate) fn dismiss<T: Entity>(&mut self, row: Row<T>) -> T {
        self.dismiss_from(T::table(), row)
    }

    /// The same for a row of this table.
    pub(crate) fn dismiss_from<T: Send + Sync + 'static>(
        &mut self,
        table: &'static Table,
        mut row: Row<T>,
    ) -> T {
        let here = !row.state.is_new() && row.state.departure().is_none();
        let cells = here.then(|| row.state.identity(table, &row.value));
        let expunged = forget(table, &mut row.value);
        if let Some(cells) = cells {
            let how = Leave::Removed { expunged };
            let left = Left::new(row.state.handle(), how, cells);
            self.leave(left, &row.state);
        }
        row.value
    }

    /// Lets a row go with its row in the database.
    pub(crate) fn expunge<T: Entity>(&mut self, mut row: Row<T>) -> Row<T> {
        if !row.state.is_new() && row.state.departure().is_none() {
            let cells = row.state.identity(T::table(), &row.value);
            let left = Left::new(row.state.handle(), Leave::Expunged, cells);
            self.leave(left, &row.state);
            row.state.depart(T::table(), &row.value, self.departure());
        }
        row
    }

    /// Takes a row in; one that was expunged from here, and was nowhere else since, is back as if nothing had been.
    pub(crate) fn adopt<T: Entity>(&mut self, mut row: Row<T>) -> Row<T> {
        if row.state.is_new() {
            return row;
        }
        let handle = row.state.handle();
        let mut back = self.take_back(|left| left.is_expunged() && left.handle == handle);
        let departure = row.state.departure();
        let is_from_here = |left: Departure| left.from == 0 || left == self.departure();
        if back.is_none() && departure.is_some_and(is_from_here) {
            // By its key: it has been read again since, under another handle.
            let mut returned = ByKey::new(T::table());
            returned.add(0, row.state.key(T::table(), &row.value));
            let is_it = |left: &Left| returned.find(&left.key(T::table())).is_some();
            back = self.take_back(|left| left.is_expunged() && is_it(left));
        }
        if back.is_some() && departure == Some(self.departure()) {
            row.state.arrive();
        }
        row
    }

    /// Rows that had been expunged from here are back, under other handles.
    pub(crate) fn forget_expunged(&mut self, table: &'static Table, returned: &ByKey) {
        self.left
            .retain(|left| !left.is_expunged() || returned.find(&left.key(table)).is_none());
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
#[derive(Debug, Clone)]
pub(crate) struct Left {
    pub(crate) handle: Handle,
    pub(crate) how: Leave,
    /// The transaction that may undo that the row came here: then there is none that left.
    arrival: Option<Arc<Verdict>>,
    /// What identifies the row, by column.
    pub(crate) cells: Arc<[Option<Cell>]>,
}

impl Left {
    pub(crate) fn new(handle: Handle, how: Leave, cells: Vec<Option<Cell>>) -> Self {
        Self {
            handle,
            how,
            arrival: None,
            cells: cells.into(),
        }
    }

    /// The row stays as it is until it is adopted; else its relation's cascade decides.
    pub(crate) fn is_expunged(&self) -> bool {
        matches!(self.how, Leave::Expunged)
    }

    fn is_undone(&self) -> bool {
        self.arrival
            .as_ref()
            .is_some_and(|arrival| arrival.is_undone())
    }

    /// A column of the row. What is kept are the last columns of the table: of a link, those of the target.
    pub(crate) fn cell(&self, table: &Table, column: usize) -> Option<&Erased> {
        let first = table.columns.len() - self.cells.len();
        let cell = self.cells.get(column.checked_sub(first)?)?.as_deref();
        cell.filter(|cell| !cell.is::<Null>())
    }

    /// The key of the row.
    pub(crate) fn key(&self, table: &'static Table) -> Vec<Option<Cell>> {
        let part = |&column: &usize| {
            let cell = self.cell(table, column)?;
            Some((table.columns[column].codec.clone)(cell))
        };
        table.key.iter().map(part).collect()
    }
}

/// How a row left.
#[derive(Debug, Clone)]
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
        let parts = (table.functions.visit)(row);
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
