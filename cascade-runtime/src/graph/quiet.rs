//! Whether there is nothing to save, seen without making a graph: what is unchanged costs no more than to compare it.

use crate::graph::Root;
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::save::Roots;
use crate::slot::Slot;

/// Nothing has changed, and nothing is wrong, in the trees under some rows. Where this isn't sure it is `false`: the graph says more.
pub(crate) fn is_quiet(roots: &dyn Roots) -> bool {
    let mut quiet = true;
    // One branch at a time: what is held on the way is as deep as the tree, and no wider.
    let mut branch = Vec::new();
    roots.each(&mut |root| {
        quiet = quiet && is_row_quiet(root, &mut branch);
        while let Some(rows) = branch.last_mut().filter(|_| quiet) {
            match rows.next() {
                Some(row) => quiet = is_row_quiet(row, &mut branch),
                None => drop(branch.pop()),
            }
        }
    });
    quiet
}

/// The rows of a relation that are yet to be looked at.
struct Waiting<'a> {
    table: &'static Table,
    slot: &'a dyn Slot,
    position: usize,
}

impl<'a> Iterator for Waiting<'a> {
    type Item = Root<'a>;

    fn next(&mut self) -> Option<Root<'a>> {
        let (value, state) = self.slot.row(self.position)?;
        self.position += 1;
        Some(Root {
            table: self.table,
            value,
            state,
        })
    }
}

/// A row is as the database has it, and so is what its relations hold, but for the rows that are yet to be looked at.
fn is_row_quiet<'a>(row: Root<'a>, branch: &mut Vec<Waiting<'a>>) -> bool {
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
            quiet = quiet && is_relation_quiet(row, relation, *slot, branch);
        }
    });
    quiet
}

fn is_relation_quiet<'a>(
    row: Root<'a>,
    relation: &'static RelationDef,
    slot: &'a dyn Slot,
    branch: &mut Vec<Waiting<'a>>,
) -> bool {
    let Some(foreign_key) = relation.foreign_key(row.table) else {
        return true;
    };
    if !relation.is_held() {
        let Some(link) = slot.link() else { return true };
        let is_its = link.home().parent != 0 && link.is_of(row.state, foreign_key);
        let pending = link.whole || link.attached || !link.left.is_empty();
        let missing = relation.required && slot.count() == 0;
        if !is_its || pending || missing {
            return false;
        }
    }
    let mut rows = Waiting {
        table: (relation.target)(),
        slot,
        position: 0,
    };
    if relation.cascade.save_update {
        branch.push(rows);
        return true;
    }
    rows.all(|row| !row.state.is_new() && row.state.departure().is_none())
}
