//! What there is to save, seen without making a graph: what is unchanged costs no more than to compare it.

use crate::graph::Root;
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::save::Roots;
use crate::slot::{RowState, Slot};

/// Where in the trees under some rows something has changed, or may be wrong: the graph says what.
///
/// A row that is quiet, and has only quiet ones below it, is no part of what is saved.
#[derive(Default)]
pub(crate) struct Survey {
    /// The rows that aren't quiet, and those above them, by the addresses of their states, in order. Below one that is new nobody has looked.
    loud: Vec<usize>,
}

impl Survey {
    pub(crate) fn of(roots: &dyn Roots) -> Self {
        let mut survey = Self::default();
        // One branch at a time: what is held on the way is as deep as the tree, and no wider.
        let mut branch = Vec::new();
        roots.each(&mut |root| {
            survey.look(root, &mut branch);
            while let Some(rows) = branch.last_mut() {
                match rows.next() {
                    Some(row) => survey.look(row, &mut branch),
                    None => drop(branch.pop()),
                }
            }
        });
        survey.loud.sort_unstable();
        survey
    }

    /// Nothing has changed, and nothing is wrong.
    pub(crate) fn is_quiet(&self) -> bool {
        self.loud.is_empty()
    }

    /// A row that exists is part of what is saved.
    pub(crate) fn has(&self, state: &RowState) -> bool {
        self.loud.binary_search(&place(state)).is_ok()
    }

    /// Looks at a row, whose relations are yet to be looked at then.
    fn look<'a>(&mut self, row: Root<'a>, branch: &mut Vec<Waiting<'a>>) {
        let above = branch.len();
        if is_row_quiet(row, branch) {
            return;
        }
        self.loud.push(place(row.state));
        for own in &mut branch[above..] {
            own.is_loud = true;
        }
        // Before them are the relations of the rows above it. What is above one that is loud is known to be.
        for rows in branch[..above].iter_mut().rev() {
            if rows.is_loud {
                break;
            }
            rows.is_loud = true;
            self.loud.push(place(rows.parent));
        }
    }
}

/// Where a row is in memory: nothing moves it as long as it is borrowed.
fn place(state: &RowState) -> usize {
    std::ptr::from_ref(state).addr()
}

/// The rows of a relation that are yet to be looked at.
struct Waiting<'a> {
    parent: &'a RowState,
    /// The parent isn't quiet, or a row below it isn't.
    is_loud: bool,
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
    if state.is_new() {
        return false;
    }
    let mut quiet = !state.is_in_doubt() && state.departure().is_none();
    if table.relations.is_empty() && !state.is_touched() {
        return quiet;
    }
    (table.functions.view)(value, &mut |fields, slots| {
        // A column that two share may be told two things by a row that was touched.
        let shared = |key: &ForeignKey| key.parts.iter().any(|part| part.shared);
        quiet &= !state.is_touched()
            || !table.foreign_keys.iter().any(shared) && state.changed(table, fields).is_empty();
        for (relation, slot) in table.relations.iter().zip(slots) {
            quiet &= is_relation_quiet(row, relation, *slot, branch);
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
    let mut quiet = true;
    if !relation.is_held() {
        let Some(link) = slot.link() else { return true };
        let is_its = link.home().parent != 0 && link.is_of(row.state, foreign_key);
        let pending = link.whole || link.attached || !link.left.is_empty();
        let missing = relation.required && slot.count() == 0;
        quiet = is_its && !pending && !missing;
    }
    let mut rows = Waiting {
        parent: row.state,
        is_loud: false,
        table: (relation.target)(),
        slot,
        position: 0,
    };
    if relation.cascade.save_update {
        branch.push(rows);
        return quiet;
    }
    quiet && rows.all(|row| !row.state.is_new() && row.state.departure().is_none())
}
