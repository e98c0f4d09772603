//! Bringing a plain graph into a persistent one: a PUT.
//!
//! First everything is checked, then everything is copied: after an error memory is as it was.

mod check;
mod copy;
mod matching;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::codec::{Cell, Erased};
use crate::db::Db;
use crate::entity::Entity;
use crate::error::Error;
use crate::exec::{Lease, begin, part};
use crate::find::{find, not_found};
use crate::handle::Persistent;
use crate::load::held;
use crate::meta::{RelationDef, Table};
use crate::plan::Keys;
use crate::relation::Tree;
use crate::save::save_in;
use crate::slot::{Row, Slot, forget};

use check::check;
use copy::copy;

pub(crate) use matching::given_key;
#[cfg(feature = "json")]
pub(crate) use matching::{is_drawn, without};

/// What a patch knows of the rows that it is laid over, by their places in memory: one that is new has nothing else to be told by.
#[derive(Default)]
pub(crate) struct Before {
    /// As they would be without the payload: the columns in which its value differs from them are copied.
    pub(crate) rows: HashMap<usize, Box<Erased>>,
    /// Parents that are new, and that the payload replaces by `null`.
    pub(crate) let_go: HashSet<usize>,
}

impl Before {
    /// A row as it would be without the payload.
    fn row(&self, row: &Erased) -> Option<&Erased> {
        self.rows.get(&place_of(row)).map(|before| &**before)
    }
}

/// Where a row is in memory.
pub(crate) fn place_of(row: &Erased) -> usize {
    std::ptr::from_ref(row).cast::<()>().addr()
}

/// Copies a plain value, and what its relations hold, into a row.
///
/// # Errors
///
/// [`ErrorKind::Stale`] for another version, [`ErrorKind::NotLoaded`] for a relation that the value holds and the row has not loaded,
/// [`ErrorKind::NotOwned`] for children that are not the row's: all of them in one error.
pub(crate) fn merge<T: Entity>(row: &mut Row<T>, value: T) -> Result<(), Error> {
    merge_from(row, value, None)
}

/// The same for the columns in which the value differs from what each row was before.
///
/// # Errors
///
/// Those of [`merge`].
#[cfg(feature = "json")]
pub(crate) fn merge_changes<T: Entity>(
    row: &mut Row<T>,
    value: T,
    before: &Before,
) -> Result<(), Error> {
    merge_from(row, value, Some(before))
}

fn merge_from<T: Entity>(
    row: &mut Row<T>,
    mut value: T,
    before: Option<&Before>,
) -> Result<(), Error> {
    let table = T::table();
    forget(table, &mut value);
    check(table, (&row.value, &row.state), &value, before)?;
    let row = (&mut row.value as &mut Erased, &mut row.state);
    copy(table, row, Box::new(value), before);
    Ok(())
}

/// Loads what a plain value holds, merges it, and saves, in one transaction with the row locked.
pub(crate) async fn merge_into<T: Entity, D: Db>(
    value: T,
    mut db: D,
) -> Result<Persistent<T>, Error> {
    let table = T::table();
    let tree = merged(table, &value);
    let keys = Keys::new(table, vec![key_cells(table, &value)]);
    let verdict = db.verdict();
    let mut lease = Lease::take(db.source()).await?;
    let mut transaction = begin::<D::Backend>(&mut lease).await?;
    let merged = async {
        let mut found = part(
            &mut transaction.lease(),
            (keys, tree),
            |(keys, tree), wire| Box::pin(find::<_, T>(wire, keys, tree, true)),
        )
        .await?;
        let mut handle = found.pop().ok_or_else(|| not_found(table))?;
        merge(&mut handle.row, value)?;
        let saved = part(&mut transaction.lease(), &handle.row, |row, wire| {
            Box::pin(save_in(*row, wire))
        })
        .await?;
        Ok((handle, saved))
    };
    let merged = merged.await;
    let (mut handle, saved) = transaction.end(merged, &Arc::default()).await?;
    saved.write_back(&mut handle.row, verdict.as_ref());
    Ok(handle)
}

/// The relations that a plain value holds and a merge descends into. Behind links it doesn't: their targets are others' as well.
fn merged(table: &'static Table, value: &Erased) -> Tree {
    let takes = |relation: &RelationDef, slot: &dyn Slot| {
        relation.cascade.merge && slot.link().is_some() && !is_new_parent(relation, slot)
    };
    held((table, value), &takes, &|relation, (value, _)| {
        let child = (relation.target)();
        (!child.is_link()).then_some((child, value))
    })
}

/// A parent that is new replaces the current one, which needs not be read.
fn is_new_parent(relation: &RelationDef, slot: &dyn Slot) -> bool {
    let parent = relation.is_held().then(|| slot.row(0)).flatten();
    parent.is_some_and(|(value, state)| given_key((relation.target)(), value, state).is_none())
}

/// The key of a value, cloned.
fn key_cells(table: &'static Table, value: &Erased) -> Vec<Cell> {
    let mut cells = Vec::new();
    (table.functions.view)(value, &mut |fields, _| {
        cells = table
            .key
            .iter()
            .map(|&column| (table.columns[column].codec.clone)(table.columns[column].cell(fields)))
            .collect();
    });
    cells
}
