//! What has to wait for what: parents, places under a unique key, rows that let go.

use std::collections::HashMap;

use crate::graph::{Fate, Graph, Leaver, Node};
use crate::meta::{ForeignKey, Table};
use crate::plan::order::{Op, Order};
use crate::slot::{Handle, Leave};

impl Order {
    fn before(&mut self, first: usize, then: usize) {
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
                Op::Whole(_) => {}
            }
        }
        let moving: HashMap<Handle, usize> = self.moving(graph);
        let mut leaving: HashMap<(usize, *const ForeignKey), Vec<usize>> = HashMap::new();
        for op in 0..self.ops.len() {
            let (parent, key) = match self.ops[op] {
                Op::Leave(id) => (graph.leavers[id].parent, graph.leavers[id].foreign_key),
                Op::Whole(id) => (graph.wholes[id].parent, graph.wholes[id].foreign_key),
                Op::Node(_) => continue,
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
                    self.let_go(graph, op, id);
                }
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
            if let (Some(parent), Some(key)) = (nodes.get(&departure.from), departure.foreign_key) {
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
        let Some(owner) = node.owner.filter(|_| enters) else {
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
            self.before(parent, op);
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

    /// A row that stops to refer to one that goes does so before.
    fn let_go(&mut self, graph: &Graph<'_>, op: usize, id: usize) {
        let node = &graph.nodes[id];
        let Fate::Write { columns, .. } = &node.fate else {
            return;
        };
        for key in node.table.foreign_keys {
            if !key.parts.iter().any(|part| columns.contains(&part.column)) {
                continue;
            }
            let leavers = graph.leavers.iter().enumerate();
            for (leaver, left) in leavers.filter(|(_, left)| left.relation.cascade.delete_orphan) {
                let referred = left.table.ident == key.target_ident && refers(node, key, left);
                if let Some(leave) = self.op_of_leaver[leaver].filter(|_| referred) {
                    self.before(op, leave);
                }
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

/// Whether a row refers to one that leaves, as the database has it.
fn refers(node: &Node<'_>, key: &ForeignKey, leaver: &Leaver<'_>) -> bool {
    key.parts
        .iter()
        .zip(leaver.table.key)
        .all(|(part, column)| {
            let held = (part.key)(node.recorded(part.column));
            let left = leaver.left.cells[*column].as_deref();
            let same = leaver.table.columns[*column].codec.same;
            matches!((held, left), (Some(held), Some(left)) if same(held, left))
        })
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
