//! Copying what a payload holds into rows: nothing here can fail.

use super::matching::{Match, matches};
use super::{Before, place_of};
use crate::codec::Erased;
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::settle::refer;
use crate::slot::{Place, RowState, Slot};

/// Copies the columns of a value, and what its relations hold, into a row. Keys, the key to the owner, `generated` columns and versions stay.
pub(super) fn copy(
    table: &'static Table,
    (target, state): (&mut Erased, &mut RowState),
    source: &mut Erased,
    (owner, known): (Option<&ForeignKey>, Option<&Before>),
) {
    let before = known.and_then(|known| known.row(target));
    let is_fresh = owner.is_some() && state.is_new();
    state.touch(table, target);
    let mut parts = (table.functions.visit)(target);
    (table.functions.view)(source, &mut |fields, slots| {
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
            let slot = table.holder_of(key);
            let named = |before| {
                let cell = |column: usize| table.columns[column].cell(fields);
                let mut columns = key.parts.iter().map(|part| part.column);
                columns.any(|column| !is_same(table, column, before, cell(column)))
                    || slot
                        .zip(known)
                        .is_some_and(|(slot, known)| lets_go(known, &*parts.slots[slot]))
            };
            if !before.is_none_or(named) {
                continue;
            }
            let cells: Option<Vec<&Erased>> = key
                .parts
                .iter()
                .map(|part| (part.key)(table.columns[part.column].cell(fields)))
                .collect();
            // A parent that is new has no key to copy, and is taken over below.
            if cells.is_some() || !holds(table, key, slots) {
                let slot = slot.and_then(|slot| parts.slots.get_mut(slot));
                // One that waits in the row is not the one with this key.
                if let Some(slot) = slot
                    && slot.row(0).is_some_and(|(_, state)| state.is_new())
                {
                    slot.unload();
                }
                refer(table, &mut parts, key, cells.as_deref());
            }
        }
    });
    let sources = (table.functions.visit)(source).slots;
    for ((relation, target), source) in table.relations.iter().zip(parts.slots).zip(sources) {
        let (true, Some(foreign_key), Some(_)) = (
            relation.cascade.merge,
            relation.foreign_key(table),
            source.link(),
        ) else {
            continue;
        };
        if let Some(link) = target.link_mut().filter(|_| is_fresh) {
            // One that is new has no rows but those that it holds.
            link.partial = false;
        }
        arrange(relation, foreign_key, (target, source), known);
    }
}

/// Brings the rows of a payload's relation into a relation: in the payload's order, and what it leaves out leaves.
fn arrange(
    relation: &RelationDef,
    foreign_key: &ForeignKey,
    (target, source): (&mut dyn Slot, &mut dyn Slot),
    known: Option<&Before>,
) {
    let child = (relation.target)();
    let found = matches(relation, foreign_key, (target, source), known);
    let owner = (!relation.is_held()).then_some(foreign_key);
    let mut places = Vec::with_capacity(found.len());
    let mut rows: Vec<_> = target.rows_mut().into_iter().map(Some).collect();
    for (found, mut value) in found.into_iter().zip(source.take()) {
        let Match::Same(place) = found else {
            places.push(Place::New(value));
            continue;
        };
        places.push(Place::Kept(place));
        if let Some(row) = rows
            .get_mut(place)
            .and_then(Option::take)
            .filter(|_| !child.is_link())
        {
            copy(child, row, &mut *value, (owner, known));
        }
    }
    drop(rows);
    let is_new = |place: &Place| matches!(place, Place::New(_));
    let takes_place = relation.is_single() && owner.is_some() && places.iter().any(is_new);
    target.arrange(child, places);
    if let Some(link) = target.link_mut().filter(|_| takes_place) {
        link.occupy();
    }
}

/// Whether the payload replaces the parent that is held here by none.
fn lets_go(known: &Before, held: &dyn Slot) -> bool {
    let mut row = held.row(0).into_iter();
    row.any(|(row, _)| known.let_go.contains(&place_of(row)))
}

/// Whether a value holds the row that one of its foreign keys refers to.
fn holds(table: &'static Table, key: &ForeignKey, slots: &[&dyn Slot]) -> bool {
    table
        .holder_of(key)
        .is_some_and(|slot| slots[slot].count() > 0)
}

/// Whether a column of a value is equal to this.
pub(super) fn is_same(table: &'static Table, column: usize, value: &Erased, cell: &Erased) -> bool {
    let column = &table.columns[column];
    let mut same = false;
    (table.functions.view)(value, &mut |fields, _| {
        same = (column.codec.same)(column.cell(fields), cell);
    });
    same
}
