//! The order of a save: a topological sort over foreign keys and unique values, in which rows of one table and one kind of change go together.

mod depend;
mod emit;
mod places;

use crate::error::{Error, ErrorKind};
use crate::graph::{Fate, Graph, Node};
use crate::meta::{ForeignKey, Table};
use crate::plan::order::emit::release;
use crate::plan::{Abilities, Reach, Sets, Step, Target, joined, naming, reach};

/// The steps of a save, in order.
///
/// # Errors
///
/// [`ErrorKind::Contradiction`] where the rows wait for each other and no nullable foreign key breaks the cycle.
pub(crate) fn save(graph: &Graph<'_>, abilities: Abilities) -> Result<Vec<Step>, Error> {
    let mut order = Order {
        abilities,
        sets: Sets::new(abilities),
        ..Order::default()
    };
    order.collect(graph);
    order.depend(graph);
    order.schedule(graph)
}

/// One row's change, or one relation's.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// An insert or a write of a node.
    Node(usize),
    /// A row that leaves by name.
    Leave(usize),
    /// All rows of a relation leave.
    Whole(usize),
    /// A target that nothing refers to any more goes.
    Orphan(usize),
    /// A foreign key of a node that was inserted without it.
    Complete(usize, &'static ForeignKey),
}

/// What goes together: the rank gives the order where nothing interferes.
struct GroupKey {
    rank: u8,
    table: &'static str,
    when: Vec<usize>,
    relation: Option<*const crate::meta::RelationDef>,
}

impl PartialEq for GroupKey {
    fn eq(&self, other: &Self) -> bool {
        // Number by number: new rows have none, and a `memcmp` of nothing takes some 80 ns with AVX-512, which has to find out that nothing is there.
        let same_when = self.when.iter().eq(&other.when);
        self.rank == other.rank
            && self.table == other.table
            && same_when
            && self.relation == other.relation
    }
}

#[derive(Default)]
struct Order {
    abilities: Abilities,
    sets: Sets,
    ops: Vec<Op>,
    group_of: Vec<usize>,
    groups: Vec<Group>,
    waits: Vec<usize>,
    followers: Vec<Vec<usize>>,
    /// Leaving rows whose foreign key is set NULL before they go, to break a cycle.
    parked: Vec<bool>,
    /// New rows that are inserted together with rows of their table that they refer to.
    together: Vec<bool>,
    /// The columns of new rows that are NULL at first.
    late: Vec<(usize, usize)>,
    /// The nodes that steps insert so far.
    inserted: Vec<usize>,
    /// Rows that give up their places first.
    aside: Vec<Step>,
    /// Targets that nothing refers to any more go last.
    after: Vec<Reach>,
    /// The foreign keys by which new rows wait for each other.
    references: Vec<Reference>,
    op_of_node: Vec<Option<usize>>,
    op_of_leaver: Vec<Option<usize>>,
}

/// A new row that refers to another new row.
#[derive(Clone, Copy)]
struct Reference {
    op: usize,
    target: usize,
    key: &'static ForeignKey,
}

struct Group {
    key: GroupKey,
    table: &'static Table,
    ready: Vec<usize>,
    open: usize,
}

impl Order {
    fn collect(&mut self, graph: &Graph<'_>) {
        self.reserve(graph.nodes.len() + graph.leavers.len());
        for (id, node) in graph.nodes.iter().enumerate() {
            let key = match &node.fate {
                Fate::Keep | Fate::Twin => continue,
                Fate::Insert => GroupKey {
                    rank: if node.table.is_link() { 5 } else { 4 },
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
        for (id, orphan) in graph.orphans.iter().enumerate() {
            let table = (orphan.relation.target)();
            let key = GroupKey {
                rank: 6,
                table: table.ident,
                when: Vec::new(),
                relation: Some(orphan.relation),
            };
            self.add(Op::Orphan(id), key, table);
        }
    }

    fn reserve(&mut self, ops: usize) {
        self.ops.reserve(ops);
        self.group_of.reserve(ops);
        self.waits.reserve(ops);
        self.followers.reserve(ops);
        self.parked.reserve(ops);
        self.together.reserve(ops);
    }

    fn add(&mut self, op: Op, key: GroupKey, table: &'static Table) {
        // Rows of one table come one after the other.
        let last = self.group_of.last().copied();
        let group = last
            .filter(|last| self.groups[*last].key == key)
            .or_else(|| self.groups.iter().position(|group| group.key == key))
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
        self.together.push(false);
    }

    /// Takes group after group: the first in rank all of whose rows are ready, else the first with any; where none has, a cycle is broken.
    fn schedule(mut self, graph: &Graph<'_>) -> Result<Vec<Step>, Error> {
        let mut steps = std::mem::take(&mut self.aside);
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
                if self.postpone(graph) {
                    continue;
                }
                let inserted = self.insert_together(graph, &mut steps);
                if inserted == 0 {
                    self.park(graph, &mut steps)?;
                }
                done += inserted;
                continue;
            };
            let mut ops = std::mem::take(&mut self.groups[next].ready);
            // In the order of the tree, whichever had to wait longer.
            ops.sort_unstable();
            self.groups[next].open -= ops.len();
            done += ops.len();
            self.emit(graph, next, &ops, &mut steps);
            self.release(&ops);
        }
        steps.extend(reach::abandoned(self.after, &mut self.sets));
        Ok(joined(steps, self.abilities))
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

    /// Breaks a cycle: new rows are inserted without a foreign key that can be NULL, which is written afterwards.
    fn postpone(&mut self, graph: &Graph<'_>) -> bool {
        let waiting = self.references.iter().copied().filter(|reference| {
            reference.key.nullable
                && self.waits[reference.target] > 0
                && self.waits[reference.op] > 0
        });
        let waiting: Vec<Reference> = waiting.collect();
        let Some(first) = waiting.first() else {
            return false;
        };
        for reference in waiting
            .iter()
            .filter(|other| std::ptr::eq(other.key, first.key))
        {
            let Op::Node(id) = self.ops[reference.op] else {
                continue;
            };
            let table = graph.nodes[id].table;
            let columns = reference.key.own_columns();
            self.late.extend(columns.map(|part| (id, part.column)));
            let followers = &mut self.followers[reference.target];
            if let Some(place) = followers.iter().position(|op| *op == reference.op) {
                followers.swap_remove(place);
            }
            let key = GroupKey {
                rank: 5,
                table: table.ident,
                when: table.key.to_vec(),
                relation: None,
            };
            let complete = self.ops.len();
            self.add(Op::Complete(id, reference.key), key, table);
            self.before(reference.op, complete);
            self.before(reference.target, complete);
            self.waits[reference.op] -= 1;
            if self.waits[reference.op] == 0 {
                self.groups[self.group_of[reference.op]]
                    .ready
                    .push(reference.op);
            }
        }
        self.references
            .retain(|other| !std::ptr::eq(other.key, first.key));
        true
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
            Op::Node(_) | Op::Whole(_) | Op::Orphan(_) | Op::Complete(..) => return None,
        };
        key.nullable.then_some((table, key))
    }

    fn contradiction(&self, graph: &Graph<'_>) -> Error {
        let waiting = (0..self.ops.len()).find(|&op| self.waits[op] > 0);
        let (table, path) = match waiting.map(|op| self.ops[op]) {
            Some(Op::Node(id) | Op::Complete(id, _)) => (graph.nodes[id].table, graph.path(id)),
            Some(Op::Orphan(id)) => {
                let orphan = &graph.orphans[id];
                (
                    (orphan.relation.target)(),
                    graph.relation_path(orphan.node, orphan.relation),
                )
            }
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
        let message = "no order of statements can save this row: it waits for rows that wait for it, and no foreign key or unique column between them can be NULL; save in two steps, or make the unique constraint deferrable and say so (`unique_deferrable`)";
        Error::new(ErrorKind::Contradiction, message).at(table.entity, path)
    }
}

/// The foreign key to the owner that a node's row has in the database.
fn scope(node: &Node<'_>) -> Option<&'static ForeignKey> {
    let departed = node
        .state
        .departure()
        .and_then(|departure| departure.foreign_key);
    departed.or(node.owner().map(|owner| owner.foreign_key))
}
