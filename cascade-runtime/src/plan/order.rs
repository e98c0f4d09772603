//! The order of a save: a topological sort over foreign keys and unique values, in which rows of one table and one kind of change go together.

mod depend;
mod emit;

use crate::error::{Error, ErrorKind};
use crate::graph::{Fate, Graph, Node};
use crate::meta::{ForeignKey, Table};
use crate::plan::order::emit::release;
use crate::plan::{Step, Target, naming};

/// The steps of a save, in order.
///
/// # Errors
///
/// [`ErrorKind::Contradiction`] where the rows wait for each other and no nullable foreign key breaks the cycle.
pub(crate) fn save(graph: &Graph<'_>) -> Result<Vec<Step>, Error> {
    let mut order = Order::default();
    order.collect(graph);
    order.depend(graph);
    order.schedule(graph)
}

/// One row's change, or one relation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    /// An insert or a write of a node.
    Node(usize),
    /// A row that leaves by name.
    Leave(usize),
    /// All rows of a relation leave.
    Whole(usize),
}

/// What goes together: the rank gives the order where nothing interferes.
#[derive(PartialEq)]
struct GroupKey {
    rank: u8,
    table: &'static str,
    when: Vec<usize>,
    relation: Option<*const crate::meta::RelationDef>,
}

#[derive(Default)]
struct Order {
    ops: Vec<Op>,
    group_of: Vec<usize>,
    groups: Vec<Group>,
    waits: Vec<usize>,
    followers: Vec<Vec<usize>>,
    /// Leaving rows whose foreign key is set NULL before they go, to break a cycle.
    parked: Vec<bool>,
    op_of_node: Vec<Option<usize>>,
    op_of_leaver: Vec<Option<usize>>,
}

struct Group {
    key: GroupKey,
    table: &'static Table,
    ready: Vec<usize>,
    open: usize,
}

impl Order {
    fn collect(&mut self, graph: &Graph<'_>) {
        for (id, node) in graph.nodes.iter().enumerate() {
            let key = match &node.fate {
                Fate::Keep => continue,
                Fate::Insert => GroupKey {
                    rank: 4,
                    table: node.table.ident,
                    when: Vec::new(),
                    relation: None,
                },
                Fate::Replace { leaver, .. } => {
                    let when = naming(node.table, Some(graph.leavers[*leaver].foreign_key));
                    GroupKey {
                        rank: 3,
                        table: node.table.ident,
                        when,
                        relation: None,
                    }
                }
                Fate::Write { moved, .. } => {
                    let when = naming(node.table, scope(node));
                    GroupKey {
                        rank: if *moved { 0 } else { 3 },
                        table: node.table.ident,
                        when,
                        relation: None,
                    }
                }
            };
            self.add(Op::Node(id), key, node.table);
        }
        for (id, leaver) in graph.leavers.iter().enumerate() {
            let when = naming(leaver.table, Some(leaver.foreign_key));
            let deleted = leaver.relation.cascade.delete_orphan;
            let key = GroupKey {
                rank: if deleted { 2 } else { 1 },
                table: leaver.table.ident,
                when,
                relation: None,
            };
            self.add(Op::Leave(id), key, leaver.table);
        }
        for (id, whole) in graph.wholes.iter().enumerate() {
            let rank = if whole.relation.cascade.delete_orphan {
                2
            } else {
                1
            };
            let key = GroupKey {
                rank,
                table: whole.table.ident,
                when: Vec::new(),
                relation: Some(whole.relation),
            };
            self.add(Op::Whole(id), key, whole.table);
        }
    }

    fn add(&mut self, op: Op, key: GroupKey, table: &'static Table) {
        let group = self
            .groups
            .iter()
            .position(|group| group.key == key)
            .unwrap_or_else(|| {
                self.groups.push(Group {
                    key,
                    table,
                    ready: Vec::new(),
                    open: 0,
                });
                self.groups.len() - 1
            });
        self.groups[group].open += 1;
        self.ops.push(op);
        self.group_of.push(group);
        self.waits.push(0);
        self.followers.push(Vec::new());
        self.parked.push(false);
    }

    /// Takes group after group: the first in rank all of whose rows are ready, else the first with any; where none has, a cycle is broken.
    fn schedule(mut self, graph: &Graph<'_>) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        for op in (0..self.ops.len())
            .filter(|&op| self.waits[op] == 0)
            .collect::<Vec<_>>()
        {
            self.groups[self.group_of[op]].ready.push(op);
        }
        let mut done = 0;
        while done < self.ops.len() {
            let ready = self
                .groups
                .iter()
                .enumerate()
                .filter(|(_, group)| !group.ready.is_empty());
            let next = ready
                .min_by_key(|(_, group)| (group.ready.len() < group.open, group.key.rank))
                .map(|(index, _)| index);
            let Some(next) = next else {
                self.park(graph, &mut steps)?;
                continue;
            };
            let ops = std::mem::take(&mut self.groups[next].ready);
            self.groups[next].open -= ops.len();
            done += ops.len();
            self.emit(graph, next, &ops, &mut steps)?;
            self.release(&ops);
        }
        Ok(steps)
    }

    fn release(&mut self, ops: &[usize]) {
        for op in ops {
            for follower in std::mem::take(&mut self.followers[*op]) {
                self.waits[follower] -= 1;
                if self.waits[follower] == 0 {
                    self.groups[self.group_of[follower]].ready.push(follower);
                }
            }
        }
    }

    /// Breaks a cycle: rows that leave, else rows that move, let go of their places first, where the foreign key can be NULL.
    fn park(&mut self, graph: &Graph<'_>, steps: &mut Vec<Step>) -> Result<(), Error> {
        let waiting = |op: &usize| self.waits[*op] > 0 && !self.parked[*op];
        let places: Vec<_> = (0..self.ops.len())
            .filter(waiting)
            .filter_map(|op| Some((op, self.place(graph, op)?)))
            .collect();
        let leaves = |(op, _): &&(usize, _)| matches!(self.ops[*op], Op::Leave(_));
        let Some(&(_, (table, key))) = places.iter().find(leaves).or(places.first()) else {
            return Err(self.contradiction(graph));
        };
        let same: Vec<usize> = places
            .into_iter()
            .filter_map(|(op, (_, other))| std::ptr::eq(other, key).then_some(op))
            .collect();
        let loose = |target| match target {
            Target::Node(id) => Target::Loose(id),
            target => target,
        };
        let rows = self.targets(&same).into_iter().map(loose).collect();
        steps.push(Step {
            table,
            kind: None,
            action: release(key, table, rows, false),
        });
        for op in &same {
            self.parked[*op] = true;
        }
        self.release(&same);
        Ok(())
    }

    /// The place that a row can let go of before it leaves it.
    fn place(&self, graph: &Graph<'_>, op: usize) -> Option<(&'static Table, &'static ForeignKey)> {
        let (table, key) = match self.ops[op] {
            Op::Leave(id) => (graph.leavers[id].table, graph.leavers[id].foreign_key),
            Op::Node(id) if graph.nodes[id].fate.is_move() => {
                let node = &graph.nodes[id];
                (node.table, node.state.departure()?.foreign_key?)
            }
            Op::Node(_) | Op::Whole(_) => return None,
        };
        key.nullable.then_some((table, key))
    }

    fn contradiction(&self, graph: &Graph<'_>) -> Error {
        let waiting = (0..self.ops.len()).find(|&op| self.waits[op] > 0);
        let (table, path) = match waiting.map(|op| self.ops[op]) {
            Some(Op::Node(id)) => (graph.nodes[id].table, graph.path(id)),
            Some(Op::Leave(id)) => (
                graph.leavers[id].table,
                graph.relation_path(graph.leavers[id].parent, graph.leavers[id].relation),
            ),
            Some(Op::Whole(id)) => (
                graph.wholes[id].table,
                graph.relation_path(graph.wholes[id].parent, graph.wholes[id].relation),
            ),
            None => {
                return Error::new(
                    ErrorKind::Contradiction,
                    "no order of statements can save this graph",
                );
            }
        };
        let message = "no order of statements can save this row: it waits for rows that wait for it, and no foreign key between them can be NULL; save in two steps";
        Error::new(ErrorKind::Contradiction, message).at(table.entity, path)
    }
}

/// The foreign key to the owner that a node's row has in the database.
fn scope(node: &Node<'_>) -> Option<&'static ForeignKey> {
    let departed = node
        .state
        .departure()
        .and_then(|departure| departure.foreign_key);
    departed.or(node.owner.map(|owner| owner.foreign_key))
}
