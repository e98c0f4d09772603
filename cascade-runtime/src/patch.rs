//! Merging a payload that leaves things out: a PATCH, as RFC 7396 means it.
//!
//! The row is serialised, the payload is laid over it, and what comes out is deserialised and merged, so that the struct's own serde attributes
//! count. While that goes on, a wrapper is serialised as a mark: it says where a document has a relation, and what is in it.

use std::cell::Cell as Flag;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::OnceLock;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::codec::Erased;
use crate::db::Db;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{Lease, begin};
use crate::find::{find, keys, load_into, not_found};
use crate::handle::Persistent;
use crate::has_one::{Content, HasOne};
use crate::merge::merge_changes;
use crate::meta::{Generated, Table};
use crate::relation::Tree;
use crate::save::save_in;
use crate::slot::Row;

/// The only key of a mark: drawn by each process, so that no document that comes from outside has it.
fn mark_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| format!("relation {:x}", RandomState::new().build_hasher().finish()))
}

/// A struct that can be patched.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be patched",
    label = "it isn't serialised and deserialised",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait Document<'later>: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Document<'_> for T {}

thread_local! {
    static PATCHING: Flag<bool> = const { Flag::new(false) };
}

/// Wrappers are serialised as marks, and read from them.
pub(crate) fn is_patching() -> bool {
    PATCHING.get()
}

fn patching<R>(run: impl FnOnce() -> R) -> R {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            PATCHING.set(self.0);
        }
    }
    let _reset = Reset(PATCHING.replace(true));
    run()
}

/// Serialises a wrapper as a mark: which one it is, and its child.
pub(crate) fn mark<T: Serialize, S: Serializer>(
    wrapper: &HasOne<T>,
    content: Content<&T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let child = match content {
        Content::NotLoaded => None,
        Content::Loaded(child) => child,
    };
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(mark_key(), &(std::ptr::from_ref(wrapper).addr(), child))?;
    map.end()
}

/// Reads a wrapper: from a mark that was laid over, or from what a new row says.
pub(crate) fn unmark<'de, T: Entity + Deserialize<'de>, E: serde::de::Error>(
    value: Value,
) -> Result<HasOne<T>, E> {
    match marked(&value) {
        None => content(value),
        Some(Value::Array(pair)) if pair.len() == 2 => match (pair[0].clone(), pair[1].clone()) {
            (_, Value::Null) => Ok(HasOne::empty()),
            (Value::Object(child), Value::Object(patch)) => {
                patched::<T, E>(&child, patch).map(HasOne::from)
            }
            (_, patch) => content(patch),
        },
        Some(_) => Ok(HasOne::default()),
    }
}

fn content<'de, T: Entity + Deserialize<'de>, E: serde::de::Error>(
    value: Value,
) -> Result<HasOne<T>, E> {
    if value.is_null() {
        Ok(HasOne::empty())
    } else if !value.is_object() {
        Err(E::custom("at `.`: expected an object or null"))
    } else {
        read::<T, E>(value).map(HasOne::from)
    }
}

/// The child with the payload laid over it; a new child where the payload says so by its key.
fn patched<'de, T: Entity + Deserialize<'de>, E: serde::de::Error>(
    child: &Map<String, Value>,
    patch: Map<String, Value>,
) -> Result<T, E> {
    let over: T = read(Value::Object(overlay(child.clone(), patch.clone())))?;
    let was: T = read(Value::Object(overlay(child.clone(), Map::new())))?;
    if has_default_key(&over) && !has_default_key(&was) {
        read(Value::Object(patch))
    } else {
        Ok(over)
    }
}

/// A generated key that is equal to its `Default` means new.
fn has_default_key<T: Entity>(value: &T) -> bool {
    let table = T::table();
    let mut is_default = false;
    value.view(&mut |fields, _| {
        is_default = table
            .key
            .iter()
            .map(|key| &table.columns[*key])
            .any(|column| {
                let default = column
                    .codec
                    .default
                    .filter(|_| column.generated != Generated::No);
                default.is_some_and(|default| (column.codec.same)(&*default(), column.cell(fields)))
            });
    });
    is_default
}

fn read<'de, T: Deserialize<'de>, E: serde::de::Error>(value: Value) -> Result<T, E> {
    serde_path_to_error::deserialize(value).map_err(|error| E::custom(Misfit::new(&error)))
}

/// What a payload got wrong: the place, and what belongs there. serde's own message repeats the value.
struct Misfit {
    path: String,
    message: String,
}

impl Misfit {
    fn new(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error
            .path()
            .to_string()
            .replace(&format!(".{}", mark_key()), "");
        let text = error.inner().to_string();
        let message = match text.rsplit_once(", expected ") {
            Some((_, expected)) => format!("expected {expected}"),
            None if ["missing field", "unknown field", "duplicate field", "at `"]
                .iter()
                .any(|known| text.starts_with(known)) =>
            {
                text
            }
            None => "the value is not one of this field".to_owned(),
        };
        Self { path, message }
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at `{}`: {}", self.path, self.message)
    }
}

fn marked(value: &Value) -> Option<&Value> {
    value
        .as_object()
        .filter(|map| map.len() == 1)?
        .get(mark_key())
}

/// Lays a payload over a document. Its marks become pairs of child and payload; those that the payload leaves out become `null`.
fn overlay(mut document: Map<String, Value>, patch: Map<String, Value>) -> Map<String, Value> {
    let mut untouched: Vec<String> = document
        .iter()
        .filter(|(_, value)| marked(value).is_some())
        .map(|(key, _)| key.clone())
        .collect();
    for (key, value) in patch {
        let value = match document.remove(&key) {
            Some(relation) if marked(&relation).is_some() => {
                untouched.retain(|left| *left != key);
                let child = marked(&relation)
                    .and_then(|mark| mark.get(1))
                    .cloned()
                    .unwrap_or_default();
                Value::Object(Map::from_iter([(
                    mark_key().to_owned(),
                    Value::Array(vec![child, value]),
                )]))
            }
            Some(column) => merge_patch(column, value),
            None => value,
        };
        document.insert(key, value);
    }
    for key in untouched {
        document.insert(
            key,
            Value::Object(Map::from_iter([(mark_key().to_owned(), Value::Null)])),
        );
    }
    document
}

/// RFC 7396, inside a column that is a document of its own: there `null` removes. The column itself is set `null`.
fn merge_patch(column: Value, patch: Value) -> Value {
    let (Value::Object(mut column), Value::Object(patch)) = (column, patch.clone()) else {
        return patch;
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

/// Patches a row, and what its payload holds, in memory.
pub(crate) fn patch<T: Entity + Serialize + DeserializeOwned>(
    row: &mut Row<T>,
    payload: Value,
) -> Result<(), Error> {
    let payload = object(T::table(), payload)?;
    // What the payload doesn't name is read back from the row's own document, which may have lost something: serde attributes need not be
    // symmetric. So only what differs from the same without the payload is copied.
    let read: Result<(T, T), serde_json::Error> = patching(|| {
        let document = document(&row.value)?;
        let unchanged = relations_of(&document, &payload);
        let before = read(Value::Object(overlay(document.clone(), unchanged)))?;
        Ok((read(Value::Object(overlay(document, payload)))?, before))
    });
    let (value, before) = read.map_err(|error| misfit(T::table(), &error))?;
    merge_changes(row, value, &before)
}

/// The relations that a payload patches, and nothing of them.
fn relations_of(document: &Map<String, Value>, payload: &Map<String, Value>) -> Map<String, Value> {
    let patched = payload.iter().filter_map(|(key, given)| {
        let child = document.get(key).and_then(marked)?.get(1)?.as_object()?;
        let below = relations_of(child, given.as_object()?);
        Some((key.clone(), Value::Object(below)))
    });
    patched.collect()
}

fn document<T: Serialize>(value: &T) -> Result<Map<String, Value>, serde_json::Error> {
    match serde_json::to_value(value)? {
        Value::Object(document) => Ok(document),
        _ => Err(serde_json::Error::custom(
            "the struct is not serialised as an object",
        )),
    }
}

fn object(table: &'static Table, payload: Value) -> Result<Map<String, Value>, Error> {
    match payload {
        Value::Object(payload) => Ok(payload),
        _ => Err(
            Error::new(ErrorKind::InvalidPayload, "a patch has to be a JSON object")
                .at(table.entity, table.entity),
        ),
    }
}

/// `at `profile`: at `bio`: expected a string` as an error at `User.profile.bio`.
fn misfit(table: &'static Table, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let mut path = table.entity.to_owned();
    let mut message = text.as_str();
    while let Some((place, rest)) = message
        .strip_prefix("at `")
        .and_then(|rest| rest.split_once("`: "))
    {
        if place != "." {
            path = format!("{path}.{place}");
        }
        message = rest;
    }
    Error::new(ErrorKind::InvalidPayload, message).at(table.entity, path)
}

/// Loads what a payload holds, patches it, and saves, in one transaction with the row locked.
pub(crate) async fn patch_into<T: Entity + Serialize + DeserializeOwned, D: Db>(
    key: T::Key,
    payload: Value,
    mut db: D,
) -> Result<Persistent<T>, Error> {
    let payload = object(T::table(), payload)?;
    let keys = keys::<T>(&[key]);
    let mut lease = Lease::take(db.source()).await?;
    let mut transaction = begin::<D::Backend>(&mut lease).await?;
    let patched = async {
        let mut handle =
            find::<D::Backend, T>(transaction.connection(), &keys, &Tree::default(), true)
                .await?
                .pop()
                .ok_or_else(|| not_found(T::table()))?;
        // Each round loads one level: what a relation holds is known when it is there.
        loop {
            let needed = needed(&handle.row, &payload)?;
            if needed.is_empty() {
                break;
            }
            load_into::<D::Backend, T>(transaction.connection(), vec![&mut handle.row], &needed)
                .await?;
        }
        patch(&mut handle.row, Value::Object(payload))?;
        let saved = save_in::<D::Backend>(&handle.row, transaction.connection()).await?;
        Ok((handle, saved))
    };
    let patched = patched.await;
    let (mut handle, saved) = transaction.end(patched, &[]).await?;
    saved.write_back(&mut handle.row);
    Ok(handle)
}

/// The relations that the payload holds and the row has not loaded.
fn needed<T: Entity + Serialize>(
    row: &Row<T>,
    payload: &Map<String, Value>,
) -> Result<Tree, Error> {
    let document = patching(|| document(&row.value)).map_err(|error| misfit(T::table(), &error))?;
    let mut tree = Tree::default();
    missing(
        T::table(),
        &row.value,
        &document,
        payload,
        &mut Vec::new(),
        &mut tree,
    );
    Ok(tree)
}

fn missing(
    table: &'static Table,
    value: &Erased,
    document: &Map<String, Value>,
    payload: &Map<String, Value>,
    path: &mut Vec<usize>,
    tree: &mut Tree,
) {
    (table.functions.view)(value, &mut |_, slots| {
        for (key, given) in payload {
            let Some((address, child)) = document
                .get(key)
                .and_then(marked)
                .and_then(|mark| Some((mark.get(0)?.as_u64()?, mark.get(1)?)))
            else {
                continue;
            };
            let found = slots
                .iter()
                .position(|slot| std::ptr::from_ref(*slot).cast::<()>().addr() as u64 == address);
            let Some(index) = found.filter(|index| table.relations[*index].cascade.merge) else {
                continue;
            };
            path.push(index);
            if slots[index].link().is_none() {
                tree.add(path);
            } else if let (Some((row, _)), Value::Object(child), Value::Object(given)) =
                (slots[index].row(0), child, given)
            {
                missing(
                    (table.relations[index].target)(),
                    row,
                    child,
                    given,
                    path,
                    tree,
                );
            }
            path.pop();
        }
    });
}
