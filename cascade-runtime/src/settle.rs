//! Writing back, after the commit: keys, foreign keys and versions into the structs, and what is recorded into the handles.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::codec::{Cell, Erased};
use crate::entity::Parts;
use crate::graph::{Fate, Graph, Node};
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::plan::Keys;
use crate::slot::RowState;
use crate::undo::Verdict;
use crate::values::Values;

/// What is written back into one row.
pub(crate) struct Settled {
    written: bool,
    /// Columns that the database has given.
    cells: Vec<(usize, Cell)>,
    /// The keys that its foreign keys have now; `None` for an owner that it left.
    keys: Vec<(&'static ForeignKey, Option<Vec<Cell>>)>,
    /// The relations whose objects it lets go.
    let_go: Vec<usize>,
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
    let keys: Vec<_> = (0..graph.nodes.len())
        .map(|node| keys(graph, &values, node))
        .collect();
    let rows = graph.nodes.iter().zip(staged).zip(keys);
    rows.map(|((node, cells), keys)| Settled {
        written: !node.fate.is_keep(),
        cells,
        keys,
        let_go: (0..node.table.relations.len())
            .filter(|&relation| lets_go(node, &node.table.relations[relation]))
            .collect(),
    })
    .collect()
}

fn lets_go(node: &Node<'_>, relation: &RelationDef) -> bool {
    let key = relation.foreign_key(node.table);
    relation.is_held() && key.is_some_and(|key| node.lets_go(key))
}

/// The foreign keys that a save has set: to the owner of a row that entered, to what the row holds, and to an owner that it left.
fn keys(
    graph: &Graph<'_>,
    values: &Values<'_, '_>,
    id: usize,
) -> Vec<(&'static ForeignKey, Option<Vec<Cell>>)> {
    let node = &graph.nodes[id];
    let owner = node.owner.filter(|_| node.fate.enters());
    let owner = owner.map(|owner| (owner.foreign_key, owner.node));
    let held = node.held.iter().filter(|_| !node.fate.is_keep());
    let set = owner
        .into_iter()
        .chain(held.map(|held| (held.foreign_key, held.node)));
    let set = set.map(|(foreign_key, target)| {
        let table = graph.nodes[target].table;
        let key = table.key.iter().enumerate().filter_map(|(part, column)| {
            let cell = values.key_part(target, part)?;
            Some((crate::values::codec(table, *column).clone)(cell))
        });
        (foreign_key, Some(key.collect()))
    });
    let cleared = match node.fate {
        Fate::Write { cleared, .. } => cleared,
        _ => None,
    };
    set.chain(cleared.map(|key| (key, None))).collect()
}

/// Walks the trees in the order in which the graph was made.
pub(crate) fn settle<'t>(
    roots: impl IntoIterator<Item = (&'static Table, &'t mut Erased, &'t mut RowState)>,
    rows: Vec<Settled>,
    verdict: Option<&Arc<Verdict>>,
) {
    let mut queue: VecDeque<_> = roots.into_iter().collect();
    let mut roots = queue.len();
    let mut rows = rows.into_iter();
    while let Some((table, value, state)) = queue.pop_front() {
        let Some(row) = rows.next() else { return };
        let inserted = state.is_new();
        if row.written {
            state.settled(verdict);
        } else if let (true, Some(verdict)) = (roots > 0, verdict) {
            // What was written below a root is in doubt as long as the transaction is, and it is the root that is refreshed.
            state.share(verdict);
        }
        roots = roots.saturating_sub(1);
        let mut parts = written(table, value, row.cells);
        for relation in row.let_go {
            parts.slots[relation].unload();
        }
        for (key, cells) in &row.keys {
            refer_to(table, &mut parts, key, cells.as_deref());
        }
        for (relation, slot) in table.relations.iter().zip(parts.slots) {
            let Some(link) = slot.link_mut() else {
                continue;
            };
            let foreign_key = relation.foreign_key(table);
            // Of a parent that was new, what is held is all.
            link.settled(state.handle(), foreign_key, inserted, verdict);
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

/// Writes what the database gave into the fields of a row.
pub(crate) fn written<'r>(
    table: &'static Table,
    row: &'r mut Erased,
    cells: Vec<(usize, Cell)>,
) -> Parts<'r> {
    let mut parts = (table.functions.visit)(row);
    for (column, cell) in cells {
        let column = &table.columns[column];
        (column.codec.write)(parts.fields[column.slot], cell);
    }
    parts
}

/// Points a foreign key to the row with these key parts, or to none.
pub(crate) fn refer(
    table: &'static Table,
    row: &mut Parts<'_>,
    key: &ForeignKey,
    parts: Option<&[&Erased]>,
) {
    if let Some(slot) = table.holder_of(key) {
        row.slots[slot].refer(parts);
    }
    for (index, part) in key.parts.iter().enumerate() {
        let slot = table.columns[part.column].slot;
        // A column that a `BelongsTo` holds by itself has no field of its own.
        if let (true, Some(field)) = (parts.is_some() || !part.shared, row.fields.get_mut(slot)) {
            (part.assign)(*field, parts.and_then(|parts| parts.get(index).copied()));
        }
    }
}

/// The same, with parts that are owned.
pub(crate) fn refer_to(
    table: &'static Table,
    row: &mut Parts<'_>,
    key: &ForeignKey,
    parts: Option<&[Cell]>,
) {
    let parts: Option<Vec<&Erased>> = parts.map(|parts| parts.iter().map(|cell| &**cell).collect());
    refer(table, row, key, parts.as_deref());
}
