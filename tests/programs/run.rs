//! Runs a program on the interpreter and on the library, and says where they differ.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use sqlx_cascade::{Change, Error};

use crate::changes;
use crate::databases::{EVENTS, Place, give_keys, run as run_sql};
use crate::imagined::Imagined;
use crate::model::database::{Database, Row};
use crate::model::schema::{Schema, TableId};
use crate::model::{Did, Effects, Kind, Refusal, save};
use crate::op::{Now, Op};
use crate::real::Real;
use crate::step::Step;

/// A program while it runs.
struct Run<'a> {
    place: &'a Place,
    imagined: Imagined,
    real: Real,
    /// The trigger that fails: the event, and the table.
    fault: Option<(usize, TableId)>,
    /// What was done, for the message.
    done: Vec<String>,
}

/// How many operations with the database the programs had, and how many of them were refused.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) operations: u64,
    pub(crate) refused: u64,
}

/// Runs a program in an empty database.
pub(crate) async fn run(place: &Place, ops: &[Op], tally: &mut Tally) -> Result<(), String> {
    let mut run = Run {
        place,
        imagined: Imagined::new(place.family),
        real: Real::new(place.family, place.session()),
        fault: None,
        done: Vec::new(),
    };
    for op in ops {
        if let Err(failure) = run.op(*op, tally).await {
            let done = run.done.join("\n    ");
            return Err(format!("{failure}  after\n    {done}"));
        }
    }
    Ok(())
}

impl Run<'_> {
    async fn op(&mut self, op: Op, tally: &mut Tally) -> Result<(), String> {
        if let Op::Fault(event, table) = op {
            let event = usize::from(event) % EVENTS.len();
            let table = usize::from(table) % self.imagined.kinds();
            self.fault = Some((event, table));
            return Ok(());
        }
        for step in Now(&self.imagined).step(op) {
            self.done.push(format!("{step:?}"));
            self.compare(&step, tally).await?;
        }
        Ok(())
    }

    /// Does the same on both sides.
    async fn compare(&mut self, step: &Step, tally: &mut Tally) -> Result<(), String> {
        let schema = self.imagined.world.schema.clone();
        let before = self.imagined.clone();
        let mut failure = String::new();
        let is_ending = matches!(step, Step::End(_));
        let fault = self.fault.take_if(|_| step.is_operation() && !is_ending);
        if let Some((event, table)) = fault {
            let what = format!("{} {}", EVENTS[event], schema.tables[table].name);
            let sql = format!("INSERT INTO faults VALUES ('{what}')");
            run_sql(&mut self.real.session, &sql).await;
        }
        let plan = match step {
            Step::Save(root) if !self.imagined.may_take_over(*root) => {
                self.real.handle(*root).and_then(|of| of.plan().ok())
            }
            _ => None,
        };
        let mut expected = self.imagined.apply(step);
        let found = self.real.apply(step).await;
        if step.is_operation() {
            tally.operations += 1;
            tally.refused += u64::from(found.is_err());
            if let Some(fault) = fault {
                let fired = found.as_ref().err().is_some_and(is_fault);
                let may = self.may_fire(fault, &before.world.database);
                if expected.is_err() || may != Some(!fired) {
                    if fired {
                        self.imagined = before.clone();
                        if let Step::MergeAndSave(from) = step {
                            self.imagined.roots[*from] = None;
                        }
                        expected = Err(Refusal::of(Kind::Database));
                    }
                } else {
                    let _ = writeln!(failure, "  the fault fired: {fired}");
                }
                run_sql(&mut self.real.session, "DELETE FROM faults").await;
            }
        }
        let kinds = (
            expected.as_ref().err(),
            found.as_ref().err().map(Error::kind),
        );
        let is_also = |refusal: &Refusal| kinds.1.is_some_and(|of| refusal.also.contains(&of));
        if !kinds.0.is_some_and(is_also) {
            let kind = kinds.0.map(|refusal| refusal.kind);
            differ(&mut failure, "the error", &kind, &kinds.1);
        }
        if step.is_operation() {
            let rows = self.place.rows(&mut self.real.session).await;
            let expected = texts(&schema, &self.imagined.world.database);
            differ(&mut failure, "the tables", &expected, &rows);
            if found.is_err() || is_ending {
                give_keys(
                    &mut self.real.session,
                    &schema,
                    &mut self.imagined.world.database,
                )
                .await;
            }
        }
        let mut seen = (self.imagined.seen(), self.real.seen());
        for (expected, found) in seen.0.iter_mut().flatten().zip(seen.1.iter().flatten()) {
            expected.decide(found);
        }
        if seen.0.len() != seen.1.len() {
            let _ = writeln!(failure, "  {} and {} variables", seen.0.len(), seen.1.len());
        }
        for (number, (expected, found)) in seen.0.iter().zip(&seen.1).enumerate() {
            differ(&mut failure, &format!("variable {number}"), expected, found);
        }
        if let (Ok(effects), Ok(Some(report))) = (&expected, &found) {
            let reported = (
                reported(&schema, effects, |_| true),
                told(report.changes(), |_| true),
            );
            differ(&mut failure, "the report", &reported.0, &reported.1);
            let (was, is) = (&before.world.database, &self.imagined.world.database);
            let is_fresh = |root: usize| {
                let object = before.handle(root);
                object.is_some_and(|object| changes::is_fresh(&schema, was, object))
            };
            let is_fresh = step.touched().into_iter().all(is_fresh);
            changes::tables(&schema, (was, is), report.changes(), is_fresh, &mut failure);
            if let Some(plan) = plan {
                changes::planned(plan.changes(), report.changes(), &mut failure);
            }
        }
        if failure.is_empty() {
            for root in step.touched() {
                self.plan(root, &mut failure);
            }
        }
        if failure.is_empty() {
            return Ok(());
        }
        let _ = writeln!(failure, "  expected {expected:?}, found {:?}", found.err());
        Err(format!("at {step:?}:\n{failure}"))
    }

    /// Whether a trigger has to fire; `None`: nobody knows.
    fn may_fire(&self, fault: (usize, TableId), before: &Database) -> Option<bool> {
        let world = &self.imagined.world;
        let may = may_fire(fault, before, &world.database);
        may.filter(|may| !may || self.place.fires(&world.schema.tables[fault.1]))
    }

    /// What a save of a handle would do.
    fn plan(&self, root: usize, failure: &mut String) {
        let (Some(object), Some(handle)) = (self.imagined.handle(root), self.real.handle(root))
        else {
            return;
        };
        let schema = &self.imagined.world.schema;
        let columns = &schema.tables[object.table].columns;
        let changed: Vec<&str> = object
            .changed()
            .into_iter()
            .map(|column| columns[column].name)
            .collect();
        differ(failure, "the changed columns", &changed, &handle.changed());
        let key = crate::model::database::Value::Int(handle.key());
        differ(failure, "the key", object.key(), &key);
        if self.imagined.has_twins(&[root]) {
            return;
        }
        let plan = handle.plan();
        let mut world = self.imagined.world.clone();
        let mut alone = object.clone();
        let refused = crate::model::refusals::refusal(schema, std::slice::from_ref(&alone));
        let expected = save::save(&mut world, &mut [&mut alone]);
        let in_memory = |refusal: &Refusal| refused.is_err() || refusal.kind == Kind::Contradiction;
        let kind = expected.as_ref().err().filter(|refusal| in_memory(refusal));
        differ(
            failure,
            "the plan's error",
            &kind.map(|refusal| refusal.kind),
            &plan.as_ref().err().map(Error::kind),
        );
        if let (Ok(effects), Ok(plan), false) =
            (&expected, &plan, self.imagined.may_take_over(root))
        {
            let is_known = |did: Did| matches!(did, Did::Inserted | Did::Updated | Did::Moved);
            differ(
                failure,
                "the plan",
                &reported(schema, effects, is_known),
                &told(plan.changes(), |change| {
                    ["inserted", "updated", "moved"].contains(&&*change.kind.to_string())
                }),
            );
        }
    }
}

fn is_fault(error: &Error) -> bool {
    matches!(error.code(), Some("1811" | "P0001" | "1644"))
}

/// Whether a trigger has to fire, from what the interpreter's rows became; `None`: nobody knows, for a row that goes may have been updated first.
fn may_fire((event, table): (usize, TableId), before: &Database, after: &Database) -> Option<bool> {
    let rows = |database: &Database| -> BTreeMap<String, Row> {
        let rows = database.tables[table].rows.iter();
        rows.map(|row| (row[0].to_string(), row.clone())).collect()
    };
    let (before, after) = (rows(before), rows(after));
    let is_gone = before.keys().any(|key| !after.contains_key(key));
    match event {
        0 => Some(after.keys().any(|key| !before.contains_key(key))),
        1 => {
            let differs = |(key, row): (&String, &Row)| after.get(key).is_some_and(|of| of != row);
            match before.iter().any(differs) {
                true => Some(true),
                false if is_gone => None,
                false => Some(false),
            }
        }
        _ => Some(is_gone),
    }
}

fn differ<T: Debug + PartialEq>(failure: &mut String, what: &str, expected: &T, found: &T) {
    if expected != found {
        let _ = writeln!(
            failure,
            "  {what}: expected {expected:?}\n  {what}:    found {found:?}"
        );
    }
}

/// What a report or a plan says: `inserted parents: 1`.
fn told(changes: &[Change], which: impl Fn(&Change) -> bool) -> Vec<String> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for change in changes.iter().filter(|change| which(change)) {
        let of = format!("{} {}", change.kind, change.table);
        *all.entry(of).or_default() += change.rows.unwrap_or_default();
    }
    all.retain(|_, rows| *rows > 0);
    let text = |(of, rows): (String, u64)| format!("{of}: {rows}");
    all.into_iter().map(text).collect()
}

/// What it should say.
fn reported(schema: &Schema, effects: &Effects, which: impl Fn(Did) -> bool) -> Vec<String> {
    let mut texts: Vec<String> = effects
        .rows
        .iter()
        .filter(|((_, did), _)| which(*did))
        .map(|(&(table, did), rows)| {
            let did = format!("{did:?}").to_lowercase();
            format!("{did} {}: {rows}", schema.tables[table].name)
        })
        .collect();
    texts.sort();
    texts
}

/// Every row of every table, as [`Place::rows`] gives them.
fn texts(schema: &Schema, database: &Database) -> Vec<String> {
    let tables = schema.tables.iter().enumerate();
    let mut rows: Vec<String> = tables
        .flat_map(|(number, table)| {
            let rows = database.texts(number).into_iter();
            rows.map(|row| format!("{}: {row}", table.name))
        })
        .collect();
    rows.sort();
    rows
}
