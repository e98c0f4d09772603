//! What a wrapper holds after a patch: the rows that are there with the payload over each, and new ones.

use std::any::TypeId;
use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::Value;

use super::document::{
    Misfit, Object, columns, into_parts, marked, overlay, read, relation, with_columns,
};
use super::session::{Known, is_probing, known, names, note, probing};
use crate::codec::{Cell, Erased};
use crate::entity::Entity;
use crate::keys::ByKey;
use crate::merge::{given_key, is_drawn, without};
use crate::meta::Table;
use crate::slot::RowState;

/// What a payload says of a relation: `None` where it leaves it out, else its rows, or that it is null.
type Given<T> = Option<Option<Vec<T>>>;

/// Reads a wrapper from a mark that was laid over, or from what a new row says.
pub(crate) fn unmark<'de, T, D>(deserializer: D, is_list: bool) -> Result<Given<T>, D::Error>
where
    T: Entity + Deserialize<'de>,
    D: Deserializer<'de>,
{
    if is_probing() {
        IgnoredAny::deserialize(deserializer)?;
        return Ok(None);
    }
    let value = Value::deserialize(deserializer)?;
    let child = Child {
        table: T::table(),
        id: TypeId::of::<T>(),
        read: &|value| Ok(Box::new(read::<T>(value)?)),
    };
    let rows = child
        .relation(value, is_list)
        .map_err(<D::Error as serde::de::Error>::custom)?;
    let typed = |row: Box<Erased>| row.downcast::<T>().ok().map(|row| *row);
    Ok(rows.map(|rows| rows.map(|rows| rows.into_iter().filter_map(typed).collect())))
}

/// Reads a `BelongsTo`, which is its key.
pub(crate) fn unmark_key<'de, K, D>(deserializer: D) -> Result<Option<K>, D::Error>
where
    K: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    if marked(&value).is_some() {
        return Ok(None);
    }
    let key = read(value).map_err(<D::Error as serde::de::Error>::custom)?;
    Ok(Some(key))
}

/// The type of a relation's rows; of links, that of their targets.
struct Child<'r> {
    table: &'static Table,
    id: TypeId,
    read: &'r dyn Fn(Value) -> Result<Box<Erased>, Misfit>,
}

impl Child<'_> {
    fn relation(&self, value: Value, is_list: bool) -> Result<Given<Box<Erased>>, Misfit> {
        let Some((address, _)) = relation(&value) else {
            // Either a relation that the payload leaves out, or one of a row that is new.
            let rows = marked(&value).is_none().then(|| self.fresh(value, is_list));
            return rows.transpose();
        };
        let mut parts = into_parts(value).into_iter().skip(1);
        let (documents, payload) = (parts.next(), parts.next().unwrap_or_default());
        let Some(known) = known(address).filter(|known| known.is_all) else {
            // Not loaded, or in part: the merge says so, whatever the payload holds.
            return Ok(Some(None));
        };
        let documents = match documents {
            Some(Value::Array(documents)) => documents,
            _ => Vec::new(),
        };
        if is_list {
            let list = self.list(&known, documents, list(payload)?)?;
            return Ok(Some(Some(list)));
        }
        let row = match (documents.into_iter().next(), payload) {
            (_, Value::Null) => None,
            (Some(Value::Object(document)), Value::Object(payload)) => {
                Some(self.only(&known, document, payload)?)
            }
            (_, payload) => Some(self.row(payload)?),
        };
        Ok(Some(row.map(|row| vec![row])))
    }

    /// What a new row says of a relation.
    fn fresh(&self, value: Value, is_list: bool) -> Result<Option<Vec<Box<Erased>>>, Misfit> {
        match value {
            value if is_list => {
                let rows = list(value)?.into_iter().enumerate();
                let rows = rows.map(|(number, row)| at(number, self.row(row)));
                rows.collect::<Result<_, _>>().map(Some)
            }
            Value::Null => Ok(None),
            value => self.row(value).map(|row| Some(vec![row])),
        }
    }

    /// A new row.
    fn row(&self, value: Value) -> Result<Box<Erased>, Misfit> {
        if value.is_object() {
            (self.read)(value)
        } else {
            Err(Misfit::here("expected an object"))
        }
    }

    /// Reads the columns of a document.
    fn probe(&self, columns: Object) -> Result<Box<Erased>, Misfit> {
        probing(|| (self.read)(Value::Object(columns)))
    }

    /// The child of a one-to-one relation: a payload without a key is about the row that is there.
    fn only(
        &self,
        known: &Known,
        document: Object,
        payload: Object,
    ) -> Result<Box<Erased>, Misfit> {
        let was = self.key(known, &*self.probe(columns(&document))?);
        let over = self.probe(with_columns(columns(&document), &payload))?;
        let (row, recorded) = match known.rows.first() {
            Some((row, recorded)) => (Some(*row), recorded.as_deref()),
            None => (None, None),
        };
        match (self.key(known, &*over), was) {
            (None, Some(_)) => self.row(Value::Object(payload)),
            (Some(key), was)
                if !self.is_same(&key, was.as_deref()) && !self.is_same(&key, recorded) =>
            {
                self.stranger(known, over, payload)
            }
            _ => self.patched((row, recorded), document, payload),
        }
    }

    /// The children of a list, in the payload's order.
    fn list(
        &self,
        known: &Known,
        mut documents: Vec<Value>,
        payload: Vec<Value>,
    ) -> Result<Vec<Box<Erased>>, Misfit> {
        let names = names(self.id, known, || self.key_names(known, &documents));
        let template = documents.iter().find_map(Value::as_object).map(columns);
        let there = self.places(known);
        let has_key = |payload: &Object| {
            !names.is_empty() && names.iter().all(|name| payload.contains_key(name))
        };
        let rows = payload.into_iter().enumerate();
        let rows = rows.map(|(number, given)| {
            let row = match (given, &template) {
                (Value::Object(given), Some(template)) if has_key(&given) => {
                    self.listed((known, &there), &mut documents, template, given)
                }
                (given, _) => self.row(given),
            };
            at(number, row)
        });
        rows.collect()
    }

    /// The rows of a list by their keys.
    fn places(&self, known: &Known) -> ByKey {
        let mut places = ByKey::new(self.table);
        for (place, (_, key)) in known.rows.iter().enumerate() {
            if let Some(key) = key {
                places.add(place, self.copied(key));
            }
        }
        places
    }

    /// A child of a list for which the payload has a key. The template is the document of any of them: the payload may leave out the rest.
    fn listed(
        &self,
        (known, there): (&Known, &ByKey),
        documents: &mut [Value],
        template: &Object,
        payload: Object,
    ) -> Result<Box<Erased>, Misfit> {
        let over = self.probe(with_columns(template.clone(), &payload))?;
        let Some(key) = self.key(known, &*over) else {
            return self.row(Value::Object(payload));
        };
        let Some(place) = there.find(&key) else {
            return self.stranger(known, over, payload);
        };
        match documents.get_mut(place).map(Value::take) {
            Some(Value::Object(document)) if !known.is_link() => {
                let (row, key) = &known.rows[place];
                self.patched((Some(*row), key.as_deref()), document, payload)
            }
            // A link stays as it is, and a row that the payload holds twice is the merge's to refuse.
            _ => Ok(over),
        }
    }

    /// A row with a key that is not there: where the database draws the keys it is another's, which is the merge's to refuse.
    fn stranger(
        &self,
        known: &Known,
        over: Box<Erased>,
        payload: Object,
    ) -> Result<Box<Erased>, Misfit> {
        if is_drawn((known.relation.target)()) {
            Ok(over)
        } else {
            self.row(Value::Object(payload))
        }
    }

    /// A row with the payload over its document. It has its key, whatever its document says.
    fn patched(
        &self,
        (row, key): (Option<usize>, Option<&[Option<Cell>]>),
        document: Object,
        payload: Object,
    ) -> Result<Box<Erased>, Misfit> {
        let mut before = self.probe(columns(&document))?;
        let mut value = (self.read)(Value::Object(overlay(document, payload)))?;
        if let Some(key) = key {
            self.identify(&mut *before, key);
            self.identify(&mut *value, key);
        }
        if let Some(row) = row {
            note(row, before);
        }
        Ok(value)
    }

    /// Writes a key into a value.
    fn identify(&self, value: &mut Erased, key: &[Option<Cell>]) {
        let mut parts = self.table.functions.parts(value);
        for (&column, cell) in self.table.key.iter().zip(key) {
            let column = &self.table.columns[column];
            if let (Some(cell), None) = (cell, column.part) {
                (column.codec.write)(parts.fields[column.slot], (column.codec.clone)(&**cell));
            }
        }
    }

    /// The key of a value, without what refers to the owner; `None` for one that is new.
    fn key(&self, known: &Known, value: &Erased) -> Option<Vec<Option<Cell>>> {
        let key = given_key(self.table, value, &RowState::default())?;
        Some(if known.is_link() {
            key
        } else {
            without(self.table, known.relation, known.foreign_key, key)
        })
    }

    fn is_same(&self, a: &[Option<Cell>], b: Option<&[Option<Cell>]>) -> bool {
        let mut keys = ByKey::new(self.table);
        keys.add(0, self.copied(a));
        b.is_some_and(|b| keys.find(b).is_some())
    }

    fn copied(&self, key: &[Option<Cell>]) -> Vec<Option<Cell>> {
        let columns = self.table.key.iter().map(|&key| &self.table.columns[key]);
        let cells = columns.zip(key);
        let copied = cells.map(|(column, cell)| Some((column.codec.clone)(&**cell.as_ref()?)));
        copied.collect()
    }

    /// What the fields of the key are called in documents: those whose value makes another key. A template without them shows whether a payload
    /// has a key at all, which the struct's own attributes name.
    fn key_names(&self, known: &Known, documents: &[Value]) -> BTreeSet<String> {
        let mut objects = documents.iter().filter_map(Value::as_object);
        let Some(first) = objects.next().map(columns) else {
            return BTreeSet::new();
        };
        let key_of = |document: Object| {
            let value = self.probe(document).ok()?;
            Some(self.key(known, &*value))
        };
        let Some(own) = key_of(first.clone()) else {
            return BTreeSet::new();
        };
        let is_key = |name: &str, value: &Value| {
            let others = objects.clone().filter_map(|other| other.get(name));
            let other = others.filter(|other| *other != value).take(1).cloned();
            other.chain(variants(value)).any(|other| {
                let mut document = first.clone();
                document.insert(name.to_owned(), other);
                match (key_of(document), &own) {
                    (Some(Some(key)), own) => !self.is_same(&key, own.as_deref()),
                    (Some(None), own) => own.is_some(),
                    (None, _) => false,
                }
            })
        };
        let names = first.iter().filter(|(_, value)| marked(value).is_none());
        let names = names.filter(|(name, value)| is_key(name, value));
        names.map(|(name, _)| name.clone()).collect()
    }
}

/// Other values that may be of the same type.
fn variants(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => {
            let number = number.as_i64().into_iter();
            number
                .flat_map(|number| [number ^ 1, number ^ 2])
                .map(Value::from)
                .collect()
        }
        Value::String(text) => {
            let digit = text.rfind(|letter: char| letter.is_ascii_digit());
            let last = text.char_indices().next_back().map(|(last, _)| last);
            let places = digit.into_iter().chain(last);
            let texts = places.flat_map(|place| {
                let (before, after) = text.split_at(place);
                let after = after.chars().skip(1).collect::<String>();
                ["1", "2", "a", "b"].map(|letter| format!("{before}{letter}{after}"))
            });
            texts
                .filter(|other| other != text)
                .map(Value::from)
                .collect()
        }
        Value::Array(list) => {
            let lists = list.iter().enumerate().flat_map(|(place, value)| {
                variants(value).into_iter().map(move |value| {
                    let mut list = list.clone();
                    list[place] = value;
                    Value::Array(list)
                })
            });
            lists.collect()
        }
        _ => Vec::new(),
    }
}

fn list(payload: Value) -> Result<Vec<Value>, Misfit> {
    match payload {
        Value::Array(rows) => Ok(rows),
        _ => Err(Misfit::here("expected a list")),
    }
}

fn at<R>(number: usize, row: Result<R, Misfit>) -> Result<R, Misfit> {
    row.map_err(|misfit| misfit.under(format!("[{number}]")))
}
