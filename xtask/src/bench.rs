//! `cargo xtask bench`.

use crate::keeper::Keeper;
use crate::services::{ALL, choose};
use crate::{Outcome, command};

/// A workspace of its own: what the library is compared with is compiled for nothing else.
pub(crate) const MANIFEST: &str = "benches/Cargo.toml";

/// Beside the builds of the workspace, where it is ignored and found again.
pub(crate) const TARGET: &str = "target";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (mut services, filter) = choose(arguments);
    // All are compared on the servers themselves.
    services.retain(|service| service.before.is_none());
    let mut bench = command::cargo(["run", "--release", "--quiet", "--manifest-path", MANIFEST]);
    bench.args(["--target-dir", TARGET, "--"]).args(filter);
    for variable in ALL.iter().flat_map(|service| service.variables) {
        bench.env_remove(variable);
    }
    let keeper = Keeper::start(&services)?;
    bench.envs(keeper.variables.iter().cloned());
    let ran = command::run(&mut bench);
    let removed = keeper.stop();
    ran.and(removed)
}
