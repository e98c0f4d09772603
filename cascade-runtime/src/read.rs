//! Building structs from rows.

use std::any::Any;

use crate::belongs_to::Parent;
use crate::codec::{Cell, Erased};
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::meta::Table;

/// A row of some database, by the columns of a table.
pub(crate) trait ReadRow {
    /// Reads a column into the `Option<T>` behind `out`.
    fn decode(&self, table: &'static Table, column: usize, out: &mut dyn Any) -> Result<(), Error>;
    /// Whether the row has the column.
    fn has(&self, table: &'static Table, column: usize) -> bool;
    /// Whether a column is NULL.
    fn is_null(&self, table: &'static Table, column: usize) -> Result<bool, Error>;
}

/// What `Entity::read` builds a struct from.
pub struct Reader<'r> {
    table: &'static Table,
    row: &'r dyn ReadRow,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(table: &'static Table, row: &'r dyn ReadRow) -> Self {
        Self { table, row }
    }

    /// The value of a plain column.
    pub fn column<T: 'static>(&mut self, column: usize) -> Result<T, Error> {
        let mut value: Option<T> = None;
        self.row.decode(self.table, column, &mut value)?;
        value.ok_or_else(|| undecoded(self.table, column))
    }

    /// The value of a plain column, or `default` where the row doesn't have the column.
    pub fn column_or<T: 'static>(
        &mut self,
        column: usize,
        default: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        if self.row.has(self.table, column) {
            self.column(column)
        } else {
            Ok(default())
        }
    }

    /// A `BelongsTo`, or an `Option` of one, that points to the parent that the row refers to.
    pub fn belongs_to<H: Parent>(&mut self, foreign_key: usize) -> Result<H, Error> {
        let parts = self.table.foreign_keys[foreign_key].parts;
        let mut cells: Vec<Cell> = Vec::with_capacity(parts.len());
        for part in parts {
            if self.row.is_null(self.table, part.column)? {
                return H::from_parts(None).ok_or_else(|| undecoded(self.table, part.column));
            }
            cells.push(self.cell(part.column)?);
        }
        let keys: Option<Vec<_>> = parts
            .iter()
            .zip(&cells)
            .map(|(part, cell)| (part.key)(&**cell))
            .collect();
        H::from_parts(keys.as_deref()).ok_or_else(|| undecoded(self.table, parts[0].column))
    }

    /// The key of the row.
    ///
    /// By its columns, without the struct that is built from them: a struct leads rustc to all structs that it has relations to, and of a function
    /// that is generic over each of these there may be 128 on the way.
    pub(crate) fn key<T: Entity>(&mut self) -> Result<T::Key, Error> {
        let columns = self.table.key.iter();
        let cells = columns.map(|&column| self.cell(column));
        let cells: Vec<Cell> = cells.collect::<Result<_, _>>()?;
        let parts: Vec<&Erased> = cells.iter().map(|cell| &**cell).collect();
        T::key_from(&parts).ok_or_else(|| undecoded(self.table, self.table.key[0]))
    }

    fn cell(&self, column: usize) -> Result<Cell, Error> {
        let read = self.table.columns[column].codec.read;
        read(&mut |out| self.row.decode(self.table, column, out))
    }
}

fn undecoded(table: &'static Table, column: usize) -> Error {
    let column = &table.columns[column];
    let message = format!(
        "the column `{}` can't be read as `{}`",
        column.name,
        (column.codec.type_name)()
    );
    Error::new(ErrorKind::Database, message)
        .at(table.entity, format!("{}.{}", table.entity, column.field))
}
