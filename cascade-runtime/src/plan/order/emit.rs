//! The steps of a group of changes.

use crate::error::Error;
use crate::graph::Graph;
use crate::meta::{ForeignKey, Table};
use crate::plan::order::{Group, Op, Order};
use crate::plan::{Action, Base, Step, Target, detach, kept, naming, reach};
use crate::report::ChangeKind;

impl Order {
    pub(super) fn targets(&self, ops: &[usize]) -> Vec<Target> {
        let target = |op: &usize| match self.ops[*op] {
            Op::Node(id) => Some(Target::Node(id)),
            Op::Leave(id) => Some(Target::Leaver(id)),
            Op::Whole(_) => None,
        };
        ops.iter().filter_map(target).collect()
    }

    /// The steps of one group.
    pub(super) fn emit(
        &self,
        graph: &Graph<'_>,
        group: usize,
        ops: &[usize],
        steps: &mut Vec<Step>,
    ) -> Result<(), Error> {
        let Group { key, table, .. } = &self.groups[group];
        match self.ops[ops[0]] {
            Op::Node(id) => {
                let (parked, there): (Vec<usize>, Vec<usize>) =
                    ops.iter().partition(|op| self.parked[**op]);
                for (ops, when) in [(there, key.when.clone()), (parked, naming(table, None))] {
                    if !ops.is_empty() {
                        steps.push(self.write(graph, (key.rank, when), table, id, &ops));
                    }
                }
            }
            Op::Leave(id) => {
                let leaver = &graph.leavers[id];
                if leaver.relation.cascade.delete_orphan {
                    let taken_over = |op: &&usize| matches!(self.ops[**op], Op::Leave(id) if graph.leavers[id].taken_over);
                    let (taken, gone): (Vec<_>, Vec<_>) = ops.iter().partition(taken_over);
                    if !taken.is_empty() {
                        steps.extend(reach::below(table, self.targets(&taken))?);
                    }
                    let (parked, there): (Vec<_>, Vec<_>) =
                        gone.into_iter().partition(|op| self.parked[*op]);
                    for (ops, owner) in [(there, Some(leaver.foreign_key)), (parked, None)] {
                        if !ops.is_empty() {
                            steps.extend(reach::delete(
                                table,
                                naming(table, owner),
                                self.targets(&ops),
                            )?);
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
                let ids = ops.iter().filter_map(|op| {
                    if let Op::Whole(id) = self.ops[*op] {
                        Some(id)
                    } else {
                        None
                    }
                });
                let parents = ids.clone().map(|id| graph.wholes[id].parent).collect();
                let kept = ids.flat_map(|id| kept(graph, id)).collect();
                let base = Base::Owned {
                    table,
                    foreign_key: whole.foreign_key,
                    parents,
                    kept,
                };
                steps.extend(detach(whole.relation, base)?);
            }
        }
        Ok(())
    }

    fn write(
        &self,
        graph: &Graph<'_>,
        (rank, when): (u8, Vec<usize>),
        table: &'static Table,
        id: usize,
        ops: &[usize],
    ) -> Step {
        let rows = self.targets(ops);
        if graph.nodes[id].fate.is_insert() {
            let rows = rows
                .iter()
                .filter_map(|row| {
                    if let Target::Node(id) = row {
                        Some(*id)
                    } else {
                        None
                    }
                })
                .collect();
            return Step {
                table,
                kind: Some(ChangeKind::Inserted),
                action: Action::Insert { rows },
            };
        }
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
