//! `cargo xtask test`.

use crate::keeper::Keeper;
use crate::services::{ALL, choose};
use crate::{Outcome, command, is_ci};

/// Tells tests which databases may not be missing: `postgres`, or several names with commas.
const REQUIRE: &str = "SQLX_CASCADE_REQUIRE";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (services, rest) = choose(arguments);
    for service in ALL
        .iter()
        .filter(|all| services.iter().all(|chosen| chosen.name != all.name))
    {
        if is_ci() {
            return Err(format!(
                "with CI={} --no-{} is not allowed",
                std::env::var("CI").unwrap_or_default(),
                service.name
            ));
        }
        say!("{} is left out: its scenarios are not run", service.title);
    }

    let keeper = Keeper::start(&services)?;
    let names: Vec<_> = services.iter().map(|service| service.name).collect();
    let mut tests = command::cargo(["test", "--workspace"]);
    tests.args(rest).env_remove(REQUIRE);
    for variable in ALL.iter().flat_map(|service| service.variables) {
        tests.env_remove(variable);
    }
    tests.envs(keeper.variables.iter().cloned());
    if !names.is_empty() {
        tests.env(REQUIRE, names.join(","));
    }
    let tested = command::run(&mut tests);
    let removed = keeper.stop();
    tested.and(removed)
}
