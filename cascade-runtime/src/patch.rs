//! Merging a payload that leaves things out: a PATCH, as RFC 7396 means it.
//!
//! The row is serialised, the payload is laid over it, and what comes out is deserialised and merged, so that the struct's own serde attributes
//! count. While that goes on, a wrapper is serialised as a mark: it says where a document has a relation, and what is in it.

mod content;
mod document;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;
use serde_json::Value;

use crate::backend::Backend;
use crate::codec::Erased;
use crate::db::Db;
use crate::entity::Entity;
use crate::error::Error;
use crate::exec::{Lease, Wire, begin, part};
use crate::find::{find, keys, load_into, not_found};
use crate::handle::Persistent;
use crate::load::Above;
use crate::merge::{merge_changes, place_of};
use crate::meta::Table;
use crate::plan::Keys;
use crate::relation::Tree;
use crate::save::save_in;
use crate::slot::Row;

pub(crate) use content::{unmark, unmark_key};
pub(crate) use document::{mark, mark_none};
pub(crate) use session::is_patching;

use document::{Object, columns, document, levels, object, overlay, read, relation};
use session::{Session, address, note, probing};

/// A struct that can be patched.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be patched",
    label = "it isn't serialised and deserialised",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`"
)]
pub trait Document<'later>: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Document<'_> for T {}

/// Patches a row, and what its payload holds, in memory.
pub(crate) fn patch<T: Entity + Serialize + DeserializeOwned>(
    row: &mut Row<T>,
    payload: Value,
) -> Result<(), Error> {
    let table = T::table();
    let payload = object(table, payload)?;
    let below = levels(&payload) - 1;
    // What the payload doesn't name is read back from the row's own document, which may have lost something: serde attributes need not be
    // symmetric. So only what differs from the same without the payload is copied.
    let session = Session::below(table, &row.value, below);
    let (read, session) = session.run(|| {
        let document = document(&row.value)?;
        let before = probing(|| read::<T>(Value::Object(columns(&document))))?;
        note(place_of(&row.value), Box::new(before));
        read::<T>(Value::Object(overlay(document, payload)))
    });
    let value = read.map_err(|misfit| misfit.into_error(table))?;
    merge_changes(row, value, &session.before)
}

/// Loads what a payload holds, patches it, and saves, in one transaction with the row locked.
pub(crate) async fn patch_into<T: Entity + Serialize + DeserializeOwned, D: Db>(
    key: T::Key,
    payload: Value,
    mut db: D,
) -> Result<Persistent<T>, Error> {
    let payload = object(T::table(), payload)?;
    let shape = Shape::of(&payload);
    let keys = keys::<T>(&[key]);
    let verdict = db.verdict();
    let mut lease = Lease::take(db.source()).await?;
    let mut transaction = begin::<D::Backend>(&mut lease).await?;
    let patched = async {
        let mut handle = part(
            &mut transaction.lease(),
            (keys, shape),
            |(keys, shape), wire| Box::pin(find_shaped::<_, T>(wire, keys, shape)),
        )
        .await?;
        patch(&mut handle.row, Value::Object(payload))?;
        let saved = part(&mut transaction.lease(), &handle.row, |row, wire| {
            Box::pin(save_in(*row, wire))
        })
        .await?;
        Ok((handle, saved))
    };
    let patched = patched.await;
    let (mut handle, saved) = transaction.end(patched, &Arc::default()).await?;
    saved.write_back(&mut handle.row, verdict.as_ref());
    Ok(handle)
}

/// Reads a row, and what a payload of this shape holds.
async fn find_shaped<DB: Backend, T: Entity + Serialize>(
    mut wire: Wire<'_, DB>,
    keys: &Keys,
    shape: &Shape,
) -> Result<Persistent<T>, Error> {
    let root = Tree::default();
    let found = find::<DB, T>(wire.lend(), keys, &root, true);
    let mut handle = found.await?.pop().ok_or_else(|| not_found(T::table()))?;
    // Each round loads one level: what a relation holds is known when it is there.
    loop {
        let needed = needed(&handle.row, shape)?;
        if needed.is_empty() {
            return Ok(handle);
        }
        let row = vec![&mut handle.row];
        load_into::<DB, T>(wire.lend(), row, &needed, Above::JustRead).await?;
    }
}

/// The relations that the payload holds and the row has not loaded.
fn needed<T: Entity + Serialize>(row: &Row<T>, shape: &Shape) -> Result<Tree, Error> {
    let (document, _) = Session::new(shape.levels().saturating_sub(1)).run(|| document(&row.value));
    let document = document.map_err(|misfit| misfit.into_error(T::table()))?;
    let mut tree = Tree::default();
    shape.missing(
        T::table(),
        &row.value,
        &document,
        &mut Vec::new(),
        &mut tree,
    );
    Ok(tree)
}

/// The names in a payload, those in the objects of a list taken together.
#[derive(Default)]
struct Shape(BTreeMap<String, Shape>);

impl Shape {
    fn of(payload: &Object) -> Self {
        let mut shape = Self::default();
        shape.add(payload);
        shape
    }

    fn add(&mut self, payload: &Object) {
        for (name, value) in payload {
            self.0.entry(name.clone()).or_default().join(value);
        }
    }

    fn join(&mut self, value: &Value) {
        match value {
            Value::Object(object) => self.add(object),
            Value::Array(list) => list.iter().for_each(|value| self.join(value)),
            _ => {}
        }
    }

    fn levels(&self) -> usize {
        let levels = self.0.values().map(Self::levels);
        levels.max().map_or(0, |levels| levels + 1)
    }

    /// Adds the relations that are named here, and not loaded below a row, to a tree.
    fn missing(
        &self,
        table: &'static Table,
        row: &Erased,
        document: &Object,
        path: &mut Vec<usize>,
        tree: &mut Tree,
    ) {
        (table.functions.view)(row, &mut |_, slots| {
            let relations = self.0.iter().filter_map(|(name, below)| {
                let (place, rows) = relation(document.get(name)?)?;
                let index = slots.iter().position(|slot| address(*slot) == place)?;
                Some((index, rows, below))
            });
            for (index, rows, below) in relations {
                let relation = &table.relations[index];
                let child = (relation.target)();
                if !relation.cascade.merge {
                    continue;
                }
                path.push(index);
                if slots[index].link().is_none() {
                    tree.add(path);
                } else if !child.is_link() {
                    let rows = rows.as_array().into_iter().flatten().enumerate();
                    for (number, document) in rows {
                        if let (Some((row, _)), Value::Object(document)) =
                            (slots[index].row(number), document)
                        {
                            below.missing(child, row, document, path, tree);
                        }
                    }
                }
                path.pop();
            }
        });
    }
}
