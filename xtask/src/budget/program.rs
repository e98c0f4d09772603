//! A program that depends on the library as a user's does: a package of its own, outside of this workspace.

use crate::timing::timed;
use crate::{Outcome, command, root};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(super) struct Program {
    folder: PathBuf,
    target: PathBuf,
}

impl Program {
    /// Writes its manifest. Versions and profiles are those of the workspace, so that dependencies which are the same
    /// are not built again.
    pub(super) fn new(folder: &Path) -> Outcome<Self> {
        let workspace = read(&root().join("Cargo.toml"))?;
        write(&folder.join("Cargo.toml"), &manifest(&workspace))?;
        if let Ok(lock) = read(&root().join("Cargo.lock")) {
            write(&folder.join("Cargo.lock"), &lock)?;
        }
        let target = folder
            .ancestors()
            .nth(2)
            .ok_or("no target folder above the program")?;
        Ok(Self {
            folder: folder.to_owned(),
            target: target.to_owned(),
        })
    }

    /// The shortest of some runs of a cargo command on a `main.rs`, with dependencies that are built.
    pub(super) fn shortest(&self, task: &str, main: &str, runs: usize) -> Outcome<Duration> {
        let mut shortest = Duration::MAX;
        // A first run is for the dependencies, when there is a choice.
        for _ in 0..runs.max(1) + usize::from(runs > 1) {
            // Makes the file new.
            write(&self.folder.join("src/main.rs"), main)?;
            let mut cargo = command::cargo([task, "--quiet", "--manifest-path"]);
            cargo
                .arg(self.folder.join("Cargo.toml"))
                .arg("--target-dir")
                .arg(&self.target);
            let (done, duration) = timed(|| command::run(&mut cargo));
            done?;
            shortest = shortest.min(duration);
        }
        Ok(shortest)
    }

    /// Runs what was built last, no longer than this.
    pub(super) fn run(&self, limit: Duration) -> Outcome {
        let program = self.target.join("debug").join(NAME);
        command::run_within(&mut Command::new(program), limit)
    }
}

const NAME: &str = "sqlx-cascade-budget";

fn manifest(workspace: &str) -> String {
    format!(
        r#"[package]
name = "{NAME}"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
sqlx-cascade = {{ path = "{root}", features = ["sqlite"] }}
sqlx = {{ version = "0.9", default-features = false, features = ["runtime-tokio", "sqlite"] }}
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}

{profiles}"#,
        root = root().display(),
        profiles = profiles(workspace),
    )
}

/// The `[profile..]` sections of a manifest.
fn profiles(manifest: &str) -> String {
    let mut is_profile = false;
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            is_profile = line.starts_with("[profile");
        }
        is_profile
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn read(file: &Path) -> Outcome<String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, text: &str) -> Outcome {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(file, text))
        .map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::profiles;

    #[test]
    fn profiles_are_copied() {
        let manifest = "[package]\nname = \"a\"\n[profile.dev]\ndebug = 0\n[profile.dev.package.b]\nopt-level = 1\n[lints]\n";
        assert_eq!(
            profiles(manifest),
            "[profile.dev]\ndebug = 0\n[profile.dev.package.b]\nopt-level = 1\n"
        );
    }
}
