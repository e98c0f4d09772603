//! Find, load, refresh, expunge: what memory knows of the rows.

use std::collections::BTreeMap;

use crate::model::database::{Row, Value};
use crate::model::leave::Keys;
use crate::model::memory::{Object, Recorded, Slot, State};
use crate::model::schema::{Kind as RelationKind, Schema, TableId};
use crate::model::{Effects, Kind, Refusal, World};

/// A row as an object; its relations are not loaded.
pub(crate) fn handle(world: &mut World, table: TableId, row: Row, column: Option<usize>) -> Object {
    let mut object = Object::new(&world.schema, table, row.clone());
    object.recorded = Some(Recorded {
        values: row,
        column,
        handle: world.next_handle(),
        departed: None,
    });
    object
}

/// The row with a key.
pub(crate) fn find(world: &mut World, table: TableId, key: &Value) -> Result<Object, Refusal> {
    let row = world.database.row(table, key).cloned();
    let row = row.ok_or(Refusal::of(Kind::NotFound))?;
    Ok(handle(world, table, row, None))
}

/// **Load** skips what is loaded, and completes what is partial: without what left or was expunged.
pub(crate) fn load(
    world: &mut World,
    object: &mut Object,
    number: usize,
) -> Result<Effects, Refusal> {
    let mut effects = Effects::default();
    let kind = world.schema.tables[object.table].relations[number].kind;
    // Of links, the targets are loaded too, but what all leave but for some isn't told from what is there.
    let is_complete = object.slots[number].keys.is_empty() || object.is_whole(number);
    if object.slots[number].state == State::Loaded && is_complete {
        return Ok(effects);
    }
    if let Some(column) = kind.own_column()
        && object.values[column] == Value::Null
    {
        return Ok(effects);
    }
    if world.database.row(object.table, object.key()).is_none() {
        return Err(Refusal::of(Kind::NotFound));
    }
    effects.reads = 1;
    let rows = rows_of(world, object, number)?;
    if kind.own_column().is_some() && rows.is_empty() {
        return Err(Refusal::of(Kind::NotFound));
    }
    let slot = &mut object.slots[number];
    slot.under = object.recorded.as_ref().map(|recorded| recorded.handle);
    slot.state = State::Loaded;
    // What was loaded inside of a transaction stays.
    if let Some(before) = slot.before.as_mut().filter(|before| !before.whole) {
        before.under = slot.under;
        before.state = State::Loaded;
        let made = |key: &Value| slot.linked.contains(key) && !before.linked.contains(key);
        if let RelationKind::ManyToMany { .. } = kind {
            let there = rows.iter().map(|row| &row[0]).filter(|key| !made(key));
            before.linked = there.cloned().collect();
        }
    }
    let mut held = std::mem::take(&mut slot.held);
    let (away, left) = (slot.away.clone(), slot.left.clone());
    if let RelationKind::ManyToMany { .. } = kind {
        slot.linked = rows.iter().map(|row| row[0].clone()).collect();
        slot.keys
            .retain(|key| rows.iter().all(|row| row[0] != *key));
    }
    let mut loaded = Vec::new();
    for row in rows {
        let known = held
            .iter()
            .position(|known| known.is_persistent() && *known.key() == row[0]);
        if away.contains(&row[0]) || left.iter().any(|left| left[0] == row[0]) {
            continue;
        }
        loaded.push(match known {
            Some(known) => held.remove(known),
            None => held_row(world, object, number, row),
        });
    }
    loaded.append(&mut held);
    object.slots[number].held = loaded;
    Ok(effects)
}

/// **Load** of relations of relations, and of several: all or none.
pub(crate) fn load_paths(
    world: &mut World,
    object: &mut Object,
    paths: &[&[usize]],
) -> Result<Effects, Refusal> {
    let mut loaded = object.clone();
    let mut effects = Effects::default();
    for path in paths {
        load_path(world, &mut loaded, path, &mut effects)?;
    }
    *object = loaded;
    Ok(effects)
}

/// What is new has no rows below it.
fn load_path(
    world: &mut World,
    object: &mut Object,
    path: &[usize],
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let Some((&number, rest)) = path.split_first() else {
        return Ok(());
    };
    effects.reads += load(world, object, number)?.reads;
    let held = &mut object.slots[number].held;
    let mut below = std::mem::take(held);
    for child in below.iter_mut().filter(|child| child.is_persistent()) {
        load_path(world, child, rest, effects)?;
    }
    object.slots[number].held = below;
    Ok(())
}

/// The rows of a relation by `order_by`, else by their keys. Two behind a `HasOne` are too many.
fn rows_of(world: &World, object: &Object, number: usize) -> Result<Vec<Row>, Refusal> {
    let relation = &world.schema.tables[object.table].relations[number];
    let key = Keys::from([object.key().clone()]);
    let database = &world.database;
    let mut rows = match relation.kind {
        RelationKind::HasOne { child, column } | RelationKind::HasMany { child, column } => {
            database.having(child, column, &key)
        }
        RelationKind::BelongsTo { target, column } => {
            let target = database.row(target, &object.values[column]);
            target.into_iter().cloned().collect()
        }
        RelationKind::ManyToMany { target, through } => {
            let links = database.having(through, 0, &key);
            let targets = links
                .iter()
                .filter_map(|link| database.row(target, &link[1]));
            targets.cloned().collect()
        }
    };
    if matches!(relation.kind, RelationKind::HasOne { .. }) && rows.len() > 1 {
        return Err(Refusal::of(Kind::TooMany));
    }
    if let Some((column, is_last_first)) = &relation.options.order_by {
        let mut columns = world.schema.tables[relation.kind.held()].columns.iter();
        let column = columns.position(|of| of.name == column).expect("a column");
        // Equals stay in the order of their keys.
        rows.sort_by(|a, b| match is_last_first {
            true => b[column].cmp(&a[column]),
            false => a[column].cmp(&b[column]),
        });
    }
    Ok(rows)
}

fn held_row(world: &mut World, object: &Object, number: usize, row: Row) -> Object {
    let kind = world.schema.tables[object.table].relations[number].kind;
    let column = kind.child().map(|(_, column)| column);
    handle(world, kind.held(), row, column)
}

/// **Refresh** reads the row again, and loaded relations with `refresh-expire`; what is unsaved in them is discarded.
pub(crate) fn refresh(world: &mut World, object: &mut Object) -> Result<Effects, Refusal> {
    let mut fresh = object.clone();
    let row = world.database.row(object.table, object.key()).cloned();
    let mut effects = Effects {
        reads: 1,
        ..Effects::default()
    };
    again(&mut fresh, row.ok_or(Refusal::of(Kind::NotFound))?);
    let loaded = loaded(&world.schema, [object as &Object]);
    below(world, &mut fresh, &loaded, &mut effects)?;
    *object = fresh;
    Ok(effects)
}

fn again(object: &mut Object, row: Row) {
    object.values.clone_from(&row);
    if let Some(recorded) = &mut object.recorded {
        recorded.values = row;
        // What was adopted and isn't saved is discarded too: it is there.
        recorded.departed = None;
    }
}

/// The relations that are loaded under some of these objects and have the token, and those below each.
struct Loaded(BTreeMap<usize, Loaded>);

fn loaded<'o>(schema: &Schema, objects: impl IntoIterator<Item = &'o Object>) -> Loaded {
    let mut held: BTreeMap<usize, Vec<&Object>> = BTreeMap::new();
    for object in objects {
        let relations = schema.tables[object.table].relations.iter();
        for (number, relation) in relations.enumerate() {
            let slot = &object.slots[number];
            if relation.options.cascade.refresh_expire && slot.state == State::Loaded {
                held.entry(number).or_default().extend(&slot.held);
            }
        }
    }
    let below = held.into_iter();
    Loaded(
        below
            .map(|(number, held)| (number, loaded(schema, held)))
            .collect(),
    )
}

/// Reads the loaded relations with the token again. One that is loaded under some row is loaded under all of that level: rows that weren't known too.
fn below(
    world: &mut World,
    object: &mut Object,
    loaded: &Loaded,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let schema = world.schema.clone();
    for (number, relation) in schema.tables[object.table].relations.iter().enumerate() {
        if let Some(column) = relation.kind.own_column() {
            // The object of another parent is let go.
            let is_it =
                |held: &Object| held.is_persistent() && *held.key() == object.values[column];
            let expires = relation.options.cascade.refresh_expire;
            if !expires && !object.slots[number].held.iter().all(is_it)
                || object.values[column] == Value::Null
            {
                object.slots[number] = Slot::default();
            }
        }
        if !relation.options.cascade.refresh_expire {
            continue;
        }
        // Where the key is NULL, there is nothing to read.
        let own = relation.kind.own_column();
        let is_null = own.is_some_and(|column| object.values[column] == Value::Null);
        let slot = &mut object.slots[number];
        match loaded.0.get(&number).filter(|_| !is_null) {
            None if slot.state == State::Partial => *slot = Slot::default(),
            None => {}
            Some(loaded) => {
                effects.reads += 1;
                let known = std::mem::take(&mut slot.held);
                *slot = Slot {
                    state: State::Loaded,
                    under: object.recorded.as_ref().map(|recorded| recorded.handle),
                    before: slot.before.take(),
                    ..Slot::default()
                };
                let mut children = Vec::new();
                let rows = rows_of(world, object, number)?;
                if let RelationKind::ManyToMany { .. } = relation.kind {
                    object.slots[number].linked = rows.iter().map(|row| row[0].clone()).collect();
                }
                for row in rows {
                    let mut same = known
                        .iter()
                        .filter(|known| known.is_persistent() && *known.key() == row[0]);
                    let mut child = match same.next() {
                        Some(known) => known.clone(),
                        None => held_row(world, object, number, row.clone()),
                    };
                    again(&mut child, row);
                    children.push(child);
                }
                all_below(world, &mut children, loaded, effects)?;
                object.slots[number].held = children;
            }
        }
    }
    Ok(())
}

/// The same for siblings: one query for all of them.
fn all_below(
    world: &mut World,
    children: &mut [Object],
    loaded: &Loaded,
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let mut most = 0;
    for child in children {
        let mut alone = Effects::default();
        below(world, child, loaded, &mut alone)?;
        most = most.max(alone.reads);
    }
    effects.reads += most;
    Ok(())
}

/// **Expunge**: the relations with the token travel, with what is pending in them; the others are not loaded.
pub(crate) fn expunge(world: &World, object: &mut Object) {
    let schema = world.schema.clone();
    for (relation, slot) in schema.tables[object.table]
        .relations
        .iter()
        .zip(&mut object.slots)
    {
        if relation.options.cascade.expunge {
            for held in &mut slot.held {
                expunge(world, held);
            }
        } else {
            // A parent that is new goes with what is pending: the key is that of the row.
            if let Some(column) = relation.kind.own_column()
                && slot.held.iter().any(|held| !held.is_persistent())
            {
                object.values[column] = object
                    .recorded
                    .as_ref()
                    .map_or(Value::Null, |recorded| recorded.values[column].clone());
            }
            *slot = Slot::default();
        }
    }
}
