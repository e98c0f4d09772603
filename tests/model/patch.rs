//! Patch: a document that leaves things out is laid over a persistent object.

use std::collections::BTreeMap;

use crate::model::database::Value;
use crate::model::memory::{Object, Slot, State};
use crate::model::merge::{is_new, links, verdict};
use crate::model::read::{find, load};
use crate::model::save::save;
use crate::model::schema::{KeyKind, Kind as RelationKind, Schema, TableId};
use crate::model::{Effects, Kind, Refusal, World};

/// What stands in a document under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    /// A number or a text.
    Cell(Value),
    Object(Document),
    List(Vec<Json>),
}

/// An object, by the numbers of the columns and the relations that it names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) columns: BTreeMap<usize, Json>,
    pub(crate) relations: BTreeMap<usize, Json>,
}

/// What is wrong with a document.
#[derive(Debug, Default)]
struct Found {
    /// Something has another type than what it is laid over.
    misfit: bool,
    /// Something may be read as what it doesn't fit, or not be read.
    perhaps: bool,
    others: Vec<Kind>,
}

/// In memory: what the document names is changed, and nothing else.
pub(crate) fn patch(
    schema: &Schema,
    object: &mut Object,
    document: &Document,
) -> Result<(), Refusal> {
    let mut patched = object.clone();
    let mut found = Found::default();
    lay_over(schema, &mut patched, document, None, &mut found);
    if found.misfit {
        // What else is wrong may be found before, or not be read at all.
        return Err(Refusal {
            kind: Kind::InvalidPayload,
            also: found.others,
        });
    }
    verdict(&found.others).map_err(|refusal| Refusal {
        also: found
            .perhaps
            .then_some(Kind::InvalidPayload)
            .into_iter()
            .collect(),
        ..refusal
    })?;
    *object = patched;
    Ok(())
}

/// Finds a row, loads what the document names, patches, saves.
pub(crate) fn patch_and_save(
    world: &mut World,
    table: TableId,
    key: &Value,
    document: &Document,
) -> Result<(Object, Effects), Refusal> {
    let mut next = world.clone();
    let schema = next.schema.clone();
    let mut object = find(&mut next, table, key)?;
    load_named(&mut next, &mut [&mut object], &[document])?;
    patch(&schema, &mut object, document)?;
    let effects = save(&mut next, &mut [&mut object])?;
    *world = next;
    Ok((object, effects))
}

/// Loads the relations that are named and merged. One that some document names is loaded under all rows of its level.
fn load_named(
    world: &mut World,
    objects: &mut [&mut Object],
    documents: &[&Document],
) -> Result<(), Refusal> {
    let schema = world.schema.clone();
    let Some(table) = objects.first().map(|object| object.table) else {
        return Ok(());
    };
    for (number, relation) in schema.tables[table].relations.iter().enumerate() {
        let given = documents.iter();
        let given: Vec<&Json> = given
            .filter_map(|document| document.relations.get(&number))
            .collect();
        if !relation.options.cascade.merge || given.is_empty() {
            continue;
        }
        for object in &mut *objects {
            load(world, object, number)?;
        }
        // Behind links nothing is patched.
        if let RelationKind::ManyToMany { .. } = relation.kind {
            continue;
        }
        let held = objects.iter_mut();
        let mut held: Vec<&mut Object> = held
            .flat_map(|object| &mut object.slots[number].held)
            .collect();
        load_named(
            world,
            &mut held,
            &given.into_iter().flat_map(objects_in).collect::<Vec<_>>(),
        )?;
    }
    Ok(())
}

fn objects_in(given: &Json) -> Vec<&Document> {
    match given {
        Json::Object(document) => vec![document],
        Json::List(list) => list.iter().flat_map(objects_in).collect(),
        Json::Null | Json::Cell(_) => Vec::new(),
    }
}

/// Columns and relations that are named; `owner`: the key to the parent that a child hangs on, which is the parent's. A child that is new has no
/// children but those that it holds.
fn lay_over(
    schema: &Schema,
    object: &mut Object,
    document: &Document,
    owner: Option<usize>,
    found: &mut Found,
) {
    let version = schema.tables[object.table].version;
    let is_row = object.is_persistent() || owner.is_none();
    for (&column, given) in &document.columns {
        let Some(value) = cell(schema, object.table, column, given) else {
            found.misfit = true;
            continue;
        };
        if Some(column) == version {
            outdated(object, column, &value, found);
        }
        let is_fixed = column == 0 || Some(column) == owner || Some(column) == version;
        if !is_fixed {
            give(schema, object, column, value);
        }
    }
    for (&number, given) in &document.relations {
        let declared = &schema.tables[object.table].relations[number];
        let is_merged = declared.options.cascade.merge || !is_row;
        if is_row && object.slots[number].state != State::Loaded {
            // What isn't loaded can't be compared. What isn't merged neither has to be.
            found.others.extend(is_merged.then_some(Kind::NotLoaded));
            continue;
        }
        let before = object.slots[number].clone();
        object.slots[number].state = State::Loaded;
        let mut others = Vec::new();
        std::mem::swap(&mut others, &mut found.others);
        relation(schema, object, number, given, found);
        std::mem::swap(&mut others, &mut found.others);
        if is_merged {
            found.others.append(&mut others);
        } else {
            // It is read all the same: what doesn't fit is refused.
            object.slots[number] = before;
        }
    }
}

/// A column takes what has its type; `None`: something that it doesn't take.
fn cell(schema: &Schema, table: TableId, column: usize, given: &Json) -> Option<Value> {
    let declared = &schema.tables[table].columns[column];
    match given {
        Json::Null => declared.nullable.then_some(Value::Null),
        Json::Cell(value @ Value::Int(_)) => (!declared.text).then(|| value.clone()),
        Json::Cell(value @ Value::Text(_)) => declared.text.then(|| value.clone()),
        Json::Cell(Value::Null) | Json::Object(_) | Json::List(_) => None,
    }
}

/// The document was made from another version of the row. 0 is none, and so is what the field holds, which may be of a save that was rolled back.
fn outdated(object: &Object, column: usize, given: &Value, found: &mut Found) {
    if let Some(recorded) = &object.recorded
        && *given != Value::Int(0)
        && *given != recorded.values[column]
        && *given != object.values[column]
    {
        found.others.push(Kind::Stale);
    }
}

/// A value for a column, or for the key of a parent that is held.
fn give(schema: &Schema, object: &mut Object, column: usize, value: Value) {
    let mut relations = schema.tables[object.table].relations.iter();
    match relations.position(|relation| relation.kind.own_column() == Some(column)) {
        Some(number) => object.refer(schema, number, value),
        None => object.values[column] = value,
    }
}

fn relation(schema: &Schema, object: &mut Object, number: usize, given: &Json, found: &mut Found) {
    let kind = schema.tables[object.table].relations[number].kind;
    match (kind, given) {
        (RelationKind::HasOne { column, .. }, given) => {
            only(schema, object, number, column, given, found);
        }
        (RelationKind::HasMany { column, .. }, Json::List(given)) => {
            list(schema, object, number, column, given, found);
        }
        (RelationKind::ManyToMany { .. }, Json::List(given)) => {
            targets(schema, object, number, given, found);
        }
        (RelationKind::BelongsTo { .. }, _) => unreachable!("a parent is a column"),
        (RelationKind::HasMany { .. } | RelationKind::ManyToMany { .. }, _) => found.misfit = true,
    }
}

/// Which child a document is about.
enum About {
    /// It has no key.
    None,
    /// It has the key of one that is new.
    New,
    Key(Value),
}

impl About {
    fn of(schema: &Schema, table: TableId, document: &Document, found: &mut Found) -> Self {
        let Some(given) = document.columns.get(&0) else {
            return Self::None;
        };
        match cell(schema, table, 0, given) {
            Some(key) if is_new(schema, table, &key) => Self::New,
            Some(key) => Self::Key(key),
            None => {
                found.misfit = true;
                Self::New
            }
        }
    }
}

/// **The only child**: `null` and it leaves; an object without a key is about the one that is there.
fn only(
    schema: &Schema,
    object: &mut Object,
    number: usize,
    column: usize,
    given: &Json,
    found: &mut Found,
) {
    let table = schema.tables[object.table].relations[number].kind.held();
    let document = match given {
        Json::Null => {
            object.wrapper(schema, number).leave_all();
            return;
        }
        Json::Object(document) => document,
        Json::Cell(_) | Json::List(_) => {
            found.misfit = true;
            return;
        }
    };
    // A key that is the parent's says nothing.
    let about = match column {
        0 => About::None,
        _ => About::of(schema, table, document, found),
    };
    let there = object.slots[number].held.first_mut();
    match (about, there) {
        (About::None, Some(child)) => lay_over(schema, child, document, Some(column), found),
        // Of one that is new, the key that its field holds is not told from none.
        (About::New, Some(child))
            if !child.is_persistent() && is_new(schema, table, child.key()) =>
        {
            lay_over(schema, child, document, Some(column), found);
        }
        (About::Key(key), Some(child)) if *child.key() == key => {
            lay_over(schema, child, document, Some(column), found);
        }
        (About::Key(_), there) if schema.tables[table].key != KeyKind::Natural => {
            let is_alone = there.is_none();
            stranger(schema, table, document, is_alone, found);
        }
        _ => {
            let child = fresh(schema, table, document, found);
            object.wrapper(schema, number).arrange(vec![child]);
        }
    }
}

/// **A list**: its objects are matched by key, in their order; what it leaves out leaves.
fn list(
    schema: &Schema,
    object: &mut Object,
    number: usize,
    column: usize,
    given: &[Json],
    found: &mut Found,
) {
    let table = schema.tables[object.table].relations[number].kind.held();
    let is_alone = object.slots[number].held.is_empty();
    let mut seen: Vec<Value> = Vec::new();
    let mut patched = Vec::new();
    for given in given {
        let Json::Object(document) = given else {
            found.misfit = true;
            continue;
        };
        let About::Key(key) = About::of(schema, table, document, found) else {
            patched.push(fresh(schema, table, document, found));
            continue;
        };
        let held = &mut object.slots[number].held;
        let mut there = held.iter();
        let there = there.position(|held| held.is_persistent() && *held.key() == key);
        if seen.contains(&key) {
            stranger_columns(schema, table, document, is_alone, found);
            found.others.push(Kind::InvalidPayload);
        } else if let Some(there) = there {
            let mut child = held.remove(there);
            lay_over(schema, &mut child, document, Some(column), found);
            patched.push(child);
        } else if schema.tables[table].key == KeyKind::Natural {
            patched.push(fresh(schema, table, document, found));
        } else {
            stranger(schema, table, document, is_alone, found);
        }
        seen.push(key);
    }
    object.wrapper(schema, number).arrange(patched);
}

/// **Links** come and go; of a target that is there, nothing is written.
fn targets(schema: &Schema, object: &mut Object, number: usize, given: &[Json], found: &mut Found) {
    let table = schema.tables[object.table].relations[number].kind.held();
    let is_alone = object.slots[number].held.is_empty();
    let known = object.slots[number].links();
    let mut linked = Slot::default();
    for given in given {
        let Json::Object(document) = given else {
            found.misfit = true;
            continue;
        };
        match About::of(schema, table, document, found) {
            // Of one that is held by its key only there is no document to leave things out of.
            About::Key(key) if !known.contains(&key) || !is_alone => {
                stranger_columns(schema, table, document, is_alone, found);
                let mut target = Object::blank(schema, table);
                target.values[0] = key;
                linked.held.push(target);
            }
            _ => linked.held.push(fresh(schema, table, document, found)),
        }
    }
    links(schema, object, number, linked, &mut found.others);
}

/// A row that isn't this parent's.
fn stranger(
    schema: &Schema,
    table: TableId,
    document: &Document,
    is_alone: bool,
    found: &mut Found,
) {
    stranger_columns(schema, table, document, is_alone, found);
    found.others.push(Kind::NotOwned);
}

/// Nothing below it is read; and where nothing is there that the document could leave out, it may be read like one that is new.
fn stranger_columns(
    schema: &Schema,
    table: TableId,
    document: &Document,
    is_alone: bool,
    found: &mut Found,
) {
    let mut columns = document.columns.iter();
    found.misfit |= columns.any(|(&column, given)| cell(schema, table, column, given).is_none());
    if is_alone {
        let mut fits = Found::default();
        fresh(schema, table, document, &mut fits);
        found.perhaps |= fits.misfit;
    }
}

/// A new row: its texts have to be given; whatever key it says, and those below it, are not taken.
fn fresh(schema: &Schema, table: TableId, document: &Document, found: &mut Found) -> Object {
    let mut object = Object::blank(schema, table);
    let mut columns = schema.tables[table].columns.iter().enumerate();
    found.misfit |= columns.any(|(column, of)| of.text && !document.columns.contains_key(&column));
    for (&column, given) in &document.columns {
        match cell(schema, table, column, given) {
            Some(value) => give(schema, &mut object, column, value),
            None => found.misfit = true,
        }
    }
    for (&number, given) in &document.relations {
        let kind = schema.tables[table].relations[number].kind;
        let is_one = matches!(kind, RelationKind::HasOne { .. });
        let held = match given {
            Json::Null if is_one => Vec::new(),
            Json::Object(child) if is_one => vec![fresh(schema, kind.held(), child, found)],
            Json::List(list) if !is_one => {
                let children = list.iter().filter_map(|given| {
                    if let Json::Object(child) = given {
                        return Some(fresh(schema, kind.held(), child, found));
                    }
                    found.misfit = true;
                    None
                });
                children.collect()
            }
            _ => {
                found.misfit = true;
                continue;
            }
        };
        object.slots[number].state = State::Loaded;
        object.slots[number].held = held;
    }
    object
}
