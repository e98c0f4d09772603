//! Private poolers: their settings in a folder that only we can enter, their only doors sockets in that folder.

use super::server::Server;
use crate::cleanup::Cleanup;
use crate::postgres::{Client, Folder, encode, leftovers, remove};
use crate::{Outcome, command};
use std::fs::{File, read_to_string, write};
use std::path::Path;
use std::process::Child;

/// Of the one that doesn't track, and of the one that does.
pub(super) const PORTS: [u16; 2] = [6432, 6433];

const PREFIX: &str = "sqlx-cascade-pgbouncer-";

/// Of each database: fewer connections than clients, so that they get one another's.
const CONNECTIONS: u32 = 2;

/// The folder of new poolers. It goes with the cleanup.
pub(super) fn folder(cleanup: &mut Cleanup) -> Outcome<Folder> {
    Folder::make(PREFIX, cleanup)
}

/// What a pooler is started with.
pub(super) struct Pooler<'p> {
    pub(super) program: &'p Path,
    pub(super) folder: &'p Folder,
    pub(super) server: &'p Server,
    /// Part of the name of its socket, nothing more.
    pub(super) port: u16,
    /// A line of its settings.
    pub(super) setting: &'p str,
}

/// Starts a pooler in transaction mode; gives the URL of the database behind it. The cleanup ends it.
pub(super) fn start(pooler: &Pooler<'_>, cleanup: &mut Cleanup) -> Outcome<String> {
    let Pooler {
        program,
        folder,
        server,
        port,
        setting,
    } = *pooler;
    let path = folder.path.display();
    let settings = format!(
        "[databases]\n{}\n\n[pgbouncer]\n\
         unix_socket_dir = {path}\nlisten_port = {port}\nauth_type = any\nadmin_users = postgres\n\
         pool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nmax_client_conn = 200\n\
         ignore_startup_parameters = extra_float_digits\n{setting}\n",
        server.line()
    );
    let file = folder.path.join(format!("{port}.ini"));
    let failed = |error: std::io::Error| error.to_string();
    write(&file, settings).map_err(failed)?;
    folder.give(&file)?;

    say!(
        "PgBouncer: starts a private pooler from {}",
        program.display()
    );
    let log = folder.path.join(format!("{port}.log"));
    let output = File::create(&log).map_err(failed)?;
    let again = output.try_clone().map_err(failed)?;
    let mut command = folder.program(program);
    command.arg(&file).stdout(output).stderr(again);
    command::announce(&command);
    let mut process = command.spawn().map_err(failed)?;

    let url = url(&folder.path, port, &server.database);
    let ready = Client::new(url.clone()).and_then(|client| {
        let ask = || client.ask("SELECT 1");
        command::wait_for(&mut process, "PgBouncer: the pooler", ask)
    });
    cleanup.later(move || end(process));
    ready.map_err(|error| {
        let log = read_to_string(&log).unwrap_or_default();
        format!("{error}\n{}", log.trim())
    })?;
    Ok(url)
}

fn url(folder: &Path, port: u16, database: &str) -> String {
    let host = encode(&folder.to_string_lossy());
    format!("postgres://postgres@{host}:{port}/{}", encode(database))
}

fn end(mut process: Child) -> Outcome {
    // It may have ended by itself.
    let _ = process.kill();
    process.wait().map_err(|error| error.to_string())?;
    say!("PgBouncer: ended the pooler (process {})", process.id());
    Ok(())
}

/// Ends poolers whose keeper was killed, and removes their folders.
pub(super) fn end_leftovers() {
    for folder in leftovers(PREFIX) {
        for port in PORTS {
            let console = Client::new(url(&folder, port, "pgbouncer"));
            let _ = console.and_then(|console| console.run("SHUTDOWN"));
        }
        remove(folder);
    }
}
