//! What memory says after a save.

use crate::model::World;
use crate::model::memory::{Before, Object, Recorded, State};
use crate::model::schema::Kind as RelationKind;

/// **After success** memory says what the rows are: recorded values, nothing pending, wrappers under their handle.
pub(crate) fn settle(world: &mut World, object: &mut Object, column: Option<usize>) {
    let schema = world.schema.clone();
    let was_new = !object.is_persistent();
    let handle = match &object.recorded {
        Some(recorded) => recorded.handle,
        None => world.next_handle(),
    };
    let is_written = |row: &Recorded| !object.changed().is_empty() || row.departed.is_some();
    let is_written = object.raised || object.recorded.as_ref().is_none_or(is_written);
    object.raised = false;
    let mut values = object.values.clone();
    if let (Some(row), Some(version), false) = (&object.recorded, object.version, is_written) {
        values[version] = row.values[version].clone();
    }
    if world.in_transaction && is_written && object.before.is_none() {
        object.before = Some(Before(object.recorded.clone()));
    }
    object.recorded = Some(Recorded {
        values,
        column,
        handle,
        departed: None,
    });
    let key = object.values[0].clone();
    for (relation, slot) in schema.tables[object.table]
        .relations
        .iter()
        .zip(&mut object.slots)
    {
        if slot.state == State::NotLoaded {
            continue;
        }
        if world.in_transaction && slot.before.is_none() {
            let mut before = slot.clone();
            before.held.clear();
            slot.before = Some(Box::new(before));
        }
        slot.under = Some(handle);
        if was_new && slot.state == State::Partial {
            slot.state = State::Loaded;
        }
        if was_new {
            // A row that is new had no others to lose.
            slot.whole = false;
            slot.unseen = false;
        }
        if !relation.options.is_written() {
            continue;
        }
        slot.left.clear();
        slot.whole = false;
        slot.unseen = false;
        let column = relation.kind.child().map(|(_, column)| column);
        for held in &mut slot.held {
            if let Some(column) = column {
                held.values[column] = key.clone();
            }
            settle(world, held, column);
        }
        if let RelationKind::ManyToMany { .. } = relation.kind {
            slot.linked = slot.links().into_iter().collect();
        }
    }
}
