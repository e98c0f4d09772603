//! Keys of new rows.

use crate::model::World;
use crate::model::database::Value;
use crate::model::memory::Object;
use crate::model::schema::{KeyKind, Kind as RelationKind};

/// New rows get their keys, parents first, siblings in the order of the list; and the keys to their parents.
pub(crate) fn name_new_rows(world: &mut World, level: &mut [Object]) {
    let schema = world.schema.clone();
    for object in &mut *level {
        let table = &schema.tables[object.table];
        for (number, relation) in table.relations.iter().enumerate() {
            if let (RelationKind::BelongsTo { column, .. }, true) =
                (relation.kind, relation.options.is_written())
            {
                let held = &mut object.slots[number].held;
                name_new_rows(world, held);
                if let Some(target) = held.first() {
                    object.values[column] = target.values[0].clone();
                }
            }
        }
        if !object.is_persistent() {
            if table.key == KeyKind::Generated {
                object.values[0] = world.database.next_key(object.table);
            }
            if let Some(version) = table.version {
                object.values[version] = Value::Int(1);
            }
        }
    }
    let mut below: Vec<Object> = Vec::new();
    let mut sizes = Vec::new();
    for object in &mut *level {
        let key = object.values[0].clone();
        for (relation, slot) in schema.tables[object.table]
            .relations
            .iter()
            .zip(&mut object.slots)
        {
            let is_below = !matches!(relation.kind, RelationKind::BelongsTo { .. });
            let take = is_below && relation.options.is_written();
            let mut held = if take {
                std::mem::take(&mut slot.held)
            } else {
                Vec::new()
            };
            for child in &mut held {
                if let (Some((_, column)), false) = (relation.kind.child(), child.is_persistent()) {
                    child.values[column] = key.clone();
                }
            }
            sizes.push((take, held.len()));
            below.extend(held);
        }
    }
    if !below.is_empty() {
        name_new_rows(world, &mut below);
    }
    let mut below = below.into_iter();
    let mut sizes = sizes.into_iter();
    for object in level {
        for slot in &mut object.slots {
            if let Some((true, size)) = sizes.next() {
                slot.held = below.by_ref().take(size).collect();
            }
        }
    }
}
