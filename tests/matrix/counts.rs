//! How many statements an operation sends.

use std::ops::RangeInclusive;

use crate::model::{Did, Effects, How, Kind, Refusal};
use crate::program::Step;
use crate::real::Db;

/// What memory alone refuses costs nothing.
const BEFORE_ANY_SQL: [Kind; 7] = [
    Kind::KeyChanged,
    Kind::NotOwned,
    Kind::NotLoaded,
    Kind::NotCascaded,
    Kind::RemovalDenied,
    Kind::MissingRequired,
    Kind::Contradiction,
];

/// One statement for each thing that is done to a table, and one for each relation that is read.
///
/// - The rows of a tree are looked up before they are deleted, where a constraint doesn't do it.
/// - PostgreSQL takes all levels of a tree's new rows at once.
///
/// A number is exact but in one place: how a tree's deletion looks for its rows depends on what is below them in memory (`looks`).
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
    let levels = count(Did::Inserted);
    let at_once = if is_postgres && is_tree {
        levels.saturating_sub(1)
    } else {
        0
    };
    // A tree whose rows are looked at one by one: its keys are read, named rows locked, keys let go, then its rows are deleted.
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
    // Of a tree that is read at once, also what lies below rows that aren't there is asked for.
    let ahead = match (step, db) {
        (Step::Refresh, Db::Sqlite(_) | Db::Postgres(_)) => 2,
        _ => 0,
    };
    let least = effects.acts.len() - count(Did::Deleted) + effects.reads + restricts - at_once;
    Some(least..=least + looks + ahead)
}

/// A reason why a write takes several statements on PostgreSQL, and which do so for it.
type Exception = (&'static str, fn(Step, &[String]) -> bool);

const EXCEPTIONS: [Exception; 4] = [
    (
        "what is read or locked first: rows that are found by a walk, the targets that may go, keys that may be taken over, a payload's relations",
        |_, sent| {
            sent.iter()
                .any(|sent| begins(sent, &["SELECT", "LOCK", "TRACE"]))
        },
    ),
    (
        "what was taken out is written before a deletion, whose statements look at the same tables",
        |step, sent| matches!(step, Step::Delete) && begins(&sent[0], &["UPDATE"]),
    ),
    (
        "rows that exchange a unique key are written twice: one lets go of it first",
        |_, sent| begins(&sent[0], &["UPDATE"]) && sent.first() == sent.last(),
    ),
    (
        "links that all go but for some, and some that enter: whether a link is there is seen after the others are gone",
        |_, sent| sent.last().is_some_and(|sent| sent == "INSERT links"),
    ),
];

fn begins(sent: &str, verbs: &[&str]) -> bool {
    verbs.iter().any(|verb| sent.starts_with(verb))
}

/// How often PostgreSQL is asked for an operation that succeeded: once for a write, but for those with a reason. Several statements that write are a
/// transaction, which has a round trip for its beginning and one for its end.
pub(crate) fn expected_trips(step: Step, sent: &[String]) -> usize {
    let is_exception = || EXCEPTIONS.iter().any(|(_, applies)| applies(step, sent));
    match (step, sent.len()) {
        (Step::Refresh | Step::Load, statements) | (_, statements @ 0..2) => statements,
        (_, statements) if is_exception() => statements + 2,
        _ => 1,
    }
}
