//! What has to wait for what: parents, places under a unique key, rows that let go.

use std::collections::HashMap;

use crate::codec::Erased;
use crate::graph::{Fate, Graph, Node};
use crate::keys::{ByKey, Cells};
use crate::meta::{ForeignKey, Table};
use crate::plan::order::{Op, Order, Reference};
use crate::slot::{Handle, Leave};

impl Order {
    pub(super) fn before(&mut self, first: usize, then: usize) {
        self.followers[first].push(then);
        self.waits[then] += 1;
    }

    /// What has to wait for what.
    pub(super) fn depend(&mut self, graph: &Graph<'_>) {
        self.op_of_node = vec![None; graph.nodes.len()];
        self.op_of_leaver = vec![None; graph.leavers.len()];
        for (op, kind) in self.ops.iter().enumerate() {
            match kind {
                Op::Node(id) => self.op_of_node[*id] = Some(op),
                Op::Leave(id) => self.op_of_leaver[*id] = Some(op),
                Op::Whole(_) | Op::Orphan(_) | Op::Complete(..) => {}
            }
        }
        self.places(graph);
        let inserted = Inserted::of(graph);
        let deleted = deleted(graph);
        let moving: HashMap<Handle, usize> = self.moving(graph);
        let mut leaving: HashMap<(usize, *const ForeignKey), Vec<usize>> = HashMap::new();
        for op in 0..self.ops.len() {
            let (parent, key) = match self.ops[op] {
                Op::Leave(id) => (graph.leavers[id].parent, graph.leavers[id].foreign_key),
                Op::Whole(id) => (graph.wholes[id].parent, graph.wholes[id].foreign_key),
                Op::Node(_) | Op::Orphan(_) | Op::Complete(..) => continue,
            };
            leaving
                .entry((parent, std::ptr::from_ref(key)))
                .or_default()
                .push(op);
        }
        self.moves_leave_their_place(graph, &moving, &mut leaving);
        for op in 0..self.ops.len() {
            match self.ops[op] {
                Op::Node(id) => {
                    self.enter(graph, op, id, &leaving);
                    self.refer(graph, op, id, &inserted);
                    self.let_go(op, &graph.nodes[id], &deleted);
                }
                Op::Orphan(id) => {
                    if let Some(node) = self.op_of_node[graph.orphans[id].node] {
                        self.before(node, op);
                    }
                }
                Op::Complete(..) => {}
                // A row that is only released keeps what is below it.
                Op::Leave(id) if !graph.leavers[id].relation.cascade.delete_orphan => {}
                Op::Whole(id) if !graph.wholes[id].relation.cascade.delete_orphan => {}
                Op::Leave(id) => {
                    let Leave::Removed { expunged } = &graph.leavers[id].left.how else {
                        continue;
                    };
                    for moved in expunged.iter().filter_map(|handle| moving.get(handle)) {
                        self.before(*moved, op);
                    }
                }
                Op::Whole(id) => {
                    let below = reachable(graph.wholes[id].table);
                    for moved in moving
                        .values()
                        .filter(|moved| self.comes_from(graph, **moved, &below))
                        .copied()
                        .collect::<Vec<_>>()
                    {
                        self.before(moved, op);
                    }
                }
            }
        }
    }

    /// The rows that move, by their handles.
    fn moving(&self, graph: &Graph<'_>) -> HashMap<Handle, usize> {
        let moving = self.ops.iter().enumerate().filter_map(|(op, kind)| {
            let Op::Node(id) = kind else { return None };
            let node = &graph.nodes[*id];
            matches!(node.fate, Fate::Write { moved: true, .. }).then(|| (node.state.handle(), op))
        });
        moving.collect()
    }

    /// A row that moves away makes place under its old parent, where that one is saved too.
    fn moves_leave_their_place(
        &self,
        graph: &Graph<'_>,
        moving: &HashMap<Handle, usize>,
        leaving: &mut HashMap<(usize, *const ForeignKey), Vec<usize>>,
    ) {
        if moving.is_empty() {
            return;
        }
        let nodes: HashMap<Handle, usize> = graph
            .nodes
            .iter()
            .enumerate()
            .map(|(id, node)| (node.state.handle(), id))
            .collect();
        for op in moving.values() {
            let Op::Node(id) = self.ops[*op] else {
                continue;
            };
            let Some(departure) = graph.nodes[id].state.departure() else {
                continue;
            };
            if let (Some(parent), Some(key)) = (nodes.get(&departure.parent), departure.foreign_key)
            {
                leaving
                    .entry((*parent, std::ptr::from_ref(key)))
                    .or_default()
                    .push(*op);
            }
        }
    }

    /// A row that enters: after its parent, and after the rows whose place it takes.
    fn enter(
        &mut self,
        graph: &Graph<'_>,
        op: usize,
        id: usize,
        leaving: &HashMap<(usize, *const ForeignKey), Vec<usize>>,
    ) {
        let node = &graph.nodes[id];
        let enters = node.fate.enters();
        let Some(owner) = node.owner().filter(|_| enters) else {
            return;
        };
        // Under a row that is taken over, what was there leaves first.
        if let Fate::Replace { leaver, .. } = graph.nodes[owner.node].fate
            && let Some(leave) = self.op_of_leaver[leaver]
        {
            self.before(leave, op);
        }
        if let Some(parent) =
            self.op_of_node[owner.node].filter(|_| graph.nodes[owner.node].fate.is_insert())
        {
            self.after_insert(graph, op, parent, None);
        }
        if !owner.foreign_key.unique {
            return;
        }
        for other in leaving
            .get(&(owner.node, std::ptr::from_ref(owner.foreign_key)))
            .into_iter()
            .flatten()
        {
            if *other != op {
                self.before(*other, op);
            }
        }
    }

    /// A row that refers to a new one, which it holds, or whose key it has.
    fn refer(&mut self, graph: &Graph<'_>, op: usize, id: usize, inserted: &Inserted) {
        let node = &graph.nodes[id];
        for held in &node.held {
            if let Some(target) =
                self.op_of_node[held.node].filter(|_| graph.nodes[held.node].fate.is_insert())
            {
                self.after_insert(graph, op, target, Some(held.foreign_key));
            }
        }
        for key in node.table.foreign_keys {
            let by_owner = node
                .owner()
                .is_some_and(|owner| std::ptr::eq(owner.foreign_key, key));
            if by_owner {
                continue;
            }
            let target = inserted.find(node, key).and_then(|id| self.op_of_node[id]);
            if let Some(target) = target.filter(|target| *target != op) {
                self.after_insert(graph, op, target, Some(key));
            }
        }
    }

    /// After a row that is inserted; where one statement inserts both, together with it.
    fn after_insert(
        &mut self,
        graph: &Graph<'_>,
        op: usize,
        target: usize,
        key: Option<&'static ForeignKey>,
    ) {
        let is_insert = matches!(self.ops[op], Op::Node(id) if graph.nodes[id].fate.is_insert());
        if self.abilities.checks_at_end && is_insert && self.group_of[op] == self.group_of[target] {
            self.together[op] = true;
            return;
        }
        self.before(target, op);
        if let Some(key) = key.filter(|_| is_insert) {
            self.references.push(Reference { op, target, key });
        }
    }

    /// The new rows that wait for nothing but each other.
    pub(super) fn waiting_for_each_other(&self, graph: &Graph<'_>) -> Vec<usize> {
        let is_insert = |op: usize| matches!(self.ops[op], Op::Node(id) if graph.nodes[id].fate.is_insert() && !graph.nodes[id].table.is_link());
        let ops = 0..self.ops.len();
        let mut among: Vec<bool> = ops
            .clone()
            .map(|op| self.waits[op] > 0 && is_insert(op))
            .collect();
        // Who waits for one that isn't among them isn't either.
        let mut others: Vec<usize> = ops.clone().filter(|&op| !among[op]).collect();
        while let Some(other) = others.pop() {
            for &follower in &self.followers[other] {
                if std::mem::take(&mut among[follower]) {
                    others.push(follower);
                }
            }
        }
        ops.filter(|&op| among[op]).collect()
    }

    /// A row that stops to refer to one that goes does so before.
    fn let_go(&mut self, op: usize, node: &Node<'_>, leaving: &HashMap<&'static str, ByKey>) {
        let Fate::Write { columns, .. } = &node.fate else {
            return;
        };
        for key in node.table.foreign_keys {
            let Some(targets) = leaving.get(key.target_ident) else {
                continue;
            };
            if !key.parts.iter().any(|part| columns.contains(&part.column)) {
                continue;
            }
            let was = target_key(key, |column| node.recorded(column));
            let leaver = was.and_then(|was| targets.find(&was));
            if let Some(leave) = leaver.and_then(|leaver| self.op_of_leaver[leaver]) {
                self.before(op, leave);
            }
        }
    }

    fn comes_from(&self, graph: &Graph<'_>, op: usize, tables: &[&'static str]) -> bool {
        let Op::Node(id) = self.ops[op] else {
            return false;
        };
        let from = graph.nodes[id]
            .state
            .departure()
            .and_then(|departure| departure.foreign_key);
        from.is_some_and(|key| tables.contains(&key.target_ident))
    }
}

/// The new rows whose keys the application gives, by their tables.
struct Inserted(HashMap<&'static str, ByKey>);

impl Inserted {
    fn of(graph: &Graph<'_>) -> Self {
        let mut tables: HashMap<&'static str, ByKey> = HashMap::new();
        for (id, node) in graph.nodes.iter().enumerate() {
            let table = node.table;
            if !table.draws_key() && node.fate.is_insert() && !table.is_link() {
                let key = node.state.key(table, node.value);
                let rows = tables.entry(table.ident);
                rows.or_insert_with(|| ByKey::new(table)).add(id, key);
            }
        }
        Self(tables)
    }

    /// The row that a foreign key refers to.
    fn find(&self, node: &Node<'_>, key: &ForeignKey) -> Option<usize> {
        let rows = self.0.get(key.target_ident)?;
        rows.find(&target_key(key, |column| node.cell(column))?)
    }
}

/// The key that a foreign key of a row refers to; `None` where a part is NULL.
fn target_key<'c>(key: &ForeignKey, cell: impl Fn(usize) -> &'c Erased) -> Option<Cells> {
    let target = (key.target)();
    let parts = key.parts.iter().zip(target.key).map(|(part, &column)| {
        let cell = (part.key)(cell(part.column))?;
        Some(Some((target.columns[column].codec.clone)(cell)))
    });
    parts.collect()
}

/// The rows that are deleted by name, by their tables.
fn deleted(graph: &Graph<'_>) -> HashMap<&'static str, ByKey> {
    let mut tables: HashMap<&'static str, ByKey> = HashMap::new();
    for (id, leaver) in graph.leavers.iter().enumerate() {
        let table = leaver.table;
        if leaver.relation.cascade.delete_orphan && !table.is_link() {
            let rows = tables.entry(table.ident);
            let rows = rows.or_insert_with(|| ByKey::new(table));
            rows.add(id, leaver.left.key(table));
        }
    }
    tables
}

/// The tables at and below this one.
fn reachable(table: &'static Table) -> Vec<&'static str> {
    let mut idents = vec![table.ident];
    let mut tables = vec![table];
    while let Some(table) = tables.pop() {
        for child in table.relations.iter().map(|relation| (relation.target)()) {
            if !idents.contains(&child.ident) {
                idents.push(child.ident);
                tables.push(child);
            }
        }
    }
    idents
}
