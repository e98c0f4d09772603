//! PostgreSQL: a server, and an empty database on it.

mod client;
mod folder;
mod install;
mod local;
mod private;
mod programs;
mod url;

use crate::Outcome;
use crate::cleanup::Cleanup;
use crate::services::{Made, SKIP_LOCAL, variable};
use crate::stamp::{is_leftover, stamped};
use std::time::Duration;

pub(crate) use client::Client;
pub(crate) use folder::{Folder, leftovers, remove};
pub(crate) use url::encode;

/// Names a server to use; to tests, the URL of the database made for them.
pub(crate) const VARIABLE: &str = "SQLX_CASCADE_POSTGRES_URL";

const PREFIX: &str = "sqlx_cascade_test_";

/// Makes an empty database on the first server there is.
pub(crate) fn start(cleanup: &mut Cleanup, _: &[Made]) -> Outcome<Vec<Made>> {
    leftovers(private::PREFIX).for_each(remove);
    let server = server(cleanup)?;
    remove_leftovers(&server);
    let database = stamped(PREFIX);
    // Text is UTF-8, and sorted alike on every server.
    server.run(&format!(
        "CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
    ))?;
    say!("PostgreSQL: made the database {database}");
    let url = server.url_of(&database);
    cleanup.later(move || drop_database(&server, &database));
    Ok(vec![(VARIABLE.to_owned(), url)])
}

/// Looks for a server: named, listening locally, private, installed.
fn server(cleanup: &mut Cleanup) -> Outcome<Client> {
    if let Some(url) = variable(VARIABLE) {
        install::client()?;
        let server = Client::new(url)?;
        server
            .ask("SELECT 1")
            .map_err(|error| format!("the server that {VARIABLE} names doesn't answer: {error}"))?;
        return Ok(server);
    }
    if variable(SKIP_LOCAL).is_none()
        && let Some(server) = local::find()
    {
        return Ok(server);
    }
    if programs::server().is_none() {
        install::server()?;
    }
    private::start(cleanup)
}

fn drop_database(server: &Client, database: &str) -> Outcome {
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    );
    let mut dropped = Ok(());
    // A test that is still running can connect again in between.
    for _ in 0..10 {
        server.ask(&end)?;
        dropped = server.run(&format!("DROP DATABASE IF EXISTS {database}"));
        if dropped.is_ok() {
            say!("PostgreSQL: dropped the database {database}");
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    dropped
}

/// Drops databases of runs that were killed.
fn remove_leftovers(server: &Client) {
    let names = server
        .ask("SELECT datname FROM pg_database")
        .unwrap_or_default();
    for name in names.lines().filter(|name| is_leftover(name, PREFIX)) {
        if let Err(message) = drop_database(server, name) {
            say!("xtask: {message}");
        }
    }
}
