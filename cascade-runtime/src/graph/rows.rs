//! What a save has to do with one row: insert it, write it, move it, let it take over another.

use std::collections::{HashMap, HashSet};

use crate::codec::Erased;
use crate::error::ErrorKind;
use crate::graph::build::Builder;
use crate::graph::{Fate, Held, Leaver, Node, Orphan, Owner, place};
use crate::keys::ByKey;
use crate::meta::{ForeignKey, ForeignKeyPart, Generated, Table};

impl<'a> Builder<'a> {
    /// A new row: it has to have the keys that can't be NULL.
    pub(super) fn insertion(&mut self, id: usize, fields: &[&'a Erased]) -> Fate {
        let owner = self.graph.nodes[id].owner().map(|owner| owner.foreign_key);
        self.targets(id, owner, fields, |_| true);
        self.one_parent(id);
        self.shared_columns(id, owner, fields);
        Fate::Insert
    }

    /// A `BelongsTo` needs a target where one of these columns is its own, and it can't be NULL.
    fn targets(
        &mut self,
        id: usize,
        owner: Option<&'static ForeignKey>,
        fields: &[&'a Erased],
        written: impl Fn(usize) -> bool,
    ) {
        let table = self.graph.nodes[id].table;
        for key in table.foreign_keys.iter().filter(|key| {
            key.holder.is_some()
                && !key.nullable
                && key.parts.iter().any(|part| written(part.column))
        }) {
            let missing = key
                .parts
                .iter()
                .any(|part| (part.key)(table.columns[part.column].cell(fields)).is_none());
            let given = self.graph.nodes[id].held.iter();
            let mut given = given.map(|held| held.foreign_key).chain(owner);
            if missing && !given.any(|given| std::ptr::eq(given, key)) {
                let path = format!("{}.{}", self.graph.path(id), key.field);
                let message = format!(
                    "no `{}` is set; point it to one with `BelongsTo::to(key)` or `BelongsTo::new(value)`",
                    key.target_entity
                );
                self.report(ErrorKind::MissingRequired, table, path, message);
            }
        }
    }

    /// A `BelongsTo` that shares a column with a plain field has to agree with it: the column is written once.
    fn shared_columns(&mut self, id: usize, owner: Option<&ForeignKey>, fields: &[&'a Erased]) {
        let table = self.graph.nodes[id].table;
        let by_owner = |column: usize| owner.is_some_and(|owner| owner.has(column));
        for key in table.foreign_keys {
            let Some(holder) = key.holder else { continue };
            let target = (key.target)();
            let differs = key.parts.iter().enumerate().find(|(index, part)| {
                let column = &table.columns[part.column];
                let same = target.columns[target.key[*index]].codec.same;
                let held = (holder.part)(fields[key.slot], *index)
                    .or_else(|| self.new_target(id, key, *index));
                let there = (part.key)(column.cell(fields));
                part.shared
                    && !by_owner(part.column)
                    && held.is_some_and(|held| !there.is_some_and(|there| same(held, there)))
            });
            if let Some((_, part)) = differs {
                let column = &table.columns[part.column];
                let path = format!("{}.{}", self.graph.path(id), key.field);
                let message = format!(
                    "the `{}` that it points to has another `{}` than this row; the two share the column",
                    key.target_entity, column.field
                );
                self.report(ErrorKind::KeyChanged, table, path, message);
            }
        }
    }

    /// A part of the key that the application gives a target that is new.
    fn new_target(&self, id: usize, key: &ForeignKey, part: usize) -> Option<&'a Erased> {
        let mut held = self.graph.nodes[id].held.iter();
        let held = held.find(|held| std::ptr::eq(held.foreign_key, key))?;
        let target = &self.graph.nodes[held.node];
        let column = target.table.key[part];
        (!target.table.columns[column].is_generated()).then(|| target.cell(column))
    }

    /// A row that enters a relation can't hold the object of another parent.
    fn one_parent(&mut self, id: usize) {
        let Some(owner) = self.graph.nodes[id].owner() else {
            return;
        };
        let parent = &self.graph.nodes[owner.node];
        let another = |held: &&Held| {
            let target = &self.graph.nodes[held.node];
            let mut key = target.table.key.iter();
            let same = |&column: &usize| {
                let same = target.table.columns[column].codec.same;
                same(target.recorded(column), parent.recorded(column))
            };
            let is_it = !target.state.is_new() && !parent.state.is_new() && key.all(same);
            std::ptr::eq(held.foreign_key, owner.foreign_key) && !is_it
        };
        if self.graph.nodes[id].held.iter().any(|held| another(&held)) {
            let path = format!("{}.{}", self.graph.path(id), owner.foreign_key.field);
            let message = "the row holds another parent than the one whose relation it is in; leave it to the relation";
            self.report(
                ErrorKind::KeyChanged,
                self.graph.nodes[id].table,
                path,
                message,
            );
        }
    }

    /// A row that exists: which columns change, and whether it moves.
    pub(super) fn update(
        &mut self,
        id: usize,
        owner: Option<Owner>,
        fields: &[&'a Erased],
    ) -> Fate {
        let Node { table, state, .. } = self.graph.nodes[id];
        if !state.is_touched() {
            return Fate::Keep;
        }
        self.shared_columns(id, owner.map(|owner| owner.foreign_key), fields);
        let mut columns = state.changed(table, fields);
        self.targets(id, owner.map(|owner| owner.foreign_key), fields, |column| {
            columns.contains(&column)
        });
        columns.extend(self.new_targets(id));
        if let Some(key) = columns.iter().find(|&&column| table.columns[column].key) {
            self.key_changed(
                id,
                *key,
                "the key of a row that exists can't change; insert a new row instead",
            );
        }
        let departure = state.departure();
        let is_owners = |column: usize| owner.is_some_and(|owner| owner.foreign_key.has(column));
        // Of a row that moves it is overwritten; after a rollback it may hold the key of the new owner already.
        if let Some(key) = columns
            .iter()
            .find(|&&column| departure.is_none() && is_owners(column) && !table.columns[column].key)
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
                && !is_owners(column)
                && Some(column) != version
        });

        let mut moved = false;
        let mut cleared = None;
        if let (Some(departure), Some(owner)) = (departure, owner) {
            let same_key = departure
                .foreign_key
                .is_some_and(|key| std::ptr::eq(key, owner.foreign_key));
            // Back where it was is no departure any more: where one is left, the wrapper forgot the row meanwhile, and it may be gone.
            moved = true;
            cleared = departure.foreign_key.filter(|_| !same_key);
            self.movement(id, owner, cleared, fields);
            let emptied = cleared.into_iter().flat_map(ForeignKey::own_columns);
            let written = owner.foreign_key.own_columns().chain(emptied);
            columns.extend(written.map(|part| part.column));
            if columns.is_empty() {
                // All of its key to the owner is shared, and stays: the row has to be there, no less.
                columns.extend(owner.foreign_key.parts.iter().map(|part| part.column));
            }
        }
        self.orphaned(id, &columns, fields);
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

    /// The columns by which a row refers to targets that are new: until they are inserted, these are as good as NULL.
    fn new_targets(&self, id: usize) -> Vec<usize> {
        let held = self.graph.nodes[id].held.iter();
        let new = held.filter(|held| self.graph.nodes[held.node].state.is_new());
        let columns = new.flat_map(|held| held.foreign_key.own_columns());
        columns.map(|part| part.column).collect()
    }

    /// Targets that went with the row that let go of them, where no other refers to them.
    fn orphaned(&mut self, id: usize, columns: &[usize], fields: &[&'a Erased]) {
        let Node { table, state, .. } = self.graph.nodes[id];
        let owned = table
            .relations
            .iter()
            .filter(|relation| relation.is_held() && relation.cascade.delete_orphan)
            .filter(|relation| relation.cascade.save_update);
        for relation in owned {
            let Some(foreign_key) = relation.foreign_key(table) else {
                continue;
            };
            let parts = foreign_key.parts;
            let was = |part: &ForeignKeyPart| {
                (part.key)(state.recorded(table, part.column, fields)).is_some()
            };
            if parts.iter().any(|part| columns.contains(&part.column)) && parts.iter().all(was) {
                self.graph.orphans.push(Orphan {
                    node: id,
                    relation,
                    foreign_key,
                });
            }
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

    fn key_changed(&mut self, id: usize, column: usize, message: &str) {
        let table = self.graph.nodes[id].table;
        let path = format!("{}.{}", self.graph.path(id), table.columns[column].field);
        self.report(ErrorKind::KeyChanged, table, path, message);
    }

    /// A key that leaves and enters is one row that is written anew. Deleted and inserted again, it would take along rows of tables that
    /// nobody here knows.
    pub(super) fn take_over(&mut self) {
        let mut entering: HashMap<_, ByKey> = HashMap::new();
        for (place, nodes) in self.graph.entering() {
            for id in nodes {
                let table = self.graph.nodes[id].table;
                let part = |&column: &usize| {
                    let cell = self.new_key(&self.graph.nodes[id], column)?;
                    Some((table.columns[column].codec.clone)(cell))
                };
                let key: Vec<_> = table.key.iter().map(part).collect();
                if key.iter().all(Option::is_some) {
                    let keys = entering.entry(place).or_insert_with(|| ByKey::new(table));
                    keys.add(id, key);
                }
            }
        }
        for leaver in 0..self.graph.leavers.len() {
            let Leaver {
                parent,
                relation,
                table,
                left,
                ..
            } = &self.graph.leavers[leaver];
            let entering = entering
                .get(&place(*parent, relation))
                .filter(|_| relation.cascade.delete_orphan);
            let Some(node) = entering.and_then(|keys| keys.find(&left.key(table))) else {
                continue;
            };
            let written = |column: &usize| {
                !table.columns[*column].key && table.columns[*column].generated == Generated::No
            };
            let columns = (0..table.columns.len()).filter(written).collect();
            self.graph.nodes[node].fate = Fate::Replace { columns, leaver };
            self.graph.leavers[leaver].taken_over = true;
        }
    }

    /// A column of the key that a new row will have; `None` where only the database knows.
    fn new_key(&self, node: &Node<'a>, column: usize) -> Option<&'a Erased> {
        if let Some(owner) = node.owner()
            && let Some(part) = owner
                .foreign_key
                .parts
                .iter()
                .position(|part| part.column == column)
        {
            let parent = &self.graph.nodes[owner.node];
            return (!parent.state.is_new()).then(|| parent.recorded(parent.table.key[part]));
        }
        (!node.table.columns[column].is_generated()).then(|| node.cell(column))
    }

    /// A change anywhere below a row with `#[version(aggregate)]` raises its version.
    pub(super) fn raise_aggregates(&mut self) {
        let mut changed: Vec<bool> = self
            .graph
            .nodes
            .iter()
            .map(|node| !node.fate.is_keep())
            .collect();
        for parent in self
            .graph
            .leavers
            .iter()
            .map(|leaver| leaver.parent)
            .chain(self.graph.wholes.iter().map(|whole| whole.parent))
        {
            changed[parent] = true;
        }
        for parent in self.left_by_moves() {
            changed[parent] = true;
        }
        for id in (0..self.graph.nodes.len()).rev() {
            if let (true, Some(owner)) = (changed[id], self.graph.nodes[id].owner()) {
                changed[owner.node] = true;
            }
            let node = &mut self.graph.nodes[id];
            if let (true, Fate::Keep, Some(version)) =
                (changed[id], &node.fate, aggregate(node.table))
            {
                node.fate = Fate::write(vec![version]);
            }
        }
    }

    /// The parents that rows leave which this save moves.
    fn left_by_moves(&self) -> Vec<usize> {
        let moved = self.graph.nodes.iter().filter(|node| node.fate.is_move());
        let from: HashSet<_> = moved
            .filter_map(|node| node.state.departure())
            .map(|departure| departure.parent)
            .collect();
        let nodes = self.graph.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| !node.state.is_new() && from.contains(&node.state.handle()))
            .map(|(id, _)| id)
            .collect()
    }
}

/// The version of an aggregate.
fn aggregate(table: &'static Table) -> Option<usize> {
    table
        .version
        .as_ref()
        .filter(|version| version.aggregate)
        .map(|version| version.column)
}
