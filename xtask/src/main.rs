//! Project commands: `cargo xtask` lists them.
//!
//! Every command that one of them runs is printed first, so that its plain form can be typed instead.

/// Writes a line for the reader. Unlike `eprintln!` it doesn't panic when nobody reads any more (`cargo xtask test | head`),
/// so that cleaning up goes on.
macro_rules! say {
    ($($message:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", format_args!($($message)*)));
    }};
}

#[cfg(not(unix))]
compile_error!("xtask needs a Unix; on Windows, run it in WSL");

mod apt;
mod bench;
mod budget;
mod ci;
mod cleanup;
mod command;
mod keeper;
mod mysql;
mod pgbouncer;
mod postgres;
mod services;
mod stamp;
mod test;
mod timing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a command answers: nothing, or one sentence on what went wrong.
type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "\
cargo xtask test [--no-postgres] [--no-mysql] [--no-pgbouncer] [arguments of cargo test]
    Gets the servers ready, runs all tests, and removes what it made.
cargo xtask ci
    Everything that a change has to pass: format, lints, docs, features, tests, examples, budget.
cargo xtask budget
    What the derive costs: expanded lines, compile times, dependencies.
cargo xtask bench [--no-postgres] [--no-mysql] [part of a name ..]
    Compares the library with what is written by hand, SeaORM and diesel; all of it, on all databases, also writes docs/benchmarks.md and docs/benchmarks.svg.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome {
    std::env::set_current_dir(root()).map_err(|error| format!("{}: {error}", root().display()))?;
    let Some((command, rest)) = arguments.split_first() else {
        println!("{USAGE}");
        return Ok(());
    };
    match command.as_str() {
        "test" => test::run(rest),
        "ci" => ci::run(),
        "budget" => budget::run(),
        "bench" => bench::run(rest),
        keeper::COMMAND => keeper::keep(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("`{other}` is no command\n{USAGE}")),
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .map_or(manifest.clone(), Path::to_path_buf)
}

/// Whether this runs as a check of a change, where nothing may be skipped.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}
