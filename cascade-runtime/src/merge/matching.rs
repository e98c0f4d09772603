//! Which rows of a relation the children of a payload are.

use super::Before;
use crate::codec::{Cell, Erased};
use crate::keys::ByKey;
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::{RowState, Slot};

/// What a child of a payload is to the relation that it is merged into.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Match {
    /// The row at this place.
    Same(usize),
    /// A new row.
    New,
    /// A row that is not this parent's.
    Foreign,
    /// A key that another child of the payload has already.
    Twice,
}

/// What the children of a payload are to the relation that they are merged into, in their order.
pub(super) fn matches(
    relation: &RelationDef,
    foreign_key: &ForeignKey,
    (target, source): (&dyn Slot, &dyn Slot),
    known: Option<&Before>,
) -> Vec<Match> {
    let child = (relation.target)();
    // An only child that is new has no key; a patch has said that it is about it.
    let is_it = |known: &Before| {
        let there = target.row(0).filter(|(_, state)| state.is_new());
        there.is_some_and(|(row, _)| known.row(row).is_some())
    };
    if relation.is_single() && source.count() == 1 && known.is_some_and(is_it) {
        return vec![Match::Same(0)];
    }
    let mut there = ByKey::new(child);
    let rows = (0..target.count()).filter_map(|row| Some((row, target.row(row)?)));
    let rows = rows.filter(|(_, row)| is_there(child, *row));
    for (place, (value, state)) in rows {
        let key = without(child, relation, foreign_key, state.key(child, value));
        there.add(place, key);
    }
    let mut given = ByKey::new(child);
    let rows = (0..source.count()).filter_map(|row| source.row(row));
    rows.enumerate()
        .map(|(number, (value, state))| {
            let Some(key) = given_key(child, value, state) else {
                return Match::New;
            };
            let key = without(child, relation, foreign_key, key);
            if given.find(&key).is_some() {
                return Match::Twice;
            }
            let found = match there.find(&key) {
                Some(place) => Match::Same(place),
                None if is_drawn(child) => Match::Foreign,
                None => Match::New,
            };
            given.add(number, key);
            found
        })
        .collect()
}

/// A row that has a key. What was linked in memory is linked, but for a target that is new: the field has the key that a rollback took from it.
fn is_there(child: &'static Table, (value, state): (&Erased, &RowState)) -> bool {
    if !child.is_link() {
        return !state.is_new();
    }
    let mut is_there = false;
    (child.functions.view)(value, &mut |_, slots| {
        is_there = slots[0].row(0).is_none_or(|(_, target)| !target.is_new());
    });
    is_there
}

/// A key without what refers to the owner, which is the owner's, whatever the payload says.
pub(crate) fn without(
    child: &'static Table,
    relation: &RelationDef,
    owner: &ForeignKey,
    mut key: Vec<Option<Cell>>,
) -> Vec<Option<Cell>> {
    for (cell, &column) in key.iter_mut().zip(child.key) {
        if !relation.is_held() && owner.has(column) {
            *cell = None;
        }
    }
    key
}

/// The key of a child of a payload; `None` for one that is new. A link has that of its target.
pub(crate) fn given_key(
    child: &'static Table,
    value: &Erased,
    state: &RowState,
) -> Option<Vec<Option<Cell>>> {
    if !child.is_link() {
        let mut is_new = false;
        (child.functions.view)(value, &mut |fields, _| {
            is_new = child.key.iter().any(|&key| {
                let column = &child.columns[key];
                let default = column.codec.default.filter(|_| column.is_generated());
                default.is_some_and(|default| (column.codec.same)(&*default(), column.cell(fields)))
            });
        });
        return (!is_new).then(|| state.key(child, value));
    }
    let mut key = state.key(child, value);
    let target = (child.relations[0].target)();
    let mut is_new = false;
    (child.functions.view)(value, &mut |_, slots| {
        if let Some((value, state)) = slots[0].row(0) {
            let parts = given_key(target, value, state);
            is_new = parts.is_none();
            let first = key.len() - target.key.len();
            for (cell, part) in key[first..].iter_mut().zip(parts.into_iter().flatten()) {
                *cell = part;
            }
        }
    });
    (!is_new).then_some(key)
}

/// A row with a key that nobody knows can't be new: the database draws the keys, or linking is a privilege.
pub(crate) fn is_drawn(child: &Table) -> bool {
    child.is_link() || child.draws_key()
}
