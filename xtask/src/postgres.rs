//! PostgreSQL: a server, and an empty database on it.

mod client;
mod install;
mod local;
mod private;
mod programs;
mod url;

use crate::Outcome;
use crate::cleanup::Cleanup;
use client::Client;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names a server to use; to tests, the URL of the database made for them.
pub(crate) const VARIABLE: &str = "SQLX_CASCADE_POSTGRES_URL";

/// With a value other than the empty one, servers that listen locally are passed over: a private one is started.
const SKIP_LOCAL: &str = "SQLX_CASCADE_SKIP_LOCAL";

/// What a run that was killed may leave is removed by a later one when it is older than this.
const LEFTOVER: Duration = Duration::from_hours(24);

const PREFIX: &str = "sqlx_cascade_test_";

/// Makes an empty database on the first server there is.
pub(crate) fn start(cleanup: &mut Cleanup) -> Outcome<String> {
    private::remove_leftovers();
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
    Ok(url)
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

/// A name that says who made it and when.
fn stamped(prefix: &str) -> String {
    format!("{prefix}{}_{}", std::process::id(), now().as_secs())
}

/// Whether a name was made by [`stamped`], long ago.
fn is_leftover(name: &str, prefix: &str) -> bool {
    let made = name.strip_prefix(prefix).and_then(|rest| {
        let (process, time) = rest.split_once('_')?;
        process.parse::<u32>().ok()?;
        time.parse().ok()
    });
    made.is_some_and(|made| Duration::from_secs(made) + LEFTOVER < now())
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{PREFIX, is_leftover, now, stamped};

    #[test]
    fn only_old_databases_of_ours_are_left_over() {
        assert!(is_leftover("sqlx_cascade_test_12_1000", PREFIX));
        assert!(!is_leftover(&stamped(PREFIX), PREFIX));
        assert!(!is_leftover(
            &format!("{PREFIX}1_{}", now().as_secs() - 3600),
            PREFIX
        ));
        for other in [
            "sqlx_cascade_test_12",
            "sqlx_cascade_test_a_1000",
            "test_12_1000",
            "sqlx_cascade_test_12_1000x",
        ] {
            assert!(!is_leftover(other, PREFIX), "{other}");
        }
    }
}
