//! What becomes of rows that leave: deleted with their own cascades, or released.

use std::collections::BTreeSet;

use crate::model::database::{Database, Row, Value};
use crate::model::schema::{
    KeyKind, Kind as RelationKind, OnDelete, Passive, Relation, Schema, TableId,
};
use crate::model::{Did, Effects, How, Kind, Refusal};

/// The keys of some rows.
pub(crate) type Keys = BTreeSet<Value>;

/// Rows that leave: what is to be deleted, and what is to be released. Nothing is changed until all is known.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    deleted: Vec<(TableId, Value)>,
    released: Vec<Released>,
    /// Links, by their rows.
    unlinked: Vec<(TableId, Row)>,
    /// Deleted by the database: their own cascades don't count twice.
    passed: Vec<(TableId, Value)>,
    /// Targets that go if nothing refers to them in the end.
    targets: Vec<Targets>,
    /// Rows that are written anew, for their keys enter again.
    pub(crate) taken: BTreeSet<(TableId, Value)>,
}

/// A row whose foreign key becomes NULL.
#[derive(Debug)]
struct Released {
    table: TableId,
    column: usize,
    key: Value,
    /// Its version, which is raised: the row is released by name.
    version: Option<usize>,
}

/// **Shared targets** that a link or a foreign key was taken from: those go that no row refers to through this relation once all is written.
#[derive(Debug)]
pub(crate) struct Targets {
    table: TableId,
    /// The table and the column that refer to them.
    holder: (TableId, usize),
    keys: Keys,
    how: How,
}

/// What leaves is looked for in these rows.
pub(crate) struct Looking<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) database: &'a Database,
    pub(crate) effects: &'a mut Effects,
    pub(crate) leaving: Leaving,
}

impl<'a> Looking<'a> {
    pub(crate) fn new(
        schema: &'a Schema,
        database: &'a Database,
        effects: &'a mut Effects,
    ) -> Self {
        Self {
            schema,
            database,
            effects,
            leaving: Leaving::default(),
        }
    }

    /// **Removal**: children that left their parent are deleted with their cascades under `delete-orphan`, else released.
    pub(crate) fn remove(&mut self, relation: &Relation, keys: &Keys, how: How) {
        let Some((child, column)) = relation.kind.child() else {
            return;
        };
        if relation.options.cascade.delete_orphan {
            self.delete(child, keys, how);
        } else {
            self.release(child, column, keys, how);
        }
    }

    /// Rows are deleted, and what hangs on them goes by its own relation's rule.
    pub(crate) fn delete(&mut self, table: TableId, keys: &Keys, how: How) {
        self.effects.acts.insert((table, Did::Deleted, how));
        let fresh = self.fresh(table, keys);
        self.leaving
            .deleted
            .extend(fresh.iter().map(|key| (table, key.clone())));
        self.below(table, &fresh, false);
    }

    /// **A key that leaves and enters** is one row, which is written anew; what hung on it goes by its relations' rules.
    pub(crate) fn take_over(&mut self, table: TableId, keys: &Keys) {
        let taken = keys.iter().map(|key| (table, key.clone()));
        self.leaving.taken.extend(taken);
        self.below(table, keys, false);
    }

    /// The foreign key becomes NULL.
    fn release(&mut self, child: TableId, column: usize, keys: &Keys, how: How) {
        self.effects.acts.insert((child, Did::Released, how));
        let version = self.schema.tables[child].version;
        let released = keys.iter().map(|key| Released {
            table: child,
            column,
            key: key.clone(),
            version: version.filter(|_| how == How::Named),
        });
        self.leaving.released.extend(released);
    }

    /// The relations of rows that go; `passive`: the database deletes them.
    fn below(&mut self, table: TableId, keys: &Keys, passive: bool) {
        let schema = self.schema;
        for relation in &schema.tables[table].relations {
            if relation.options.viewonly {
                continue;
            }
            match relation.kind {
                RelationKind::HasOne { child, column }
                | RelationKind::HasMany { child, column } => {
                    self.children(relation, child, column, keys, passive);
                }
                RelationKind::ManyToMany { through, .. } => self.links(relation, through, keys),
                RelationKind::BelongsTo { target, column } => {
                    self.target(relation, (table, column), target, keys);
                }
            }
        }
    }

    /// **Deletion** of a parent: its children are deleted with `delete`, else released; `passive_deletes` leaves them to the database, and
    /// so their subtree, as far as its constraints cascade.
    fn children(
        &mut self,
        relation: &Relation,
        child: TableId,
        column: usize,
        keys: &Keys,
        passive: bool,
    ) {
        let rows = self.database.having(child, column, keys);
        let below: Keys = rows.into_iter().map(|mut row| row.swap_remove(0)).collect();
        let cascades = self.schema.reference(child, column).on_delete == OnDelete::Cascade;
        let options = &relation.options;
        if options.passive == Passive::All {
            return;
        }
        if options.cascade.delete && cascades && (passive || options.passive == Passive::Yes) {
            let fresh = self.fresh(child, &below);
            let passed = fresh.iter().map(|key| (child, key.clone()));
            self.leaving.passed.extend(passed);
            if !fresh.is_empty() || !self.is_tree(relation, child) {
                self.below(child, &fresh, true);
            }
        } else if options.passive == Passive::Yes && !cascades {
            // The constraint sets NULL. One that cascades would delete what isn't to be deleted.
        } else if options.cascade.delete {
            // A tree ends where no row is.
            if !below.is_empty() || !self.is_tree(relation, child) {
                self.delete(child, &below, How::Reached);
            }
        } else {
            self.release(child, column, &below, How::Reached);
        }
    }

    fn is_tree(&self, relation: &Relation, child: TableId) -> bool {
        let column = relation.kind.child().map(|(_, column)| column);
        column.is_some_and(|column| self.schema.reference(child, column).table == child)
    }

    /// A row's own links go with it; their targets too where nobody else has them and the relation says so.
    fn links(&mut self, relation: &Relation, through: TableId, keys: &Keys) {
        let links = self.database.having(through, 0, keys);
        self.effects
            .acts
            .insert((through, Did::Unlinked, How::Reached));
        let targets: Keys = links.iter().map(|link| link[1].clone()).collect();
        let links = links.into_iter().map(|link| (through, link));
        self.leaving.unlinked.extend(links);
        if relation.options.cascade.delete {
            self.unshared(relation.kind.held(), (through, 1), &targets, How::Reached);
        }
    }

    /// A link that was taken out by name.
    pub(crate) fn unlink(&mut self, through: TableId, links: Vec<Row>, how: How) {
        self.effects.acts.insert((through, Did::Unlinked, how));
        let links = links.into_iter().map(|link| (through, link));
        self.leaving.unlinked.extend(links);
    }

    /// The parent that a row belongs to, where it goes with the row.
    fn target(
        &mut self,
        relation: &Relation,
        (table, column): (TableId, usize),
        target: TableId,
        keys: &Keys,
    ) {
        if relation.options.cascade.delete {
            let rows = keys.iter().filter_map(|key| self.database.row(table, key));
            let targets: Keys = rows.map(|row| row[column].clone()).collect();
            self.unshared(target, (table, column), &targets, How::Reached);
        }
    }

    /// Targets that may go: whether they do is known in the end.
    pub(crate) fn unshared(
        &mut self,
        table: TableId,
        holder: (TableId, usize),
        keys: &Keys,
        how: How,
    ) {
        let is_link = self.schema.tables[holder.0].key == KeyKind::Link;
        if how == How::Reached || is_link {
            self.effects.acts.insert((holder.0, Did::Looked, how));
        }
        let keys: Keys = keys
            .iter()
            .filter(|key| **key != Value::Null)
            .cloned()
            .collect();
        if !keys.is_empty() {
            self.leaving.targets.push(Targets {
                table,
                holder,
                keys,
                how,
            });
        }
    }

    /// Those that don't leave already.
    fn fresh(&self, table: TableId, keys: &Keys) -> Keys {
        let known = |key: &Value| {
            let gone = (table, key.clone());
            self.leaving.deleted.contains(&gone) || self.leaving.passed.contains(&gone)
        };
        keys.iter().filter(|key| !known(key)).cloned().collect()
    }
}

impl Leaving {
    /// Carries out the releases.
    pub(crate) fn release(&mut self, database: &mut Database, effects: &mut Effects) {
        for of in std::mem::take(&mut self.released) {
            let table = of.table;
            let goes = self.deleted.contains(&(table, of.key.clone()));
            if let Some(row) = database.row_mut(table, &of.key).filter(|_| !goes) {
                row[of.column] = Value::Null;
                if let Some(Value::Int(version)) = of.version.map(|version| &mut row[version]) {
                    *version += 1;
                }
                *effects.rows.entry((table, Did::Released)).or_default() += 1;
            }
        }
    }

    /// Carries out the rest: releases, links, deletions; what the database does by itself is not counted. The targets that may go are left.
    pub(crate) fn carry_out(
        mut self,
        schema: &Schema,
        database: &mut Database,
        effects: &mut Effects,
    ) -> Vec<Targets> {
        self.release(database, effects);
        for (through, link) in &self.unlinked {
            let rows = &mut database.tables[*through].rows;
            let before = rows.len();
            rows.retain(|row| row != link);
            if rows.len() < before {
                *effects.rows.entry((*through, Did::Unlinked)).or_default() += 1;
            }
        }
        let mut by_table: Vec<Keys> = vec![Keys::new(); schema.tables.len()];
        for (table, key) in self.deleted {
            if by_table[table].insert(key) {
                *effects.rows.entry((table, Did::Deleted)).or_default() += 1;
            }
        }
        // All of them go before the database acts: what the library deletes isn't left to it.
        for (table, keys) in by_table.iter().enumerate() {
            database.tables[table]
                .rows
                .retain(|row| !keys.contains(&row[0]));
        }
        for (table, keys) in by_table.iter().enumerate() {
            database.delete(schema, table, keys);
        }
        self.targets
    }
}

/// Deletes the targets that nothing refers to any more, with their cascades.
pub(crate) fn targets_leave(
    schema: &Schema,
    database: &mut Database,
    mut targets: Vec<Targets>,
    effects: &mut Effects,
) {
    while !targets.is_empty() {
        let before = database.clone();
        let mut looking = Looking::new(schema, &before, effects);
        for of in targets {
            let (holder, column) = of.holder;
            let rows = &before.tables[holder].rows;
            let goes = |key: &&Value| {
                before.row(of.table, key).is_some() && !rows.iter().any(|row| row[column] == **key)
            };
            let alone = of.keys.iter().filter(goes).cloned().collect();
            looking.delete(of.table, &alone, of.how);
        }
        let leaving = looking.leaving;
        targets = leaving.carry_out(schema, database, effects);
    }
}

/// **Owner scope**: a row by name is there under that owner, in the version that is recorded, else it is stale.
pub(crate) fn owned<'a>(
    schema: &Schema,
    database: &'a mut Database,
    table: TableId,
    owner: Option<usize>,
    recorded: &Row,
) -> Result<&'a mut Row, Refusal> {
    let version = schema.tables[table].version;
    let is_it = |row: &&mut Row| {
        owner.is_none_or(|column| row[column] == recorded[column])
            && version.is_none_or(|column| row[column] == recorded[column])
    };
    database
        .row_mut(table, &recorded[0])
        .filter(is_it)
        .ok_or_else(|| Refusal::before_others(Kind::Stale))
}
