//! A private server: its files in a folder that only we can enter, its only door a socket in that folder.

use super::client::Client;
use super::{programs, url};
use crate::apt::is_root;
use crate::cleanup::Cleanup;
use crate::stamp::{is_leftover, stamped};
use crate::{Outcome, command};
use std::fs::{DirBuilder, File, read_dir, read_to_string, remove_dir_all};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Part of the name of the socket, nothing more.
const PORT: u16 = 5432;

const PREFIX: &str = "sqlx-cascade-postgres-";

/// Initialises and starts a server. The cleanup stops it and removes its files.
pub(super) fn start(cleanup: &mut Cleanup) -> Outcome<Client> {
    let programs = programs::server()
        .ok_or("PostgreSQL: `initdb`, `postgres` and `pg_ctl` are not in one folder")?;
    let owner = owner()?;
    let folder = folder(owner, cleanup)?;
    let data = folder.join("data");

    say!(
        "PostgreSQL: starts a private server from {}",
        programs.display()
    );
    let mut initdb = program(&programs.join("initdb"), &folder, owner);
    initdb.args([
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--pgdata",
    ]);
    command::read(initdb.arg(&data))?;

    let log = folder.join("log");
    let file = File::create(&log).map_err(|error| error.to_string())?;
    let again = file.try_clone().map_err(|error| error.to_string())?;
    let mut server = program(&programs.join("postgres"), &folder, owner);
    // Listens on no address; its data need not survive a crash of the machine.
    let (port, no_address) = (PORT.to_string(), "");
    server.args(["-F", "-h", no_address, "-p", &port, "-k"]);
    server.arg(&folder).arg("-D").arg(&data);
    command::announce(&server);
    let mut process = server
        .stdout(file)
        .stderr(again)
        .spawn()
        .map_err(|error| error.to_string())?;
    let process_id = process.id();

    let mut stop = program(&programs.join("pg_ctl"), &folder, owner);
    stop.args(["stop", "--mode=immediate", "--pgdata"])
        .arg(&data);
    let client = Client::new(format!(
        "postgres://postgres@{}:{PORT}",
        url::encode(&folder.to_string_lossy())
    ));
    let ready =
        client.and_then(|client| wait_for(client, || process.try_wait().ok().flatten().is_some()));
    cleanup.later(move || {
        // It may have ended by itself.
        let stopped = command::read_quietly(&mut stop);
        if stopped.is_err() {
            let _ = process.kill();
        }
        process.wait().map_err(|error| error.to_string())?;
        say!("PostgreSQL: stopped the private server (process {process_id})");
        Ok(())
    });
    ready.map_err(|error| {
        format!(
            "{error}\n{}",
            read_to_string(&log).unwrap_or_default().trim()
        )
    })
}

/// Waits until the server answers.
fn wait_for(client: Client, mut has_ended: impl FnMut() -> bool) -> Outcome<Client> {
    let start = Instant::now();
    loop {
        let answer = client.ask("SELECT 1");
        match answer {
            Ok(_) => return Ok(client),
            Err(error) if has_ended() || start.elapsed() > Duration::from_mins(1) => {
                return Err(format!(
                    "PostgreSQL: the private server doesn't start: {error}"
                ));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// A user and group that the server runs as, when it can't run as ours.
type Owner = Option<(u32, u32)>;

/// PostgreSQL refuses to run as root: then it runs as the user `postgres`, or as `nobody`.
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

/// A program that runs as the owner, quietly, in the folder.
fn program(path: &Path, folder: &Path, owner: Owner) -> Command {
    let mut command = Command::new(path);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("PGDATA");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// Makes the folder of a new server. It goes with the cleanup.
fn folder(owner: Owner, cleanup: &mut Cleanup) -> Outcome<PathBuf> {
    let folder = base(owner).join(stamped(PREFIX));
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(failed)?;
    let made = folder.clone();
    cleanup.later(move || {
        remove_dir_all(&made).map_err(|error| format!("{}: {error}", made.display()))
    });
    if let Some((user, group)) = owner {
        chown(&folder, Some(user), Some(group)).map_err(failed)?;
    }
    Ok(folder)
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

/// Removes the folders of servers whose keeper was killed. Such a server ends by itself when its files are gone.
pub(super) fn remove_leftovers() {
    for base in [PathBuf::from("/tmp"), std::env::temp_dir()] {
        for entry in read_dir(base).into_iter().flatten().flatten() {
            if is_leftover(&entry.file_name().to_string_lossy(), PREFIX) {
                let _ = remove_dir_all(entry.path());
            }
        }
    }
}
