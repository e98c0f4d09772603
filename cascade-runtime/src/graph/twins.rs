//! One row that is held twice: by two handles, or as the target of several links or foreign keys.

use std::collections::HashMap;

use crate::error::ErrorKind;
use crate::graph::Fate;
use crate::graph::build::Builder;
use crate::keys::ByKey;
use crate::meta::Table;

/// The nodes and the leavers that change a row of one table.
struct Changes {
    table: &'static Table,
    nodes: Vec<usize>,
    leavers: Vec<usize>,
}

impl Builder<'_> {
    /// A row that is changed alike in two places is written once; changed in two ways, it can't be saved.
    pub(super) fn join_twins(&mut self) {
        let mut doubled = Vec::new();
        for changes in self.changes() {
            let mut known = ByKey::new(changes.table);
            for &id in &changes.nodes {
                let node = &self.graph.nodes[id];
                let key = node.state.key(node.table, node.value);
                match known.find(&key) {
                    Some(first) => self.join(first, id),
                    None => known.add(id, key),
                }
            }
            let mut gone = ByKey::new(changes.table);
            for &id in &changes.leavers {
                let key = self.graph.leavers[id].left.key(changes.table);
                if let Some(node) = known.find(&key) {
                    self.contradicts(
                        node,
                        "removed in one place, and changed or moved in another",
                    );
                }
                match gone.find(&key) {
                    Some(first) if self.leave_alike(first, id) => doubled.push(id),
                    Some(_) => {
                        let leaver = &self.graph.leavers[id];
                        let path = self.graph.relation_path(leaver.parent, leaver.relation);
                        self.contradiction(changes.table, path, "removed from two relations");
                    }
                    None => gone.add(id, key),
                }
            }
        }
        doubled.sort_unstable();
        for id in doubled.into_iter().rev() {
            self.graph.leavers.remove(id);
        }
    }

    /// What changes rows that exist, by table, where more than one place does.
    fn changes(&self) -> Vec<Changes> {
        let mut tables: HashMap<&'static str, Changes> = HashMap::new();
        let mut of = |table: &'static Table, node: Option<usize>, leaver: Option<usize>| {
            let changes = tables.entry(table.ident).or_insert_with(|| Changes {
                table,
                nodes: Vec::new(),
                leavers: Vec::new(),
            });
            changes.nodes.extend(node);
            changes.leavers.extend(leaver);
        };
        for (id, node) in self.graph.nodes.iter().enumerate() {
            if matches!(node.fate, Fate::Write { .. }) {
                of(node.table, Some(id), None);
            }
        }
        for (id, leaver) in self.graph.leavers.iter().enumerate() {
            if !leaver.table.is_link() && !leaver.left.is_expunged() {
                of(leaver.table, None, Some(id));
            }
        }
        let mut changes: Vec<Changes> = tables.into_values().collect();
        changes.retain(|changes| changes.nodes.len() + changes.leavers.len() > 1);
        changes.sort_by_key(|changes| changes.table.ident);
        changes
    }

    fn join(&mut self, first: usize, second: usize) {
        if self.is_alike(first, second) {
            self.graph.nodes[second].fate = Fate::Twin;
        } else {
            self.contradicts(second, "changed in two ways");
        }
    }

    /// Two nodes of a row write the same, from the same version.
    fn is_alike(&self, first: usize, second: usize) -> bool {
        let (a, b) = (&self.graph.nodes[first], &self.graph.nodes[second]);
        let (
            Fate::Write { columns, moved, .. },
            Fate::Write {
                columns: other,
                moved: away,
                ..
            },
        ) = (&a.fate, &b.fate)
        else {
            return false;
        };
        let version = a.table.version.as_ref().map(|version| version.column);
        let same = |&column: &usize| {
            let same = a.table.columns[column].codec.same;
            if Some(column) == version {
                same(a.recorded(column), b.recorded(column))
            } else {
                same(a.cell(column), b.cell(column))
            }
        };
        !moved && !away && columns == other && columns.iter().all(same)
    }

    fn leave_alike(&self, first: usize, second: usize) -> bool {
        let (a, b) = (&self.graph.leavers[first], &self.graph.leavers[second]);
        std::ptr::eq(a.foreign_key, b.foreign_key)
            && a.relation.cascade.delete_orphan == b.relation.cascade.delete_orphan
    }

    fn contradicts(&mut self, node: usize, how: &str) {
        let (table, path) = (self.graph.nodes[node].table, self.graph.path(node));
        self.contradiction(table, path, how);
    }

    fn contradiction(&mut self, table: &'static Table, path: String, how: &str) {
        let message = format!("the row is held twice, and {how}; change it in one place");
        self.report(ErrorKind::Contradiction, table, path, message);
    }
}
