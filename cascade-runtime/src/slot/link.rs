//! What is recorded about a relation: where it was loaded, how much of it is held, and what left it.

use std::sync::Arc;

use super::{Handle, Row, RowState, forget};
use crate::codec::{Cell, Erased, Null};
use crate::entity::Entity;
use crate::keys::ByKey;
use crate::meta::{ForeignKey, Table};
use crate::undo::{Record, Rest, Undoable, Verdict};

/// What a relation that isn't "not loaded" records beside its rows.
#[derive(Debug, Default)]
pub struct Link(Undoable<Home, Ties>);

/// Where a relation was loaded or saved.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Home {
    /// The parent; 0 for none yet.
    pub(crate) parent: Handle,
    /// The children's foreign key, known from then on.
    pub(crate) foreign_key: Option<&'static ForeignKey>,
}

impl PartialEq for Home {
    fn eq(&self, other: &Self) -> bool {
        self.parent == other.parent
            && self.foreign_key.map(std::ptr::from_ref) == other.foreign_key.map(std::ptr::from_ref)
    }
}

/// How a relation differs from the parent's rows in the database: by nothing, as long as all that it holds is as it was loaded.
#[derive(Debug, Default)]
pub struct Ties {
    /// The next save concerns all rows of the parent, loaded or not.
    pub(crate) whole: bool,
    /// The parent may have rows that are not held.
    pub(crate) partial: bool,
    /// Some rows come from a query of the user's: whether they are the parent's has to be checked.
    pub(crate) attached: bool,
    /// The rows that left since the last save, and those of which a rollback has undone the INSERT: see [`left()`](Self::left).
    pub(crate) left: Vec<Left>,
}

impl Rest for Ties {
    const NOTHING: &'static Self = &Self {
        whole: false,
        partial: false,
        attached: false,
        left: Vec::new(),
    };

    fn is_nothing(&self) -> bool {
        !(self.whole || self.partial || self.attached) && self.left.is_empty()
    }
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

    /// All rows that stay are held.
    fn complete(&mut self) {
        self.whole = false;
        self.partial = false;
    }
}

impl std::ops::Deref for Link {
    type Target = Ties;

    fn deref(&self) -> &Ties {
        self.0.rest()
    }
}

impl std::ops::DerefMut for Link {
    fn deref_mut(&mut self) -> &mut Ties {
        self.0.rest_mut()
    }
}

impl From<Ties> for Link {
    fn from(ties: Ties) -> Self {
        Self(Undoable::new(Home::default(), ties))
    }
}

impl Link {
    /// All rows of the parent with this handle are held.
    pub(crate) fn under(parent: Handle, foreign_key: &'static ForeignKey) -> Self {
        let home = Home {
            parent,
            foreign_key: Some(foreign_key),
        };
        Self(Undoable::new(home, Ties::default()))
    }

    /// Where it was loaded or saved.
    pub(crate) fn home(&self) -> Home {
        self.0.plain()
    }

    /// All rows of `parent` are known, but for what others added meanwhile.
    pub(crate) fn is_loaded_under(&self, parent: &RowState) -> bool {
        self.home().parent == parent.handle() && !self.partial
    }

    /// Concerns all rows that refer to `parent` by this key: what is not kept leaves.
    pub(crate) fn is_whole_under(&self, parent: &RowState, foreign_key: &ForeignKey) -> bool {
        let assigned = !self.is_of(parent, foreign_key) && !self.partial;
        !parent.is_new() && (self.whole || assigned)
    }

    /// It was loaded or saved under `parent`, as the relation of this key.
    pub(crate) fn is_of(&self, parent: &RowState, foreign_key: &ForeignKey) -> bool {
        let home = self.home();
        let mut keys = home.foreign_key.iter();
        home.parent == parent.handle() && keys.all(|key| std::ptr::eq(*key, foreign_key))
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
        self.whole = true;
        if let Some(before) = self.0.before_mut() {
            before.rest.whole = true;
        }
    }

    /// A child takes the one place that there is: of all rows of the parent, where they are unknown after a rollback.
    pub(crate) fn occupy(&mut self) {
        if let Some(before) = self.0.before_mut() {
            before.rest.whole |= before.rest.partial;
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
        let before = self.0.before_mut().map(|before| &mut before.rest);
        if let Some(before) = before.filter(|before| existed(before)) {
            before.left.push(left.clone());
        }
        self.left.push(left);
    }

    /// All rows of the parent are known from now on, but for what left: also after a rollback, where it isn't all of them that are to go then.
    pub(crate) fn loaded(&mut self, parent: Handle, foreign_key: &'static ForeignKey) {
        let home = Home {
            parent,
            foreign_key: Some(foreign_key),
        };
        let before = self.0.before_mut();
        if let Some(before) = before.filter(|before| before.rest.is_partial()) {
            before.plain = home;
            before.rest.complete();
        }
        *self.0.plain_mut() = home;
        if self.whole || self.partial {
            self.complete();
        }
    }

    /// This relation of the parent with this handle was read again, in the place of another link: a transaction that is open may undo what was
    /// recorded before it. Whether the rows are the parent's has to be checked then.
    pub(crate) fn inherit(&mut self, old: Option<&mut Self>, home: Handle) {
        self.0.plain_mut().parent = home;
        let Some(old) = old else { return };
        self.0.inherit(std::mem::take(&mut old.0));
        if let Some(before) = self.0.before_mut() {
            before.rest.attached = true;
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
    pub(crate) fn settled(&mut self, home: Home, all: bool, verdict: Option<&Arc<Verdict>>) {
        let expunged = self.left().filter(|left| left.is_expunged());
        let next = Record {
            plain: home,
            rest: Ties {
                partial: self.partial && !all && !self.whole,
                left: expunged.cloned().collect(),
                ..Ties::default()
            },
        };
        self.0.change(next, verdict);
    }

    /// All rows of `parent` left at once; if a transaction is rolled back, nothing is known of the relation.
    pub(crate) fn emptied(
        parent: &RowState,
        foreign_key: &'static ForeignKey,
        verdict: Option<&Arc<Verdict>>,
    ) -> Self {
        let link = |parent, partial| Record {
            plain: Home {
                parent,
                foreign_key: Some(foreign_key),
            },
            rest: Ties {
                partial,
                ..Ties::default()
            },
        };
        let home = parent.handle();
        // A parent whose INSERT is undone is new.
        let before = link(parent.insert().map_or(home, |_| 0), true);
        let mut emptied = Self(Undoable::new(before.plain, before.rest));
        emptied.0.change(link(home, false), verdict);
        emptied
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
            row.state.depart(T::table(), &row.value, self.home());
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
        let is_from_here = |left: Home| left.parent == 0 || left == self.home();
        if back.is_none() && departure.is_some_and(is_from_here) {
            // By its key: it has been read again since, under another handle.
            let mut returned = ByKey::new(T::table());
            returned.add(0, row.state.key(T::table(), &row.value));
            let is_it = |left: &Left| returned.find(&left.key(T::table())).is_some();
            back = self.take_back(|left| left.is_expunged() && is_it(left));
        }
        if back.is_some() && departure == Some(self.home()) {
            row.state.arrive();
        }
        row
    }

    /// Rows that had been expunged from here are back, under other handles.
    pub(crate) fn forget_expunged(&mut self, table: &'static Table, returned: &ByKey) {
        self.left
            .retain(|left| !left.is_expunged() || returned.find(&left.key(table)).is_none());
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
