//! Talking to a server, by its command line client.

use super::programs;
use super::url::Url;
use crate::{Outcome, command};
use std::path::PathBuf;
use std::process::Command;

/// A server that we can ask.
pub(super) struct Client {
    program: PathBuf,
    url: Url,
}

impl Client {
    pub(super) fn new(url: &str) -> Outcome<Self> {
        let program =
            programs::client().ok_or("MariaDB: install the client program `mariadb` or `mysql`")?;
        let url = Url::parse(url).ok_or("MariaDB: not a URL like `mysql://user@host/database`")?;
        Ok(Self { program, url })
    }

    /// The rows of a query, a line each.
    pub(super) fn ask(&self, sql: &str) -> Outcome<String> {
        let mut client = Command::new(&self.program);
        client.args(["--no-defaults", "--batch", "--skip-column-names"]);
        // A host that drops packets should not hold us up.
        client.arg("--connect-timeout=10");
        client.arg(format!("--user={}", self.url.user));
        match &self.url.socket {
            Some(socket) => client.arg(format!("--socket={socket}")),
            // A host by name would be taken for the socket.
            None => client.args([
                "--protocol=tcp".to_owned(),
                format!("--host={}", self.url.host),
                format!("--port={}", self.url.port),
            ]),
        };
        if let Some(password) = &self.url.password {
            // Not an argument, which other users of the machine could read.
            client.env("MYSQL_PWD", password);
        }
        command::read_quietly(client.args(["--execute", sql]))
    }

    pub(super) fn run(&self, sql: &str) -> Outcome {
        self.ask(sql).map(drop)
    }

    /// The URL of another database on this server.
    pub(super) fn url_of(&self, database: &str) -> String {
        self.url.with_database(database)
    }
}
