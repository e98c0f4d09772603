//! MariaDB or MySQL: a server, and an empty database on it.

mod client;
mod install;
mod local;
mod private;
mod programs;
mod url;

use crate::Outcome;
use crate::cleanup::Cleanup;
use crate::services::{Made, SKIP_LOCAL, variable};
use crate::stamp::{is_leftover, stamped};
use client::Client;

/// Names a server to use; to tests, the URL of the database made for them.
pub(crate) const VARIABLE: &str = "SQLX_CASCADE_MYSQL_URL";

/// Tests make databases of their own, whose names begin with that of the one that they are told.
const PREFIX: &str = "sqlx_cascade_test_";

/// Makes an empty database on the first server there is.
pub(crate) fn start(cleanup: &mut Cleanup, _: &[Made]) -> Outcome<Vec<Made>> {
    private::remove_leftovers();
    let server = server(cleanup)?;
    remove_leftovers(&server);
    let database = stamped(PREFIX);
    server.run(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"))?;
    say!("MariaDB: made the database {database}");
    let url = server.url_of(&database);
    cleanup.later(move || drop_databases(&server, &database));
    Ok(vec![(VARIABLE.to_owned(), url)])
}

/// Looks for a server: named, private, listening locally, installed. A private one comes first: it writes nothing through to the disk, and is many times
/// as fast.
fn server(cleanup: &mut Cleanup) -> Outcome<Client> {
    if let Some(url) = variable(VARIABLE) {
        install::client()?;
        let server = Client::new(&url)?;
        server
            .ask("SELECT 1")
            .map_err(|error| format!("the server that {VARIABLE} names doesn't answer: {error}"))?;
        return Ok(server);
    }
    if programs::server().is_none() {
        if variable(SKIP_LOCAL).is_none()
            && let Some(server) = local::find()
        {
            return Ok(server);
        }
        install::server()?;
    }
    private::start(cleanup)
}

/// Drops a database and those that tests made beside it.
fn drop_databases(server: &Client, database: &str) -> Outcome {
    for name in databases(server)? {
        let beside = name.strip_prefix(database);
        if beside.is_some_and(|rest| rest.is_empty() || rest.starts_with('_')) {
            server.run(&format!("DROP DATABASE IF EXISTS {name}"))?;
        }
    }
    say!("MariaDB: dropped the database {database}");
    Ok(())
}

fn databases(server: &Client) -> Outcome<Vec<String>> {
    let names = server.ask("SHOW DATABASES")?;
    let ours = names.lines().filter(|name| name.starts_with(PREFIX));
    Ok(ours.map(str::to_owned).collect())
}

/// Drops databases of runs that were killed.
fn remove_leftovers(server: &Client) {
    let mut names = databases(server).unwrap_or_default();
    names.retain(|name| is_leftover(name, PREFIX));
    for name in names {
        if let Err(message) = drop_databases(server, &name) {
            say!("xtask: {message}");
        }
    }
}
