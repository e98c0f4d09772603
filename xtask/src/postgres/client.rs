//! Talking to a server, by `psql`.

use super::{programs, url};
use crate::{Outcome, command};
use std::path::PathBuf;
use std::process::Command;

/// A server that we can ask.
pub(crate) struct Client {
    psql: PathBuf,
    url: String,
}

impl Client {
    /// The URL may be without a database: each server has the one named `postgres`.
    pub(crate) fn new(url: String) -> Outcome<Self> {
        let psql = programs::find("psql").ok_or("PostgreSQL: install the client program `psql`")?;
        let url = if url::has_database(&url) {
            url
        } else {
            url::with_database(&url, "postgres")
        };
        Ok(Self { psql, url })
    }

    /// The rows of a query, a line each.
    pub(crate) fn ask(&self, sql: &str) -> Outcome<String> {
        let mut psql = Command::new(&self.psql);
        psql.args([
            "--no-psqlrc",
            "--no-password",
            "--quiet",
            "--tuples-only",
            "--no-align",
        ])
        .args(["--dbname", &url::for_psql(&self.url), "--command", sql])
        // A host that drops packets should not hold us up.
        .env("PGCONNECT_TIMEOUT", "10");
        command::read_quietly(&mut psql)
    }

    pub(crate) fn run(&self, sql: &str) -> Outcome {
        self.ask(sql).map(drop)
    }

    /// The URL of another database on this server.
    pub(super) fn url_of(&self, database: &str) -> String {
        url::with_database(&self.url, database)
    }
}
