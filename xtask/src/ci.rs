//! `cargo xtask ci`: what a change has to pass.

use crate::timing::{seconds, table, timed};
use crate::{Outcome, bench, budget, command, test};
use std::time::Duration;

/// The facade's features. Each is checked alone: a missing `cfg` shows only there.
const FEATURES: [&str; 6] = ["sqlite", "postgres", "mysql", "serde", "json", "tracing"];

/// Steps that ran, with their time and result.
#[derive(Default)]
struct Steps {
    rows: Vec<[String; 3]>,
    total: Duration,
}

impl Steps {
    fn step(&mut self, name: &str, task: impl FnOnce() -> Outcome) -> Outcome {
        say!("\n=== {name}");
        let (outcome, duration) = timed(task);
        self.total += duration;
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        self.rows
            .push([name.to_owned(), seconds(duration), verdict.to_owned()]);
        outcome.map_err(|error| format!("the step `{name}` failed: {error}"))
    }

    fn cargo(&mut self, name: &str, arguments: &[&str]) -> Outcome {
        self.step(name, || command::run(&mut command::cargo(arguments)))
    }
}

pub(crate) fn run() -> Outcome {
    let mut steps = Steps::default();
    let outcome = all(&mut steps);
    steps
        .rows
        .push(["total".to_owned(), seconds(steps.total), String::new()]);
    table("steps", &steps.rows);
    outcome
}

/// The quick ones first. The first failure is the last step.
fn all(steps: &mut Steps) -> Outcome {
    steps.cargo("format", &["fmt", "--all", "--check"])?;
    steps.cargo(
        "format of the benchmarks",
        &["fmt", "--manifest-path", bench::MANIFEST, "--check"],
    )?;
    steps.cargo(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    for feature in FEATURES {
        lint_facade(
            steps,
            &format!("feature {feature}"),
            &["--no-default-features", "--features", feature],
        )?;
    }
    lint_facade(steps, "no feature", &["--no-default-features"])?;
    lint_facade(steps, "all features", &["--all-features"])?;
    steps.step("docs", || {
        // Built for the facade with all features, so with the dependencies of the step before.
        let mut docs = command::cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
        command::run(docs.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    steps.step("tests", || test::run(&[]))?;
    for example in examples()? {
        steps.cargo(
            &format!("example {example}"),
            &["run", "--quiet", "--example", &example],
        )?;
    }
    // What a struct's metadata has one address for shows where constants are copied.
    let optimised = ["run", "--release", "--quiet", "--example", "blog"];
    steps.cargo("example blog, optimised", &optimised)?;
    steps.step("budget", budget::run)?;
    // Last: nothing else needs what the library is compared with.
    steps.cargo(
        "lints of the benchmarks",
        &[
            "clippy",
            "--manifest-path",
            bench::MANIFEST,
            "--target-dir",
            bench::TARGET,
            "--",
            "-D",
            "warnings",
        ],
    )
}

/// Without tests and examples, whose dependencies turn on features of their own.
fn lint_facade(steps: &mut Steps, name: &str, features: &[&str]) -> Outcome {
    let arguments = [
        &["clippy", "--package", "sqlx-cascade", "--lib"],
        features,
        &["--", "-D", "warnings"],
    ];
    steps.cargo(name, &arguments.concat())
}

/// The names of the files and folders in `examples/`.
fn examples() -> Outcome<Vec<String>> {
    let entries = std::fs::read_dir("examples").map_err(|error| format!("examples: {error}"))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("examples: {error}"))?.path();
        let is_example = path.extension().is_some_and(|extension| extension == "rs")
            || path.join("main.rs").is_file();
        if let Some(name) = path.file_stem().filter(|_| is_example) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
