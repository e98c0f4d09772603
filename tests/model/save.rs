//! A save: rows move, rows leave, rows change, rows enter; then the database says whether they may.

use std::collections::BTreeSet;

use crate::model::database::{Row, Value};
use crate::model::exchange::exchanges;
use crate::model::leave::{Keys, Looking, Targets, owned, targets_leave};
use crate::model::memory::{Object, Recorded, Slot};
use crate::model::naming::name_new_rows;
use crate::model::refusals::refusal;
use crate::model::schema::{KeyKind, Kind as RelationKind, Relation, Schema, TableId};
use crate::model::settle::settle;
use crate::model::{Did, Effects, How, Kind, Refusal, World, aggregate};

/// Saves objects as one. After a refusal everything is as it was.
pub(crate) fn save(world: &mut World, roots: &mut [&mut Object]) -> Result<Effects, Refusal> {
    let mut graph: Vec<Object> = roots.iter().map(|root| (**root).clone()).collect();
    refusal(&world.schema, &graph)?;
    let mut next = world.clone();
    let mut effects = Effects::default();
    let schema = &*world.schema;
    exchanges(schema, &next, &graph, &mut effects)?;
    name_new_rows(&mut next, &mut graph);
    aggregate::mark(schema, &mut graph);
    for root in &mut graph {
        each(schema, root, None, &mut |object, place| {
            move_row(&mut next, object, place, &mut effects)
        })?;
    }
    let (targets, taken) = rows_leave(&mut next, &mut graph, &mut effects)?;
    let mut written = BTreeSet::new();
    for root in &mut graph {
        each(schema, root, None, &mut |object, place| {
            update(&mut next, object, place, &mut written, &mut effects)
        })?;
    }
    insert(&mut next, &mut graph, 0, &taken, &mut effects);
    for root in &mut graph {
        each(schema, root, None, &mut |object, _| {
            link(&mut next, object, &mut effects);
            Ok(())
        })?;
    }
    // The new target is in and the owner repointed: the old target goes out.
    targets_leave(schema, &mut next.database, targets, &mut effects);
    next.database.check(schema)?;
    for root in &mut graph {
        settle(&mut next, root, None);
    }
    *world = next;
    for (root, saved) in roots.iter_mut().zip(graph) {
        **root = saved;
    }
    Ok(effects)
}

/// Where a child hangs: the column that has its parent's key, and that key.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) column: usize,
    pub(crate) key: Value,
}

/// What is done to an object.
pub(crate) type Act<'a> = dyn FnMut(&mut Object, Option<&Place>) -> Result<(), Refusal> + 'a;

/// Calls a function for everything that a save writes: an object, then what is below it.
pub(crate) fn each(
    schema: &Schema,
    object: &mut Object,
    place: Option<&Place>,
    act: &mut Act<'_>,
) -> Result<(), Refusal> {
    act(object, place)?;
    let key = object.values[0].clone();
    for (relation, slot) in schema.tables[object.table]
        .relations
        .iter()
        .zip(&mut object.slots)
    {
        if relation.options.is_written() {
            let place = relation.kind.child().map(|(_, column)| Place {
                column,
                key: key.clone(),
            });
            for held in &mut slot.held {
                each(schema, held, place.as_ref(), act)?;
            }
        }
    }
    Ok(())
}

/// **Moving**: a row that came with its child gets the key of its new parent, under its old one. It is no removal there.
fn move_row(
    world: &mut World,
    object: &mut Object,
    place: Option<&Place>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let (Some(place), Some(recorded)) = (place, &object.recorded) else {
        return Ok(());
    };
    if !moves(recorded, place) {
        return Ok(());
    }
    let schema = world.schema.clone();
    let from = recorded.column.unwrap_or(place.column);
    let row = owned(
        &schema,
        &mut world.database,
        object.table,
        Some(from),
        &recorded.values,
    )?;
    object.values[from] = Value::Null;
    object.values[place.column] = place.key.clone();
    raise(&schema, object);
    row.clone_from(&changed_row(object, row));
    effects.act(object.table, Did::Moved, How::Named, 1);
    Ok(())
}

/// A row that was expunged comes by an UPDATE, also to another handle of the row that it left.
pub(crate) fn moves(recorded: &Recorded, place: &Place) -> bool {
    recorded.departed.is_some() || recorded.values[place.column] != place.key
}

/// **Updates** write what changed, and nothing else; what is held twice once.
fn update(
    world: &mut World,
    object: &mut Object,
    place: Option<&Place>,
    written: &mut BTreeSet<(TableId, Value)>,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let Some(recorded) = &object.recorded else {
        return Ok(());
    };
    let is_moved = place.is_some_and(|place| moves(recorded, place));
    if is_moved || object.changed().is_empty() && !object.raised {
        return Ok(());
    }
    let schema = world.schema.clone();
    let owner = place.map(|place| place.column);
    let row = owned(
        &schema,
        &mut world.database,
        object.table,
        owner,
        &recorded.values,
    )?;
    raise(&schema, object);
    row.clone_from(&changed_row(object, row));
    refers(world, object)?;
    // The scope of a child is its owner; a root has none.
    effects.act(
        object.table,
        Did::Updated,
        How::Level(owner.map_or(0, |_| 1)),
        usize::from(written.insert((object.table, object.key().clone()))),
    );
    Ok(())
}

/// **A parent that isn't there**: the statement fails, before those that write what is held.
fn refers(world: &World, object: &Object) -> Result<(), Refusal> {
    let changed = object.changed();
    for (relation, slot) in world.schema.tables[object.table]
        .relations
        .iter()
        .zip(&object.slots)
    {
        if let RelationKind::BelongsTo { target, column } = relation.kind
            && changed.contains(&column)
            && object.values[column] != Value::Null
            && slot.held.iter().all(Object::is_persistent)
            && world.database.row(target, &object.values[column]).is_none()
        {
            return Err(Refusal::before_others(Kind::ForeignKeyViolation));
        }
    }
    Ok(())
}

/// The row with the object's changed columns.
fn changed_row(object: &Object, row: &Row) -> Row {
    let mut row = row.clone();
    for column in object.changed().into_iter().chain(object.version) {
        row[column] = object.values[column].clone();
    }
    row
}

/// A row that is written by name gets the version after the recorded one, whatever its field holds.
fn raise(schema: &Schema, object: &mut Object) {
    if let Some(column) = schema.tables[object.table].version
        && let Some(recorded) = &object.recorded
        && let Value::Int(version) = recorded.values[column]
    {
        object.values[column] = Value::Int(version + 1);
    }
}

/// **Leaving**: what left by name, what an operation on a whole relation didn't keep, what was let go.
fn rows_leave(
    world: &mut World,
    graph: &mut [Object],
    effects: &mut Effects,
) -> Result<(Vec<Targets>, Taken), Refusal> {
    let schema = world.schema.clone();
    let before = world.database.clone();
    let mut looking = Looking::new(&schema, &before, effects);
    for root in &mut *graph {
        each(&schema, root, None, &mut |object, _| {
            for number in 0..object.slots.len() {
                if schema.tables[object.table].relations[number]
                    .options
                    .is_written()
                {
                    leave(&mut looking, world, object, number, How::Reached)?;
                }
            }
            Ok(())
        })?;
    }
    let mut leaving = looking.leaving;
    let taken = std::mem::take(&mut leaving.taken);
    let targets = leaving.carry_out(&schema, &mut world.database, effects);
    Ok((targets, taken))
}

/// The rows that are written anew.
type Taken = BTreeSet<(TableId, Value)>;

/// What leaves one relation of an object; `reached`: how those that nobody named are told.
pub(crate) fn leave(
    looking: &mut Looking<'_>,
    world: &mut World,
    object: &Object,
    number: usize,
    reached: How,
) -> Result<(), Refusal> {
    let schema = looking.schema;
    let relation = &schema.tables[object.table].relations[number];
    let slot = &object.slots[number];
    // Where removals are denied, nothing leaves: what would was refused.
    if relation.options.deny {
        return Ok(());
    }
    match relation.kind {
        RelationKind::HasOne { child, column } | RelationKind::HasMany { child, column } => {
            let whole = object.is_whole(number);
            let mut named = Keys::new();
            for left in &slot.left {
                // A whole operation asks for no row, but for the version of one that it knows.
                if !whole || schema.tables[child].version.is_some() {
                    owned(schema, &mut world.database, child, Some(column), left)?;
                    named.insert(left[0].clone());
                }
            }
            let mut taken = Keys::new();
            let enters = |key: &Value| enters(schema, relation, slot, key);
            taken.extend(named.iter().filter(|key| enters(key)).cloned());
            named.retain(|key| !enters(key));
            if !named.is_empty() {
                looking.remove(relation, &named, How::Named);
            }
            if whole {
                let all =
                    looking
                        .database
                        .having(child, column, &BTreeSet::from([object.key().clone()]));
                let rest = all.into_iter().map(|mut row| row.swap_remove(0));
                let rest = rest.filter(|key| !is_kept(slot, key) && !named.contains(key));
                let (entering, rest): (Keys, Keys) = rest.partition(enters);
                taken.extend(entering);
                looking.remove(relation, &rest, reached);
            }
            if !taken.is_empty() {
                looking.take_over(child, &taken);
            }
        }
        RelationKind::BelongsTo { target, column } => {
            let old = object
                .recorded
                .as_ref()
                .map(|recorded| recorded.values[column].clone());
            if let Some(old) = old.filter(|old| {
                relation.options.cascade.delete_orphan
                    && *old != Value::Null
                    && *old != object.values[column]
            }) {
                looking.unshared(
                    target,
                    (object.table, column),
                    &Keys::from([old]),
                    How::Named,
                );
            }
        }
        RelationKind::ManyToMany { target, through } => {
            let source = object.key();
            let kept = slot.links();
            let whole = object.is_whole(number);
            let is_out = |link: &Row| {
                link[0] == *source
                    && if whole {
                        !kept.contains(&link[1])
                    } else {
                        slot.left.iter().any(|left| left[0] == link[1])
                    }
            };
            if !whole && slot.left.is_empty() {
                return Ok(());
            }
            let mut links = looking.database.tables[through].rows.clone();
            links.retain(is_out);
            let how = if whole { reached } else { How::Named };
            let targets: Keys = links.iter().map(|link| link[1].clone()).collect();
            looking.unlink(through, links, how);
            if relation.options.cascade.delete_orphan {
                looking.unshared(target, (through, 1), &targets, how);
            }
        }
    }
    Ok(())
}

/// Rows that an operation on the whole relation spares: those that are held, and those that were expunged.
fn is_kept(slot: &Slot, key: &Value) -> bool {
    let is_it = |held: &Object| held.is_persistent() && held.key() == key;
    slot.away.contains(key) || slot.held.iter().any(is_it)
}

/// Whether a new child has the key of a row that would be deleted.
fn enters(schema: &Schema, relation: &Relation, slot: &Slot, key: &Value) -> bool {
    let is_it = |held: &Object| {
        let is_natural = schema.tables[held.table].key == KeyKind::Natural;
        is_natural && !held.is_persistent() && held.values[0] == *key
    };
    relation.options.cascade.delete_orphan && slot.held.iter().any(is_it)
}

/// **Inserts**: new objects become rows, those of a tree level by level.
fn insert(
    world: &mut World,
    level: &mut [Object],
    depth: usize,
    taken: &Taken,
    effects: &mut Effects,
) {
    let schema = world.schema.clone();
    for object in level {
        let key = (object.table, object.values[0].clone());
        if !object.is_persistent() && taken.contains(&key) {
            if let Some(row) = world.database.row_mut(object.table, &key.1) {
                if let (Some(version), row) = (object.version, &*row)
                    && let Value::Int(number) = row[version]
                {
                    object.values[version] = Value::Int(number + 1);
                }
                row.clone_from(&object.values);
            }
            effects.act(object.table, Did::Updated, How::Named, 1);
        } else if !object.is_persistent() {
            world.database.tables[object.table]
                .rows
                .push(object.values.clone());
            let is_tree = schema
                .references_to(object.table)
                .iter()
                .any(|reference| reference.0 == object.table);
            let how = if is_tree {
                How::Level(depth)
            } else {
                How::Named
            };
            effects.act(object.table, Did::Inserted, how, 1);
        }
        for (relation, slot) in schema.tables[object.table]
            .relations
            .iter()
            .zip(&mut object.slots)
        {
            if relation.options.is_written() {
                insert(world, &mut slot.held, depth + 1, taken, effects);
            }
        }
    }
}

/// **Links**: those that nobody knows to be there are made. One that is there is no error.
fn link(world: &mut World, object: &Object, effects: &mut Effects) {
    let schema = world.schema.clone();
    for (relation, slot) in schema.tables[object.table]
        .relations
        .iter()
        .zip(&object.slots)
    {
        let RelationKind::ManyToMany { through, .. } = relation.kind else {
            continue;
        };
        if !relation.options.is_written() {
            continue;
        }
        let held = slot.held.iter().map(|target| &target.values[0]);
        for target in held.chain(&slot.keys) {
            if slot.linked.contains(target) {
                continue;
            }
            let row = vec![object.values[0].clone(), target.clone()];
            let links = &mut world.database.tables[through].rows;
            let is_there = links.contains(&row);
            if !is_there {
                links.push(row);
            }
            effects.act(through, Did::Linked, How::Named, usize::from(!is_there));
        }
    }
}
