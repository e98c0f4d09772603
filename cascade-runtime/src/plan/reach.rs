//! What lies below rows that leave: the steps that delete or release it, leaves first, without reading it.

use crate::meta::{ForeignKey, OnDelete, PassiveDeletes, RelationDef, Table};
use crate::plan::{Action, Base, Hop, Reach, Step, Target};
use crate::report::ChangeKind;

/// Deletes rows that are named by `when`, with everything that the cascades of their tables delete.
pub(crate) fn delete(table: &'static Table, when: Vec<usize>, rows: Vec<Target>) -> Vec<Step> {
    let mut steps = Vec::new();
    let reach = Reach::of(table, rows.clone());
    if below(table, &reach, false, &mut steps) {
        // One statement has to take the tree: within it, the rows may refer to each other.
        let lock = Step { table, kind: ChangeKind::Deleted, action: Action::Lock { rows, when } };
        steps.insert(0, lock);
        steps.push(sweep(table, &reach.then(closure(table)), None));
    } else {
        steps.push(Step { table, kind: ChangeKind::Deleted, action: Action::Delete { rows, when } });
    }
    steps
}

/// Applies the removal rule of a relation to all rows of its parents, but for those that are kept.
pub(crate) fn detach(relation: &RelationDef, base: Base) -> Vec<Step> {
    let (Base::Rows { table, .. } | Base::Owned { table, .. }) = base;
    let mut steps = Vec::new();
    let reach = Reach { base, hops: Vec::new() };
    if relation.cascade.delete_orphan {
        let all = if below(table, &reach, false, &mut steps) { reach.then(closure(table)) } else { reach };
        steps.push(sweep(table, &all, None));
    } else if let Base::Owned { foreign_key, .. } = reach.base {
        steps.push(sweep(table, &reach, Some(foreign_key)));
    }
    steps
}

/// Steps for what lies below the rows of `table` within `reach`. Whether the table refers to itself, and the statement that deletes its rows
/// has to take all of them.
///
/// `by_database` says that the database deletes those rows, by a constraint.
fn below(table: &'static Table, reach: &Reach, by_database: bool, steps: &mut Vec<Step>) -> bool {
    let own = table.relations.iter().filter(|relation| is_self(relation, table) && relation.cascade.delete);
    let (passive, active): (Vec<_>, Vec<_>) = own.partition(|relation| left_to_database(relation, table, by_database));
    let recursive = !(passive.is_empty() && active.is_empty());
    let reach = if recursive { reach.then(closure(table)) } else { reach.clone() };
    for relation in table.relations.iter().filter(|relation| !relation.viewonly && relation.passive_deletes != PassiveDeletes::All) {
        let child = (relation.target)();
        let Some(foreign_key) = relation.foreign_key(table) else { continue };
        let left = left_to_database(relation, table, by_database);
        let reach = reach.then(Hop::Children { table: child, foreign_key });
        if relation.cascade.delete && !is_self(relation, table) {
            let whole = below(child, &reach, left, steps);
            if !left {
                steps.push(sweep(child, &if whole { reach.then(closure(child)) } else { reach }, None));
            }
        } else if !relation.cascade.delete && !left {
            steps.push(sweep(child, &reach, Some(foreign_key)));
        }
    }
    !active.is_empty()
}

/// The constraint does what the relation says, when the database or `passive_deletes` lets it.
fn left_to_database(relation: &RelationDef, parent: &Table, by_database: bool) -> bool {
    let on_delete = relation.foreign_key(parent).and_then(|key| key.on_delete);
    let agrees = match on_delete {
        Some(OnDelete::Cascade) => relation.cascade.delete,
        Some(OnDelete::SetNull) => !relation.cascade.delete,
        Some(OnDelete::Restrict | OnDelete::NoAction) | None => false,
    };
    agrees && (by_database || relation.passive_deletes == PassiveDeletes::Yes)
}

fn is_self(relation: &RelationDef, table: &Table) -> bool {
    (relation.target)().ident == table.ident
}

/// Everything below rows of `table` along its own relations that delete.
fn closure(table: &'static Table) -> Hop {
    let own = table.relations.iter().filter(|relation| is_self(relation, table) && relation.cascade.delete);
    Hop::Closure { table, foreign_keys: own.filter_map(|relation| relation.foreign_key(table)).collect() }
}

fn sweep(table: &'static Table, reach: &Reach, released: Option<&ForeignKey>) -> Step {
    let columns = released.map(|key| key.own_columns().map(|part| part.column).collect());
    let kind = if released.is_some() { ChangeKind::Released } else { ChangeKind::Deleted };
    Step { table, kind, action: Action::Sweep { reach: reach.clone(), columns } }
}
