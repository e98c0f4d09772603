//! What doesn't compile, of what two structs show together (rules 8 and 9 of the design).

use crate::model::schema::{Column, OnDelete, Options, Passive};

/// A rule that a relation and the foreign key of its children break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// A removal or a deletion that can't be carried out.
    Removal,
    /// `on_delete = "set null"` on a NOT NULL key.
    SetNull,
    /// `passive_deletes` without a constraint that does the work.
    Passive,
}

/// Which rules are broken.
pub(crate) fn refused(relation: &Options, foreign_key: &Column) -> Vec<Rule> {
    let on_delete = foreign_key
        .references
        .map_or(OnDelete::NoAction, |reference| reference.on_delete);
    let broken = [
        (
            Rule::Removal,
            !can_be_removed(relation, foreign_key) || !can_be_deleted(relation, foreign_key),
        ),
        (
            Rule::SetNull,
            on_delete == OnDelete::SetNull && !foreign_key.nullable,
        ),
        (Rule::Passive, !is_passive(relation, on_delete)),
    ];
    broken
        .into_iter()
        .filter_map(|(rule, broken)| broken.then_some(rule))
        .collect()
}

/// A child that leaves is deleted, or stays with NULL, or may not leave.
fn can_be_removed(relation: &Options, foreign_key: &Column) -> bool {
    relation.viewonly || foreign_key.nullable || relation.cascade.delete_orphan || relation.deny
}

/// A child whose parent goes is deleted, or stays with NULL, or is the database's business.
fn can_be_deleted(relation: &Options, foreign_key: &Column) -> bool {
    relation.viewonly
        || foreign_key.nullable
        || relation.cascade.delete
        || relation.passive == Passive::All
}

/// What is left to the database, the database does: it deletes, or it releases what isn't to be deleted.
fn is_passive(relation: &Options, on_delete: OnDelete) -> bool {
    match (relation.passive, on_delete) {
        (Passive::No | Passive::All, _) | (Passive::Yes, OnDelete::Cascade) => true,
        (Passive::Yes, OnDelete::SetNull) => !relation.cascade.delete,
        (Passive::Yes, OnDelete::NoAction | OnDelete::Restrict) => false,
    }
}
