//! Reading a row again, and letting one go.

use crate::codec::{Cell, Erased};
use crate::db::Db;
use crate::entity::Entity;
use crate::error::Error;
use crate::exec::{Lease, part};
use crate::find::{find, not_found, there};
use crate::handle::{Detached, Persistent};
use crate::keys::ByKey;
use crate::load::{held, reached};
use crate::meta::{ForeignKey, ForeignKeyPart, RelationDef, Table};
use crate::plan::Keys;
use crate::relation::Tree;
use crate::settle::refer;
use crate::slot::{Handle, Home, Row, RowState, Slot};

/// Reads the row again, and the loaded relations that say `refresh-expire`. What is unsaved in them is discarded.
pub(crate) async fn refresh<T: Entity, D: Db>(
    handle: &mut Persistent<T>,
    mut db: D,
) -> Result<(), Error> {
    let table = T::table();
    there(&handle.row)?;
    let doubted = handle.row.state.is_in_doubt();
    if let Some(outcome) = handle.row.state.outcome() {
        outcome.done().await;
    }
    let tree = loaded(table, &handle.row.value, doubted);
    let keys = recorded_key(&handle.row);
    let mut lease = Lease::take(db.source()).await?;
    let found = part(&mut lease, (keys, tree), |(keys, tree), wire| {
        Box::pin(find(wire, keys, tree, false))
    });
    let fresh = found.await?.pop().ok_or_else(|| not_found(table))?;
    overwrite(table, &mut handle.row, fresh.row, doubted);
    Ok(())
}

/// The relations that a refresh reads again: after a write whose outcome is unknown, all that it may have written.
fn loaded(table: &'static Table, value: &Erased, doubted: bool) -> Tree {
    let takes = |relation: &RelationDef, slot: &dyn Slot| {
        expires(relation, doubted) && slot.link().is_some_and(|link| !link.is_partial())
    };
    held((table, value), &takes, &|relation, row| {
        let row = reached(relation, row)?;
        Some((row.table, row.value))
    })
}

fn expires(relation: &RelationDef, doubted: bool) -> bool {
    relation.cascade.refresh_expire || doubted && relation.cascade.save_update
}

fn recorded_key<T: Entity>(row: &Row<T>) -> Keys {
    let table = T::table();
    let mut cells = Vec::new();
    (table.functions.view)(&row.value, &mut |fields, _| {
        cells = table
            .key
            .iter()
            .map(|&column| {
                (table.columns[column].codec.clone)(row.state.recorded(table, column, fields))
            })
            .collect();
    });
    Keys::new(table, vec![cells])
}

/// Puts a row that was read into a handle: its fields, and the relations that were read with it. The others stay as they are.
///
/// The handle stays the one that it was, so that what was loaded under it, or expunged from under it, is known.
fn overwrite<T: Entity>(table: &'static Table, row: &mut Row<T>, fresh: Row<T>, doubted: bool) {
    let mut old = std::mem::replace(row, fresh);
    let home = old.state.handle();
    let (was, now) = (&mut old.value, &mut row.value);
    for again in read_again(table, was, now, doubted) {
        inherit(again, home, doubted);
    }
    row.state.inherit(old.state);
}

/// The relations of a row that were read again with it. The others stay as they are.
fn read_again<'r>(
    table: &'static Table,
    old: &'r mut Erased,
    new: &'r mut Erased,
    doubted: bool,
) -> Vec<Again<'r>> {
    let slots = table.functions.parts(old).slots.into_iter();
    let slots = slots.zip(table.functions.parts(new).slots);
    let mut again = Vec::new();
    for (relation, (old, new)) in table.relations.iter().zip(slots) {
        let is_partial = old.link().is_some_and(|link| link.is_partial());
        if new.link().is_some() {
            again.push((relation, old, new));
        } else if !(expires(relation, doubted) && is_partial) {
            // A partial relation that is discarded is not loaded afterwards.
            new.take_over(old);
        }
    }
    again
}

/// A relation that was read again, as it was and as it is.
type Again<'r> = (&'static RelationDef, &'r mut dyn Slot, &'r mut dyn Slot);

/// The rows of a relation that were read again keep their handles, and what an open transaction may undo, at every depth.
fn inherit(again: Again<'_>, home: Handle, doubted: bool) {
    let mut relations = vec![(home, again)];
    while let Some((home, (relation, old, new))) = relations.pop() {
        let table = (relation.target)();
        if let Some(link) = new.link_mut() {
            link.inherit(old.link_mut(), home);
        }
        let mut known = ByKey::new(table);
        let mut there = Vec::new();
        for (place, (value, state)) in old.rows_mut().into_iter().enumerate() {
            if !state.is_new() {
                known.add(place, state.key(table, value));
            }
            there.push(Some((value, state)));
        }
        for (value, state) in new.rows_mut() {
            let place = known.find(&state.key(table, value));
            let Some((was, old)) = place.and_then(|place| there.get_mut(place)?.take()) else {
                continue;
            };
            state.inherit(std::mem::take(old));
            let home = state.handle();
            let below = read_again(table, was, value, doubted).into_iter();
            relations.extend(below.map(|again| (home, again)));
        }
    }
}

/// The foreign keys that wait for a parent which is new and doesn't travel: it goes with what is pending, and they are what they were.
fn pending_parents(
    table: &'static Table,
    value: &Erased,
    state: &RowState,
) -> Vec<(&'static ForeignKey, Option<Vec<Cell>>)> {
    let mut pending = Vec::new();
    (table.functions.view)(value, &mut |fields, slots| {
        for (relation, slot) in table.relations.iter().zip(slots) {
            let (Some(key), Some((_, parent))) = (relation.foreign_key(table), slot.row(0)) else {
                continue;
            };
            if !relation.is_held() || relation.cascade.expunge || !parent.is_new() {
                continue;
            }
            let recorded = |part: &ForeignKeyPart| {
                // A row that is new has none: the field has the key that a rollback took from its parent.
                if state.is_new() {
                    return None;
                }
                let cell = (part.key)(state.recorded(table, part.column, fields))?;
                Some((table.columns[part.column].codec.clone)(cell))
            };
            pending.push((key, key.parts.iter().map(recorded).collect()));
        }
    });
    pending
}

/// The row and the children that the `expunge` token takes along, without the handle.
pub(crate) fn expunge<T: Entity>(handle: Persistent<T>) -> Detached<T> {
    let mut row = handle.row;
    let mut rows: Vec<(&'static Table, &mut Erased, &RowState)> =
        vec![(T::table(), &mut row.value, &row.state)];
    while let Some((table, value, state)) = rows.pop() {
        let pending = pending_parents(table, value, state);
        let mut parts = table.functions.parts(value);
        for (key, cells) in pending {
            refer(table, &mut parts, key, cells.as_deref());
        }
        for (relation, slot) in table.relations.iter().zip(parts.slots) {
            if relation.cascade.expunge {
                let held = slot.rows_mut().into_iter();
                rows.extend(held.map(|(value, state)| ((relation.target)(), value, &*state)));
            } else {
                slot.unload();
            }
        }
    }
    row.state.depart(T::table(), &row.value, Home::default());
    Detached::from_row(row)
}
