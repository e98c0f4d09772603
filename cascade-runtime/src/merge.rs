//! Bringing a plain graph into a persistent one: a PUT.
//!
//! First everything is checked, then everything is copied: after an error memory is as it was.

use crate::codec::{Cell, Erased};
use crate::db::Db;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{Lease, begin};
use crate::find::{find, not_found};
use crate::handle::Persistent;
use crate::meta::{ForeignKey, Generated, Table};
use crate::plan::Keys;
use crate::relation::Tree;
use crate::save::save_in;
use crate::settle::refer;
use crate::slot::{Row, RowState, Slot, forget};

/// Copies a plain value, and what its relations hold, into a row.
///
/// # Errors
///
/// [`ErrorKind::Stale`] for another version, [`ErrorKind::NotLoaded`] for a relation that the value holds and the row has not loaded,
/// [`ErrorKind::NotOwned`] for children that are not the row's: all of them in one error.
pub(crate) fn merge<T: Entity>(row: &mut Row<T>, value: T) -> Result<(), Error> {
    merge_from(row, value, None)
}

/// The same for the columns in which the value differs from another.
///
/// # Errors
///
/// Those of [`merge`].
#[cfg(feature = "json")]
pub(crate) fn merge_changes<T: Entity>(
    row: &mut Row<T>,
    value: T,
    before: &T,
) -> Result<(), Error> {
    merge_from(row, value, Some(before))
}

fn merge_from<T: Entity>(
    row: &mut Row<T>,
    mut value: T,
    before: Option<&Erased>,
) -> Result<(), Error> {
    let table = T::table();
    forget(table, &mut value);
    let mut check = Check::default();
    check.row(table, (&row.value, &row.state), &value, T::NAME);
    check.finish()?;
    copy(
        table,
        (&mut row.value, &mut row.state),
        &mut value,
        (None, before),
    );
    Ok(())
}

/// Loads what a plain value holds, merges it, and saves, in one transaction with the row locked.
pub(crate) async fn merge_into<T: Entity, D: Db>(
    value: T,
    mut db: D,
) -> Result<Persistent<T>, Error> {
    let table = T::table();
    let tree = held(table, &value);
    let keys = Keys::new(table, vec![key_cells(table, &value)]);
    let mut lease = Lease::take(db.source()).await?;
    let mut transaction = begin::<D::Backend>(&mut lease).await?;
    let merged = async {
        let mut handle = find::<D::Backend, T>(transaction.connection(), &keys, &tree, true)
            .await?
            .pop()
            .ok_or_else(|| not_found(table))?;
        merge(&mut handle.row, value)?;
        let saved = save_in::<D::Backend>(&handle.row, transaction.connection()).await?;
        Ok((handle, saved))
    };
    let merged = merged.await;
    let (mut handle, saved) = transaction.end(merged, &[]).await?;
    saved.write_back(&mut handle.row);
    Ok(handle)
}

/// The relations that a plain value holds and a merge descends into.
fn held(table: &'static Table, value: &Erased) -> Tree {
    let mut tree = Tree::default();
    (table.functions.view)(value, &mut |_, slots| {
        for (index, (relation, slot)) in table.relations.iter().zip(slots).enumerate() {
            if relation.cascade.merge && slot.link().is_some() {
                let mut below = Tree::default();
                for (child, _) in (0..slot.count()).filter_map(|row| slot.row(row)) {
                    below.join(held((relation.target)(), child));
                }
                tree.0.push((index, below));
            }
        }
    });
    tree
}

/// The key of a value, cloned.
fn key_cells(table: &'static Table, value: &Erased) -> Vec<Cell> {
    let mut cells = Vec::new();
    (table.functions.view)(value, &mut |fields, _| {
        cells = table
            .key
            .iter()
            .map(|&column| (table.columns[column].codec.clone)(table.columns[column].cell(fields)))
            .collect();
    });
    cells
}

/// What a child of a payload is to the relation that it is merged into.
#[derive(PartialEq)]
enum Match {
    /// The row that is there.
    Same,
    /// A new row.
    New,
    /// A row that is not this parent's.
    Foreign,
}

fn matches(
    table: &'static Table,
    owner: &ForeignKey,
    there: Option<(&Erased, &RowState)>,
    child: &Erased,
) -> Match {
    let mut found = Match::Same;
    (table.functions.view)(child, &mut |fields, _| {
        for &key in table.key {
            let column = &table.columns[key];
            let cell = column.cell(fields);
            let generated = column.generated != Generated::No;
            if generated
                && column
                    .codec
                    .default
                    .is_some_and(|default| (column.codec.same)(&*default(), cell))
            {
                found = Match::New;
                return;
            }
            // The key to the owner is the owner's, whatever the payload says.
            let by_owner = owner.has(key);
            let same = there.is_some_and(|(there, state)| {
                by_owner || is_recorded(table, key, there, state, cell)
            });
            if !same {
                found = if generated {
                    Match::Foreign
                } else {
                    Match::New
                };
                return;
            }
        }
    });
    found
}

fn is_recorded(
    table: &'static Table,
    column: usize,
    row: &Erased,
    state: &RowState,
    cell: &Erased,
) -> bool {
    let mut same = false;
    (table.functions.view)(row, &mut |fields, _| {
        same = (table.columns[column].codec.same)(state.recorded(table, column, fields), cell);
    });
    same
}

/// What is wrong with a merge, before anything is copied.
#[derive(Default)]
struct Check {
    foreign: Vec<String>,
    entity: Option<&'static str>,
    other: Option<Error>,
}

impl Check {
    fn row(
        &mut self,
        table: &'static Table,
        target: (&Erased, &RowState),
        source: &Erased,
        path: &str,
    ) {
        self.version(table, target, source, path);
        (table.functions.view)(source, &mut |_, sources| {
            (table.functions.view)(target.0, &mut |_, targets| {
                for (index, relation) in table
                    .relations
                    .iter()
                    .enumerate()
                    .filter(|(_, relation)| relation.cascade.merge)
                {
                    if let (Some(foreign_key), Some(_)) =
                        (relation.foreign_key(table), sources[index].link())
                    {
                        let path = format!("{path}.{}", relation.field);
                        self.relation(
                            (relation.target)(),
                            foreign_key,
                            targets[index],
                            sources[index],
                            &path,
                        );
                    }
                }
            });
        });
    }

    fn relation(
        &mut self,
        child: &'static Table,
        foreign_key: &ForeignKey,
        target: &dyn Slot,
        source: &dyn Slot,
        path: &str,
    ) {
        if target.link().is_none() {
            let message = "the payload holds this relation, and it is not loaded; load it first, or use the function of the struct, which does";
            self.other.get_or_insert_with(|| {
                Error::new(ErrorKind::NotLoaded, message).at(child.entity, path)
            });
            return;
        }
        let Some((value, _)) = source.row(0) else {
            return;
        };
        match matches(child, foreign_key, target.row(0), value) {
            Match::New => {}
            Match::Foreign => {
                self.foreign.push(path.to_owned());
                self.entity.get_or_insert(child.entity);
            }
            Match::Same => {
                if let Some(row) = target.row(0) {
                    self.row(child, row, value, path);
                }
            }
        }
    }

    fn version(
        &mut self,
        table: &'static Table,
        (row, state): (&Erased, &RowState),
        source: &Erased,
        path: &str,
    ) {
        let Some(version) = &table.version else {
            return;
        };
        let column = &table.columns[version.column];
        let mut outdated = false;
        (table.functions.view)(source, &mut |fields, _| {
            let cell = column.cell(fields);
            let given = column
                .codec
                .default
                .is_none_or(|default| !(column.codec.same)(&*default(), cell));
            outdated =
                given && !state.is_new() && !is_recorded(table, version.column, row, state, cell);
        });
        if outdated {
            let message = "the payload was made from another version of the row; read it again, and repeat the change";
            self.other.get_or_insert_with(|| {
                Error::new(ErrorKind::Stale, message).at(table.entity, path)
            });
        }
    }

    fn finish(self) -> Result<(), Error> {
        if let (Some(first), Some(entity)) = (self.foreign.first(), self.entity) {
            let all = self.foreign.join("`, `");
            let message = format!(
                "no row with that key belongs to this parent, at `{all}`; leave the key out to insert a new row"
            );
            return Err(Error::new(ErrorKind::NotOwned, message).at(entity, first.clone()));
        }
        self.other.map_or(Ok(()), Err)
    }
}

/// Copies the columns of a value, and what its relations hold, into a row. Keys, the key to the owner, `generated` columns and versions stay.
fn copy(
    table: &'static Table,
    (target, state): (&mut Erased, &mut RowState),
    source: &mut Erased,
    (owner, before): (Option<&ForeignKey>, Option<&Erased>),
) {
    state.touch(table, target);
    let mut parts = (table.functions.visit)(target);
    (table.functions.view)(source, &mut |fields, _| {
        let version = table.version.as_ref().map(|version| version.column);
        let is_owner = |column: usize| owner.is_some_and(|owner| owner.has(column));
        for (index, column) in table.columns.iter().enumerate() {
            let named = |before| !is_same(table, index, before, column.cell(fields));
            if !(column.key
                || !before.is_none_or(named)
                || column.is_generated()
                || Some(index) == version
                || is_owner(index)
                || column.part.is_some())
            {
                (column.codec.write)(
                    parts.fields[column.slot],
                    (column.codec.clone)(column.cell(fields)),
                );
            }
        }
        for key in table.foreign_keys.iter().filter(|key| {
            key.holder.is_some() && !owner.is_some_and(|owner| std::ptr::eq(owner, *key))
        }) {
            let named = |before| {
                let cell = |column: usize| table.columns[column].cell(fields);
                let mut parts = key.parts.iter().map(|part| part.column);
                parts.any(|column| !is_same(table, column, before, cell(column)))
            };
            if !before.is_none_or(named) {
                continue;
            }
            let cells: Option<Vec<&Erased>> = key
                .parts
                .iter()
                .map(|part| (part.key)(table.columns[part.column].cell(fields)))
                .collect();
            refer(table, &mut parts.fields, key, cells.as_deref());
        }
    });
    let sources = (table.functions.visit)(source).slots;
    for (index, ((relation, target), source)) in table
        .relations
        .iter()
        .zip(parts.slots)
        .zip(sources)
        .enumerate()
    {
        let (true, Some(foreign_key), Some(_)) = (
            relation.cascade.merge,
            relation.foreign_key(table),
            source.link(),
        ) else {
            continue;
        };
        let child = (relation.target)();
        let Some(mut value) = source.take().pop() else {
            target.clear();
            continue;
        };
        if matches(child, foreign_key, target.row(0), &*value) == Match::Same {
            if let Some(row) = target.rows_mut().pop() {
                let before = before.and_then(|before| only_child(table, before, index));
                copy(child, row, &mut *value, (Some(foreign_key), before));
            }
        } else {
            target.replace(value);
        }
    }
}

/// Whether a column of a value is equal to this.
fn is_same(table: &'static Table, column: usize, value: &Erased, cell: &Erased) -> bool {
    let column = &table.columns[column];
    let mut same = false;
    (table.functions.view)(value, &mut |fields, _| {
        same = (column.codec.same)(column.cell(fields), cell);
    });
    same
}

/// The child that a value holds in a relation.
fn only_child<'v>(table: &'static Table, value: &'v Erased, relation: usize) -> Option<&'v Erased> {
    let mut child = None;
    (table.functions.view)(value, &mut |_, slots| {
        child = slots[relation].row(0).map(|(child, _)| child);
    });
    child
}
