//! Places under declared unique sets: who takes a place that another row gives up comes after it, or that row is set aside first.

use std::collections::HashMap;

use crate::codec::Erased;
use crate::graph::{Fate, Graph, Leaver, Node};
use crate::keys::{ByKey, Cells};
use crate::meta::{ForeignKey, Table};
use crate::plan::order::{Op, Order};
use crate::plan::{Action, Step, Target, naming};
use crate::values::{codec, stored};

/// A set of columns that no two rows of a table have alike.
struct Set {
    columns: Vec<usize>,
    /// Those that can be NULL.
    nullable: Vec<usize>,
    /// For the key of a one-to-one relation: rows that enter and leave by it are in order already.
    key: Option<&'static ForeignKey>,
}

impl Order {
    /// What has to wait for a place under a unique set.
    pub(super) fn places(&mut self, graph: &Graph<'_>) {
        let mut tables: HashMap<&'static str, (&'static Table, Vec<usize>)> = HashMap::new();
        for op in 0..self.ops.len() {
            let table = match self.ops[op] {
                Op::Node(id) => graph.nodes[id].table,
                Op::Leave(id) => graph.leavers[id].table,
                Op::Whole(_) | Op::Orphan(_) | Op::Complete(..) => continue,
            };
            if table.unique.iter().any(|set| !set.deferrable)
                || table.columns.iter().any(|column| column.unique)
                || table.foreign_keys.iter().any(|key| key.unique)
            {
                let (_, ops) = tables.entry(table.ident).or_insert((table, Vec::new()));
                ops.push(op);
            }
        }
        let mut tables: Vec<_> = tables
            .into_values()
            .filter(|(_, ops)| ops.len() > 1)
            .collect();
        tables.sort_by_key(|(table, _)| table.ident);
        for (table, ops) in tables {
            for set in sets(table) {
                self.exchange(graph, table, &set, &ops);
            }
        }
    }

    /// The rows of one table that change places under one set.
    fn exchange(&mut self, graph: &Graph<'_>, table: &'static Table, set: &Set, ops: &[usize]) {
        let mut given_up = ByKey::over(table, &set.columns);
        let mut taken = Vec::new();
        for &op in ops {
            let (old, new) = self.place_of(graph, table, set, op);
            let stays = |old: &Cells| new.as_ref().is_some_and(|new| given_up.is_same(new, old));
            if let Some(old) = old.filter(|old| !stays(old)) {
                given_up.add(op, old);
            }
            taken.extend(new.map(|new| (op, new)));
        }
        let mut aside: Vec<usize> = Vec::new();
        for (op, new) in taken {
            let Some(holder) = given_up.find(&new).filter(|holder| *holder != op) else {
                continue;
            };
            // An INSERT is a statement of its own, which can wait.
            let together =
                !matches!(self.ops[op], Op::Node(id) if graph.nodes[id].fate.is_insert());
            if together && self.column_to_clear(graph, set, holder).is_some() {
                aside.push(holder);
            } else {
                self.before(holder, op);
            }
        }
        self.set_aside(graph, table, set, aside);
    }

    /// What a row has under a set, before and after; `None` where it has no place, or where only the database knows it.
    fn place_of(
        &self,
        graph: &Graph<'_>,
        table: &'static Table,
        set: &Set,
        op: usize,
    ) -> (Option<Cells>, Option<Cells>) {
        let by_relation = |key: &ForeignKey| set.key.is_some_and(|own| std::ptr::eq(own, key));
        match self.ops[op] {
            Op::Node(id) => {
                let node = &graph.nodes[id];
                if node
                    .owner()
                    .is_some_and(|owner| by_relation(owner.foreign_key))
                {
                    return (None, None);
                }
                let old = (!node.state.is_new()).then(|| {
                    cells(table, set, |column| {
                        stored(table, column, node.recorded(column))
                    })
                });
                let new = cells(table, set, |column| new_cell(graph, node, column));
                (old.flatten(), new)
            }
            Op::Leave(id) => {
                let Leaver {
                    left, foreign_key, ..
                } = &graph.leavers[id];
                if by_relation(foreign_key) {
                    return (None, None);
                }
                let old = cells(table, set, |column| {
                    stored(table, column, left.cell(table, column)?)
                });
                (old, None)
            }
            Op::Whole(_) | Op::Orphan(_) | Op::Complete(..) => (None, None),
        }
    }

    /// A column of a set by which a row can give up its place before it takes another: it can be NULL, and is written anyway.
    fn column_to_clear(&self, graph: &Graph<'_>, set: &Set, op: usize) -> Option<usize> {
        let Op::Node(id) = self.ops[op] else {
            return None;
        };
        let Fate::Write {
            columns,
            moved: false,
            ..
        } = &graph.nodes[id].fate
        else {
            return None;
        };
        let mut nullable = set.nullable.iter().copied();
        nullable.find(|column| columns.contains(column))
    }

    /// Rows whose places are taken by others give them up before anything else.
    fn set_aside(
        &mut self,
        graph: &Graph<'_>,
        table: &'static Table,
        set: &Set,
        mut aside: Vec<usize>,
    ) {
        aside.sort_unstable();
        aside.dedup();
        for &cleared in &set.nullable {
            let here = |op: &&usize| self.column_to_clear(graph, set, **op) == Some(cleared);
            let nodes = aside
                .iter()
                .filter(here)
                .filter_map(|op| match self.ops[*op] {
                    Op::Node(id) => Some(id),
                    _ => None,
                });
            let nodes: Vec<usize> = nodes.collect();
            let Some(&first) = nodes.first() else {
                continue;
            };
            let owner = graph.nodes[first].owner().map(|owner| owner.foreign_key);
            self.aside.push(Step {
                table,
                kind: None,
                action: Action::Write {
                    rows: nodes.into_iter().map(Target::Loose).collect(),
                    columns: vec![cleared],
                    when: naming(table, owner),
                },
            });
        }
    }
}

/// The sets of a table that are checked row by row.
fn sets(table: &'static Table) -> Vec<Set> {
    let columns = (0..table.columns.len()).filter(|&column| table.columns[column].unique);
    let single = columns.map(|column| Set {
        columns: vec![column],
        nullable: if table.columns[column].nullable {
            vec![column]
        } else {
            Vec::new()
        },
        key: None,
    });
    let several = table.unique.iter().filter(|set| !set.deferrable);
    let several = several.map(|set| Set {
        columns: set.columns.to_vec(),
        nullable: set.nullable.to_vec(),
        key: None,
    });
    let keys = table.foreign_keys.iter().filter(|key| key.unique);
    let keys = keys.map(|key| Set {
        columns: key.parts.iter().map(|part| part.column).collect(),
        nullable: if key.nullable {
            key.own_columns().map(|part| part.column).collect()
        } else {
            Vec::new()
        },
        key: Some(key),
    });
    single.chain(several).chain(keys).collect()
}

/// The cells of a set; `None` where one of them is NULL, or unknown.
fn cells<'c>(
    table: &'static Table,
    set: &Set,
    cell: impl Fn(usize) -> Option<&'c Erased>,
) -> Option<Cells> {
    let cells = set.columns.iter().map(|&column| {
        let cell = cell(column)?;
        Some(Some((codec(table, column).clone)(cell)))
    });
    cells.collect()
}

/// What a column of a row is going to be: where the row enters, the key to its owner is the owner's.
fn new_cell<'a>(graph: &Graph<'a>, node: &Node<'a>, column: usize) -> Option<&'a Erased> {
    let Some(owner) = node.owner().filter(|_| node.fate.enters()) else {
        return stored(node.table, column, node.cell(column));
    };
    let mut parts = owner.foreign_key.parts.iter();
    let Some(part) = parts.position(|part| part.column == column) else {
        return stored(node.table, column, node.cell(column));
    };
    let parent = &graph.nodes[owner.node];
    let key = parent.table.key[part];
    (!parent.state.is_new()).then(|| stored(parent.table, key, parent.recorded(key)))?
}
