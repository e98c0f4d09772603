//! Inserts: the keys that the database draws, and which row got which.

use crate::backend::{Backend, Places, RowOf};
use crate::codec::Cell;
use crate::error::{Error, ErrorKind};
use crate::exec::{Cause, sends};
use crate::meta::{Generated, Table};
use crate::read::ReadRow as _;
use crate::sql::{self, Statement};
use crate::values::Values;

/// Draws keys by an expression where an insert can't tell which row got which.
pub(super) async fn draw<DB: Backend>(
    connection: &mut DB::Connection,
    table: &'static Table,
    nodes: &[usize],
    values: &mut Values<'_, '_>,
) -> Result<(), Cause> {
    let texts = DB::texts();
    let drawn = |column: &usize| match table.columns[*column].generated {
        Generated::Expression(expression) if texts.dialect.draws_keys() => {
            Some((*column, expression))
        }
        _ => None,
    };
    let Some((column, expression)) = table.key.iter().find_map(drawn) else {
        return Ok(());
    };
    let missing = nodes.iter().filter(|node| !values.has(**node, column));
    let missing: Vec<usize> = missing
        .copied()
        .take(texts.dialect.chunk(&[], nodes.len()))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let statement = sql::draw(expression, missing.len());
    sends(table, "draw", Some(missing.len()), &statement.text);
    let rows = DB::fetch(connection, statement.text, DB::Arguments::default()).await?;
    for (node, row) in missing.iter().zip(&rows) {
        let cell = read_cell::<DB>(table, column, row, 0)?;
        values.stage(*node, column, cell);
    }
    Ok(())
}

/// Takes down keys that were drawn for rows.
pub(super) fn drawn<DB: Backend>(
    table: &'static Table,
    column: usize,
    nodes: &[usize],
    rows: &[DB::Row],
    values: &mut Values<'_, '_>,
) -> Result<(), Cause> {
    for (node, row) in nodes.iter().zip(rows) {
        values.stage(*node, column, read_cell::<DB>(table, column, row, 0)?);
    }
    Ok(())
}

/// Matches what an insert returned to the rows that it inserted.
pub(super) async fn matched<DB: Backend>(
    connection: &mut DB::Connection,
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    returned: &[DB::Row],
    values: &mut Values<'_, '_>,
) -> Result<(), Cause> {
    if returned.len() != nodes.len() {
        let message = "the insert gave back another number of rows than it was given; a trigger or a rule of the table swallows them";
        return Err(Cause::Ours(Error::new(ErrorKind::Database, message)));
    }
    let first = usize::from(statement.numbered);
    let order = if statement.numbered {
        let numbers = returned
            .iter()
            .map(|row| Ok(usize::try_from(DB::number(row, 0)?).unwrap_or(usize::MAX)));
        numbers.collect::<Result<Vec<usize>, sqlx::Error>>()?
    } else {
        ranked::<DB>(connection, table, statement, nodes, returned, values).await?
    };
    for (row, number) in returned.iter().zip(order) {
        let Some(node) = nodes.get(number) else {
            continue;
        };
        for (position, column) in statement.returns.iter().enumerate() {
            let cell = read_cell::<DB>(table, *column, row, first + position)?;
            values.stage(*node, *column, cell);
        }
    }
    Ok(())
}

/// Takes down what the database has given rows whose keys are known.
pub(super) fn reread<DB: Backend>(
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    returned: &[DB::Row],
    values: &mut Values<'_, '_>,
) -> Result<(), Cause> {
    let order = by_key::<DB>(table, statement, nodes, returned, values)?;
    for (row, number) in returned.iter().zip(order) {
        let columns = statement.returns.iter().enumerate();
        for (position, column) in columns.skip(table.key.len()) {
            let cell = read_cell::<DB>(table, *column, row, position)?;
            values.stage(nodes[number], *column, cell);
        }
    }
    Ok(())
}

/// The number, in the list, of each row that came back without one.
async fn ranked<DB: Backend>(
    connection: &mut DB::Connection,
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    returned: &[DB::Row],
    values: &Values<'_, '_>,
) -> Result<Vec<usize>, Cause> {
    if let [_] = nodes {
        return Ok(vec![0]);
    }
    let key = statement.returns.iter().position(|column| {
        table.columns[*column].generated == Generated::Database && table.columns[*column].key
    });
    let Some(key) = key else {
        return by_key::<DB>(table, statement, nodes, returned, values);
    };
    // The rows of a VALUES list are inserted in their order, and each takes a rowid above every one in the table, so the n-th key in
    // order is the n-th row's. The order of RETURNING guarantees nothing. Only where the largest rowid there can be is taken, keys are
    // drawn at random: keys that don't follow each other make us look.
    let mut keys = Vec::with_capacity(returned.len());
    for (index, row) in returned.iter().enumerate() {
        keys.push((DB::number(row, key)?, index));
    }
    keys.sort_unstable();
    let consecutive = keys
        .windows(2)
        .all(|pair| pair[1].0.wrapping_sub(pair[0].0) == 1);
    if !consecutive {
        let statement = DB::texts().largest_rowid(table);
        sends(table, "read", None, &statement.text);
        if !DB::fetch(connection, statement.text, DB::Arguments::default())
            .await?
            .is_empty()
        {
            let message = "the largest rowid is taken, so that SQLite draws keys at random; insert one row at a time, or assign keys yourself";
            return Err(Cause::Ours(Error::new(ErrorKind::Unsupported, message)));
        }
    }
    let mut order = vec![0; keys.len()];
    for (rank, (_, index)) in keys.into_iter().enumerate() {
        order[index] = rank;
    }
    Ok(order)
}

/// Matches rows by the keys that the application gave them.
fn by_key<DB: Backend>(
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    returned: &[DB::Row],
    values: &Values<'_, '_>,
) -> Result<Vec<usize>, Cause> {
    let positions: Vec<(usize, usize)> = table
        .key
        .iter()
        .filter_map(|column| {
            Some((
                *column,
                statement
                    .returns
                    .iter()
                    .position(|returned| returned == column)?,
            ))
        })
        .collect();
    let mut order = Vec::with_capacity(returned.len());
    for (index, row) in returned.iter().enumerate() {
        let mut cells = Vec::with_capacity(positions.len());
        for (column, position) in &positions {
            cells.push((*column, read_cell::<DB>(table, *column, row, *position)?));
        }
        let same = |node: &usize| {
            cells
                .iter()
                .all(|(column, cell)| values.is(*node, *column, &**cell))
        };
        // They come in the order of the list as a rule.
        let found = if nodes.get(index).is_some_and(same) {
            Some(index)
        } else {
            nodes.iter().position(same)
        };
        order.push(found.ok_or_else(|| {
            Error::new(
                ErrorKind::Database,
                "the insert gave back a row with another key than it was given",
            )
        })?);
    }
    Ok(order)
}

pub(super) fn read_cell<DB: Backend>(
    table: &'static Table,
    column: usize,
    row: &DB::Row,
    position: usize,
) -> Result<Cell, Error> {
    let reader = RowOf::<DB> {
        row,
        places: Places::At(position),
    };
    (table.columns[column].codec.read)(&mut |out| reader.decode(table, column, out))
}
