//! A private server: its files in a folder that only we can enter, its only door a socket in that folder.

use super::client::Client;
use super::{Folder, programs, url};
use crate::cleanup::Cleanup;
use crate::{Outcome, command};
use std::fs::{File, read_to_string};

/// Part of the name of the socket, nothing more.
const PORT: u16 = 5432;

/// Begins the names of the folders. A server whose keeper was killed ends by itself when its files are gone.
pub(super) const PREFIX: &str = "sqlx-cascade-postgres-";

/// Initialises and starts a server. The cleanup stops it and removes its files.
pub(super) fn start(cleanup: &mut Cleanup) -> Outcome<Client> {
    let programs = programs::server()
        .ok_or("PostgreSQL: `initdb`, `postgres` and `pg_ctl` are not in one folder")?;
    let folder = Folder::make(PREFIX, cleanup)?;
    let data = folder.path.join("data");

    say!(
        "PostgreSQL: starts a private server from {}",
        programs.display()
    );
    let mut initdb = folder.program(&programs.join("initdb"));
    initdb.args([
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--pgdata",
    ]);
    command::read(initdb.arg(&data))?;

    let log = folder.path.join("log");
    let file = File::create(&log).map_err(|error| error.to_string())?;
    let again = file.try_clone().map_err(|error| error.to_string())?;
    let mut server = folder.program(&programs.join("postgres"));
    // Listens on no address; its data need not survive a crash of the machine.
    let (port, no_address) = (PORT.to_string(), "");
    server.args(["-F", "-h", no_address, "-p", &port, "-k"]);
    server.arg(&folder.path).arg("-D").arg(&data);
    command::announce(&server);
    let mut process = server
        .stdout(file)
        .stderr(again)
        .spawn()
        .map_err(|error| error.to_string())?;
    let process_id = process.id();

    let mut stop = folder.program(&programs.join("pg_ctl"));
    stop.args(["stop", "--mode=immediate", "--pgdata"])
        .arg(&data);
    let client = Client::new(format!(
        "postgres://postgres@{}:{PORT}",
        url::encode(&folder.path.to_string_lossy())
    ));
    let ready = client.and_then(|client| {
        let ask = || client.ask("SELECT 1");
        command::wait_for(&mut process, "PostgreSQL: the private server", ask)?;
        Ok(client)
    });
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
