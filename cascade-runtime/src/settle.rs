//! Writing back, after the commit: keys, foreign keys and versions into the structs, and what is recorded into the handles.

use std::collections::VecDeque;

use crate::codec::{Cell, Erased};
use crate::graph::{Fate, Graph};
use crate::meta::{ForeignKey, Table};
use crate::plan::Keys;
use crate::slot::{Leave, RowState};
use crate::values::Values;

/// What is written back into one row.
pub(crate) struct Settled {
    written: bool,
    /// Columns that the database has given.
    cells: Vec<(usize, Cell)>,
    /// The owner's key, in the foreign key of a row that entered.
    owner: Option<(&'static ForeignKey, Vec<Cell>)>,
    /// The foreign key of an owner that the row left.
    cleared: Option<&'static ForeignKey>,
}

/// What is written back, in the order of the graph's nodes; owned, so that the tree can be borrowed for writing.
pub(crate) fn settled(graph: &Graph<'_>, staged: Vec<Vec<(usize, Cell)>>) -> Vec<Settled> {
    let mut values = Values::new(graph, Keys::NONE);
    for (node, cells) in staged.iter().enumerate() {
        for (column, cell) in cells {
            let codec = &graph.nodes[node].table.columns[*column].codec;
            values.stage(node, *column, (codec.clone)(&**cell));
        }
    }
    let owners: Vec<_> = (0..graph.nodes.len())
        .map(|node| entered(graph, &values, node))
        .collect();
    let rows = graph.nodes.iter().zip(staged).zip(owners);
    rows.map(|((node, cells), owner)| {
        let cleared = if let Fate::Write { cleared, .. } = node.fate {
            cleared
        } else {
            None
        };
        Settled {
            written: !node.fate.is_keep(),
            cells,
            owner,
            cleared,
        }
    })
    .collect()
}

fn entered(
    graph: &Graph<'_>,
    values: &Values<'_, '_>,
    id: usize,
) -> Option<(&'static ForeignKey, Vec<Cell>)> {
    let node = &graph.nodes[id];
    let owner = node.owner.filter(|_| node.fate.enters())?;
    let parent = graph.nodes[owner.node].table;
    let key = parent.key.iter().enumerate().filter_map(|(part, column)| {
        let cell = values.key_part(owner.node, part)?;
        Some((crate::values::codec(parent, *column).clone)(cell))
    });
    Some((owner.foreign_key, key.collect()))
}

/// Walks the trees in the order in which the graph was made.
pub(crate) fn settle<'t>(
    roots: impl IntoIterator<Item = (&'static Table, &'t mut Erased, &'t mut RowState)>,
    rows: Vec<Settled>,
) {
    let mut queue: VecDeque<_> = roots.into_iter().collect();
    let mut rows = rows.into_iter();
    while let Some((table, value, state)) = queue.pop_front() {
        let Some(row) = rows.next() else { return };
        if row.written {
            state.settled();
        }
        let mut parts = (table.functions.visit)(value);
        for (column, cell) in row.cells {
            let column = &table.columns[column];
            (column.codec.write)(parts.fields[column.slot], cell);
        }
        if let Some((key, cells)) = &row.owner {
            let cells: Vec<&Erased> = cells.iter().map(|cell| &**cell).collect();
            refer(table, &mut parts.fields, key, Some(&cells));
        }
        if let Some(key) = row.cleared {
            refer(table, &mut parts.fields, key, None);
        }
        for (relation, slot) in table.relations.iter().zip(parts.slots) {
            let Some(link) = slot.link_mut() else {
                continue;
            };
            link.home = state.handle();
            link.foreign_key = relation.foreign_key(table);
            link.whole = false;
            link.left.retain(|left| matches!(left.how, Leave::Expunged));
            if relation.cascade.save_update {
                let child = (relation.target)();
                queue.extend(
                    slot.rows_mut()
                        .into_iter()
                        .map(|(value, state)| (child, value, state)),
                );
            }
        }
    }
}

/// Points a foreign key to the row with these key parts, or to none.
pub(crate) fn refer(
    table: &'static Table,
    fields: &mut [&mut Erased],
    key: &ForeignKey,
    parts: Option<&[&Erased]>,
) {
    if let Some(holder) = key.holder {
        (holder.set)(fields[key.slot], parts);
    }
    for (index, part) in key.parts.iter().enumerate() {
        if parts.is_some() || !part.shared {
            (part.assign)(
                fields[table.columns[part.column].slot],
                parts.and_then(|parts| parts.get(index).copied()),
            );
        }
    }
}
