//! Walking the tree: what its relations hold and lost.

use crate::error::{Error, ErrorKind};
use crate::graph::{Fate, Graph, Kept, Leaver, Node, Owner, Root, Seen, Whole};
use crate::meta::{ForeignKey, Kind, RelationDef, Table};
use crate::slot::{Leave, Left, Link, Slot};

/// The kinds of error that the graph shows by itself, the one that is reported first at the front.
const SEVERITY: [ErrorKind; 7] = [
    ErrorKind::KeyChanged,
    ErrorKind::NotOwned,
    ErrorKind::NotLoaded,
    ErrorKind::NotCascaded,
    ErrorKind::RemovalDenied,
    ErrorKind::MissingRequired,
    ErrorKind::Contradiction,
];

pub(super) struct Builder<'a> {
    pub(super) graph: Graph<'a>,
    worst: Option<(usize, Error)>,
    seen: &'a [Seen],
}

impl<'a> Builder<'a> {
    pub(super) fn new(roots: impl IntoIterator<Item = Root<'a>>, seen: &'a [Seen]) -> Self {
        let node = |(index, root): (usize, Root<'a>)| Node {
            table: root.table,
            value: root.value,
            state: root.state,
            owner: None,
            index: Some(index),
            fate: Fate::Keep,
        };
        let mut nodes: Vec<Node<'a>> = roots.into_iter().enumerate().map(node).collect();
        if let [only] = nodes.as_mut_slice() {
            only.index = None;
        }
        let graph = Graph {
            nodes,
            ..Graph::default()
        };
        Self {
            graph,
            worst: None,
            seen,
        }
    }

    pub(super) fn rows(self) -> Graph<'a> {
        self.graph
    }

    pub(super) fn save(mut self) -> Result<Graph<'a>, Error> {
        self.walk(Self::expand);
        self.take_over();
        self.raise_aggregates();
        self.worst.map_or(Ok(self.graph), |(_, error)| Err(error))
    }

    pub(super) fn releases(mut self) -> Graph<'a> {
        self.walk(Self::releasing);
        self.graph
    }

    /// Parents before children: what a visit adds is visited later.
    fn walk(&mut self, visit: fn(&mut Self, usize)) {
        let mut next = 0;
        while next < self.graph.nodes.len() {
            visit(self, next);
            next += 1;
        }
    }

    /// Decides about a row, and adds what its relations hold and lost.
    fn expand(&mut self, id: usize) {
        let Node {
            table,
            value,
            state,
            owner,
            ..
        } = self.graph.nodes[id];
        (table.functions.view)(value, &mut |fields, slots| {
            let fate = if state.is_new() {
                self.insertion(id, fields)
            } else {
                self.update(id, owner, fields)
            };
            self.graph.nodes[id].fate = fate;
            for (relation, slot) in table.relations.iter().zip(slots) {
                self.relation(id, relation, *slot);
            }
        });
    }

    /// What left the relations of a row to be released.
    fn releasing(&mut self, id: usize) {
        let Node { table, value, .. } = self.graph.nodes[id];
        (table.functions.view)(value, &mut |_, slots| {
            for (relation, slot) in table.relations.iter().zip(slots) {
                let (Some(foreign_key), Some(link)) = (relation.foreign_key(table), slot.link())
                else {
                    continue;
                };
                if relation.cascade.save_update {
                    self.held(id, relation, foreign_key, *slot);
                    if !relation.cascade.delete_orphan && !relation.deny {
                        self.lost(id, relation, foreign_key, *slot, link);
                    }
                }
            }
        });
    }

    /// What a relation holds and lost.
    fn relation(&mut self, id: usize, relation: &'static RelationDef, slot: &'a dyn Slot) {
        let parent = &self.graph.nodes[id];
        let Some(foreign_key) = relation.foreign_key(parent.table) else {
            return;
        };
        let Some(link) = slot.link() else {
            if relation.required && parent.state.is_new() {
                self.missing(id, relation);
            }
            return;
        };
        if link.home != 0
            && link.home != parent.state.handle()
            && (slot.count() > 0 || !link.left.is_empty())
        {
            return self.not_owned(id, relation);
        }
        if relation.required && slot.count() == 0 {
            self.missing(id, relation);
        }
        if relation.cascade.save_update {
            self.held(id, relation, foreign_key, slot);
            self.lost(id, relation, foreign_key, slot, link);
        } else {
            self.not_cascaded(id, relation, slot, link);
        }
    }

    fn held(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        foreign_key: &'static ForeignKey,
        slot: &'a dyn Slot,
    ) {
        let table = (relation.target)();
        for position in 0..slot.count() {
            let Some((value, state)) = slot.row(position) else {
                continue;
            };
            let index = (relation.kind != Kind::OneToOne).then_some(position);
            let owner = Some(Owner {
                node: id,
                relation,
                foreign_key,
            });
            self.graph.nodes.push(Node {
                table,
                value,
                state,
                owner,
                index,
                fate: Fate::Keep,
            });
        }
    }

    fn lost(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        foreign_key: &'static ForeignKey,
        slot: &'a dyn Slot,
        link: &'a Link,
    ) {
        let table = (relation.target)();
        let removed = |left: &&Left| matches!(left.how, Leave::Removed { .. });
        if link.is_whole_under(self.graph.nodes[id].state) {
            if relation.deny {
                let message = "removals are denied, and what is not loaded can't be told from it; load the relation first";
                let path = self.graph.relation_path(id, relation);
                self.report(ErrorKind::NotLoaded, table, path, message);
            }
            let first = self.graph.nodes.len() - slot.count();
            let held = (first..self.graph.nodes.len())
                .filter(|&child| !self.graph.nodes[child].state.is_new())
                .map(Kept::Node);
            let expunged = link
                .left
                .iter()
                .filter(|left| !removed(left))
                .map(Kept::Expunged);
            let kept: Vec<Kept<'a>> = held.chain(expunged).collect();
            match self
                .seen
                .iter()
                .find(|seen| seen.parent == id && std::ptr::eq(seen.relation, relation))
            {
                Some(seen) => {
                    let leaving = seen
                        .rows
                        .iter()
                        .filter(|left| !kept.iter().any(|kept| self.same_row(table, kept, left)));
                    let leaver = |left| Leaver {
                        parent: id,
                        relation,
                        table,
                        foreign_key,
                        left,
                        taken_over: false,
                    };
                    let leavers: Vec<Leaver<'a>> = leaving.map(leaver).collect();
                    self.graph.leavers.extend(leavers);
                    return;
                }
                None => self.graph.wholes.push(Whole {
                    parent: id,
                    relation,
                    table,
                    foreign_key,
                    kept,
                }),
            }
        }
        for left in link.left.iter().filter(removed) {
            if relation.deny {
                let path = self.graph.relation_path(id, relation);
                let message = format!(
                    "removing the `{}` is denied by `on_remove = \"deny\"`",
                    table.entity
                );
                self.report(ErrorKind::RemovalDenied, table, path, message);
            }
            self.graph.leavers.push(Leaver {
                parent: id,
                relation,
                table,
                foreign_key,
                left,
                taken_over: false,
            });
        }
    }

    fn same_row(&self, table: &'static Table, kept: &Kept<'_>, left: &Left) -> bool {
        table.key.iter().all(|&key| {
            let cell = match kept {
                Kept::Node(node) => Some(self.graph.nodes[*node].recorded(key)),
                Kept::Expunged(left) => left.cells[key].as_deref(),
            };
            matches!((cell, left.cells[key].as_deref()), (Some(cell), Some(left)) if (table.columns[key].codec.same)(cell, left))
        })
    }

    /// A relation without `save-update` isn't written through its parent at all.
    fn not_cascaded(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        slot: &'a dyn Slot,
        link: &Link,
    ) {
        let entering = (0..slot.count())
            .filter_map(|position| slot.row(position))
            .any(|(_, state)| state.is_new() || state.departure().is_some());
        let leaving = link
            .left
            .iter()
            .any(|left| matches!(left.how, Leave::Removed { .. }));
        if entering || leaving || link.is_whole_under(self.graph.nodes[id].state) {
            let why = if relation.viewonly {
                "is `viewonly`"
            } else {
                "has no `save-update` in its cascade"
            };
            let message = format!(
                "the relation {why}: a child that enters or leaves it isn't written; save the child by itself"
            );
            let path = self.graph.relation_path(id, relation);
            self.report(ErrorKind::NotCascaded, (relation.target)(), path, message);
        }
    }

    fn missing(&mut self, id: usize, relation: &'static RelationDef) {
        let table = (relation.target)();
        let path = self.graph.relation_path(id, relation);
        self.report(
            ErrorKind::MissingRequired,
            table,
            path,
            format!("a `{}` is required; give one with `set`", table.entity),
        );
    }

    fn not_owned(&mut self, id: usize, relation: &'static RelationDef) {
        let path = self.graph.relation_path(id, relation);
        let message = "the rows in this relation belong to another parent; move them with `expunge` and `adopt`";
        self.report(ErrorKind::NotOwned, (relation.target)(), path, message);
    }

    pub(super) fn report(
        &mut self,
        kind: ErrorKind,
        table: &'static Table,
        path: String,
        message: impl Into<String>,
    ) {
        let rank = SEVERITY
            .iter()
            .position(|&known| known == kind)
            .unwrap_or(SEVERITY.len());
        if self.worst.as_ref().is_none_or(|(worst, _)| rank < *worst) {
            self.worst = Some((rank, Error::new(kind, message).at(table.entity, path)));
        }
    }
}
