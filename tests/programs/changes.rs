//! What a save would do, what it says that it did, and what the tables changed by: the three are one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sqlx_cascade::{Change, ChangeKind};

use crate::model::database::{Database, Row, Value};
use crate::model::memory::Object;
use crate::model::schema::{KeyKind, OnDelete, Schema, TableId};

/// How many rows of a table; `None`: nobody knows before. And which columns of them.
#[derive(Debug, Default)]
struct Changed<'a> {
    rows: Option<u64>,
    columns: BTreeSet<&'a str>,
}

/// By table and kind.
type All<'a> = BTreeMap<(&'a str, String), Changed<'a>>;

fn by_kind(changes: &[Change]) -> All<'_> {
    let mut all = All::new();
    for change in changes {
        let of = (change.table, change.kind.to_string());
        let so_far = all.entry(of).or_insert_with(|| Changed {
            rows: Some(0),
            ..Changed::default()
        });
        let sum = so_far.rows.zip(change.rows);
        so_far.rows = sum.map(|(sum, rows)| sum + rows);
        so_far.columns.extend(&change.columns);
    }
    all
}

/// What a save did is what it would do. A link that is there, or is gone, is planned and not reported.
pub(crate) fn planned(plan: &[Change], report: &[Change], failure: &mut String) {
    let (plan, report) = (by_kind(plan), by_kind(report));
    for (of, did) in &report {
        let Some(would) = plan.get(of) else {
            let _ = writeln!(failure, "  {of:?} was not planned: {did:?}");
            continue;
        };
        let may_be_less = is_of_links(&of.1) && did.rows <= would.rows;
        let is_it = would.rows.is_none() || did.rows == would.rows || may_be_less;
        // Where some of the rows are unknown, so is what becomes of them.
        let is_same = would.rows.is_some() && would.columns == did.columns;
        if !is_it || !is_same && !did.columns.is_subset(&would.columns) {
            let _ = writeln!(failure, "  {of:?} was planned as {would:?}, and is {did:?}");
        }
    }
    for (of, would) in &plan {
        let may_be_none = would.rows.unwrap_or_default() == 0 || is_of_links(&of.1);
        if !report.contains_key(of) && !may_be_none {
            let _ = writeln!(failure, "  {of:?} was planned and not done: {would:?}");
        }
    }
}

fn is_of_links(kind: &str) -> bool {
    kind == "linked" || kind == "unlinked"
}

/// What became of a table's rows.
#[derive(Debug, Default)]
struct Difference<'a> {
    added: u64,
    gone: u64,
    changed: u64,
    columns: BTreeSet<&'a str>,
}

fn difference<'a>(
    schema: &'a Schema,
    table: TableId,
    before: &Database,
    after: &Database,
) -> Difference<'a> {
    let declared = &schema.tables[table];
    let by_key = |database: &Database| -> BTreeMap<Vec<Value>, Row> {
        let key = |row: &Row| match declared.key {
            KeyKind::Link => row.clone(),
            _ => vec![row[0].clone()],
        };
        let rows = database.tables[table].rows.iter();
        rows.map(|row| (key(row), row.clone())).collect()
    };
    let (before, after) = (by_key(before), by_key(after));
    let count = |rows: usize| u64::try_from(rows).expect("few");
    let mut difference = Difference {
        added: count(
            after
                .keys()
                .filter(|key| !before.contains_key(*key))
                .count(),
        ),
        gone: count(
            before
                .keys()
                .filter(|key| !after.contains_key(*key))
                .count(),
        ),
        ..Difference::default()
    };
    for (key, was) in &before {
        let Some(is) = after.get(key).filter(|is| *is != was) else {
            continue;
        };
        difference.changed += 1;
        let columns = declared.columns.iter().enumerate();
        let differ = columns.filter(|(column, _)| was[*column] != is[*column]);
        difference
            .columns
            .extend(differ.map(|(_, column)| column.name));
    }
    difference
}

/// What an operation reports is what the tables changed by, but for what the database did by itself. `is_fresh`: what memory recorded was what
/// the rows were, so that nothing is written that is there already.
pub(crate) fn tables(
    schema: &Schema,
    (before, after): (&Database, &Database),
    report: &[Change],
    is_fresh: bool,
    failure: &mut String,
) {
    for (number, table) in schema.tables.iter().enumerate() {
        let difference = difference(schema, number, before, after);
        let of = report.iter().filter(|change| change.table == table.name);
        let rows = |kinds: &[ChangeKind]| -> u64 {
            let those = of.clone().filter(|change| kinds.contains(&change.kind));
            those.filter_map(|change| change.rows).sum()
        };
        let added = rows(&[ChangeKind::Inserted, ChangeKind::Linked]);
        let gone = rows(&[ChangeKind::Deleted, ChangeKind::Unlinked]);
        let released = rows(&[ChangeKind::Released]);
        let changed = rows(&[ChangeKind::Updated, ChangeKind::Moved]) + released;
        let by_itself = |does: OnDelete| {
            let mut references = table.columns.iter().filter_map(|column| column.references);
            references.any(|reference| reference.on_delete == does)
        };
        let is_gone =
            difference.gone == gone || by_itself(OnDelete::Cascade) && difference.gone > gone;
        let nulls = by_itself(OnDelete::SetNull);
        let is_changed = if is_fresh && !nulls {
            difference.changed == changed
        } else {
            difference.changed <= changed || nulls
        };
        let columns = of.clone().flat_map(|change| change.columns.iter().copied());
        let columns: BTreeSet<&str> = columns.collect();
        let are_told = nulls || difference.columns.is_subset(&columns);
        if difference.added != added || !is_gone || !is_changed || !are_told {
            let of: Vec<&Change> = of.collect();
            let _ = writeln!(
                failure,
                "  {} changed by {difference:?}, reported is {of:?}",
                table.name
            );
        }
    }
}

/// Whether what is recorded of an object, and of all below it, is what the rows are, and nothing was moved to where it was. A new object with a key
/// of the application may be a row that is written anew, as it was.
pub(crate) fn is_fresh(schema: &Schema, database: &Database, object: &Object) -> bool {
    let is_anew = schema.tables[object.table].key == KeyKind::Natural;
    let is_it = object.recorded.as_ref().map_or(!is_anew, |recorded| {
        recorded.departed.is_none()
            && database.row(object.table, &recorded.values[0]) == Some(&recorded.values)
    });
    let left = schema.tables[object.table]
        .relations
        .iter()
        .zip(&object.slots);
    let mut left = left.filter(|(relation, _)| relation.kind.child().is_some());
    let are_there = left.all(|(relation, slot)| {
        let table = relation.kind.held();
        let mut rows = slot.left.iter();
        rows.all(|left| database.row(table, &left[0]) == Some(left))
    });
    let mut held = object.slots.iter().flat_map(|slot| &slot.held);
    is_it && are_there && held.all(|held| is_fresh(schema, database, held))
}
