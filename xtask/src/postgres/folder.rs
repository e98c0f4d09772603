//! Folders of private servers that don't run as root.

use crate::apt::is_root;
use crate::cleanup::Cleanup;
use crate::stamp::{is_leftover, stamped};
use crate::{Outcome, command};
use std::fs::{DirBuilder, read_dir, remove_dir_all};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder that only the server's user can enter, and the user.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    owner: Owner,
}

impl Folder {
    /// Makes the folder of a new server. It goes with the cleanup.
    pub(crate) fn make(prefix: &str, cleanup: &mut Cleanup) -> Outcome<Self> {
        let owner = owner()?;
        let path = base(owner).join(stamped(prefix));
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(failed)?;
        let made = path.clone();
        cleanup.later(move || {
            remove_dir_all(&made).map_err(|error| format!("{}: {error}", made.display()))
        });
        let folder = Self { path, owner };
        folder.give(&folder.path)?;
        Ok(folder)
    }

    /// Lets the owner read a file that was put there.
    pub(crate) fn give(&self, file: &Path) -> Outcome {
        let Some((user, group)) = self.owner else {
            return Ok(());
        };
        chown(file, Some(user), Some(group)).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// A program that runs as the owner, quietly, in the folder.
    pub(crate) fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .env_remove("PGDATA");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

/// A user and group that a server runs as, when it can't run as ours.
type Owner = Option<(u32, u32)>;

/// PostgreSQL and `PgBouncer` refuse to run as root: then they run as the user `postgres`, or as `nobody`.
fn owner() -> Outcome<Owner> {
    if !is_root() {
        return Ok(None);
    }
    let number = |option, user| {
        command::read_quietly(Command::new("id").args([option, user]))
            .ok()?
            .parse::<u32>()
            .ok()
    };
    let of = |user| Some((number("-u", user)?, number("-g", user)?));
    let owner = of("postgres").or_else(|| of("nobody"));
    owner.map(Some).ok_or_else(|| {
        "PostgreSQL: as root, there must be a user `postgres` or `nobody`".to_owned()
    })
}

/// Where temporary files go, if the server's user can enter it and the path of a socket there is not too long.
fn base(owner: Owner) -> PathBuf {
    let usual = std::env::temp_dir();
    if owner.is_none() && usual.as_os_str().len() <= 50 {
        usual
    } else {
        PathBuf::from("/tmp")
    }
}

/// The folders of servers whose keeper was killed.
pub(crate) fn leftovers(prefix: &str) -> impl Iterator<Item = PathBuf> {
    let bases = [PathBuf::from("/tmp"), std::env::temp_dir()];
    let entries = bases.into_iter().filter_map(|base| read_dir(base).ok());
    let entries = entries.flatten().flatten();
    entries
        .filter(move |entry| is_leftover(&entry.file_name().to_string_lossy(), prefix))
        .map(|entry| entry.path())
}

/// Removes one.
pub(crate) fn remove(folder: PathBuf) {
    let _ = remove_dir_all(folder);
}
