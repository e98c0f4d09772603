//! Copying what a payload holds into rows: nothing here can fail.

use super::matching::{Match, matches};
use super::{Before, place_of};
use crate::codec::Erased;
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::settle::refer;
use crate::slot::{Place, RowState, Slot};

/// Copies the columns of a value, and what its relations hold, into a row. Keys, the key to the owner, `generated` columns and versions stay.
///
/// Row after row, without a call inside another: a tree may be deeper than the stack.
pub(super) fn copy(
    table: &'static Table,
    row: (&mut Erased, &mut RowState),
    value: Box<Erased>,
    known: Option<&Before>,
) {
    let root = Pair {
        table,
        owner: None,
        before: known.and_then(|known| known.row(row.0)),
        row,
        value,
    };
    let mut pairs = vec![root];
    while let Some(pair) = pairs.pop() {
        copy_one(pair, known, &mut pairs);
    }
}

/// A row, and the value that is copied into it.
struct Pair<'r> {
    table: &'static Table,
    /// The key to the parent whose relation holds the row.
    owner: Option<&'static ForeignKey>,
    row: (&'r mut Erased, &'r mut RowState),
    value: Box<Erased>,
    /// The row as it would be without the payload.
    before: Option<&'r Erased>,
}

/// Copies one value, and adds those of its relations to the ones that are still to be copied.
fn copy_one<'r>(pair: Pair<'r>, known: Option<&'r Before>, rest: &mut Vec<Pair<'r>>) {
    let Pair {
        table,
        owner,
        row: (target, state),
        value: mut source,
        before,
    } = pair;
    let is_fresh = owner.is_some() && state.is_new();
    state.touch(table, target);
    let mut parts = table.functions.parts(target);
    (table.functions.view)(&*source, &mut |fields, slots| {
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
    let sources = table.functions.parts(&mut *source).slots;
    for ((relation, target), source) in table.relations.iter().zip(parts.slots).zip(sources) {
        let (true, Some(foreign_key), Some(_)) = (
            relation.cascade.merge,
            relation.foreign_key(table),
            source.link(),
        ) else {
            continue;
        };
        let link = target.link_mut().filter(|_| is_fresh);
        if let Some(link) = link.filter(|link| link.partial) {
            // One that is new has no rows but those that it holds.
            link.partial = false;
        }
        arrange(relation, foreign_key, (target, source), (known, rest));
    }
}

/// Brings the rows of a payload's relation into a relation: in the payload's order, and what it leaves out leaves. Those that stay are still to be
/// copied.
fn arrange<'r>(
    relation: &RelationDef,
    foreign_key: &'static ForeignKey,
    (target, source): (&'r mut dyn Slot, &mut dyn Slot),
    (known, rest): (Option<&'r Before>, &mut Vec<Pair<'r>>),
) {
    let child = (relation.target)();
    let found = matches(relation, foreign_key, (target, source), known);
    let mut places = Vec::with_capacity(found.len());
    let mut values = Vec::with_capacity(found.len());
    for (found, value) in found.into_iter().zip(source.take()) {
        if let Match::Same(place) = found {
            // Before it is moved: a patch knows a row by where it is.
            let before = target.row(place).zip(known);
            let before = before.and_then(|((row, _), known)| known.row(row));
            places.push(Place::Kept(place));
            values.push(Some((value, before)).filter(|_| !child.is_link()));
        } else {
            places.push(Place::New(value));
            values.push(None);
        }
    }
    let owner = (!relation.is_held()).then_some(foreign_key);
    let is_new = |place: &Place| matches!(place, Place::New(_));
    let takes_place = relation.is_single() && owner.is_some() && places.iter().any(is_new);
    target.arrange(child, places);
    if let Some(link) = target.link_mut().filter(|_| takes_place) {
        link.occupy();
    }
    let rows = target.rows_mut().into_iter().zip(values);
    rest.extend(rows.filter_map(|(row, value)| {
        let (value, before) = value?;
        Some(Pair {
            table: child,
            owner,
            row,
            value,
            before,
        })
    }));
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
