//! Merge: a plain graph is brought into a persistent one.

use crate::model::database::Value;
use crate::model::memory::{Object, Slot, State};
use crate::model::read::{find, load};
use crate::model::save::save;
use crate::model::schema::{KeyKind, Kind as RelationKind, Schema, TableId};
use crate::model::{Effects, Kind, Refusal, World};

/// In memory: nothing is written, and what isn't loaded can't be compared.
pub(crate) fn merge(schema: &Schema, object: &mut Object, value: &Object) -> Result<(), Refusal> {
    let mut merged = object.clone();
    let mut found = Vec::new();
    // A payload is a value, and all that is in it: also a row that was adopted there.
    into(schema, &mut merged, value.renewed(schema), None, &mut found);
    verdict(&found)?;
    *object = merged;
    Ok(())
}

/// What the caller may not name comes before all else, which comes in the order of the payload.
pub(crate) fn verdict(found: &[Kind]) -> Result<(), Refusal> {
    let foreign = found.iter().find(|kind| **kind == Kind::NotOwned);
    match foreign.or(found.first()) {
        Some(kind) => Err(Refusal::of(*kind)),
        None => Ok(()),
    }
}

/// Finds the row of a value, loads what the value holds, merges, saves.
pub(crate) fn merge_and_save(
    world: &mut World,
    value: &Object,
) -> Result<(Object, Effects), Refusal> {
    let mut next = world.clone();
    let schema = next.schema.clone();
    let mut object = find(&mut next, value.table, &value.values[0])?;
    let mut reads = 1;
    load_held(&mut next, &mut [&mut object], &[value], &mut reads)?;
    merge(&schema, &mut object, value)?;
    let mut effects = save(&mut next, &mut [&mut object])?;
    effects.reads = reads;
    *world = next;
    Ok((object, effects))
}

/// Loads the relations that a value holds and that are merged. One that some value holds is loaded under all rows of its level.
fn load_held(
    world: &mut World,
    objects: &mut [&mut Object],
    values: &[&Object],
    reads: &mut usize,
) -> Result<(), Refusal> {
    let schema = world.schema.clone();
    let Some(table) = objects.first().map(|object| object.table) else {
        return Ok(());
    };
    for (number, relation) in schema.tables[table].relations.iter().enumerate() {
        let is_given = |value: &&Object| value.slots[number].state != State::NotLoaded;
        if !relation.options.cascade.merge || !values.iter().any(is_given) {
            continue;
        }
        // A parent that is new replaces whichever there is.
        let is_known = |held: &Object| !is_new(&schema, held.table, &held.values[0]);
        let mut given = values.iter().flat_map(|value| &value.slots[number].held);
        if relation.kind.own_column().is_some() && !given.any(is_known) {
            continue;
        }
        let mut most = 0;
        for object in &mut *objects {
            most = most.max(load(world, object, number)?.reads);
        }
        *reads += most;
        // Behind links nothing is merged.
        if let RelationKind::ManyToMany { .. } = relation.kind {
            continue;
        }
        let mut held: Vec<&mut Object> = objects
            .iter_mut()
            .flat_map(|object| &mut object.slots[number].held)
            .collect();
        let given: Vec<&Object> = values
            .iter()
            .flat_map(|value| &value.slots[number].held)
            .collect();
        load_held(world, &mut held, &given, reads)?;
    }
    Ok(())
}

fn into(
    schema: &Schema,
    object: &mut Object,
    value: Object,
    owner: Option<usize>,
    found: &mut Vec<Kind>,
) {
    // The field may have the version of a save that was rolled back.
    if let Some(version) = schema.tables[object.table].version
        && let Some(recorded) = &object.recorded
        && value.values[version] != Value::Int(0)
        && value.values[version] != recorded.values[version]
    {
        found.push(Kind::Stale);
    }
    copy_columns(schema, object, &value, owner);
    for (number, mut given) in value.slots.into_iter().enumerate() {
        let relation = &schema.tables[object.table].relations[number];
        if given.state == State::NotLoaded || !relation.options.cascade.merge {
            continue;
        }
        if let Some(column) = relation.kind.own_column() {
            parent(schema, object, number, column, given.held, found);
            continue;
        }
        if object.slots[number].state != State::Loaded {
            found.push(Kind::NotLoaded);
            continue;
        }
        if let RelationKind::ManyToMany { .. } = relation.kind {
            links(schema, object, number, given, found);
            continue;
        }
        let column = relation.kind.child().map(|(_, column)| column);
        children(
            schema,
            object,
            number,
            column,
            std::mem::take(&mut given.held),
            found,
        );
    }
}

/// Columns are copied; keys, the key to the owner and versions are not.
fn copy_columns(schema: &Schema, object: &mut Object, value: &Object, owner: Option<usize>) {
    let version = schema.tables[object.table].version;
    for column in 1..object.values.len() {
        if Some(column) != owner && Some(column) != version {
            let relations = &schema.tables[object.table].relations;
            let mut relations = relations.iter().enumerate();
            let held = relations.find(|(_, relation)| relation.kind.own_column() == Some(column));
            match held {
                // A parent that is held has its key in itself.
                Some((number, _)) if !value.slots[number].held.is_empty() => {}
                Some((number, _)) => object.refer(schema, number, value.values[column].clone()),
                None => object.values[column] = value.values[column].clone(),
            }
        }
    }
}

/// A parent in a payload is the one that is held, or a new one.
fn parent(
    schema: &Schema,
    object: &mut Object,
    number: usize,
    column: usize,
    given: Vec<Object>,
    found: &mut Vec<Kind>,
) {
    let target = schema.tables[object.table].relations[number].kind.held();
    for value in given {
        let key = value.values[0].clone();
        if is_new(schema, target, &key) {
            object.set_parent(schema, number, value);
            continue;
        }
        let is_it = object.values[column] == key;
        match object.slots[number].held.first_mut() {
            Some(held) if is_it => into(schema, held, value, None, found),
            None if is_it => found.push(Kind::NotLoaded),
            _ => found.push(Kind::NotOwned),
        }
    }
}

/// **Links** are merged, never the columns of their targets; a target that isn't linked is nobody's to link.
pub(crate) fn links(
    schema: &Schema,
    object: &mut Object,
    number: usize,
    given: Slot,
    found: &mut Vec<Kind>,
) {
    let target = schema.tables[object.table].relations[number].kind.held();
    let known = object.slots[number].links();
    let mut kept = Vec::new();
    let keys = given.held.iter().map(|held| &held.values[0]);
    for key in keys
        .chain(&given.keys)
        .filter(|key| !is_new(schema, target, key))
    {
        if kept.contains(key) {
            found.push(Kind::InvalidPayload);
        } else if !known.contains(key) {
            found.push(Kind::NotOwned);
        }
        kept.push(key.clone());
    }
    let (mut stay, go): (Vec<Object>, Vec<Object>) = std::mem::take(&mut object.slots[number].held)
        .into_iter()
        .partition(|held| held.is_persistent() && kept.contains(held.key()));
    for held in go {
        object.wrapper(schema, number).leave(held);
    }
    let mut merged = Vec::new();
    for value in given.held {
        let same = stay.iter().position(|held| *held.key() == value.values[0]);
        if is_new(schema, target, &value.values[0]) {
            merged.push(value);
        } else if let Some(same) = same {
            merged.push(stay.remove(same));
        }
    }
    merged.append(&mut stay);
    let slot = &mut object.slots[number];
    slot.held = merged;
    for key in std::mem::take(&mut slot.keys) {
        if kept.contains(&key) {
            slot.keys.push(key);
        } else if slot.linked.contains(&key) {
            slot.left.push(vec![key]);
        }
    }
}

/// Children are matched by key; unknown ones are new or not this parent's, missing ones leave.
fn children(
    schema: &Schema,
    object: &mut Object,
    number: usize,
    column: Option<usize>,
    given: Vec<Object>,
    found: &mut Vec<Kind>,
) {
    let kind = schema.tables[object.table].relations[number].kind;
    let mut seen: Vec<Value> = Vec::new();
    let mut merged = Vec::new();
    for child in given {
        // A key that is the parent's is that of this one, whatever the payload says.
        let key = match column {
            Some(0) => object.key().clone(),
            _ => child.values[0].clone(),
        };
        if is_new(schema, kind.held(), &key) {
            merged.push(child);
            continue;
        }
        if seen.contains(&key) {
            found.push(Kind::InvalidPayload);
            continue;
        }
        seen.push(key.clone());
        let held = &mut object.slots[number].held;
        match held
            .iter()
            .position(|held| held.is_persistent() && *held.key() == key)
        {
            Some(known) => {
                let mut known = held.remove(known);
                into(schema, &mut known, child, column, found);
                merged.push(known);
            }
            None if schema.tables[kind.held()].key == KeyKind::Natural => merged.push(child),
            None => found.push(Kind::NotOwned),
        }
    }
    // What is still there wasn't given.
    object.wrapper(schema, number).arrange(merged);
}

/// A generated key that is its type's default is no key.
pub(crate) fn is_new(schema: &Schema, table: TableId, key: &Value) -> bool {
    schema.tables[table].key == KeyKind::Generated && *key == Value::Int(0)
}
