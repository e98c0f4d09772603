//! A private server: its files in a folder that only we can enter, its only door a socket in that folder.

use super::client::Client;
use super::{programs, url};
use crate::apt::is_root;
use crate::cleanup::Cleanup;
use crate::stamp::{is_leftover, stamped};
use crate::{Outcome, command};
use std::fs::{DirBuilder, File, create_dir, read_dir, read_to_string, remove_dir_all};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PREFIX: &str = "sqlx-cascade-mysql-";

/// Initialises and starts a server. The cleanup stops it and removes its files.
pub(super) fn start(cleanup: &mut Cleanup) -> Outcome<Client> {
    let server = programs::server().ok_or("MariaDB: there is no `mariadbd` or `mysqld`")?;
    let folder = folder(cleanup)?;
    let socket = folder.join("s");

    say!("MariaDB: starts a private server by {}", server.display());
    initialise(&server, &folder)?;
    let log = folder.join("log");
    let file = File::create(&log).map_err(|error| error.to_string())?;
    let again = file.try_clone().map_err(|error| error.to_string())?;
    let mut command = program(&server, &folder);
    // Listens on no address; its data need not survive a crash of the machine.
    command
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", folder.join("pid").display()))
        .args([
            "--skip-networking",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--skip-innodb-doublewrite",
        ]);
    command::announce(&command);
    let mut process = command
        .stdout(file)
        .stderr(again)
        .spawn()
        .map_err(|error| error.to_string())?;

    let socket = url::encode(&socket.to_string_lossy());
    let url = format!("mysql://root@localhost?socket={socket}");
    let ready = Client::new(&url).and_then(|client| {
        let ask = || client.ask("SELECT 1");
        command::wait_for(&mut process, "MariaDB: the private server", ask)
    });
    cleanup.later(move || stop(&url, process));
    ready.map_err(|error| {
        format!(
            "{error}\n{}",
            read_to_string(&log).unwrap_or_default().trim()
        )
    })?;
    Client::new(&format!("mysql://root@localhost?socket={socket}"))
}

/// Makes the files of a server whose root has no password.
fn initialise(server: &Path, folder: &Path) -> Outcome {
    let mut command = if let Some(installer) = programs::installer() {
        let mut command = program(&installer, folder);
        command.args([
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]);
        command
    } else {
        let mut command = program(server, folder);
        command.arg("--initialize-insecure");
        command
    };
    command::read(&mut command).map(drop)
}

/// A program of the server that reads no settings of the machine. Temporary files of its own: a server that starts removes those of all that share
/// them.
fn program(path: &Path, folder: &Path) -> Command {
    let mut command = Command::new(path);
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", folder.join("data").display()))
        .arg(format!("--tmpdir={}", folder.join("tmp").display()))
        .stdin(Stdio::null());
    // The server runs as root only where it is told to.
    if is_root() {
        command.arg("--user=root");
    }
    command
}

fn stop(url: &str, mut process: Child) -> Outcome {
    let process_id = process.id();
    // It may have ended by itself.
    if Client::new(url)
        .and_then(|client| client.run("SHUTDOWN"))
        .is_err()
    {
        let _ = process.kill();
    }
    process.wait().map_err(|error| error.to_string())?;
    say!("MariaDB: stopped the private server (process {process_id})");
    Ok(())
}

/// Makes the folder of a new server. It goes with the cleanup.
fn folder(cleanup: &mut Cleanup) -> Outcome<PathBuf> {
    let folder = base().join(stamped(PREFIX));
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let made = folder.clone();
    cleanup.later(move || {
        remove_dir_all(&made).map_err(|error| format!("{}: {error}", made.display()))
    });
    let temporary = folder.join("tmp");
    create_dir(&temporary).map_err(|error| format!("{}: {error}", temporary.display()))?;
    Ok(folder)
}

/// A file system in memory: making and emptying tables is what a server spends its time with.
const MEMORY: &str = "/dev/shm";

/// What has to be free there, in KiB.
const SPACE: u64 = 2 << 20;

/// Where temporary files go: in memory, else where they usually do, if the path of a socket there is not too long.
fn base() -> PathBuf {
    if free_in_memory().is_some_and(|free| free >= SPACE) {
        return PathBuf::from(MEMORY);
    }
    let usual = std::env::temp_dir();
    if usual.as_os_str().len() <= 50 {
        usual
    } else {
        PathBuf::from("/tmp")
    }
}

fn free_in_memory() -> Option<u64> {
    let said = command::read_quietly(Command::new("df").args(["-Pk", MEMORY])).ok()?;
    said.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// Stops servers whose keeper was killed, and removes their folders.
pub(super) fn remove_leftovers() {
    for base in [
        PathBuf::from(MEMORY),
        PathBuf::from("/tmp"),
        std::env::temp_dir(),
    ] {
        for entry in read_dir(base).into_iter().flatten().flatten() {
            if is_leftover(&entry.file_name().to_string_lossy(), PREFIX) {
                let socket = url::encode(&entry.path().join("s").to_string_lossy());
                let url = format!("mysql://root@localhost?socket={socket}");
                let _ = Client::new(&url).and_then(|client| client.run("SHUTDOWN"));
                let _ = remove_dir_all(entry.path());
            }
        }
    }
}
