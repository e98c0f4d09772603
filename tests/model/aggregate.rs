//! Aggregates: what changes anywhere below one raises its version.

use std::collections::BTreeSet;

use crate::model::memory::Object;
use crate::model::save::{Place, each, moves};
use crate::model::schema::{Kind as RelationKind, Schema};

/// Marks the aggregates below which a save changes something, once each.
pub(crate) fn mark(schema: &Schema, graph: &mut [Object]) {
    let mut left = BTreeSet::new();
    for root in &mut *graph {
        let found = each(schema, root, None, &mut |object, place| {
            left.extend(came_from(object, place));
            Ok(())
        });
        found.expect("nothing is refused");
    }
    for root in graph {
        changes(schema, root, None, &left);
    }
}

/// **A move raises both**: the handle that a row leaves, where the save moves it.
fn came_from(object: &Object, place: Option<&Place>) -> Option<u64> {
    let recorded = object.recorded.as_ref()?;
    recorded.departed.filter(|_| place.is_some())
}

/// Whether a save changes an object, or anything below it.
fn changes(
    schema: &Schema,
    object: &mut Object,
    place: Option<&Place>,
    left: &BTreeSet<u64>,
) -> bool {
    let mut below = loses(schema, object, left);
    let key = object.values[0].clone();
    let relations = &schema.tables[object.table].relations;
    for (relation, slot) in relations.iter().zip(&mut object.slots) {
        let column = relation.kind.child().map(|(_, column)| column);
        for held in slot
            .held
            .iter_mut()
            .filter(|_| relation.options.is_written())
        {
            let place = column.map(|column| Place {
                column,
                key: key.clone(),
            });
            let changed = changes(schema, held, place.as_ref(), left);
            // A parent, or the target of a link, isn't below.
            below |= changed && column.is_some();
        }
    }
    object.raised = below && schema.tables[object.table].aggregate;
    let is_written = match &object.recorded {
        None => true,
        Some(row) => !object.changed().is_empty() || place.is_some_and(|to| moves(row, to)),
    };
    below || is_written
}

/// Whether rows or links leave an object, or links enter.
fn loses(schema: &Schema, object: &Object, left: &BTreeSet<u64>) -> bool {
    let relations = schema.tables[object.table].relations.iter().enumerate();
    let mut relations = relations.filter(|(_, relation)| relation.options.is_written());
    let is_left = |row: &crate::model::memory::Recorded| left.contains(&row.handle);
    object.recorded.as_ref().is_some_and(is_left)
        || relations.any(|(number, relation)| {
            let slot = &object.slots[number];
            let is_linked = matches!(relation.kind, RelationKind::ManyToMany { .. });
            let is_parent = relation.kind.own_column().is_some();
            !is_parent && (object.is_whole(number) || !slot.left.is_empty())
                || is_linked && slot.has_new_links()
        })
}
