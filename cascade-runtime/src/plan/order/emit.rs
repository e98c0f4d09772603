//! The steps of a group of changes.

use std::collections::HashSet;

use crate::graph::Graph;
use crate::meta::{ForeignKey, Table};
use crate::plan::join::together;
use crate::plan::order::{Group, Op, Order};
use crate::plan::reach::Leaving;
use crate::plan::{Action, Base, Reach, Step, Target, detach, kept, naming, reach};
use crate::report::ChangeKind;

impl Order {
    pub(super) fn targets(&self, ops: &[usize]) -> Vec<Target> {
        let target = |op: &usize| match self.ops[*op] {
            Op::Node(id) | Op::Complete(id, _) => Some(Target::Node(id)),
            Op::Leave(id) => Some(Target::Leaver(id)),
            Op::Whole(_) | Op::Orphan(_) => None,
        };
        ops.iter().filter_map(target).collect()
    }

    /// The steps of one group.
    pub(super) fn emit(
        &mut self,
        graph: &Graph<'_>,
        group: usize,
        ops: &[usize],
        steps: &mut Vec<Step>,
    ) {
        let Group { key, table, .. } = &self.groups[group];
        let (rank, table, when) = (key.rank, *table, key.when.clone());
        match self.ops[ops[0]] {
            Op::Node(id) => {
                let (parked, there): (Vec<usize>, Vec<usize>) =
                    ops.iter().partition(|op| self.parked[**op]);
                for (ops, when) in [(there, when), (parked, naming(table, None))] {
                    if ops.is_empty() {
                        continue;
                    }
                    if graph.nodes[id].fate.is_insert() {
                        self.insert(table, &ops, steps);
                    } else {
                        steps.push(self.write(graph, (rank, when), table, &ops));
                    }
                }
            }
            Op::Complete(_, foreign_key) => {
                let columns = foreign_key.own_columns().map(|part| part.column).collect();
                steps.push(Step {
                    table,
                    kind: Some(ChangeKind::Updated),
                    action: Action::Write {
                        rows: self.targets(ops),
                        columns,
                        when,
                    },
                });
            }
            Op::Orphan(id) => {
                let orphan = &graph.orphans[id];
                let rows = ops.iter().filter_map(|op| match self.ops[*op] {
                    Op::Orphan(id) => Some(Target::Node(graph.orphans[id].node)),
                    _ => None,
                });
                let holder = graph.nodes[orphan.node].table;
                let base = Base::Former {
                    table,
                    holder,
                    foreign_key: orphan.foreign_key,
                    rows: rows.collect(),
                };
                self.after
                    .push(Reach::orphans(base, holder, orphan.foreign_key));
            }
            Op::Leave(id) => {
                let leaver = &graph.leavers[id];
                if leaver.relation.cascade.delete_orphan {
                    let taken_over = |op: &&usize| matches!(self.ops[**op], Op::Leave(id) if graph.leavers[id].taken_over);
                    let (taken, gone): (Vec<_>, Vec<_>) = ops.iter().partition(taken_over);
                    if !taken.is_empty() {
                        let rows = self.targets(&taken);
                        let leaving = reach::below(table, rows, &mut self.sets);
                        self.leave(leaving, steps);
                    }
                    let (parked, there): (Vec<_>, Vec<_>) =
                        gone.into_iter().partition(|op| self.parked[*op]);
                    for (ops, owner) in [(there, Some(leaver.foreign_key)), (parked, None)] {
                        if !ops.is_empty() {
                            let rows = self.targets(&ops);
                            let when = naming(table, owner);
                            let leaving = reach::remove(table, when, rows, &mut self.sets);
                            self.leave(leaving, steps);
                        }
                    }
                } else {
                    let ops: Vec<usize> =
                        ops.iter().copied().filter(|op| !self.parked[*op]).collect();
                    if !ops.is_empty() {
                        let action = release(leaver.foreign_key, table, self.targets(&ops), true);
                        steps.push(Step {
                            table,
                            kind: Some(ChangeKind::Released),
                            action,
                        });
                    }
                }
            }
            Op::Whole(id) => {
                let whole = &graph.wholes[id];
                let ids = ops.iter().filter_map(|op| match self.ops[*op] {
                    Op::Whole(id) => Some(id),
                    _ => None,
                });
                let parents = ids.clone().map(|id| graph.wholes[id].parent).collect();
                let kept = ids.clone().flat_map(|id| kept(graph, id));
                let kept = kept.chain(self.entered(graph, ids.clone())).collect();
                let base = Base::Owned {
                    table,
                    foreign_key: whole.foreign_key,
                    parents,
                    kept,
                };
                steps.extend(self.hold(graph, ids));
                let leaving = detach(whole.relation, base, &mut self.sets);
                self.leave(leaving, steps);
            }
        }
    }

    /// Locks the parents of lists all of whose rows leave: nobody else empties or fills them meanwhile.
    ///
    /// One row is alone in its place by a unique constraint, and the version of an aggregate tells who came second.
    fn hold(&self, graph: &Graph<'_>, wholes: impl Iterator<Item = usize>) -> Option<Step> {
        let wholes: Vec<_> = wholes.map(|whole| &graph.wholes[whole]).collect();
        let table = graph.nodes[wholes.first()?.parent].table;
        let version = table.version.as_ref();
        if wholes[0].relation.is_single() || version.is_some_and(|version| version.aggregate) {
            return None;
        }
        let parents = wholes.iter().map(|whole| whole.parent);
        let there = parents.filter(|parent| !graph.nodes[*parent].fate.is_insert());
        let rows: Vec<Target> = there.map(Target::Node).collect();
        (!rows.is_empty())
            .then(|| self.sets.hold(Reach::of(table, rows)))
            .flatten()
    }

    /// Rows go; the targets that they leave alone go last.
    fn leave(&mut self, leaving: Leaving, steps: &mut Vec<Step>) {
        steps.extend(leaving.now);
        self.after.extend(leaving.after);
    }

    /// The new rows that were inserted into these relations before all others leave them.
    fn entered(&self, graph: &Graph<'_>, wholes: impl Iterator<Item = usize>) -> Vec<Target> {
        if self.inserted.is_empty() {
            return Vec::new();
        }
        let wholes = wholes.map(|id| &graph.wholes[id]);
        let places: HashSet<_> = wholes
            .map(|whole| (whole.parent, std::ptr::from_ref(whole.relation)))
            .collect();
        let inserted = self.inserted.iter().filter(|id| {
            let owner = graph.nodes[**id].owner();
            owner.is_some_and(|owner| {
                places.contains(&(owner.node, std::ptr::from_ref(owner.relation)))
            })
        });
        inserted.map(|id| Target::Node(*id)).collect()
    }

    /// New rows; where they refer to each other, with their keys drawn before.
    fn insert(&mut self, table: &'static Table, ops: &[usize], steps: &mut Vec<Step>) {
        let nodes = ops.iter().filter_map(|op| match self.ops[*op] {
            Op::Node(id) => Some(id),
            _ => None,
        });
        let rows: Vec<usize> = nodes.collect();
        self.inserted.extend(&rows);
        // They are in the order of the tree.
        let (late, others) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(node, _)| rows.binary_search(node).is_ok());
        self.late = others;
        let drawn = table.draws_key() && ops.iter().any(|op| self.together[*op]);
        if drawn {
            let rows = rows.clone();
            steps.push(Step {
                table,
                kind: None,
                action: Action::Draw { rows },
            });
        }
        let kind = if table.is_link() {
            ChangeKind::Linked
        } else {
            ChangeKind::Inserted
        };
        steps.push(Step {
            table,
            kind: Some(kind),
            action: Action::Insert { rows, drawn, late },
        });
    }

    /// Breaks a cycle: new rows of several tables that wait for each other, and can't be without, are inserted by one statement. Gives how many.
    pub(super) fn insert_together(&mut self, graph: &Graph<'_>, steps: &mut Vec<Step>) -> usize {
        if !self.abilities.checks_at_end {
            return 0;
        }
        let ops = self.waiting_for_each_other(graph);
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        for &op in &ops {
            self.together[op] = true;
            let group = self.group_of[op];
            match groups.iter_mut().find(|(other, _)| *other == group) {
                Some((_, ops)) => ops.push(op),
                None => groups.push((group, vec![op])),
            }
        }
        let mut inserts = Vec::new();
        let mut rereads = Vec::new();
        for (group, ops) in groups {
            let table = self.groups[group].table;
            self.groups[group].open -= ops.len();
            self.insert(table, &ops, &mut inserts);
            if let Some(Step {
                action: Action::Insert { rows, .. },
                ..
            }) = inserts.last()
                && table.generated().any(|column| !table.columns[column].key)
            {
                rereads.push(Step {
                    table,
                    kind: None,
                    action: Action::Reread { rows: rows.clone() },
                });
            }
        }
        let (draws, inserts) = inserts
            .into_iter()
            .partition(|step| matches!(step.action, Action::Draw { .. }));
        steps.extend::<Vec<_>>(draws);
        steps.extend(together(inserts));
        steps.extend(rereads);
        self.release(&ops);
        ops.len()
    }

    fn write(
        &self,
        graph: &Graph<'_>,
        (rank, when): (u8, Vec<usize>),
        table: &'static Table,
        ops: &[usize],
    ) -> Step {
        let rows = self.targets(ops);
        let mut columns: Vec<usize> = rows
            .iter()
            .filter_map(|row| match row {
                Target::Node(id) => Some(graph.nodes[*id].fate.written()),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        columns.sort_unstable();
        columns.dedup();
        let kind = if rank == 0 {
            ChangeKind::Moved
        } else {
            ChangeKind::Updated
        };
        Step {
            table,
            kind: Some(kind),
            action: Action::Write {
                rows,
                columns,
                when,
            },
        }
    }
}

/// Sets the foreign key of rows NULL, by name.
///
/// A row that goes right after doesn't raise its version: it is named by it then.
pub(super) fn release(
    key: &'static ForeignKey,
    table: &'static Table,
    rows: Vec<Target>,
    raise: bool,
) -> Action {
    let version = table
        .version
        .as_ref()
        .filter(|_| raise)
        .map(|version| version.column);
    let columns = key
        .own_columns()
        .map(|part| part.column)
        .chain(version)
        .collect();
    Action::Write {
        rows,
        columns,
        when: naming(table, Some(key)),
    }
}
