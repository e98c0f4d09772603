//! Binding the lists of a statement.

use crate::backend::{self, Backend, Own, from_sqlx};
use crate::codec::{Cell, Erased, Null};
use crate::error::{Error, ErrorKind};
use crate::exec::insert::read_cell;
use crate::meta::Table;
use crate::plan::{Action, Step, Tie};
use crate::sql::{Bind, Content, List, Statement};
use crate::values::{Values, codec};

/// The lists of a statement, bound.
pub(crate) fn arguments<DB: Backend>(
    statement: &Statement,
    values: &Values<'_, '_>,
) -> Result<DB::Arguments, Error> {
    let mut arguments = DB::Arguments::default();
    bind::<DB>(statement, values, &mut arguments)?;
    Ok(arguments)
}

/// Binds the lists of a statement behind what is bound already.
pub(super) fn bind<DB: Backend>(
    statement: &Statement,
    values: &Values<'_, '_>,
    arguments: &mut DB::Arguments,
) -> Result<(), Error> {
    for bind in &statement.binds {
        match bind {
            Bind::Rows(list) => {
                for (number, row) in list.rows.iter().enumerate() {
                    for cell in list.cells.iter().filter(|cell| cell.content.is_bound()) {
                        match cell.content {
                            Content::Column { side, column } => backend::bind::<DB>(
                                cell.codec,
                                values.cell(side, *row, column),
                                arguments,
                            )?,
                            Content::Key { part } => {
                                backend::bind::<DB>(cell.codec, values.key(*row, part), arguments)?;
                            }
                            Content::Mask { column } => {
                                DB::bind_own(Own::Flag(values.writes(*row, column)), arguments)
                                    .map_err(backend::encoding)?;
                            }
                            Content::Number => {
                                DB::bind_own(Own::Number(place(number)), arguments)
                                    .map_err(backend::encoding)?;
                            }
                            Content::Drawn { column, by } | Content::Place { column, by } => {
                                let drawn = values.place(*row, column, by).map(place);
                                DB::bind_own(Own::Place(drawn), arguments)
                                    .map_err(backend::encoding)?;
                            }
                        }
                    }
                }
            }
            Bind::Number(number) => {
                DB::bind_own(Own::Number(*number), arguments).map_err(backend::encoding)?;
            }
            Bind::Arrays(list) => arrays::<DB>(list, values, arguments)?,
        }
    }
    Ok(())
}

fn arrays<DB: Backend>(
    list: &List,
    values: &Values<'_, '_>,
    arguments: &mut DB::Arguments,
) -> Result<(), Error> {
    for cell in list.cells.iter().filter(|cell| cell.content.is_bound()) {
        let bound: Vec<Option<&Erased>> = match cell.content {
            Content::Column { side, column } => list
                .rows
                .iter()
                .map(|row| values.cell(side, *row, column))
                .collect(),
            Content::Key { part } => list.rows.iter().map(|row| values.key(*row, part)).collect(),
            Content::Mask { .. }
            | Content::Number
            | Content::Drawn { .. }
            | Content::Place { .. } => Vec::new(),
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
            Content::Drawn { column, by } | Content::Place { column, by } => {
                let rows = list.rows.iter();
                let places = rows.map(|row| values.place(*row, column, by).map(place));
                let places: Vec<Option<i64>> = places.collect();
                DB::bind_own(Own::Places(&places), arguments).map_err(backend::encoding)?;
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

/// Takes down what a step read of a row.
pub(super) fn take_down<DB: Backend>(
    step: &Step,
    row: &DB::Row,
    values: &mut Values<'_, '_>,
) -> Result<(), Error> {
    match &step.action {
        Action::Gather { set, columns, .. } => {
            if let (Some(target), Some(key)) = (
                target_of(step.table, columns),
                key::<DB>(step.table, columns, row)?,
            ) {
                values.gather_row(*set, target, key);
            }
        }
        Action::Trace { circle, .. } => {
            let place = DB::number(row, 0).map_err(from_sqlx::<DB>)?;
            let place = usize::try_from(place).unwrap_or_default();
            let Some(&(table, set)) = circle.tables.get(place) else {
                let message = "the trace of a delete has a row of a table that isn't in it";
                return Err(Error::new(ErrorKind::Database, message));
            };
            let key = own_key::<DB>(table, row, 1 + circle.first(place))?;
            values.gather_row(set, table, key);
        }
        Action::Tie { foreign_key, .. } => values.tie(Tie {
            table: step.table,
            foreign_key,
            holder: own_key::<DB>(step.table, row, 0)?,
            target: own_key::<DB>((foreign_key.target)(), row, step.table.key.len())?,
        }),
        _ => {}
    }
    Ok(())
}

/// The table that columns refer to.
fn target_of(table: &'static Table, columns: &[usize]) -> Option<&'static Table> {
    let column = *columns.first()?;
    let key = table.foreign_keys.iter().find(|key| key.has(column))?;
    Some((key.target)())
}

/// The key that some columns of a row refer to; `None` for NULL.
fn key<DB: Backend>(
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

/// The key of a row of `table`, whose columns begin there.
fn own_key<DB: Backend>(
    table: &'static Table,
    row: &DB::Row,
    first: usize,
) -> Result<Vec<Cell>, Error> {
    let key = table.key.iter().enumerate();
    key.map(|(part, &column)| read_cell::<DB>(table, column, row, first + part))
        .collect()
}
