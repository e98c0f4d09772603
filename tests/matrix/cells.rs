//! Runs cells, and says of each that fails what was expected and what was found.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::Postgres;
use sqlx_cascade::Report;
use tracing::Instrument as _;

use crate::counts::{expected_statements, expected_trips};
use crate::databases::{Place, Which, texts};
use crate::imagined::Imagined;
use crate::model::schema::{OnDelete, Passive, Schema};
use crate::model::{Did, Effects};
use crate::models::{Case, Shape};
use crate::program::{
    MERGED, Named, OPERATIONS, Step, WITH_ANOTHER, Who, has_another, merges, new_rows, states,
};
use crate::proxy::Proxy;
use crate::real::{Db, Memory};
use crate::record::{Record, short};
use crate::varied::TABLES;

/// How many cases run at a time in one test.
const WORKERS: usize = 3;

/// A cell's name and its steps.
struct Cell {
    name: String,
    steps: Vec<Step>,
}

/// The cells of a case that are asked for.
fn cells(case: &Case, all: &[Arc<Case>]) -> Vec<Cell> {
    let asked = std::env::var("MATRIX").unwrap_or_default();
    let mut cells = Vec::new();
    let mut add = |state: &str, operation: &str, steps: Vec<Step>| {
        let name = format!("{:?}::{}/{state}/{operation}", case.kind, case.name);
        if name.contains(&asked) {
            cells.push(Cell { name, steps });
        }
    };
    let kind = case.kind.relation();
    let only_delete = is_variant(case, all);
    for state in states(kind, case.nullable, case.kind.is_unique()) {
        if only_delete {
            add(state.0, "delete", [state.1, &[Step::Delete]].concat());
            continue;
        }
        let mut operations: Vec<Named> = OPERATIONS.to_vec();
        if has_another(&state) {
            operations.extend(WITH_ANOTHER);
        }
        if MERGED.contains(&state.0) {
            operations.extend(merges(kind));
        }
        for operation in operations {
            add(state.0, operation.0, [state.1, operation.1].concat());
        }
    }
    for (name, steps) in new_rows(kind) {
        add(name, "save", steps.to_vec());
    }
    cells
}

/// Whether another case differs in nothing but what becomes of rows whose parent's row goes. Where the rows that leave are nobody's parents, that is
/// the same for all operations but `delete`.
fn is_variant(case: &Case, all: &[Arc<Case>]) -> bool {
    let is_parent = match case.kind {
        Shape::OneToOne | Shape::OneToMany => false,
        Shape::ManyToMany => case.options().cascade.delete,
        Shape::ManyToOne | Shape::OneToOneHeld | Shape::Tree => true,
    };
    let without = |case: &Case| {
        let attribute = case.attribute.replace("passive_deletes = \"all\"", "");
        let attribute = attribute.replace("passive_deletes", "");
        (attribute.replace([',', ' '], ""), case.nullable)
    };
    let before = all.iter().take_while(|other| other.name != case.name);
    !is_parent
        && before
            .into_iter()
            .any(|other| without(other) == without(case))
}

/// Whether the rows of a tree let go of each other before they are deleted: RESTRICT looks at each row by itself, MySQL and MariaDB do whatever the
/// constraint says.
fn lets_go_first(db: &Db, schema: &Schema) -> bool {
    let on_delete = schema.reference(0, 1).on_delete;
    let options = &schema.tables[0].relations[0].options;
    let is_left = options.passive != Passive::No;
    let by_row = on_delete == OnDelete::Restrict || matches!(db, Db::MySql(_));
    options.cascade.delete && by_row && !is_left
}

/// Runs the cells of these cases.
pub(crate) fn run(cases: Vec<Case>, which: Which) {
    let all: Arc<[Arc<Case>]> = cases.into_iter().map(Arc::new).collect();
    let queue: Arc<Mutex<Vec<Arc<Case>>>> =
        Arc::new(Mutex::new(all.iter().rev().cloned().collect()));
    let failures: Arc<Mutex<Vec<String>>> = Arc::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let count: usize = runtime.block_on(async {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| tokio::spawn(worker(queue.clone(), all.clone(), which, failures.clone())))
            .collect();
        let mut count = 0;
        for worker in workers {
            count += worker.await.expect("a worker");
        }
        count
    });
    let failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{count} cells, {} failed", failures.len());
    assert!(
        failures.is_empty(),
        "{} of {count} cells failed:\n{}",
        failures.len(),
        shown(&failures)
    );
}

/// Every failure by its name, and one of each state and operation in full.
fn shown(failures: &[String]) -> String {
    let mut of_kind: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for failure in failures {
        let (_, kind) = failure.split_once('/').unwrap_or_default();
        let (kind, _) = kind.split_once(' ').unwrap_or_default();
        of_kind.entry(kind).or_default().push(failure);
    }
    let mut text = String::new();
    for (kind, failures) in of_kind {
        let _ = writeln!(
            text,
            "\n# {kind}: {} cells\n{}",
            failures.len(),
            failures[0]
        );
        for failure in &failures[1..] {
            let name = failure.split_once('/').map_or("", |(name, _)| name);
            let _ = write!(text, "{name} ");
        }
    }
    text
}

async fn worker(
    queue: Arc<Mutex<Vec<Arc<Case>>>>,
    all: Arc<[Arc<Case>]>,
    which: Which,
    failures: Arc<Mutex<Vec<String>>>,
) -> usize {
    let Some(place) = Place::open(which).await else {
        let required = std::env::var("SQLX_CASCADE_REQUIRE").unwrap_or_default();
        let name = which.name();
        assert!(
            !required.contains(name),
            "{name} is required, and there is none"
        );
        println!("skipped: there is no {name}");
        return 0;
    };
    let mut count = 0;
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(case) = next else { break };
        let cells = cells(&case, &all);
        if cells.is_empty() {
            continue;
        }
        place.db.create(&case.schema()).await;
        let (memory, tables) = case.real();
        for cell in cells {
            count += 1;
            let record = Record::new();
            let span = record.span();
            let run = Run::new(&case, memory(), &place, record);
            let run = TABLES.scope(tables, run.all(cell.steps.clone()));
            let outcome = tokio::spawn(run.instrument(span)).await;
            let failure = match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(failure)) => failure,
                Err(panic) => format!("it panicked: {}", message(panic)),
            };
            let text = format!("{} on {which:?}: {:?}\n{failure}", cell.name, cell.steps);
            failures
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
        }
        place.db.clear(&case.schema()).await;
    }
    place.close().await;
    count
}

fn message(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default()
}

/// One cell while it runs.
struct Run {
    db: Db,
    proxy: Option<Arc<Proxy<Postgres>>>,
    record: Record,
    imagined: Imagined,
    real: Box<dyn Memory>,
}

impl Run {
    fn new(case: &Case, real: Box<dyn Memory>, place: &Place, record: Record) -> Self {
        Self {
            db: place.db.clone(),
            proxy: place.proxy.clone(),
            record,
            imagined: Imagined::new(case.world()),
            real,
        }
    }

    async fn put(&self) {
        let world = &self.imagined.world;
        self.db.put(&world.schema, &world.database).await;
    }

    async fn all(mut self, steps: Vec<Step>) -> Result<(), String> {
        self.put().await;
        for &step in &steps {
            if step.is_operation() {
                let is_done = self.compare(step).await?;
                if !is_done {
                    // What failed left everything as it was: it fails again.
                    self.compare(step).await?;
                }
            } else {
                self.imagined.prepare(step);
                if step.is_by_others() {
                    self.put().await;
                } else {
                    self.real.prepare(&self.db, step).await;
                }
            }
        }
        for who in [Who::A, Who::B] {
            self.imagined.prepare(Step::Touch(who));
            self.real.prepare(&self.db, Step::Touch(who)).await;
        }
        let [a, b, value] = self.imagined.seen();
        let after = [
            (a.is_some(), Step::Save(Who::A)),
            (value.is_some(), Step::SaveNew),
            (b.is_some(), Step::Save(Who::B)),
        ];
        for (is_there, step) in after {
            if is_there {
                self.compare(step)
                    .await
                    .map_err(|failure| format!("afterwards, {failure}"))?;
            }
        }
        Ok(())
    }

    /// How often PostgreSQL was asked to run something, since this was called last.
    fn trips(&self) -> Option<usize> {
        self.proxy.as_ref().map(|proxy| proxy.trips())
    }

    /// Does the same on both sides; whether it succeeded.
    async fn compare(&mut self, step: Step) -> Result<bool, String> {
        self.record.take();
        self.trips();
        let expected = self.imagined.operate(step);
        let found = self.real.operate(&self.db, step).await;
        let recorded = self.record.take();
        let trips = self.trips();
        let sent = recorded.iter().map(|text| short(text));
        let parts: Vec<_> = sent.filter(|parts| !parts.is_empty()).collect();
        let sent = parts.iter().flatten().cloned();
        // Where rows are locked before they are found, they are found twice.
        let all: Vec<String> = sent.collect();
        let is_lock = |place: usize| all.get(place).is_some_and(|sent| sent.starts_with("LOCK "));
        let looks_again = |place: usize| all[place] == "TRACE" && is_lock(place + 1);
        let sent = (0..all.len()).filter(|place| !is_lock(*place) && !looks_again(*place));
        let sent: Vec<&String> = sent.map(|place| &all[place]).collect();
        let world = &self.imagined.world;
        let is_tree = world.schema.tables.len() == 1;
        let is_restricted = is_tree && lets_go_first(&self.db, &world.schema);
        let rows = self.db.rows(&world.schema).await;
        let mut failure = String::new();
        let kinds = (
            expected.as_ref().err().map(|refusal| refusal.kind),
            found.as_ref().err().map(sqlx_cascade::Error::kind),
        );
        differ(&mut failure, "the error", &kinds.0, &kinds.1);
        differ(
            &mut failure,
            "the tables",
            &texts(&world.schema, &world.database),
            &rows,
        );
        for (name, (expected, found)) in ["A", "B", "the value"]
            .iter()
            .zip(self.imagined.seen().iter().zip(&self.real.seen()))
        {
            differ(&mut failure, name, expected, found);
        }
        if let (Ok(effects), Ok(Some(report))) = (&expected, &found) {
            let mut both = [reported(&world.schema, effects), changes(report)];
            if is_tree && world.schema.reference(0, 1).on_delete == OnDelete::Cascade {
                // The statement deletes some rows of the tree, and the constraint the others.
                for texts in &mut both {
                    texts.retain(|text| !text.starts_with("deleted"));
                }
            }
            differ(&mut failure, "the report", &both[0], &both[1]);
        }
        let is_usual = !sqlx_cascade::__private::is_step_by_step();
        let statements = expected_statements(&self.db, (is_tree, is_restricted), step, &expected);
        let statements = statements.filter(|_| is_usual);
        if let Some(statements) = statements.filter(|range| !range.contains(&sent.len())) {
            let _ = writeln!(
                failure,
                "  the number of statements: expected {statements:?}, found {sent:?}"
            );
        }
        let statements: Vec<String> = parts.iter().map(|parts| parts.join("+")).collect();
        if let (Some(found), Ok(_), true) = (trips, &expected, is_usual) {
            let expected = expected_trips(step, &statements);
            if found != expected {
                let _ = writeln!(
                    failure,
                    "  the round trips: expected {expected}, found {found}: {statements:?}"
                );
            }
        }
        if failure.is_empty() {
            return Ok(expected.is_ok());
        }
        let error = found.err();
        let _ = writeln!(failure, "  effects {expected:?}, found {error:?}");
        Err(format!("at {step:?}:\n{failure}"))
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

/// What a report says: `inserted parents: 1`.
fn changes(report: &Report) -> Vec<String> {
    let mut changes: BTreeMap<String, u64> = BTreeMap::new();
    for change in report.changes() {
        let of = format!("{} {}", change.kind, change.table);
        *changes.entry(of).or_default() += change.rows.unwrap_or_default();
    }
    let text = |(of, rows): (String, u64)| format!("{of}: {rows}");
    changes.into_iter().map(text).collect()
}

/// What it should say.
fn reported(schema: &Schema, effects: &Effects) -> Vec<String> {
    let text = |(&(table, did), rows): (&(usize, Did), &usize)| {
        let did = format!("{did:?}").to_lowercase();
        format!("{did} {}: {rows}", schema.tables[table].name)
    };
    let mut texts: Vec<String> = effects.rows.iter().map(text).collect();
    texts.sort();
    texts
}
