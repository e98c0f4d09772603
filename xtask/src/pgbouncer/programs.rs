//! Where `PgBouncer` is.

use crate::{Outcome, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders beside those of PATH, in the packages of Debian, Red Hat and Homebrew.
const INSTALLED: [&str; 4] = [
    "/usr/sbin",
    "/usr/bin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
];

pub(super) fn find() -> Option<PathBuf> {
    command::find("pgbouncer", &INSTALLED)
}

/// Its version, without the last number.
pub(super) fn version(program: &Path) -> Outcome<(u32, u32)> {
    let said = command::read_quietly(Command::new(program).arg("--version"))?;
    parsed(&said).ok_or_else(|| format!("PgBouncer: no version in `{said}`"))
}

fn parsed(said: &str) -> Option<(u32, u32)> {
    let version = said.strip_prefix("PgBouncer ")?.split_whitespace().next()?;
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parsed("PgBouncer 1.18.0\nlibevent 2.1.12"), Some((1, 18)));
        assert!(parsed("PgBouncer 1.9.0") < parsed("PgBouncer 1.21.0"));
        assert_eq!(parsed("another program"), None);
    }
}
