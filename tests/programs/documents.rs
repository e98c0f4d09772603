//! Documents of patches: a number makes one of what there is, and the structs' names make JSON of it.

use serde_json::Value as JsonValue;

use crate::family::{Family, of_table};
use crate::model::World;
use crate::model::database::Value;
use crate::model::memory::{Object, State};
use crate::model::patch::{Document, Json};
use crate::model::read::{find, load};
use crate::model::schema::{KeyKind, Kind, Schema, TableId};
use crate::real::Node;

/// How far down a document reaches.
const DEPTH: usize = 3;

/// Numbers that follow from a first one.
struct Dice(u64);

impl Dice {
    /// A number below a bound.
    fn roll(&mut self, bound: usize) -> usize {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.roll(bound) == 0
    }
}

/// A document for what is in memory.
pub(crate) fn of(world: &World, object: &Object, dice: u32) -> Document {
    let mut dice = Dice(dice.into());
    // Small numbers make small documents.
    document(world, object.table, Some(object), &mut dice, DEPTH)
}

/// A document for a row, and for all that is below it.
pub(crate) fn of_row(world: &World, table: TableId, key: i64, dice: u32) -> Document {
    let mut world = world.clone();
    match find(&mut world, table, &Value::Int(key)) {
        Ok(mut found) => {
            load_all(&mut world, &mut found, DEPTH);
            of(&world, &found, dice)
        }
        Err(_) => Document::default(),
    }
}

fn load_all(world: &mut World, object: &mut Object, depth: usize) {
    for number in 0..object.slots.len() {
        let is_below = world.schema.tables[object.table].relations[number]
            .kind
            .own_column()
            .is_none();
        if depth > 0 && is_below && load(world, object, number).is_ok() {
            for held in &mut object.slots[number].held {
                load_all(world, held, depth - 1);
            }
        }
    }
}

/// A document of an object, or of one that is new.
fn document(
    world: &World,
    table: TableId,
    object: Option<&Object>,
    dice: &mut Dice,
    depth: usize,
) -> Document {
    let mut document = Document::default();
    let declared = &world.schema.tables[table];
    if object.is_none() && declared.key == KeyKind::Natural {
        let key = 1 + i64::try_from(dice.roll(16)).expect("few");
        document.columns.insert(0, Json::Cell(Value::Int(key)));
    }
    for column in 1..declared.columns.len() {
        let is_text = declared.columns[column].text;
        // One that is new needs its texts.
        if dice.one_in(3) || is_text && object.is_none() && !dice.one_in(12) {
            let given = cell(world, table, column, object, dice);
            document.columns.insert(column, given);
        }
    }
    for number in 0..declared.relations.len() {
        let kind = declared.relations[number].kind;
        let is_known = object.is_none_or(|object| object.slots[number].state == State::Loaded);
        let is_named = if is_known {
            dice.one_in(2)
        } else {
            dice.one_in(16)
        };
        if kind.own_column().is_none() && depth > 0 && is_named {
            let held = object.map_or(&[] as &[Object], |object| &object.slots[number].held);
            let keys = object.map_or(&[] as &[Value], |object| &object.slots[number].keys);
            let given = relation(world, kind, (held, keys), dice, depth - 1);
            document.relations.insert(number, given);
        }
    }
    document
}

fn cell(
    world: &World,
    table: TableId,
    column: usize,
    object: Option<&Object>,
    dice: &mut Dice,
) -> Json {
    let declared = &world.schema.tables[table].columns[column];
    if dice.one_in(24) {
        return wrong(dice);
    }
    if declared.nullable && dice.one_in(3) {
        return Json::Null;
    }
    let is_version = world.schema.tables[table].version == Some(column);
    let number = i64::try_from(dice.roll(4)).expect("few");
    Json::Cell(match declared.references {
        _ if declared.text => Value::Text(format!("p{number}")),
        Some(reference) => key(world, reference.table, dice),
        None if is_version => {
            let recorded = object.and_then(|object| object.recorded.as_ref());
            let is_it = recorded.filter(|_| !dice.one_in(6));
            is_it.map_or(Value::Int(number), |recorded| {
                recorded.values[column].clone()
            })
        }
        None => Value::Int(number),
    })
}

/// Something that most places don't take.
fn wrong(dice: &mut Dice) -> Json {
    match dice.roll(5) {
        0 => Json::Null,
        1 => Json::Cell(Value::Int(1)),
        2 => Json::Cell(Value::Text("wrong".to_owned())),
        3 => Json::Object(Document::default()),
        _ => Json::List(Vec::new()),
    }
}

/// The key of some row.
fn key(world: &World, table: TableId, dice: &mut Dice) -> Value {
    let rows = &world.database.tables[table].rows;
    let row = rows.get(dice.roll(rows.len() + 1));
    row.map_or(Value::Int(999), |row| row[0].clone())
}

fn relation(
    world: &World,
    kind: Kind,
    (held, keys): (&[Object], &[Value]),
    dice: &mut Dice,
    depth: usize,
) -> Json {
    if dice.one_in(24) {
        return wrong(dice);
    }
    let table = kind.held();
    if matches!(kind, Kind::HasOne { .. }) {
        if dice.one_in(4) {
            return Json::Null;
        }
        let held = held.first().filter(|_| !dice.one_in(6));
        let mut only = document(world, table, held, dice, depth);
        if dice.one_in(3) {
            identify(world, table, held, &mut only, dice);
        }
        return Json::Object(only);
    }
    let mut list = Vec::new();
    for held in held {
        if !dice.one_in(4) {
            let mut known = document(world, table, Some(held), dice, depth);
            identify(world, table, Some(held), &mut known, dice);
            list.push(Json::Object(known));
        }
    }
    for linked in keys {
        if !dice.one_in(4) {
            let mut known = document(world, table, None, dice, 0);
            known.columns.insert(0, Json::Cell(linked.clone()));
            list.push(Json::Object(known));
        }
    }
    for _ in 0..[0, 0, 1, 2][dice.roll(4)] {
        let mut new = document(world, table, None, dice, depth);
        if dice.one_in(8) {
            identify(world, table, None, &mut new, dice);
        }
        list.push(Json::Object(new));
    }
    if dice.one_in(16) {
        list.extend(list.first().cloned());
    }
    if dice.one_in(24) {
        list.push(wrong(dice));
    }
    if list.len() > 1 && dice.one_in(3) {
        list.swap(0, 1);
    }
    Json::List(list)
}

/// The key of the object, mostly.
fn identify(
    world: &World,
    table: TableId,
    object: Option<&Object>,
    document: &mut Document,
    dice: &mut Dice,
) {
    let is_drawn = world.schema.tables[table].key == KeyKind::Generated;
    let given = match (object, dice.roll(24)) {
        (_, 0) => wrong(dice),
        (_, 1) => Json::Cell(key(world, table, dice)),
        (_, 2) | (None, 3..14) if is_drawn => Json::Cell(Value::Int(0)),
        (Some(object), _) => Json::Cell(object.key().clone()),
        (None, _) => Json::Cell(key(world, table, dice)),
    };
    document.columns.insert(0, given);
}

impl Family {
    /// A document as JSON.
    pub(crate) fn payload(self, schema: &Schema, table: TableId, document: &Document) -> JsonValue {
        let (columns, relations) = of_table!(self, table, T => <T as Node>::NAMES);
        let of_columns = document.columns.iter();
        let of_columns = of_columns.map(|(&column, given)| (columns[column], table, given));
        let of_relations = document.relations.iter().map(|(&number, given)| {
            let held = schema.tables[table].relations[number].kind.held();
            (relations[number], held, given)
        });
        let members = of_columns.chain(of_relations);
        let members =
            members.map(|(name, table, given)| (name.to_owned(), self.json(schema, table, given)));
        JsonValue::Object(members.collect())
    }

    fn json(self, schema: &Schema, table: TableId, given: &Json) -> JsonValue {
        match given {
            Json::Null | Json::Cell(Value::Null) => JsonValue::Null,
            Json::Cell(Value::Int(number)) => (*number).into(),
            Json::Cell(Value::Text(text)) => text.clone().into(),
            Json::Object(document) => self.payload(schema, table, document),
            Json::List(list) => {
                let list = list.iter().map(|given| self.json(schema, table, given));
                JsonValue::Array(list.collect())
            }
        }
    }
}
