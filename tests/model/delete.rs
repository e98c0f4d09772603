//! Delete and detach: about the rows of the database, not about what memory holds.

use crate::model::database::Value;
use crate::model::leave::{Keys, Looking, owned, targets_leave};
use crate::model::memory::{Before, Object, Slot, State};
use crate::model::refusals::refusal;
use crate::model::save::leave;
use crate::model::schema::{Passive, Schema};
use crate::model::{Did, Effects, How, Kind, Refusal, World};

/// Deletes the row of an object, and gives the value back.
pub(crate) fn delete(world: &mut World, object: &Object) -> Result<(Object, Effects), Refusal> {
    let (mut values, effects) = delete_all(world, &[object])?;
    Ok((values.swap_remove(0), effects))
}

/// Deletes the rows of objects of one table, as one.
pub(crate) fn delete_all(
    world: &mut World,
    objects: &[&Object],
) -> Result<(Vec<Object>, Effects), Refusal> {
    let schema = world.schema.clone();
    let mut next = world.clone();
    let mut effects = Effects::default();
    for object in objects {
        release_first(&mut next, object, &mut effects)?;
    }
    let mut keys = Keys::new();
    for object in objects {
        let recorded = object.recorded.as_ref().expect("a handle");
        owned(
            &schema,
            &mut next.database,
            object.table,
            None,
            &recorded.values,
        )?;
        keys.insert(recorded.values[0].clone());
    }
    let before = next.database.clone();
    let mut looking = Looking::new(&schema, &before, &mut effects);
    looking.delete(objects[0].table, &keys, How::Named);
    let leaving = looking.leaving;
    let targets = leaving.carry_out(&schema, &mut next.database, &mut effects);
    targets_leave(&schema, &mut next.database, targets, &mut effects);
    next.database.check(&schema)?;
    *world = next;
    let values = objects.iter().map(|object| value(&schema, object));
    Ok((values.collect(), effects))
}

/// **What was taken out survives**: pending removals that set NULL are carried out before the deletion, at every depth.
fn release_first(world: &mut World, object: &Object, effects: &mut Effects) -> Result<(), Refusal> {
    let schema = world.schema.clone();
    for (number, relation) in schema.tables[object.table].relations.iter().enumerate() {
        if relation.kind.child().is_none() || !relation.options.is_written() {
            continue;
        }
        let slot = &object.slots[number];
        // A delete that releases all rows of the relation needs no names.
        let survives = relation.options.cascade.delete || relation.options.passive == Passive::All;
        if survives && !relation.options.cascade.delete_orphan && !relation.options.deny {
            let before = world.database.clone();
            let mut looking = Looking::new(&schema, &before, effects);
            leave(&mut looking, world, object, number, How::First)?;
            let leaving = looking.leaving;
            drop(leaving.carry_out(&schema, &mut world.database, effects));
        }
        for held in slot.held.iter().filter(|held| held.is_persistent()) {
            release_first(world, held, effects)?;
        }
    }
    Ok(())
}

/// The value that comes back is new throughout; relations whose rows survive are not loaded.
fn value(schema: &Schema, object: &Object) -> Object {
    let mut copy = object.renewed(schema);
    for (number, relation) in schema.tables[object.table].relations.iter().enumerate() {
        let goes = relation.options.cascade.delete && relation.options.passive != Passive::All;
        let slot = &mut copy.slots[number];
        if goes && !relation.options.viewonly {
            for (held, of) in slot.held.iter_mut().zip(&object.slots[number].held) {
                *held = value(schema, of);
                // A parent that is new has no key yet.
                if let Some(column) = relation.kind.own_column() {
                    copy.values[column] = Value::Null;
                }
            }
        } else {
            *slot = Slot::default();
        }
    }
    copy
}

/// **Detach**: the removal rule for all rows of a relation, now.
pub(crate) fn detach(
    world: &mut World,
    object: &mut Object,
    number: usize,
) -> Result<Effects, Refusal> {
    let schema = world.schema.clone();
    let relation = &schema.tables[object.table].relations[number];
    let rules = [
        (Kind::NotCascaded, !relation.options.is_written()),
        (Kind::RemovalDenied, relation.options.deny),
        (Kind::MissingRequired, relation.options.required),
    ];
    if let Some((kind, _)) = rules.into_iter().find(|(_, broken)| *broken) {
        return Err(Refusal::of(kind));
    }
    // A row whose INSERT was rolled back isn't there.
    let Some(handle) = object.recorded.as_ref().map(|recorded| recorded.handle) else {
        return Err(Refusal::of(Kind::NotFound));
    };
    if let Some(column) = relation.kind.own_column() {
        return let_go(world, object, number, column);
    }
    if world.database.row(object.table, object.key()).is_none() {
        // The version of an aggregate that isn't there can't be told from a row that isn't.
        let is_aggregate = schema.tables[object.table].aggregate;
        let kind = if is_aggregate {
            Kind::Stale
        } else {
            Kind::NotFound
        };
        return Err(Refusal::of(kind));
    }
    let mut emptied = object.clone();
    let slot = &mut emptied.slots[number];
    *slot = Slot {
        state: State::Loaded,
        whole: true,
        under: Some(handle),
        ..Slot::default()
    };
    // Nothing else of the object is written.
    let mut alone = emptied.clone();
    alone
        .values
        .clone_from(&object.recorded.as_ref().expect("a handle").values);
    for (other, slot) in alone.slots.iter_mut().enumerate() {
        if other != number {
            *slot = Slot::default();
        }
    }
    refusal(&schema, std::slice::from_ref(&alone))?;
    let mut effects = crate::model::save::save(world, &mut [&mut alone])?;
    // Whether the row is there is asked.
    effects.reads += 1;
    counted(world, &mut emptied, &alone);
    emptied.slots[number].whole = false;
    if world.in_transaction {
        // After a rollback nothing is known of it.
        emptied.slots[number].before = Some(Box::new(Slot {
            state: State::Partial,
            under: Some(handle).filter(|_| object.existed()),
            ..Slot::default()
        }));
    }
    *object = emptied;
    Ok(effects)
}

/// The version of an aggregate counts what was detached; nothing else of it is written.
fn counted(world: &World, object: &mut Object, saved: &Object) {
    let declared = &world.schema.tables[object.table];
    let recorded = object.recorded.as_mut();
    let Some((version, recorded)) = declared
        .version
        .zip(recorded)
        .filter(|_| declared.aggregate)
    else {
        return;
    };
    if world.in_transaction && object.before.is_none() {
        object.before = Some(Before(Some(recorded.clone())));
    }
    recorded.values[version] = saved.values[version].clone();
    object.values[version] = saved.values[version].clone();
}

/// The same of a `BelongsTo`: the row lets go of its parent. Nothing else of it is written.
fn let_go(
    world: &mut World,
    object: &mut Object,
    number: usize,
    column: usize,
) -> Result<Effects, Refusal> {
    let schema = world.schema.clone();
    if !schema.tables[object.table].columns[column].nullable {
        return Err(Refusal::of(Kind::MissingRequired));
    }
    let version = schema.tables[object.table].version;
    if world.database.row(object.table, object.key()).is_none() {
        // A version that isn't there can't be told from a row that isn't.
        let kind = version.map_or(Kind::NotFound, |_| Kind::Stale);
        return Err(Refusal::of(kind));
    }
    let mut alone = Object::new(&schema, object.table, Vec::new());
    alone.recorded.clone_from(&object.recorded);
    let recorded = alone.recorded.as_ref().expect("a handle");
    alone.values.clone_from(&recorded.values);
    alone.values[column] = Value::Null;
    let effects = if recorded.values[column] == Value::Null {
        nothing_to_let_go(world, &mut alone, number, column)?
    } else {
        crate::model::save::save(world, &mut [&mut alone])?
    };
    if world.in_transaction && object.before.is_none() {
        object.before = Some(Before(object.recorded.clone()));
    }
    if let Some(version) = version {
        object.values[version] = alone.values[version].clone();
    }
    object.recorded = alone.recorded;
    object.refer(&schema, number, Value::Null);
    Ok(effects)
}

/// It is about the row of the database, which may refer to another parent by now.
fn nothing_to_let_go(
    world: &mut World,
    alone: &mut Object,
    number: usize,
    column: usize,
) -> Result<Effects, Refusal> {
    let schema = world.schema.clone();
    let recorded = alone.recorded.as_mut().expect("a handle");
    let row = owned(
        &schema,
        &mut world.database,
        alone.table,
        None,
        &recorded.values,
    )?;
    row[column] = Value::Null;
    if let Some(version) = schema.tables[alone.table].version
        && let Value::Int(number) = &mut row[version]
    {
        *number += 1;
        recorded.values[version] = row[version].clone();
        alone.values[version] = row[version].clone();
    }
    let mut effects = Effects::default();
    effects.act(alone.table, Did::Updated, How::Named, 1);
    let relation = &schema.tables[alone.table].relations[number];
    if relation.options.cascade.delete_orphan {
        let mut looking = Looking::new(&schema, &world.database, &mut effects);
        looking.delete(relation.kind.held(), &Keys::new(), How::Named);
    }
    Ok(effects)
}
