//! Documents of rows, payloads over them, and what a payload got wrong.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::OnceLock;

use serde::de::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::session::{descend, let_go};
use crate::codec::Erased;
use crate::error::{Error, ErrorKind};
use crate::merge::place_of;
use crate::meta::Table;

/// A document, as the object that it is.
pub(super) type Object = Map<String, Value>;

/// The only key of a mark: drawn by each process, so that no document that comes from outside has it.
fn mark_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| format!("relation {:x}", RandomState::new().build_hasher().finish()))
}

/// Serialises a wrapper as a mark: where it is, and its rows; `None` where they are not all held, or one of them has no object.
///
/// Laid over by a payload, a mark is these and the payload; left out by it, `null`. Of a `BelongsTo` without a key it is `null`, or where its new
/// target is.
pub(crate) fn mark<'r, T: Serialize + 'r, S: Serializer>(
    address: usize,
    rows: Option<impl Iterator<Item = Option<&'r T>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match rows {
        None => map.serialize_entry(mark_key(), &(address, ()))?,
        Some(rows) => {
            let rows = rows.collect::<Vec<_>>();
            let below = descend(|| map.serialize_entry(mark_key(), &(address, &rows)));
            // What the payload doesn't reach is not serialised: a tree may be deep.
            below.unwrap_or_else(|| map.serialize_entry(mark_key(), &(address, [(); 0])))?;
        }
    }
    map.end()
}

/// Serialises that there is no target that has a key; of one that is new, where it is.
pub(crate) fn mark_none<S: Serializer>(
    parent: Option<&Erased>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(mark_key(), &parent.map(place_of))?;
    map.end()
}

/// What a mark says.
pub(crate) fn marked(value: &Value) -> Option<&Value> {
    value
        .as_object()
        .filter(|map| map.len() == 1)?
        .get(mark_key())
}

/// A relation, as a mark says it: where it is, and the documents of its rows.
pub(super) fn relation(value: &Value) -> Option<(usize, &Value)> {
    let mark = marked(value)?.as_array()?;
    let address = usize::try_from(mark.first()?.as_u64()?).ok()?;
    Some((address, mark.get(1)?))
}

fn marking(mark: Value) -> Value {
    Value::Object(Map::from_iter([(mark_key().to_owned(), mark)]))
}

/// What stands for a relation that isn't read.
const UNTOUCHED: Value = Value::Bool(false);

/// A document without what its relations hold.
pub(super) fn columns(document: &Object) -> Object {
    let columns = document.iter().map(|(name, value)| {
        let value = match relation(value) {
            Some(_) => marking(UNTOUCHED),
            None => value.clone(),
        };
        (name.clone(), value)
    });
    columns.collect()
}

/// Lays the columns of a payload over those of a document.
pub(super) fn with_columns(mut columns: Object, payload: &Object) -> Object {
    for (name, given) in payload {
        let there = columns.remove(name);
        let value = match there {
            Some(relation) if marked(&relation) == Some(&UNTOUCHED) => relation,
            there => column(there, given.clone()),
        };
        columns.insert(name.clone(), value);
    }
    columns
}

/// Lays a payload over a document.
pub(super) fn overlay(mut document: Object, payload: Object) -> Object {
    for (name, value) in &mut document {
        if relation(value).is_some() && !payload.contains_key(name) {
            *value = marking(UNTOUCHED);
        }
    }
    for (name, given) in payload {
        let there = document.remove(&name);
        let parent = there.as_ref().and_then(marked).and_then(Value::as_u64);
        if let Some(parent) = parent.filter(|_| given.is_null()) {
            let_go(usize::try_from(parent).unwrap_or_default());
        }
        let value = match there {
            Some(there) if relation(&there).is_some() => {
                let parts = into_parts(there).into_iter().chain([given]);
                marking(Value::Array(parts.collect()))
            }
            there => column(there, given),
        };
        document.insert(name, value);
    }
    document
}

/// The parts of a mark.
pub(super) fn into_parts(mark: Value) -> Vec<Value> {
    let Value::Object(mut mark) = mark else {
        return Vec::new();
    };
    match mark.remove(mark_key()) {
        Some(Value::Array(parts)) => parts,
        _ => Vec::new(),
    }
}

/// What the payload makes of a column. A name that the document doesn't have may be anything.
fn column(there: Option<Value>, given: Value) -> Value {
    match there {
        Some(there) if marked(&there).is_none() => merge_patch(there, given),
        _ => given,
    }
}

/// RFC 7396, inside a column that is a document of its own: there `null` removes. The column itself is set `null`.
fn merge_patch(column: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch;
    };
    let mut column = match column {
        Value::Object(column) => column,
        _ => Map::new(),
    };
    for (key, value) in patch {
        if value.is_null() {
            column.remove(&key);
        } else {
            let there = column.remove(&key).unwrap_or_default();
            column.insert(key, merge_patch(there, value));
        }
    }
    Value::Object(column)
}

/// How many levels of objects a payload has.
pub(super) fn levels(payload: &Object) -> usize {
    fn below(value: &Value) -> usize {
        match value {
            Value::Object(object) => levels(object),
            Value::Array(list) => list.iter().map(below).max().unwrap_or_default(),
            _ => 0,
        }
    }
    1 + payload.values().map(below).max().unwrap_or_default()
}

/// What a payload got wrong: the place, and what belongs there. serde's own message repeats the value.
#[derive(Debug)]
pub(crate) struct Misfit {
    path: String,
    message: String,
}

impl Misfit {
    /// At this very place.
    pub(super) fn here(message: &str) -> Self {
        Self {
            path: ".".to_owned(),
            message: message.to_owned(),
        }
    }

    /// The same, seen from further up.
    pub(super) fn under(&self, path: String) -> Self {
        Self {
            path,
            message: self.to_string(),
        }
    }

    fn new(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let text = error.inner().to_string();
        let message = match text.rsplit_once(", expected ") {
            _ if text.starts_with("at `") => text,
            Some((_, expected)) => format!("expected {expected}"),
            None if ["missing field", "unknown field", "duplicate field"]
                .iter()
                .any(|known| text.starts_with(known)) =>
            {
                text
            }
            None => "the value is not one of this field".to_owned(),
        };
        let path = error.path().to_string();
        Self { path, message }
    }

    /// `at `posts`: at `[3]`: at `title`: expected a string` as an error at `User.posts[3].title`.
    pub(super) fn into_error(self, table: &'static Table) -> Error {
        let text = self.to_string();
        let mut path = table.entity.to_owned();
        let mut message = text.as_str();
        while let Some((place, rest)) = message
            .strip_prefix("at `")
            .and_then(|rest| rest.split_once("`: "))
        {
            if place.starts_with('[') {
                path.push_str(place);
            } else if place != "." {
                path = format!("{path}.{place}");
            }
            message = rest;
        }
        Error::new(ErrorKind::InvalidPayload, message).at(table.entity, path)
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at `{}`: {}", self.path, self.message)
    }
}

/// Reads a value from a document.
pub(super) fn read<'de, T: Deserialize<'de>>(value: Value) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(value).map_err(|error| Misfit::new(&error))
}

/// The document of a row.
pub(super) fn document<T: Serialize>(value: &T) -> Result<Object, Misfit> {
    match serde_json::to_value(value) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Err(Misfit::here("the struct is not serialised as an object")),
        Err(_) => Err(Misfit::here("the struct can't be serialised as JSON")),
    }
}

/// A payload as an object.
pub(super) fn object(table: &'static Table, payload: Value) -> Result<Object, Error> {
    match payload {
        Value::Object(payload) => Ok(payload),
        _ => Err(Misfit::here("a patch has to be a JSON object").into_error(table)),
    }
}
