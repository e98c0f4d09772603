//! Inserts: the keys that the database draws, and which row got which.

use crate::backend::{Answer, Backend, Own, Places, RowOf, encoding};
use crate::codec::Cell;
use crate::error::{Error, ErrorKind};
use crate::exec::{Cause, Wire, arguments, sends};
use crate::meta::{Generated, Table};
use crate::plan::Target;
use crate::read::ReadRow as _;
use crate::sql::Statement;
use crate::values::Values;

/// Draws keys by an expression where an insert can't tell which row got which.
pub(super) async fn draw<DB: Backend>(
    mut wire: Wire<'_, DB>,
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
    let statement = texts.draw(expression, missing.len());
    sends(table, "draw", Some(missing.len()), &statement.text);
    let rows = wire.fetch(statement.text, DB::Arguments::default()).await?;
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
    mut wire: Wire<'_, DB>,
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    mut returned: Answer<DB::Row>,
    values: &mut Values<'_, '_>,
) -> Result<(), Cause> {
    if returned.rows.is_empty() && !DB::texts().dialect.returns_rows() {
        returned.rows =
            read_again::<DB>(wire.lend(), table, (statement, returned.key), nodes, values).await?;
    }
    let reported = returned.key;
    let returned = returned.rows.as_slice();
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
        ranked::<DB>(wire, table, statement, nodes, (returned, reported), values).await?
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

/// Takes down the keys of rows that follow one whose key is known: `before` the first of them, and up to the one that the database reports.
///
/// # Errors
///
/// [`Cause::Uneven`] where the keys aren't those: something else has drawn some, too.
pub(super) fn computed(
    table: &'static Table,
    column: usize,
    nodes: &[usize],
    (before, last): (Option<i64>, i64),
    values: &mut Values<'_, '_>,
) -> Result<(), Cause> {
    let rows = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
    let first = last.wrapping_sub(rows);
    if before != Some(first) {
        return Err(Cause::Uneven);
    }
    for (node, key) in nodes.iter().zip(first + 1..) {
        let cell = table.columns[column].codec.number(key);
        values.stage(*node, column, cell.ok_or(Cause::Uneven)?);
    }
    Ok(())
}

/// Reads what an insert didn't give back: by the first of the keys that it drew, or by the keys that were known before.
async fn read_again<DB: Backend>(
    mut wire: Wire<'_, DB>,
    table: &'static Table,
    (statement, first): (&Statement, u64),
    nodes: &[usize],
    values: &Values<'_, '_>,
) -> Result<Vec<DB::Row>, Cause> {
    let texts = DB::texts();
    let mut drawn = table.key.iter().map(|column| &table.columns[*column]);
    let (again, arguments) = if drawn.all(|column| column.generated != Generated::Database) {
        let rows: Vec<Target> = nodes.iter().map(|node| Target::Node(*node)).collect();
        let again = texts.returned(statement, table, rows);
        let arguments = arguments::<DB>(&again, values)?;
        (again, arguments)
    } else {
        let again = texts.dialect.inserted(statement, table, nodes.len());
        let Some(again) = again.filter(|_| first > 0) else {
            let message = "this server doesn't say which key it has drawn by a default; let it draw the key by an expression in the annotation, or assign it yourself";
            return Err(Error::new(ErrorKind::Unsupported, message).into());
        };
        let mut arguments = DB::Arguments::default();
        for _ in 0..again.places {
            DB::bind_own(Own::Unsigned(first), &mut arguments).map_err(encoding)?;
        }
        (again, arguments)
    };
    sends(table, "read", Some(nodes.len()), &again.text);
    Ok(wire.fetch(again.text, arguments).await?)
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
    mut wire: Wire<'_, DB>,
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    (returned, reported): (&[DB::Row], u64),
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
    // The rows of a VALUES list are inserted in their order, and each takes a key above those before it, so the n-th key in order is the
    // n-th row's. The order of RETURNING guarantees nothing. Keys that leave gaps make us look whether they were drawn in another way.
    let mut keys = Vec::with_capacity(returned.len());
    for (index, row) in returned.iter().enumerate() {
        keys.push((DB::number(row, key)?, index));
    }
    keys.sort_unstable();
    let numbers: Vec<i64> = keys.iter().map(|(key, _)| *key).collect();
    if let Some(gaps) = DB::texts().dialect.gaps(table, &numbers, reported) {
        let refused = match gaps.look {
            None => true,
            Some(look) => {
                sends(table, "read", None, &look.text);
                let found = wire.fetch(look.text, DB::Arguments::default()).await?;
                !found.is_empty()
            }
        };
        if refused {
            return Err(Error::new(ErrorKind::Unsupported, gaps.message).into());
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

/// A column of a row, whose place is known.
pub(crate) fn read_cell<DB: Backend>(
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
