//! Walking the tree: what its relations hold and lost.

use crate::codec::{Cell, Erased, Null};
use crate::error::{Error, ErrorKind};
use crate::graph::{Fate, Graph, Held, Kept, Leaver, Node, Owner, Root, Seen, Survey, Whole};
use crate::keys::ByKey;
use crate::meta::{ForeignKey, PassiveDeletes, RelationDef, Table};
use crate::slot::{Link, RowState, Slot};
use crate::values::stored;

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
    /// What is left out of the graph is what it says to be quiet.
    survey: Option<&'a Survey>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        roots: impl IntoIterator<Item = Root<'a>>,
        survey: Option<&'a Survey>,
        seen: &'a [Seen],
    ) -> Self {
        let node = |(index, root): (usize, Root<'a>)| Node {
            table: root.table,
            value: root.value,
            state: root.state,
            above: None,
            held: Vec::new(),
            position: index,
            is_whole: survey.is_none() || root.state.is_new(),
            fate: Fate::Keep,
        };
        let nodes: Vec<Node<'a>> = roots.into_iter().enumerate().map(node).collect();
        let graph = Graph {
            roots: nodes.len(),
            nodes,
            ..Graph::default()
        };
        Self {
            graph,
            worst: None,
            seen,
            survey,
        }
    }

    pub(super) fn rows(self) -> Graph<'a> {
        self.graph
    }

    pub(super) fn save(mut self) -> Result<Graph<'a>, Error> {
        self.walk(Self::expand);
        self.join_twins();
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
        let node = &self.graph.nodes[id];
        let owner = node.owner();
        let Node {
            table,
            value,
            state,
            ..
        } = *node;
        (table.functions.view)(value, &mut |fields, slots| {
            for (relation, slot) in table.relations.iter().zip(slots) {
                if relation.is_held() {
                    self.target(id, relation, *slot);
                } else {
                    self.relation(id, relation, *slot);
                }
            }
            let fate = if state.is_new() {
                self.insertion(id, fields)
            } else {
                self.update(id, owner, fields)
            };
            self.graph.nodes[id].fate = fate;
        });
    }

    /// The parent that a `BelongsTo` holds.
    fn target(&mut self, id: usize, relation: &'static RelationDef, slot: &'a dyn Slot) {
        let parent = &self.graph.nodes[id];
        let (Some(foreign_key), Some((_, state))) =
            (relation.foreign_key(parent.table), slot.row(0))
        else {
            return;
        };
        if parent.lets_go(foreign_key) {
            if state.is_new() {
                let message = "the row moves, and holds another parent by the same key; set it after the save";
                let path = self.graph.relation_path(id, relation);
                self.report(ErrorKind::KeyChanged, (relation.target)(), path, message);
            }
            return;
        }
        if relation.cascade.save_update {
            let node = self.graph.nodes.len();
            self.held(id, relation, foreign_key, slot);
            self.graph.nodes[id].held.push(Held { foreign_key, node });
        } else if state.is_new() {
            let message = "the relation has no `save-update` in its cascade: a parent that is new isn't inserted; save it by itself";
            let path = self.graph.relation_path(id, relation);
            self.report(ErrorKind::NotCascaded, (relation.target)(), path, message);
        }
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
                if relation.cascade.save_update && !relation.is_held() {
                    self.held(id, relation, foreign_key, *slot);
                    // Where the delete releases all rows of the relation, it needs no names.
                    let survives =
                        relation.cascade.delete || relation.passive_deletes == PassiveDeletes::All;
                    if survives && !relation.cascade.delete_orphan && !relation.deny {
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
        if link.home().parent != 0
            && !link.is_of(parent.state, foreign_key)
            && (slot.count() > 0 || link.left().next().is_some())
        {
            self.not_owned(id, relation);
            // What comes before it in the order of errors is below it.
            if relation.cascade.save_update {
                self.held(id, relation, foreign_key, slot);
            }
            return;
        }
        if relation.required && slot.count() == 0 {
            self.missing(id, relation);
        }
        if link.attached {
            self.attached(id, relation, foreign_key, slot, link);
        }
        if relation.cascade.save_update {
            self.held(id, relation, foreign_key, slot);
            self.lost(id, relation, foreign_key, slot, link);
        } else {
            self.not_cascaded(id, relation, foreign_key, slot, link);
        }
    }

    /// Rows that a query of the user's found have to be the parent's.
    fn attached(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        foreign_key: &'static ForeignKey,
        slot: &'a dyn Slot,
        link: &'a Link,
    ) {
        let child = (relation.target)();
        let parent = &self.graph.nodes[id];
        let is_owned = |recorded: &dyn Fn(usize) -> Option<&'a Erased>| {
            let mut parts = foreign_key.parts.iter().zip(parent.table.key);
            !parent.state.is_new()
                && parts.all(|(part, &key)| {
                    let held = recorded(part.column).and_then(part.key);
                    let codec = crate::values::codec(parent.table, key);
                    let key = stored(parent.table, key, parent.recorded(key));
                    matches!((held, key), (Some(held), Some(key)) if (codec.same)(held, key))
                })
        };
        let is_foreign = |(value, state): &(&'a Erased, &'a RowState)| {
            let mut same = state.is_new() || state.departure().is_some();
            (child.functions.view)(*value, &mut |fields, _| {
                same = same || is_owned(&|column| Some(state.recorded(child, column, fields)));
            });
            !same
        };
        let mut rows = (0..slot.count()).filter_map(|position| slot.row(position));
        // Nor may one that isn't leave by being removed again.
        let mut left = link.left().filter(|left| !left.is_expunged());
        if rows.any(|row| is_foreign(&row))
            || left.any(|left| !is_owned(&|column| left.cell(child, column)))
        {
            self.not_owned(id, relation);
        }
    }

    /// Adds the rows of a relation, but for those that are quiet.
    fn held(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        foreign_key: &'static ForeignKey,
        slot: &'a dyn Slot,
    ) {
        let table = (relation.target)();
        let above = Some(Owner {
            node: id,
            relation,
            foreign_key,
        });
        let parent = &self.graph.nodes[id];
        let is_needed = parent.is_whole
            || relation.is_held()
            || (slot.link()).is_some_and(|link| link.is_whole_under(parent.state, foreign_key));
        let is_whole = parent.is_whole;
        if is_needed {
            self.graph.nodes.reserve(slot.count());
        }
        for position in 0..slot.count() {
            let Some((value, state)) = slot.row(position) else {
                continue;
            };
            let is_quiet = |survey: &Survey| !state.is_new() && !survey.has(state);
            if !is_needed && self.survey.is_some_and(is_quiet) {
                continue;
            }
            self.graph.nodes.push(Node {
                table,
                value,
                state,
                above,
                held: Vec::new(),
                position,
                is_whole: is_whole || state.is_new(),
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
        let state = self.graph.nodes[id].state;
        let whole = link.is_whole_under(state, foreign_key);
        if relation.deny && whole && !link.is_loaded_under(state) {
            let message = "removals are denied, and what is not loaded can't be told from it; load the relation first";
            let path = self.graph.relation_path(id, relation);
            self.report(ErrorKind::NotLoaded, table, path, message);
        }
        let leaver = |left| Leaver {
            parent: id,
            relation,
            table,
            foreign_key,
            left,
            taken_over: false,
        };
        if whole && !relation.deny {
            let kept = self.kept(table, slot, link);
            let seen = self.seen.iter();
            let seen = seen.filter(|seen| seen.parent == id);
            let mut seen = seen.filter(|seen| std::ptr::eq(seen.relation, relation));
            if let Some(seen) = seen.next() {
                let mut stays = ByKey::new(table);
                for kept in &kept {
                    stays.add(0, self.kept_key(table, kept));
                }
                let leaving = seen.rows.iter();
                let leaving = leaving.filter(|left| stays.find(&left.key(table)).is_none());
                let leavers: Vec<Leaver<'a>> = leaving.map(leaver).collect();
                self.graph.leavers.extend(leavers);
                return;
            }
            self.graph.wholes.push(Whole {
                parent: id,
                relation,
                table,
                foreign_key,
                kept,
            });
            // What is known of rows that leave with all others is their versions.
            if table.version.is_none() {
                return;
            }
        }
        for left in link.left().filter(|left| !left.is_expunged()) {
            if relation.deny {
                let path = self.graph.relation_path(id, relation);
                let message = format!(
                    "removing the `{}` is denied by `on_remove = \"deny\"`",
                    table.entity
                );
                self.report(ErrorKind::RemovalDenied, table, path, message);
            }
            self.graph.leavers.push(leaver(left));
        }
    }

    /// The rows that a whole operation spares: those that were just added to the graph, and those that wait to be adopted.
    fn kept(&self, table: &'static Table, slot: &dyn Slot, link: &'a Link) -> Vec<Kept<'a>> {
        let first = self.graph.nodes.len() - slot.count();
        let is_there = |&child: &usize| {
            let node = &self.graph.nodes[child];
            // A link is what it refers to: one that is new may be there already.
            let known = || table.key.iter().any(|&key| !node.cell(key).is::<Null>());
            !node.state.is_new() || table.is_link() && known()
        };
        let held = (first..self.graph.nodes.len()).filter(is_there);
        let expunged = link.left().filter(|left| left.is_expunged());
        held.map(Kept::Node)
            .chain(expunged.map(Kept::Expunged))
            .collect()
    }

    fn kept_key(&self, table: &'static Table, kept: &Kept<'_>) -> Vec<Option<Cell>> {
        match kept {
            Kept::Node(node) => {
                let node = &self.graph.nodes[*node];
                node.state.key(table, node.value)
            }
            Kept::Expunged(left) => left.key(table),
        }
    }

    /// A relation without `save-update` isn't written through its parent at all.
    fn not_cascaded(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        foreign_key: &'static ForeignKey,
        slot: &'a dyn Slot,
        link: &Link,
    ) {
        let entering = (0..slot.count())
            .filter_map(|position| slot.row(position))
            .any(|(_, state)| state.is_new() || state.departure().is_some());
        let leaving = link.left().any(|left| !left.is_expunged());
        if entering || leaving || link.is_whole_under(self.graph.nodes[id].state, foreign_key) {
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
        let message = "the rows in this relation belong to another parent, or to another relation; move them with `expunge` and `adopt`";
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
