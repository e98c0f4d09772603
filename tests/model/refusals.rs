//! The errors that memory alone shows, before anything is sent.

use crate::model::database::{Row, Value};
use crate::model::memory::{Object, Recorded, Slot, State};
use crate::model::schema::{Kind as RelationKind, Relation, Schema, TableId};
use crate::model::{Kind, Refusal};

/// Which of several is reported.
const ORDER: [Kind; 7] = [
    Kind::KeyChanged,
    Kind::NotOwned,
    Kind::NotLoaded,
    Kind::NotCascaded,
    Kind::RemovalDenied,
    Kind::MissingRequired,
    Kind::Contradiction,
];

/// What a save of these objects would refuse.
pub(crate) fn refusal(schema: &Schema, roots: &[Object]) -> Result<(), Refusal> {
    let mut found = Vec::new();
    let mut written = Vec::new();
    let mut removed = Vec::new();
    for root in roots {
        object(schema, root, None, &mut found);
        copies(schema, root, (&mut written, &mut removed));
    }
    let is_removed = |written: &Written<'_>| removed.contains(&(written.0, written.1));
    if differ(&written) || written.iter().any(is_removed) {
        found.push(Kind::Contradiction);
    }
    let rank = |kind: &Kind| ORDER.iter().position(|other| other == kind);
    match found.into_iter().min_by_key(rank) {
        Some(kind) => Err(Refusal::of(kind)),
        None => Ok(()),
    }
}

/// The column of the key to the parent, and the parent's key where it has a row.
type Owner<'a> = (usize, Option<&'a Value>);

fn object(schema: &Schema, of: &Object, owner: Option<Owner<'_>>, found: &mut Vec<Kind>) {
    if key_changed(of, owner) {
        found.push(Kind::KeyChanged);
    }
    for (number, relation) in schema.tables[of.table].relations.iter().enumerate() {
        let slot = &of.slots[number];
        let is_parent = relation.kind.own_column().is_some();
        // A parent isn't owned: there is nothing whole about one, and two rows may exchange theirs.
        let whole = !is_parent && of.is_whole(number);
        let rules = [
            (
                Kind::NotOwned,
                !is_parent && is_another_parents(of, relation, slot),
            ),
            (
                Kind::NotLoaded,
                relation.options.deny && whole && is_unseen(of, slot),
            ),
            (
                Kind::NotCascaded,
                !relation.options.is_written() && is_written(of, relation, slot, whole),
            ),
            (
                Kind::RemovalDenied,
                relation.options.deny && !slot.left.is_empty(),
            ),
            (
                Kind::MissingRequired,
                (is_parent || relation.options.is_written())
                    && is_missing(schema, of, relation, slot),
            ),
        ];
        found.extend(
            rules
                .into_iter()
                .filter_map(|(kind, broken)| broken.then_some(kind)),
        );
        if relation.options.is_written() {
            let key = of.recorded.as_ref().map(|recorded| &recorded.values[0]);
            let owner = relation.kind.child().map(|(_, column)| (column, key));
            for held in &slot.held {
                object(schema, held, owner, found);
            }
        }
    }
}

/// What a save writes of each row: the row, its columns and their values.
type Written<'a> = (TableId, &'a Value, Vec<(usize, &'a Value)>);

/// A row.
type Named<'a> = (TableId, &'a Value);

/// The rows that are changed, those behind links and foreign keys as often as they are held; and those that are removed.
fn copies<'a>(
    schema: &Schema,
    of: &'a Object,
    (written, removed): (&mut Vec<Written<'a>>, &mut Vec<Named<'a>>),
) {
    let changed = of.changed();
    let moves = |row: &Recorded| row.departed.is_some();
    if !changed.is_empty() || of.recorded.as_ref().is_some_and(moves) {
        let cells = changed
            .into_iter()
            .map(|column| (column, &of.values[column]));
        written.push((of.table, of.key(), cells.collect()));
    }
    for (relation, slot) in schema.tables[of.table].relations.iter().zip(&of.slots) {
        if relation.options.is_written() {
            if let Some((child, _)) = relation.kind.child() {
                removed.extend(slot.left.iter().map(|left| (child, &left[0])));
            }
            for held in &slot.held {
                copies(schema, held, (written, removed));
            }
        }
    }
}

/// **One row held twice**: changed in one, or alike, it is written once; changed differently, or removed in one place and changed in another, no
/// save can mean both.
fn differ(written: &[Written<'_>]) -> bool {
    let pairs = written.iter().enumerate();
    pairs
        .flat_map(|(number, one)| written[number + 1..].iter().map(move |other| (one, other)))
        .any(|(one, other)| (one.0, one.1) == (other.0, other.1) && one.2 != other.2)
}

/// The key of a row, and the key to the owner of a child in its parent's relation, are not the struct's to change.
fn key_changed(of: &Object, owner: Option<Owner<'_>>) -> bool {
    let changed = of.changed();
    // Of a row that moves it is overwritten.
    let stays = of
        .recorded
        .as_ref()
        .is_some_and(|row| row.departed.is_none());
    // A key that is the parent's goes to no other.
    let moves = owner.is_some_and(|(column, key)| {
        let is_it = |row: &Recorded| row.departed.is_some() && key != Some(&row.values[0]);
        column == 0 && of.recorded.as_ref().is_some_and(is_it)
    });
    let owner = owner.map(|(column, _)| column);
    moves || changed.contains(&0) || owner.is_some_and(|column| stays && changed.contains(&column))
}

/// A wrapper that was loaded under another handle, with rows or removals; or with rows of another parent, which were attached.
fn is_another_parents(of: &Object, relation: &Relation, slot: &Slot) -> bool {
    let own = of.recorded.as_ref().map(|recorded| recorded.handle);
    let has_any = !slot.left.is_empty()
        || !slot.away.is_empty()
        || !slot.linked.is_empty()
        || !slot.keys.is_empty()
        || !slot.held.is_empty();
    let key = of.recorded.as_ref().map(|recorded| &recorded.values[0]);
    let is_foreign = |child: &Object| match (relation.kind.child(), &child.recorded) {
        (Some((_, column)), Some(row)) => {
            row.departed.is_none() && key != Some(&row.values[column])
        }
        _ => false,
    };
    // Nor may one that was attached leave by being removed again.
    let left_foreign = |row: &Row| match relation.kind.child() {
        Some((_, column)) => key != Some(&row[column]),
        None => false,
    };
    slot.under.is_some() && slot.under != own && has_any
        || slot.held.iter().any(is_foreign)
        || slot.left.iter().any(left_foreign)
}

/// An operation on the whole relation, of which not everything was known.
fn is_unseen(of: &Object, slot: &Slot) -> bool {
    let own = of.recorded.as_ref().map(|recorded| recorded.handle);
    slot.unseen || slot.under != own
}

/// Something that a save would have to write: a new child, one that left, one that came from elsewhere.
fn is_written(of: &Object, relation: &Relation, slot: &Slot, whole: bool) -> bool {
    let from_elsewhere = |child: &Object| match (relation.kind.child(), &child.recorded) {
        (_, None) => true,
        (Some((_, column)), Some(recorded)) => {
            of.recorded.as_ref().map(|of| &of.values[0]) != Some(&recorded.values[column])
        }
        (None, Some(_)) => false,
    };
    let is_linked = matches!(relation.kind, RelationKind::ManyToMany { .. });
    whole
        || !slot.left.is_empty()
        || slot.held.iter().any(from_elsewhere)
        || is_linked && slot.has_new_links()
}

/// A child, or a parent, that has to be there. What is not loaded is there, but under a new parent.
fn is_missing(schema: &Schema, of: &Object, relation: &Relation, slot: &Slot) -> bool {
    if let RelationKind::BelongsTo { column, .. } = relation.kind {
        let nullable = schema.tables[of.table].columns[column].nullable;
        return !nullable && of.values[column] == Value::Null && slot.held.is_empty();
    }
    let known = slot.state == State::Loaded || !of.is_persistent();
    relation.options.required && known && slot.held.is_empty()
}
