//! Writing back, after the commit: keys, foreign keys and versions into the structs, and what is recorded into the handles.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::codec::{Cell, Erased};
use crate::entity::Parts;
use crate::graph::{Fate, Graph, Node};
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::{Home, RowState};
use crate::undo::Verdict;
use crate::values::Values;

/// What is written back, in the order of the graph's nodes; owned, so that the tree can be borrowed for writing.
pub(crate) struct Settled {
    rows: Vec<Settling>,
    /// By node: the key that others refer to, of those that others refer to.
    keys: Vec<Option<Vec<Cell>>>,
    /// Where those are held that aren't roots: what is held beside them is no part of what was saved.
    places: Vec<Place>,
}

/// Where a row is held.
struct Place {
    /// By which node.
    node: usize,
    relation: &'static RelationDef,
    position: usize,
}

/// What is written back into one row.
struct Settling {
    written: bool,
    /// Columns that the database has given.
    cells: Vec<(usize, Cell)>,
    /// The foreign key to the owner of a row that entered, and the owner.
    owner: Option<(&'static ForeignKey, usize)>,
    /// The foreign keys to what it holds, and the nodes.
    held: Vec<(&'static ForeignKey, usize)>,
    /// The foreign key to an owner that it left.
    cleared: Option<&'static ForeignKey>,
    /// The relations whose objects it lets go.
    let_go: Vec<usize>,
}

impl Settling {
    /// Nothing is written back into the row itself.
    fn is_quiet(&self) -> bool {
        let is_changed = self.written || self.cleared.is_some() || self.owner.is_some();
        !is_changed && self.cells.is_empty() && self.held.is_empty() && self.let_go.is_empty()
    }
}

pub(crate) fn settled(graph: &Graph<'_>, staged: Vec<Vec<(usize, Cell)>>) -> Settled {
    let values = Values::after(graph, staged);
    let mut keys: Vec<Option<Vec<Cell>>> = graph.nodes.iter().map(|_| None).collect();
    let mut rows: Vec<Settling> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let row = settling(node);
        for (_, target) in row.owner.iter().chain(&row.held) {
            keys[*target].get_or_insert_with(|| key(graph, &values, *target));
        }
        rows.push(row);
    }
    for (row, cells) in rows.iter_mut().zip(values.into_staged()) {
        row.cells = cells;
    }
    let place = |node: &Node<'_>| {
        let above = node.above()?;
        Some(Place {
            node: above.node,
            relation: above.relation,
            position: node.position(),
        })
    };
    let places = graph.nodes.iter().filter_map(place).collect();
    Settled { rows, keys, places }
}

fn settling(node: &Node<'_>) -> Settling {
    let owner = node.owner.filter(|_| node.fate.enters());
    let held = node.held.iter().filter(|_| !node.fate.is_keep());
    let relations = node.table.relations.iter().enumerate();
    let let_go = relations.filter(|(_, relation)| lets_go(node, relation));
    Settling {
        written: !node.fate.is_keep(),
        cells: Vec::new(),
        owner: owner.map(|owner| (owner.foreign_key, owner.node)),
        held: held.map(|held| (held.foreign_key, held.node)).collect(),
        cleared: match node.fate {
            Fate::Write { cleared, .. } => cleared,
            _ => None,
        },
        let_go: let_go.map(|(relation, _)| relation).collect(),
    }
}

fn lets_go(node: &Node<'_>, relation: &RelationDef) -> bool {
    relation.is_held()
        && relation
            .foreign_key(node.table)
            .is_some_and(|key| node.lets_go(key))
}

/// The key of a row, as others refer to it now.
fn key(graph: &Graph<'_>, values: &Values<'_, '_>, id: usize) -> Vec<Cell> {
    let table = graph.nodes[id].table;
    let parts = table.key.iter().enumerate();
    let parts = parts.filter_map(|(part, column)| {
        let cell = values.key_part(id, part)?;
        Some((crate::values::codec(table, *column).clone)(cell))
    });
    parts.collect()
}

/// Walks the trees in the order in which the graph was made.
pub(crate) fn settle<'t>(
    roots: impl IntoIterator<Item = (&'static Table, &'t mut Erased, &'t mut RowState)>,
    settled: Settled,
    verdict: Option<&Arc<Verdict>>,
) {
    let Settled { rows, keys, places } = settled;
    let mut queue: VecDeque<_> = roots.into_iter().collect();
    let mut roots = queue.len();
    let mut places = places.into_iter().peekable();
    for (node, row) in rows.into_iter().enumerate() {
        let Some((table, value, state)) = queue.pop_front() else {
            return;
        };
        let inserted = state.is_new();
        if row.written {
            state.settled(verdict);
        } else if let (true, Some(verdict)) = (roots > 0, verdict) {
            // What was written below a root is in doubt as long as the transaction is, and it is the root that is refreshed.
            state.share(verdict);
        }
        roots = roots.saturating_sub(1);
        if table.relations.is_empty() && row.is_quiet() {
            continue;
        }
        let mut parts = written(table, value, row.cells);
        for relation in row.let_go {
            parts.slots[relation].unload();
        }
        for (key, target) in row.owner.iter().chain(&row.held) {
            refer_to(table, &mut parts, key, keys[*target].as_deref());
        }
        if let Some(key) = row.cleared {
            refer_to(table, &mut parts, key, None);
        }
        for (relation, slot) in table.relations.iter().zip(parts.slots) {
            let Some(link) = slot.link_mut() else {
                continue;
            };
            let home = Home {
                parent: state.handle(),
                foreign_key: relation.foreign_key(table),
            };
            // Of a parent that was new, what is held is all.
            link.settled(home, inserted, verdict);
            let here =
                |place: &Place| place.node == node && std::ptr::eq(place.relation, relation);
            if places.peek().is_some_and(here) {
                let child = (relation.target)();
                let rows = slot.rows_mut().into_iter().enumerate();
                let saved = rows.filter(|(position, _)| {
                    let next = |place: &Place| here(place) && place.position == *position;
                    places.next_if(next).is_some()
                });
                queue.extend(saved.map(|(_, (value, state))| (child, value, state)));
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
