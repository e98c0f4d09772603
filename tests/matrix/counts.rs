//! How many statements an operation sends.

use std::ops::RangeInclusive;

use crate::model::{Did, Effects, How, Kind, Refusal};
use crate::program::Step;
use crate::real::Db;

/// What memory alone refuses costs nothing.
const BEFORE_ANY_SQL: [Kind; 6] = [
    Kind::KeyChanged,
    Kind::NotOwned,
    Kind::NotLoaded,
    Kind::NotCascaded,
    Kind::RemovalDenied,
    Kind::MissingRequired,
];

/// One statement for each thing that is done to a table, and one for each relation that is read.
///
/// - The rows of a tree are looked up before they are deleted, where a constraint doesn't do it.
/// - PostgreSQL gives the keys of a tree's new rows first, then takes all levels at once.
/// - On SQLite lists of three rows or more are sent in pieces of a few sizes.
///
/// `None`: how far an operation comes before the database refuses it is not fixed.
pub(crate) fn expected_statements(
    db: &Db,
    (is_tree, is_restricted): (bool, bool),
    step: Step,
    outcome: &Result<Effects, Refusal>,
) -> Option<RangeInclusive<usize>> {
    let effects = match outcome {
        Ok(effects) => effects,
        Err(_) if matches!(step, Step::MergeAndSave(_) | Step::MergeKeysAndSave(_)) => {
            return None;
        }
        Err(refusal) => return BEFORE_ANY_SQL.contains(&refusal.kind).then_some(0..=0),
    };
    let count = |did: Did| effects.acts.iter().filter(|act| act.1 == did).count();
    let is_postgres = matches!(db, Db::Postgres(_));
    let is_list = effects.rows.values().any(|&rows| rows > 2);
    let levels = count(Did::Inserted);
    let at_once = if is_postgres && is_tree {
        levels.saturating_sub(2)
    } else {
        0
    };
    // A tree whose constraint restricts: its keys are read, named rows locked, keys let go, then its rows are deleted.
    let is_named = effects
        .acts
        .iter()
        .any(|act| act.1 == Did::Deleted && act.2 == How::Named);
    let is_found = effects.rows.keys().any(|row| row.1 == Did::Deleted);
    let restricts = match (is_restricted && count(Did::Deleted) > 0, is_named, is_found) {
        (false, ..) => count(Did::Deleted),
        (_, true, _) => 4,
        (_, _, true) => 3,
        _ => 1,
    };
    let looks = if is_tree { count(Did::Deleted) } else { 0 };
    let pieces = if is_list && !is_postgres {
        effects.acts.len()
    } else {
        0
    };
    let least = effects.acts.len() - count(Did::Deleted) + effects.reads + restricts - at_once;
    Some(least..=least + looks + pieces)
}
