//! What lies below rows that were just read.

use super::{Above, Reading, fill, missing, reached, reached_mut, target_of};
use crate::backend::Backend;
use crate::error::Error;
use crate::meta::{ForeignKey, RelationDef};
use crate::relation::Tree;
use crate::slot::Fetched;

/// What was read of one relation of the rows of a level above.
struct Level {
    /// `None` for the children that the reading starts from.
    above: Option<usize>,
    arm: usize,
    relation: &'static RelationDef,
    foreign_key: &'static ForeignKey,
    children: Vec<Option<Vec<Fetched>>>,
}

/// Reads what lies below children that were just read, into them: nobody sees them yet.
///
/// Level after level, without a call inside another: a tree may be deeper than the stack.
pub(super) async fn descend<DB: Backend>(
    reading: &mut Reading<'_, DB>,
    children: &mut [Option<Vec<Fetched>>],
    (relation, arm): (&'static RelationDef, usize),
    below: &Tree,
) -> Result<(), Error> {
    let mut levels: Vec<Level> = Vec::new();
    let mut next: Vec<(Option<usize>, usize, &Tree)> = Vec::new();
    next.extend(
        below
            .0
            .iter()
            .rev()
            .map(|(index, below)| (None, *index, below)),
    );
    while let Some((above, index, below)) = next.pop() {
        let (relation, rows) = match above {
            None => (relation, &*children),
            Some(level) => (levels[level].relation, &*levels[level].children),
        };
        let table = target_of(relation);
        let relation_below = &table.relations[index];
        let above_arm = above.map_or(arm, |level: usize| levels[level].arm);
        let arm = reading.arm(above_arm, index);
        let Some(foreign_key) = relation_below.foreign_key(table) else {
            continue;
        };
        let rows = rows.iter().flatten().flatten();
        let rows = rows.filter_map(|(value, state)| reached(relation, (&**value, state)));
        let rows: Vec<_> = rows.collect();
        let children = missing::<DB>(reading, &rows, (index, arm), Above::JustRead).await?;
        let here = Some(levels.len());
        levels.push(Level {
            above,
            arm,
            relation: relation_below,
            foreign_key,
            children,
        });
        next.extend(
            below
                .0
                .iter()
                .rev()
                .map(|(index, below)| (here, *index, below)),
        );
    }
    // From below: what lies under a row is in it before it is put into its own parent.
    while let Some(level) = levels.pop() {
        let (relation, rows) = match level.above {
            None => (relation, &mut *children),
            Some(above) => (levels[above].relation, &mut *levels[above].children),
        };
        let index = target_of(relation)
            .relations
            .iter()
            .position(|known| std::ptr::eq(known, level.relation));
        let rows = rows.iter_mut().flatten().flatten();
        let rows = rows.filter_map(|(value, state)| reached_mut(relation, (&mut **value, state)));
        let below = (target_of(relation), index.unwrap_or_default());
        fill(below, level.foreign_key, rows, level.children);
    }
    Ok(())
}
