//! Binding the lists of a statement.

use crate::backend::{self, Backend, Own, from_sqlx};
use crate::codec::{Cell, Erased, Null};
use crate::error::Error;
use crate::exec::insert::read_cell;
use crate::meta::Table;
use crate::plan::Circle;
use crate::sql::{Bind, Content, List, Statement};
use crate::values::{Values, codec};

/// Binds the lists of a statement.
pub(crate) fn arguments<DB: Backend>(
    statement: &Statement,
    values: &Values<'_, '_>,
) -> Result<DB::Arguments, Error> {
    let mut arguments = DB::Arguments::default();
    for bind in &statement.binds {
        match bind {
            Bind::Rows(list) => {
                for (number, row) in list.rows.iter().enumerate() {
                    for cell in &list.cells {
                        match cell.content {
                            Content::Column { side, column } => backend::bind::<DB>(
                                cell.codec,
                                values.cell(side, *row, column),
                                &mut arguments,
                            )?,
                            Content::Key { part } => backend::bind::<DB>(
                                cell.codec,
                                values.key(*row, part),
                                &mut arguments,
                            )?,
                            Content::Mask { column } => {
                                DB::bind_own(
                                    Own::Flag(values.writes(*row, column)),
                                    &mut arguments,
                                )
                                .map_err(backend::encoding)?;
                            }
                            Content::Number => {
                                DB::bind_own(Own::Number(place(number)), &mut arguments)
                                    .map_err(backend::encoding)?;
                            }
                        }
                    }
                }
            }
            Bind::Arrays(list) => arrays::<DB>(list, values, &mut arguments)?,
        }
    }
    Ok(arguments)
}

fn arrays<DB: Backend>(
    list: &List,
    values: &Values<'_, '_>,
    arguments: &mut DB::Arguments,
) -> Result<(), Error> {
    for cell in &list.cells {
        let bound: Vec<Option<&Erased>> = match cell.content {
            Content::Column { side, column } => list
                .rows
                .iter()
                .map(|row| values.cell(side, *row, column))
                .collect(),
            Content::Key { part } => list.rows.iter().map(|row| values.key(*row, part)).collect(),
            Content::Mask { .. } | Content::Number => Vec::new(),
        };
        match cell.content {
            Content::Column { .. } | Content::Key { .. } => {
                backend::bind_array::<DB>(cell.codec, &bound, arguments)?;
            }
            Content::Mask { column } => {
                let flags: Vec<bool> = list
                    .rows
                    .iter()
                    .map(|row| values.writes(*row, column))
                    .collect();
                DB::bind_own(Own::Flags(&flags), arguments).map_err(backend::encoding)?;
            }
            Content::Number => {
                let numbers: Vec<i64> = (0..place(list.rows.len())).collect();
                DB::bind_own(Own::Numbers(&numbers), arguments).map_err(backend::encoding)?;
            }
        }
    }
    Ok(())
}

/// A place in a list, as it is bound.
fn place(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The key that some columns of a row refer to; `None` for NULL.
pub(super) fn key<DB: Backend>(
    table: &'static Table,
    columns: &[usize],
    row: &DB::Row,
) -> Result<Option<Vec<Cell>>, Error> {
    let mut cells = Vec::with_capacity(columns.len());
    for (position, &column) in columns.iter().enumerate() {
        if DB::is_null(row, position).map_err(from_sqlx::<DB>)? {
            return Ok(None);
        }
        let cell = read_cell::<DB>(table, column, row, position)?;
        let key = table
            .foreign_keys
            .iter()
            .flat_map(|key| key.parts)
            .find(|part| part.column == column)
            .and_then(|part| (part.key)(&*cell));
        let codec = codec(table, column);
        cells.push(key.map_or_else(|| (codec.clone)(&Null), |key| (codec.clone)(key)));
    }
    Ok(Some(cells))
}

/// A row of a trace: its set, its table and its key.
pub(super) fn traced<DB: Backend>(
    circle: &Circle,
    row: &DB::Row,
) -> Result<(usize, &'static Table, Vec<Cell>), Error> {
    let place = DB::number(row, 0).map_err(from_sqlx::<DB>)?;
    let place = usize::try_from(place).unwrap_or_default();
    let (table, set) = circle.tables[place.min(circle.tables.len() - 1)];
    let first = 1 + circle.first(place);
    let key = table.key.iter().enumerate();
    let key = key.map(|(part, &column)| read_cell::<DB>(table, column, row, first + part));
    Ok((set, table, key.collect::<Result<_, _>>()?))
}
