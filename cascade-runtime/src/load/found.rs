//! Rows of a table as they came: one by one, or each column as one array.

use std::any::Any;

use crate::backend::{Backend, Places, RowOf, elements, from_sqlx, unreadable};
use crate::codec::{Cell, Elements};
use crate::error::Error;
use crate::keys::Cells;
use crate::meta::Table;
use crate::read::ReadRow;
use crate::sql::Arm;

/// The rows of an arm.
pub(super) enum Found<DB: Backend> {
    Rows(Vec<DB::Row>),
    /// By column: where there are no rows, there are no arrays.
    Columns(Vec<Box<dyn Elements>>),
}

/// The rows of all arms: each that comes is those of one.
pub(super) fn united<DB: Backend>(
    arms: &[Arm],
    rows: impl Iterator<Item = DB::Row>,
) -> Result<Vec<Found<DB>>, Error> {
    let mut found: Vec<_> = arms.iter().map(|_| Found::Columns(Vec::new())).collect();
    for row in rows {
        let arm = DB::number(&row, 0).map_err(from_sqlx::<DB>)?;
        let arm = usize::try_from(arm).unwrap_or_default();
        let first = 1 + arms[..arm].iter().map(Arm::width).sum::<usize>();
        let columns = arms[arm].columns(arms);
        if !DB::is_null(&row, first).map_err(from_sqlx::<DB>)? {
            let columns = columns.zip(first..);
            let read = |((table, column), place)| elements::<DB>(table, column, &row, place);
            found[arm] = Found::Columns(columns.map(read).collect::<Result<_, _>>()?);
        }
    }
    Ok(found)
}

impl<DB: Backend> Found<DB> {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Columns(columns) => columns.first().map_or(0, |column| column.count()),
        }
    }

    /// Reads a row, whose columns begin there. It is read once more only if it is to be kept.
    pub(super) fn read<R>(
        &self,
        (row, keep): (usize, bool),
        first: usize,
        read: impl FnOnce(&dyn ReadRow) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.at((row, keep), Places::From(first), read)
    }

    /// The key of a row of `table`, whose parts are in these places.
    pub(super) fn key(
        &self,
        row: usize,
        table: &'static Table,
        places: impl IntoIterator<Item = usize>,
    ) -> Result<Cells, Error> {
        let parts = table.key.iter().zip(places);
        let parts = parts.map(|(&column, place)| {
            let cell = |from: &dyn ReadRow| -> Result<Cell, Error> {
                (table.columns[column].codec.read)(&mut |out| from.decode(table, column, out))
            };
            self.at((row, true), Places::At(place), cell).map(Some)
        });
        parts.collect()
    }

    fn at<R>(
        &self,
        (row, keep): (usize, bool),
        places: Places,
        read: impl FnOnce(&dyn ReadRow) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self {
            Self::Rows(rows) => read(&RowOf::<DB> {
                row: &rows[row],
                places,
            }),
            Self::Columns(columns) => read(&Across {
                columns,
                row,
                keep,
                places,
                unreadable: unreadable::<DB>,
            }),
        }
    }
}

/// A row whose columns are elements of arrays.
struct Across<'c> {
    columns: &'c [Box<dyn Elements>],
    row: usize,
    /// The row is read once more.
    keep: bool,
    places: Places,
    unreadable: fn(&'static Table, usize, sqlx::Error) -> Error,
}

impl Across<'_> {
    fn column(&self, column: usize) -> &dyn Elements {
        match self.places {
            Places::At(place) => &*self.columns[place],
            Places::From(first) => &*self.columns[first + column],
            Places::Named => &*self.columns[column],
        }
    }
}

impl ReadRow for Across<'_> {
    fn decode(&self, table: &'static Table, column: usize, out: &mut dyn Any) -> Result<(), Error> {
        let elements = self.column(column);
        // A key is read for a field, and for who holds it.
        let read = if self.keep || table.identifies(column) {
            elements.read(self.row, out)
        } else {
            elements.take(self.row, out)
        };
        read.map_err(|error| (self.unreadable)(table, column, error))
    }

    fn has(&self, _: &'static Table, _: usize) -> bool {
        true
    }

    fn is_null(&self, _: &'static Table, column: usize) -> Result<bool, Error> {
        Ok(self.column(column).is_null(self.row))
    }
}
