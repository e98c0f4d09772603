//! `cargo xtask budget`: what the derive costs.
//!
//! What is the same on every machine is asserted: the numbers of expanded lines, the dependencies, that a ring of
//! structs builds and works. Times are reported; with `SQLX_CASCADE_BUDGET_STRICT=1` they are asserted as well.

mod program;
mod source;

use crate::timing::{seconds, table, timed};
use crate::{Outcome, command};
use program::Program;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Tests of the derive that assert numbers of lines, and print each on a line that begins with [`LINES`]: what, the number, its bound.
const LINES_TESTS: &str = "budget_expanded_lines";
const LINES: &str = "expanded lines, ";
const LINES_COUNT: usize = 2;

/// Structs with six columns and four relations, and what each may add to a check.
const WIDE: usize = 60;
const WIDE_BOUND: Duration = Duration::from_millis(15);
const RING_BOUND: Duration = Duration::from_secs(5);

const STRUCTS: usize = 80;
const STRUCTS_BOUND: Duration = Duration::from_millis(800);
const RING: usize = 300;
/// A program that runs for longer than this hangs.
const RING_RUN_LIMIT: Duration = Duration::from_mins(1);
const DERIVE_BOUND: Duration = Duration::from_secs(6);
const DERIVE_DEPENDENCIES: [&str; 4] = ["proc-macro2", "quote", "syn", "unicode-ident"];

/// A time is the shortest of this many runs.
const RUNS: usize = 3;

/// Measured things, and the times that are over their bound.
#[derive(Default)]
struct Report {
    rows: Vec<[String; 4]>,
    over: Vec<String>,
}

impl Report {
    fn row(
        &mut self,
        what: &str,
        measured: impl Into<String>,
        bound: impl Into<String>,
        verdict: &str,
    ) {
        self.rows.push([
            what.to_owned(),
            measured.into(),
            bound.into(),
            verdict.to_owned(),
        ]);
    }

    fn millis(&mut self, what: &str, measured: Duration, bound: Duration) {
        let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        let is_over = measured > bound;
        let verdict = if is_over { "OVER" } else { "ok" };
        let bound = format!("at most {}", millis(bound));
        self.row(what, millis(measured), bound, verdict);
        if is_over {
            let over = format!("over budget: {what}, {}", millis(measured));
            self.over.push(over);
        }
    }

    fn time(&mut self, what: &str, measured: Duration, bound: Duration) {
        let is_over = measured > bound;
        self.row(
            what,
            seconds(measured),
            format!("at most {}", seconds(bound)),
            if is_over { "OVER" } else { "ok" },
        );
        if is_over {
            self.over
                .push(format!("over budget: {what}, {}", seconds(measured)));
        }
    }
}

/// Measures everything, also after what failed.
pub(crate) fn run() -> Outcome {
    let mut report = Report::default();
    let tasks = [
        dependencies,
        expanded_lines,
        derive_build,
        structs,
        wide,
        ring,
    ];
    let mut failures: Vec<String> = tasks
        .iter()
        .filter_map(|task| task(&mut report).err())
        .collect();
    table("budget", &report.rows);
    if std::env::var("SQLX_CASCADE_BUDGET_STRICT").is_ok_and(|value| value == "1") {
        failures.append(&mut report.over);
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.join("\n"))
    }
}

fn program() -> Outcome<Program> {
    Program::new(&folder()?.join("program"))
}

/// `budget` in the target folder, in which this program is.
fn folder() -> Outcome<PathBuf> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program
        .ancestors()
        .nth(2)
        .ok_or("no target folder above this program")?;
    Ok(target.join("budget"))
}

fn dependencies(report: &mut Report) -> Outcome {
    let arguments = [
        "tree",
        "--package",
        "cascade-derive",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    let tree = command::read(&mut command::cargo(arguments))?;
    let mut found: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    found.remove("cascade-derive");
    let expected = BTreeSet::from(DERIVE_DEPENDENCIES);
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    let is_as_expected = found == expected;
    let verdict = if is_as_expected { "ok" } else { "FAILED" };
    report.row(
        "dependencies of the derive",
        list(found),
        list(expected),
        verdict,
    );
    if is_as_expected {
        Ok(())
    } else {
        Err("cascade-derive has other dependencies than its budget says".to_owned())
    }
}

fn expanded_lines(report: &mut Report) -> Outcome {
    let arguments = [
        "test",
        "--quiet",
        "--package",
        "cascade-derive",
        LINES_TESTS,
        "--",
        "--nocapture",
        "--test-threads=1",
    ];
    let output = command::read(&mut command::cargo(arguments))?;
    // A line of a test may come after dots of the ones before.
    let lines = output
        .lines()
        .filter_map(|line| line.split_once(LINES)?.1.split_once(": "));
    let mut count = 0;
    for (what, said) in lines {
        let (number, bound) = said.split_once(", ").unwrap_or((said, ""));
        report.row(&format!("{LINES}{what}"), number, bound, "ok");
        count += 1;
    }
    if count == LINES_COUNT {
        Ok(())
    } else {
        Err(format!(
            "{count} tests `{LINES_TESTS}` in cascade-derive printed `{LINES}`, not {LINES_COUNT}"
        ))
    }
}

fn derive_build(report: &mut Report) -> Outcome {
    let target = folder()?.join("derive");
    let arguments = [
        "build",
        "--quiet",
        "--package",
        "cascade-derive",
        "--target-dir",
    ];
    let mut shortest = Duration::MAX;
    for _ in 0..RUNS {
        remove(&target)?;
        let (built, duration) = timed(|| command::run(command::cargo(arguments).arg(&target)));
        built?;
        shortest = shortest.min(duration);
    }
    remove(&target)?;
    report.time("clean build of the derive", shortest, DERIVE_BOUND);
    Ok(())
}

fn remove(folder: &PathBuf) -> Outcome {
    match std::fs::remove_dir_all(folder) {
        Err(error) if folder.exists() => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}

fn structs(report: &mut Report) -> Outcome {
    let program = program()?;
    let empty = program.shortest("check", &source::pairs(0), RUNS)?;
    let full = program.shortest("check", &source::pairs(STRUCTS / 2), RUNS)?;
    let what = format!("check of {STRUCTS} structs above none");
    report.time(&what, full.saturating_sub(empty), STRUCTS_BOUND);
    report.row(
        "  with them, and without",
        format!("{}, {}", seconds(full), seconds(empty)),
        "",
        "",
    );
    Ok(())
}

fn wide(report: &mut Report) -> Outcome {
    let program = program()?;
    let empty = program.shortest("check", &source::pairs(0), RUNS)?;
    let full = program.shortest("check", &source::wide(WIDE), RUNS)?;
    let each = full.saturating_sub(empty) / u32::try_from(WIDE).unwrap_or(1);
    let what = format!("check of a struct with 6 columns and 4 relations, of {WIDE}");
    report.millis(&what, each, WIDE_BOUND);
    Ok(())
}

fn ring(report: &mut Report) -> Outcome {
    let program = program()?;
    let empty = program.shortest("check", &source::pairs(0), RUNS)?;
    let full = program.shortest("check", &source::ring(RING), RUNS)?;
    let what = format!("check of a ring of {RING} structs of all kinds");
    report.time(&what, full.saturating_sub(empty), RING_BOUND);
    let what = format!("build of a ring of {RING} structs of all kinds");
    // Builds the dependencies, so that the time is that of the ring.
    program.shortest("build", &source::pairs(0), 1)?;
    let built = program.shortest("build", &source::ring(RING), 1);
    let verdict = if built.is_ok() { "ok" } else { "FAILED" };
    report.row(
        &what,
        built.as_ref().map_or(String::new(), |time| seconds(*time)),
        "builds",
        verdict,
    );
    built?;
    let (ran, duration) = timed(|| program.run(RING_RUN_LIMIT));
    let verdict = if ran.is_ok() { "ok" } else { "FAILED" };
    report.row(
        "  its save, load and delete",
        seconds(duration),
        format!("runs, at most {}", seconds(RING_RUN_LIMIT)),
        verdict,
    );
    ran
}
