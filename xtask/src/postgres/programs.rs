//! Where PostgreSQL's programs are.

use crate::command;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold one folder per version, in the packages of Debian, Red Hat, Homebrew and Postgres.app.
const INSTALLED: [&str; 6] = [
    "/usr/lib/postgresql",
    "/usr",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/home/linuxbrew/.linuxbrew/opt",
    "/Applications/Postgres.app/Contents/Versions",
];

/// The folder with the programs of one installed server.
pub(super) fn server() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_ctl"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    // A link in PATH leads to the folder where the others are.
    let linked = find("initdb")
        .and_then(|initdb| initdb.canonicalize().ok()?.parent().map(Path::to_path_buf));
    linked.into_iter().chain(folders()).find(complete)
}

/// One program, of whichever version.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    folders()
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<_> = std::env::split_paths(&path).collect();
    path.into_iter()
        .chain(INSTALLED.into_iter().flat_map(versions))
        .chain(configured())
}

/// `root/*/bin` of PostgreSQL, the newest version first.
fn versions(root: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name
                .trim_start_matches(|c: char| !c.is_ascii_digit())
                .split('.')
                .next()?
                .parse();
            let is_ours = ["postgres", "pgsql"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            let is_version = name.starts_with(|c: char| c.is_ascii_digit());
            (is_ours || is_version).then(|| (version.unwrap_or(0), entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// What `pg_config` says.
fn configured() -> Option<PathBuf> {
    command::read_quietly(Command::new("pg_config").arg("--bindir"))
        .ok()
        .map(PathBuf::from)
}
