//! The typed tree, flattened: what a save has to do with each row.
//!
//! Synchronous and read-only. What is wrong with the graph by itself is found here, before any SQL.

use crate::codec::{Erased, Null};
use crate::error::{Error, ErrorKind};
use crate::meta::{ForeignKey, Kind, RelationDef, Table};
use crate::slot::{Leave, Left, Link, RowState, Slot};

/// A row at the top of what is saved.
#[derive(Clone, Copy)]
pub(crate) struct Root<'a> {
    pub(crate) table: &'static Table,
    pub(crate) value: &'a Erased,
    pub(crate) state: &'a RowState,
}

/// The tree under some roots, parents before children.
#[derive(Default)]
pub(crate) struct Graph<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) leavers: Vec<Leaver<'a>>,
    pub(crate) wholes: Vec<Whole<'a>>,
}

/// A row that the tree holds.
pub(crate) struct Node<'a> {
    pub(crate) table: &'static Table,
    pub(crate) value: &'a Erased,
    pub(crate) state: &'a RowState,
    pub(crate) owner: Option<Owner>,
    /// Its place among its siblings, or among several roots.
    index: Option<usize>,
    pub(crate) fate: Fate,
}

/// The parent that holds a row.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) node: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) foreign_key: &'static ForeignKey,
}

/// What a save does with a row that it holds.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Nothing.
    Keep,
    /// The row is new.
    Insert,
    /// These columns change. `from` is the foreign key of the owner that a moving row leaves.
    Write {
        columns: Vec<usize>,
        moved: bool,
        cleared: Option<&'static ForeignKey>,
    },
}

impl Fate {
    /// Nothing is done with the row.
    pub(crate) fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The row is new.
    pub(crate) fn is_insert(&self) -> bool {
        matches!(self, Self::Insert)
    }

    /// The row is new where it is: it takes its owner's key.
    pub(crate) fn enters(&self) -> bool {
        matches!(self, Self::Insert | Self::Write { moved: true, .. })
    }
}

/// A row that left its relation by name.
pub(crate) struct Leaver<'a> {
    pub(crate) parent: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) table: &'static Table,
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) left: &'a Left,
}

/// A relation all of whose rows leave, but for some.
pub(crate) struct Whole<'a> {
    pub(crate) parent: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) table: &'static Table,
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) kept: Vec<Kept<'a>>,
}

/// A row that a whole operation spares.
#[derive(Clone, Copy)]
pub(crate) enum Kept<'a> {
    /// It is held.
    Node(usize),
    /// It was expunged and waits to be adopted.
    Expunged(&'a Left),
}

impl<'a> Graph<'a> {
    /// Flattens the trees under `roots`.
    ///
    /// # Errors
    ///
    /// What the unsaved graph by itself shows to be wrong; where several things are, the one that comes first in the order of `SEVERITY`.
    pub(crate) fn build(roots: impl IntoIterator<Item = Root<'a>>) -> Result<Self, Error> {
        let mut builder = Builder {
            graph: Self::default(),
            worst: None,
        };
        builder.roots(roots);
        let mut next = 0;
        while next < builder.graph.nodes.len() {
            builder.expand(next);
            next += 1;
        }
        match builder.worst {
            Some((_, error)) => Err(error),
            None => Ok(builder.graph),
        }
    }

    /// The rows, and nothing to do with them.
    pub(crate) fn of_rows(roots: impl IntoIterator<Item = Root<'a>>) -> Self {
        let mut builder = Builder {
            graph: Self::default(),
            worst: None,
        };
        builder.roots(roots);
        builder.graph
    }

    /// The rows that a delete of the roots has to let go first: they left a relation that releases.
    pub(crate) fn releases(roots: impl IntoIterator<Item = Root<'a>>) -> Self {
        let mut builder = Builder {
            graph: Self::of_rows(roots),
            worst: None,
        };
        let mut next = 0;
        while next < builder.graph.nodes.len() {
            builder.releasing(next);
            next += 1;
        }
        builder.graph
    }

    /// Where a row is: `User.profile.picture`.
    pub(crate) fn path(&self, node: usize) -> String {
        let node = &self.nodes[node];
        let mut path = match node.owner {
            Some(owner) => format!("{}.{}", self.path(owner.node), owner.relation.field),
            None => node.table.entity.to_owned(),
        };
        if let Some(index) = node.index {
            path.push_str(&format!("[{index}]"));
        }
        path
    }

    /// Where a relation is.
    pub(crate) fn relation_path(&self, parent: usize, relation: &RelationDef) -> String {
        format!("{}.{}", self.path(parent), relation.field)
    }
}

impl<'a> Node<'a> {
    /// The value of a column as the struct has it.
    pub(crate) fn cell(&self, column: usize) -> &'a Erased {
        let mut cell: &'a Erased = &Null;
        (self.table.functions.view)(self.value, &mut |fields, _| {
            cell = self.table.columns[column].cell(fields)
        });
        cell
    }

    /// The value of a column as the database has it.
    pub(crate) fn recorded(&self, column: usize) -> &'a Erased {
        let mut cell: &'a Erased = &Null;
        (self.table.functions.view)(self.value, &mut |fields, _| {
            cell = self.state.recorded(self.table, column, fields)
        });
        cell
    }
}

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

struct Builder<'a> {
    graph: Graph<'a>,
    worst: Option<(usize, Error)>,
}

impl<'a> Builder<'a> {
    fn roots(&mut self, roots: impl IntoIterator<Item = Root<'a>>) {
        for Root {
            table,
            value,
            state,
        } in roots
        {
            let index = Some(self.graph.nodes.len());
            self.graph.nodes.push(Node {
                table,
                value,
                state,
                owner: None,
                index,
                fate: Fate::Keep,
            });
        }
        if let [only] = self.graph.nodes.as_mut_slice() {
            only.index = None;
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

    /// A new row: it has to have the keys that can't be NULL.
    fn insertion(&mut self, id: usize, fields: &[&'a Erased]) -> Fate {
        let Node { table, owner, .. } = self.graph.nodes[id];
        let held = owner.map(|owner| owner.foreign_key);
        for key in table
            .foreign_keys
            .iter()
            .filter(|key| key.holder.is_some() && !key.nullable)
        {
            let missing = key
                .parts
                .iter()
                .any(|part| (part.key)(table.columns[part.column].cell(fields)).is_none());
            if missing && !held.is_some_and(|held| std::ptr::eq(held, key)) {
                let path = format!("{}.{}", self.graph.path(id), key.field);
                let message = format!(
                    "no `{}` is set; point it to one with `BelongsTo::to(key)`",
                    key.target_entity
                );
                self.report(ErrorKind::MissingRequired, table, path, message);
            }
        }
        Fate::Insert
    }

    /// A row that exists: which columns change, and whether it moves.
    fn update(&mut self, id: usize, owner: Option<Owner>, fields: &[&'a Erased]) -> Fate {
        let Node { table, state, .. } = self.graph.nodes[id];
        if !state.is_touched() {
            return Fate::Keep;
        }
        let mut columns = state.changed(table, fields);
        if let Some(key) = columns.iter().find(|&&column| table.columns[column].key) {
            self.key_changed(
                id,
                *key,
                "the key of a row that exists can't change; insert a new row instead",
            );
        }
        let departure = state.departure();
        let owned = |column: usize| {
            owner.is_some_and(|owner| {
                owner
                    .foreign_key
                    .parts
                    .iter()
                    .any(|part| part.column == column)
            })
        };
        if let Some(key) = columns
            .iter()
            .find(|&&column| owned(column) && !table.columns[column].key)
        {
            self.key_changed(
                id,
                *key,
                "the key to its parent changed by hand; move the row with `expunge` and `adopt`",
            );
        }
        let version = table.version.as_ref().map(|version| version.column);
        columns.retain(|&column| {
            !table.columns[column].key
                && !table.columns[column].is_generated()
                && !owned(column)
                && Some(column) != version
        });

        let mut moved = false;
        let mut cleared = None;
        if let (Some(departure), Some(owner)) = (departure, owner) {
            let same_key = departure
                .foreign_key
                .is_some_and(|key| std::ptr::eq(key, owner.foreign_key));
            let same_parent = self.graph.nodes[owner.node].state.handle() == departure.from;
            moved = !(same_key && same_parent);
            if moved {
                cleared = departure.foreign_key.filter(|_| !same_key);
                self.movement(id, owner, cleared, fields);
                columns.extend(owner.foreign_key.own_columns().map(|part| part.column));
                columns.extend(
                    cleared
                        .into_iter()
                        .flat_map(ForeignKey::own_columns)
                        .map(|part| part.column),
                );
            }
        }
        if columns.is_empty() {
            return Fate::Keep;
        }
        columns.extend(version);
        columns.sort_unstable();
        columns.dedup();
        Fate::Write {
            columns,
            moved,
            cleared,
        }
    }

    /// A row moves: what it shares with its own key, or with another foreign key, has to be the same under the new parent.
    fn movement(
        &mut self,
        id: usize,
        owner: Owner,
        cleared: Option<&'static ForeignKey>,
        fields: &[&'a Erased],
    ) {
        let Node { table, state, .. } = self.graph.nodes[id];
        let parent = &self.graph.nodes[owner.node];
        let fixed = owner
            .foreign_key
            .parts
            .iter()
            .zip(parent.table.key)
            .find(|(part, key)| {
                let fixed = part.shared || table.columns[part.column].key;
                let target = &parent.table.columns[**key];
                fixed && {
                    let now = (part.key)(state.recorded(table, part.column, fields));
                    let unknown = parent.state.is_new() && target.is_generated();
                    unknown || !now.is_some_and(|now| (target.codec.same)(now, parent.cell(**key)))
                }
            });
        if let Some((part, _)) = fixed {
            self.key_changed(id, part.column, "moving the row would change a column that is part of its own key, or of another foreign key");
        }
        if let Some(old) = cleared.filter(|old| !old.nullable) {
            let message = format!(
                "the row can't leave its old parent: `{}` can't be NULL",
                old.field
            );
            let path = self.graph.path(id);
            self.report(ErrorKind::Contradiction, table, path, message);
        }
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
            && (slot.len() > 0 || !link.left.is_empty())
        {
            return self.not_owned(id, relation);
        }
        if relation.required && slot.len() == 0 {
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
        for position in 0..slot.len() {
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
            let first = self.graph.nodes.len() - slot.len();
            let held = (first..self.graph.nodes.len())
                .filter(|&child| !self.graph.nodes[child].state.is_new())
                .map(Kept::Node);
            let expunged = link
                .left
                .iter()
                .filter(|left| !removed(left))
                .map(Kept::Expunged);
            let kept = held.chain(expunged).collect();
            self.graph.wholes.push(Whole {
                parent: id,
                relation,
                table,
                foreign_key,
                kept,
            });
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
            });
        }
    }

    /// A relation without `save-update` isn't written through its parent at all.
    fn not_cascaded(
        &mut self,
        id: usize,
        relation: &'static RelationDef,
        slot: &'a dyn Slot,
        link: &Link,
    ) {
        let entering = (0..slot.len())
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

    fn key_changed(&mut self, id: usize, column: usize, message: &str) {
        let table = self.graph.nodes[id].table;
        let path = format!("{}.{}", self.graph.path(id), table.columns[column].field);
        self.report(ErrorKind::KeyChanged, table, path, message);
    }

    fn report(
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
