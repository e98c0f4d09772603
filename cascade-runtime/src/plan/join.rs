//! Steps that have to be one statement: their rows refer to each other, by foreign keys that can't be NULL.

use crate::meta::{OnDelete, Table};
use crate::plan::{Abilities, Action, Step};

/// Joins deletes of rows that others refer to which go after them, where the database checks foreign keys at the end of a statement.
pub(crate) fn joined(steps: Vec<Step>, abilities: Abilities) -> Vec<Step> {
    if !abilities.checks_at_end {
        return steps;
    }
    let mut joined = Vec::with_capacity(steps.len());
    let mut rest = steps;
    while !rest.is_empty() {
        let last = last_of(&rest);
        let later = rest.split_off(last + 1);
        joined.extend(together(rest));
        rest = later;
    }
    joined
}

/// The last step that has to be one with the first.
fn last_of(steps: &[Step]) -> usize {
    let mut last = 0;
    let mut next = 0;
    while next <= last {
        if let Some(table) = deleted(&steps[next]) {
            let held = steps.iter().rposition(|later| {
                deleted(later)
                    .is_some_and(|later| later.ident != table.ident && holds(later, table))
            });
            last = last.max(held.unwrap_or_default());
        }
        next += 1;
    }
    let one = &steps[..=last];
    let is_once = |step: &Step| {
        let same = one
            .iter()
            .filter(|other| other.table.ident == step.table.ident);
        changes(step) && same.count() == 1
    };
    if one.iter().all(is_once) { last } else { 0 }
}

/// These steps as one, where they are several.
pub(super) fn together(steps: Vec<Step>) -> Vec<Step> {
    if steps.len() < 2 {
        return steps;
    }
    vec![Step {
        table: steps[0].table,
        kind: None,
        action: Action::Together { steps },
    }]
}

fn deleted(step: &Step) -> Option<&'static Table> {
    let deletes = matches!(
        step.action,
        Action::Delete { .. } | Action::Sweep { columns: None, .. }
    );
    deletes.then_some(step.table)
}

fn changes(step: &Step) -> bool {
    matches!(
        step.action,
        Action::Delete { .. } | Action::Sweep { .. } | Action::Write { .. }
    )
}

/// Rows of one table refer to rows of the other and can't let go.
fn holds(table: &Table, target: &Table) -> bool {
    let mut keys = table.foreign_keys.iter();
    keys.any(|key| {
        key.target_ident == target.ident
            && !key.nullable
            && key.on_delete != Some(OnDelete::Cascade)
    })
}
