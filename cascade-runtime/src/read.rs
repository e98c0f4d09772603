//! Building structs from rows.

use std::any::Any;

use crate::belongs_to::Parent;
use crate::codec::Cell;
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
            let read = self.table.columns[part.column].codec.read;
            cells.push(read(&mut |out| {
                self.row.decode(self.table, part.column, out)
            })?);
        }
        let keys: Option<Vec<_>> = parts
            .iter()
            .zip(&cells)
            .map(|(part, cell)| (part.key)(&**cell))
            .collect();
        H::from_parts(keys.as_deref()).ok_or_else(|| undecoded(self.table, parts[0].column))
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
