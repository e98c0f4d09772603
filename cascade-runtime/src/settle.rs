//! Writing back, after the commit: keys, foreign keys and versions into the structs, and what is recorded into the handles.

use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::codec::{Cell, Erased};
use crate::entity::Parts;
use crate::graph::{Fate, Graph, Node};
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::{Home, RowState};
use crate::staged::{Given, Staged};
use crate::undo::Verdict;
use crate::values::Values;

/// What is written back, in the order of the graph's nodes; owned, so that the tree can be borrowed for writing.
///
/// There may be many rows: what they have is in one block of memory each.
pub(crate) struct Settled {
    rows: Vec<Settling>,
    /// What the database has given, node by node.
    given: Vec<Given>,
    /// The keys that others refer to.
    keys: Vec<Cell>,
    /// Where those are held that aren't roots: what is held beside them is no part of what was saved.
    places: Vec<Place>,
}

/// What is written back into one row.
struct Settling {
    written: bool,
    /// The foreign key to the owner of a row that entered, and where its key is.
    owner: Option<(&'static ForeignKey, Range<usize>)>,
    rare: Option<Box<Rare>>,
}

/// What is written back into few rows.
struct Rare {
    /// The foreign keys to what it holds, and where their keys are.
    held: Vec<(&'static ForeignKey, Range<usize>)>,
    /// The foreign key to an owner that it left.
    cleared: Option<&'static ForeignKey>,
    /// The relations whose objects it lets go.
    let_go: Vec<usize>,
}

/// Where a row is held.
struct Place {
    /// By which node.
    node: usize,
    relation: &'static RelationDef,
    position: usize,
}

impl Settling {
    fn settle(self, table: &'static Table, row: &mut Parts<'_>, keys: &[Cell]) {
        let rare = self.rare.as_deref();
        for relation in rare.iter().flat_map(|rare| &rare.let_go) {
            row.slots[*relation].unload();
        }
        let held = rare.iter().flat_map(|rare| &rare.held);
        for (key, target) in self.owner.iter().chain(held) {
            refer(table, row, key, Some(&keys[target.clone()]));
        }
        if let Some(key) = rare.and_then(|rare| rare.cleared) {
            refer::<Cell>(table, row, key, None);
        }
    }
}

/// The keys that others refer to, each once.
struct Referred<'v, 'g, 'a> {
    graph: &'v Graph<'a>,
    values: &'v Values<'g, 'a>,
    keys: Vec<Cell>,
    /// By node: where its key is; nowhere as long as nobody has asked for it.
    places: Vec<Range<usize>>,
}

impl Referred<'_, '_, '_> {
    /// Where the key of a node is.
    fn place(&mut self, node: usize) -> Range<usize> {
        if self.places[node].is_empty() {
            let table = self.graph.nodes[node].table;
            let first = self.keys.len();
            let parts = table.key.iter().enumerate();
            let parts = parts.filter_map(|(part, column)| {
                let cell = self.values.key_part(node, part)?;
                Some((crate::values::codec(table, *column).clone)(cell))
            });
            self.keys.extend(parts);
            self.places[node] = first..self.keys.len();
        }
        self.places[node].clone()
    }
}

pub(crate) fn settled(graph: &Graph<'_>, staged: Staged) -> Settled {
    let values = Values::after(graph, staged);
    let mut referred = Referred {
        graph,
        values: &values,
        keys: Vec::new(),
        places: vec![0..0; graph.nodes.len()],
    };
    let nodes = graph.nodes.iter();
    let rows = nodes.map(|node| settling(node, &mut referred)).collect();
    let keys = referred.keys;
    let place = |node: &Node<'_>| {
        let above = node.above?;
        Some(Place {
            node: above.node,
            relation: above.relation,
            position: node.position,
        })
    };
    Settled {
        rows,
        given: values.into_staged().into_given(),
        keys,
        places: graph.nodes.iter().filter_map(place).collect(),
    }
}

fn settling(node: &Node<'_>, referred: &mut Referred<'_, '_, '_>) -> Settling {
    let owner = node.owner().filter(|_| node.fate.enters());
    let held = node.held.iter().filter(|_| !node.fate.is_keep());
    let held = held.map(|held| (held.foreign_key, referred.place(held.node)));
    let relations = node.table.relations.iter().enumerate();
    let let_go = relations.filter(|(_, relation)| lets_go(node, relation));
    let rare = Rare {
        held: held.collect(),
        cleared: match node.fate {
            Fate::Write { cleared, .. } => cleared,
            _ => None,
        },
        let_go: let_go.map(|(relation, _)| relation).collect(),
    };
    let is_nothing = rare.held.is_empty() && rare.cleared.is_none() && rare.let_go.is_empty();
    Settling {
        written: !node.fate.is_keep(),
        owner: owner.map(|owner| (owner.foreign_key, referred.place(owner.node))),
        rare: (!is_nothing).then(|| Box::new(rare)),
    }
}

fn lets_go(node: &Node<'_>, relation: &RelationDef) -> bool {
    relation.is_held()
        && relation
            .foreign_key(node.table)
            .is_some_and(|key| node.lets_go(key))
}

/// Walks the trees in the order in which the graph was made.
pub(crate) fn settle<'t>(
    roots: impl IntoIterator<Item = (&'static Table, &'t mut Erased, &'t mut RowState)>,
    settled: Settled,
    verdict: Option<&Arc<Verdict>>,
) {
    let keys = settled.keys;
    let mut given = settled.given.into_iter().peekable();
    let mut places = settled.places.into_iter().peekable();
    let mut queue: VecDeque<_> = roots.into_iter().collect();
    let roots = queue.len();
    let mut parts = Parts::default();
    for (node, row) in settled.rows.into_iter().enumerate() {
        let Some((table, value, state)) = queue.pop_front() else {
            return;
        };
        let inserted = state.is_new();
        if row.written {
            state.settled(verdict);
        } else if let (true, Some(verdict)) = (node < roots, verdict) {
            // What was written below a root is in doubt as long as the transaction is, and it is the root that is refreshed.
            state.share(verdict);
        }
        let is_given = given.peek().is_some_and(|given| given.node == node);
        let is_quiet = !row.written && row.rare.is_none() && !is_given;
        if table.relations.is_empty() && is_quiet {
            continue;
        }
        table.functions.parts_in(value, &mut parts);
        while let Some(given) = given.next_if(|given| given.node == node) {
            write(table, &mut parts, given.column, given.cell);
        }
        row.settle(table, &mut parts, &keys);
        for (relation, slot) in table.relations.iter().zip(parts.slots.drain(..)) {
            let Some(link) = slot.link_mut() else {
                continue;
            };
            let home = Home {
                parent: state.handle(),
                foreign_key: relation.foreign_key(table),
            };
            // Of a parent that was new, what is held is all.
            link.settled(home, inserted, verdict);
            let here = |place: &Place| place.node == node && std::ptr::eq(place.relation, relation);
            if !places.peek().is_some_and(here) {
                continue;
            }
            let child = (relation.target)();
            let mut position = 0;
            slot.each_mut(&mut |value, state| {
                let next = |place: &Place| here(place) && place.position == position;
                if places.next_if(next).is_some() {
                    queue.push_back((child, value, state));
                }
                position += 1;
            });
        }
    }
}
/// Writes what the database gave into the fields of a row.
pub(crate) fn written<'r>(
    table: &'static Table,
    row: &'r mut Erased,
    cells: Vec<(usize, Cell)>,
) -> Parts<'r> {
    let mut parts = table.functions.parts(row);
    for (column, cell) in cells {
        write(table, &mut parts, column, cell);
    }
    parts
}

fn write(table: &Table, row: &mut Parts<'_>, column: usize, cell: Cell) {
    let column = &table.columns[column];
    (column.codec.write)(row.fields[column.slot], cell);
}

/// Points a foreign key to the row with these key parts, or to none.
pub(crate) fn refer<P: Deref<Target = Erased>>(
    table: &'static Table,
    row: &mut Parts<'_>,
    key: &ForeignKey,
    parts: Option<&[P]>,
) {
    if let Some(slot) = table.holder_of(key) {
        let parts: Option<Vec<&Erased>> =
            parts.map(|parts| parts.iter().map(|part| &**part).collect());
        row.slots[slot].refer(parts.as_deref());
    }
    for (index, part) in key.parts.iter().enumerate() {
        let slot = table.columns[part.column].slot;
        // A column that a `BelongsTo` holds by itself has no field of its own.
        if let (true, Some(field)) = (parts.is_some() || !part.shared, row.fields.get_mut(slot)) {
            let part_of_key = parts.and_then(|parts| parts.get(index));
            (part.assign)(*field, part_of_key.map(|part| &**part));
        }
    }
}
