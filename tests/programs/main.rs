//! Random programs over families of structs with all kinds of relation, on the interpreter of the rules in `tests/model` and on the library,
//! with random faults. After every operation the error's kind, the whole content of all tables, what is in memory, what the report says and what a
//! save would do are what the interpreter says; and what a save would do, what it reports and what the tables changed by are one.
//!
//! | command | does |
//! | --- | --- |
//! | `cargo test --test programs` | 1,000 programs about each family on each database, the same ones each time |
//! | `PROGRAMS_CASES=20000 cargo test --test programs` | more |
//! | `PROGRAMS_SECONDS=600 cargo test --test programs` | other programs each time, for as long as told |
//! | `PROGRAMS_SEED=7` | with either: other programs, the same ones each time |
//!
//! A program that fails is shrunk and printed as a test, to be pinned in `regressions`.
//!
//! Left out, and why:
//!
//! - One row under two handles in one save: `tests/db` has what is written then.
//! - Keys of several columns: `tests/db` has those, too. A key of the application, and one that is the parent's, are here.
//! - New rows of a tree whose parents wait for each other unevenly (`Imagined::is_uneven`): only the order of siblings is promised, so which
//!   cousin gets the lower key is the database's business.
//! - What a plan says of new rows that may have the keys of rows which leave unseen: a save reads which they are.

mod changes;
mod databases;
mod documents;
mod family;
mod imagined;
#[expect(
    dead_code,
    reason = "the interpreter has more than the family, for the matrix"
)]
#[path = "../model/mod.rs"]
mod model;
mod op;
mod real;
mod regressions;
mod run;
mod step;
mod wraps;

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use databases::{Place, Which};
use family::Family;
use op::Op;
use run::Tally;

/// How many programs run at a time on a database.
const WORKERS: u64 = 2;

/// How many programs a worker runs before it looks at the clock.
const CHUNK: u64 = 25;

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}")),
    )
}

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().expect("a runtime")
}

/// A database, unless there is no server, and none is required.
fn open(runtime: &Runtime, which: Which, family: Family) -> Option<Place> {
    let place = runtime.block_on(Place::open(which, family));
    let required = std::env::var("SQLX_CASCADE_REQUIRE").unwrap_or_default();
    assert!(
        place.is_some() || !required.contains(which.name()),
        "{which:?} is required, and there is none"
    );
    if place.is_none() {
        println!("skipped: there is no {which:?}");
    }
    place
}

/// Runs one program.
fn program(runtime: &Runtime, place: &Place, ops: &[Op], tally: &mut Tally) -> Result<(), String> {
    runtime.block_on(async {
        place.clear().await;
        run::run(place, ops, tally).await
    })
}

/// Runs a program that is pinned.
fn pinned(which: Which, family: Family, ops: &[Op]) {
    let runtime = runtime();
    let Some(place) = open(&runtime, which, family) else {
        return;
    };
    let outcome = program(&runtime, &place, ops, &mut Tally::default());
    runtime.block_on(place.close());
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Makes a test per database of each program.
macro_rules! programs {
    ($family:ident; $($(#[$doc:meta])* $name:ident: [$($op:expr),* $(,)?];)*) => {
        mod sqlite {
            use super::*;
            $($(#[$doc])* #[test] fn $name() { crate::pinned(crate::Which::Sqlite, crate::Family::$family, &[$($op),*]); })*
        }
        mod postgres {
            use super::*;
            $($(#[$doc])* #[test] fn $name() { crate::pinned(crate::Which::Postgres, crate::Family::$family, &[$($op),*]); })*
        }
        mod mysql {
            use super::*;
            $($(#[$doc])* #[test] fn $name() { crate::pinned(crate::Which::MySql, crate::Family::$family, &[$($op),*]); })*
        }
    };
}
pub(crate) use programs;

/// A program as a test.
fn shown(ops: &[Op]) -> String {
    let mut text = String::from("    /// It failed.\n    found: [\n");
    for op in ops {
        let _ = writeln!(text, "        {op:?},");
    }
    text.push_str("    ];\n");
    text
}

/// Leaves out what a program fails without, until nothing can be left out: an operation that is gone changes what the numbers of others mean, so
/// that the next round finds what the last didn't.
fn without_more(
    mut ops: Vec<Op>,
    mut failure: String,
    fails: impl Fn(&[Op]) -> Option<String>,
) -> (Vec<Op>, String) {
    loop {
        let before = ops.len();
        for index in (0..ops.len()).rev() {
            let mut fewer = ops.clone();
            fewer.remove(index);
            if let Some(fails) = fails(&fewer) {
                (ops, failure) = (fewer, fails);
            }
        }
        if ops.len() == before {
            return (ops, failure);
        }
    }
}

/// Runs one program; a panic is a failure.
fn outcome_of(
    runtime: &Runtime,
    place: &Place,
    ops: &[Op],
    tally: &mut Tally,
) -> Result<(), String> {
    let run = std::panic::AssertUnwindSafe(|| program(runtime, place, ops, tally));
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("it panicked: {}", text.unwrap_or_default()))
    })
}

/// What the workers share.
#[derive(Default)]
struct Shared {
    cases: AtomicU64,
    operations: AtomicU64,
    refused: AtomicU64,
    failure: Mutex<Option<String>>,
}

/// Runs random programs; on PostgreSQL, if `in_steps`, without making one statement of several.
fn random(which: Which, family: Family, in_steps: bool) {
    let began = Instant::now();
    let until = variable("PROGRAMS_SECONDS").map(Duration::from_secs);
    let cases = variable("PROGRAMS_CASES").unwrap_or(1000);
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = variable("PROGRAMS_SEED").unwrap_or_else(|| match until {
        Some(_) => now().map_or(0, |now| now.as_secs()),
        None => 0,
    });
    let shared = Shared::default();
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let shared = &shared;
            scope.spawn(move || {
                sqlx_cascade::__private::step_by_step(in_steps);
                let runtime = runtime();
                let Some(place) = open(&runtime, which, family) else {
                    return;
                };
                let share = cases / WORKERS + u64::from(worker < cases % WORKERS);
                let mut done = 0;
                let mut chunk = 0_u64;
                while until.map_or(done < share, |until| began.elapsed() < until) {
                    if shared.failure.lock().expect("no panic").is_some() {
                        break;
                    }
                    let size = if until.is_some() {
                        CHUNK
                    } else {
                        CHUNK.min(share - done)
                    };
                    let mut bytes = [0; 32];
                    bytes[..8].copy_from_slice(&seed.to_le_bytes());
                    bytes[8..16].copy_from_slice(&worker.to_le_bytes());
                    bytes[16..24].copy_from_slice(&chunk.to_le_bytes());
                    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
                    let failure = run_chunk(&runtime, &place, size, rng, shared);
                    if failure.is_some() {
                        *shared.failure.lock().expect("no panic") = failure;
                        break;
                    }
                    done += size;
                    chunk += 1;
                }
                runtime.block_on(place.close());
            });
        }
    });
    println!(
        "{which:?}, {family:?}: {:?} programs, {:?} operations, {:?} refused, seed {seed}, {:.1} s",
        shared.cases,
        shared.operations,
        shared.refused,
        began.elapsed().as_secs_f64()
    );
    let failure = shared.failure.lock().expect("no panic").take();
    if let Some(failure) = failure {
        panic!("{failure}");
    }
}

fn run_chunk(
    runtime: &Runtime,
    place: &Place,
    cases: u64,
    rng: TestRng,
    shared: &Shared,
) -> Option<String> {
    let config = Config {
        cases: u32::try_from(cases).expect("few"),
        failure_persistence: None,
        max_shrink_iters: 600,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&op::program(), |ops| {
        let mut tally = Tally::default();
        shared.cases.fetch_add(1, Ordering::Relaxed);
        let outcome = outcome_of(runtime, place, &ops, &mut tally);
        shared
            .operations
            .fetch_add(tally.operations, Ordering::Relaxed);
        shared.refused.fetch_add(tally.refused, Ordering::Relaxed);
        outcome.map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(reason, ops)) => {
            let fails = |ops: &[Op]| outcome_of(runtime, place, ops, &mut Tally::default()).err();
            let (ops, failure) = without_more(ops, reason.message().to_owned(), fails);
            Some(format!("{failure}\n{}", shown(&ops)))
        }
        Err(TestError::Abort(reason)) => Some(reason.message().to_owned()),
    }
}

/// Makes a test per database of the programs about a family.
macro_rules! families {
    ($($name:ident: $family:ident;)*) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                crate::random(crate::Which::Sqlite, crate::Family::$family, false);
            }

            #[test]
            fn postgres() {
                crate::random(crate::Which::Postgres, crate::Family::$family, false);
            }

            #[test]
            fn postgres_step_by_step() {
                crate::random(crate::Which::Postgres, crate::Family::$family, true);
            }

            #[test]
            fn mysql() {
                crate::random(crate::Which::MySql, crate::Family::$family, false);
            }
        }
    )*};
}

families! {
    owners: Owners;
    letters: Letters;
    houses: Houses;
    shops: Shops;
}
