//! What a value holds, as relations to load.

use crate::codec::Erased;
use crate::meta::{RelationDef, Table};
use crate::relation::Tree;
use crate::slot::{RowState, Slot};

/// The relations that a row holds and those below them, where `takes` says so. `below` gives the row that a held one leads on to.
pub(crate) fn held<'r>(
    row: (&'static Table, &'r Erased),
    takes: &dyn Fn(&RelationDef, &dyn Slot) -> bool,
    below: &dyn Fn(
        &'static RelationDef,
        (&'r Erased, &'r RowState),
    ) -> Option<(&'static Table, &'r Erased)>,
) -> Tree {
    // Of each relation of each level: the level above, its number there, the tree below.
    let mut levels = vec![(0, 0, Tree::default())];
    let mut rows_of = vec![vec![row]];
    let mut level = 0;
    while level < levels.len() {
        let mut found: Vec<Option<Vec<(&'static Table, &'r Erased)>>> = Vec::new();
        for (table, value) in std::mem::take(&mut rows_of[level]) {
            found.resize_with(table.relations.len(), || None);
            (table.functions.view)(value, &mut |_, slots| {
                for (index, (relation, slot)) in table.relations.iter().zip(slots).enumerate() {
                    if takes(relation, *slot) {
                        let rows = (0..slot.count()).filter_map(|row| slot.row(row));
                        let rows = rows.filter_map(|row| below(relation, row));
                        found[index].get_or_insert_default().extend(rows);
                    }
                }
            });
        }
        for (index, rows) in found.into_iter().enumerate() {
            if let Some(rows) = rows {
                levels.push((level, index, Tree::default()));
                rows_of.push(rows);
            }
        }
        level += 1;
    }
    while let Some((above, index, mut tree)) = levels.pop() {
        tree.0.reverse();
        match levels.get_mut(above) {
            Some((.., above)) => above.0.push((index, tree)),
            None => return tree,
        }
    }
    Tree::default()
}
