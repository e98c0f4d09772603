//! Whether there is nothing to save, seen without making a graph: what is unchanged costs no more than to compare it.

use crate::graph::Root;
use crate::meta::{ForeignKey, RelationDef};
use crate::slot::Slot;

/// Nothing has changed, and nothing is wrong, in the trees under some rows. Where this isn't sure it is `false`: the graph says more.
pub(crate) fn is_quiet(roots: &[Root<'_>]) -> bool {
    let mut rows = roots.to_vec();
    while let Some(row) = rows.pop() {
        if !is_row_quiet(row, &mut rows) {
            return false;
        }
    }
    true
}

/// A row is as the database has it, and so is what its relations hold, but for the rows that are yet to be looked at.
fn is_row_quiet<'a>(row: Root<'a>, next: &mut Vec<Root<'a>>) -> bool {
    let Root {
        table,
        value,
        state,
    } = row;
    if state.is_new() || state.is_in_doubt() || state.departure().is_some() {
        return false;
    }
    let mut quiet = true;
    (table.functions.view)(value, &mut |fields, slots| {
        // A column that two share may be told two things by a row that was touched.
        let shared = |key: &ForeignKey| key.parts.iter().any(|part| part.shared);
        quiet = !state.is_touched()
            || !table.foreign_keys.iter().any(shared) && state.changed(table, fields).is_empty();
        for (relation, slot) in table.relations.iter().zip(slots) {
            quiet = quiet && is_relation_quiet(row, relation, *slot, next);
        }
    });
    quiet
}

fn is_relation_quiet<'a>(
    row: Root<'a>,
    relation: &'static RelationDef,
    slot: &'a dyn Slot,
    next: &mut Vec<Root<'a>>,
) -> bool {
    let Some(foreign_key) = relation.foreign_key(row.table) else {
        return true;
    };
    let table = (relation.target)();
    if !relation.is_held() {
        let Some(link) = slot.link() else { return true };
        let is_its = link.home != 0 && link.is_of(row.state, foreign_key);
        let pending = link.whole || link.attached || !link.left.is_empty();
        let missing = relation.required && slot.count() == 0;
        if !is_its || pending || missing {
            return false;
        }
    }
    for position in 0..slot.count() {
        let Some((value, state)) = slot.row(position) else {
            continue;
        };
        if relation.cascade.save_update {
            next.push(Root {
                table,
                value,
                state,
            });
        } else if state.is_new() || state.departure().is_some() {
            return false;
        }
    }
    true
}
