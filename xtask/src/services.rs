//! The databases that tests run on.
//!
//! To add one: a file beside `postgres.rs` with a `start`, and its line in [`ALL`].

use crate::Outcome;
use crate::cleanup::Cleanup;
use crate::{mysql, postgres};

/// A database server that tests need.
pub(crate) struct Service {
    /// Its name in `SQLX_CASCADE_REQUIRE` and in `--no-NAME`.
    pub(crate) name: &'static str,
    /// For the reader.
    pub(crate) title: &'static str,
    /// The environment variable that tells tests its URL, and in which a person can name a server.
    pub(crate) variable: &'static str,
    /// Makes an empty database and returns its URL. What it made is undone by the cleanup.
    pub(crate) start: fn(&mut Cleanup) -> Outcome<String>,
}

/// All of them.
pub(crate) const ALL: &[Service] = &[
    Service {
        name: "postgres",
        title: "PostgreSQL",
        variable: postgres::VARIABLE,
        start: postgres::start,
    },
    Service {
        name: "mysql",
        title: "MariaDB or MySQL",
        variable: mysql::VARIABLE,
        start: mysql::start,
    },
];

/// With a value other than the empty one, servers that listen locally are passed over: a private one is started.
pub(crate) const SKIP_LOCAL: &str = "SQLX_CASCADE_SKIP_LOCAL";

/// An environment variable that isn't empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The services that the flags leave, and the arguments that are not ours.
pub(crate) fn choose(arguments: &[String]) -> (Vec<&'static Service>, Vec<&String>) {
    let flag = |service: &Service| format!("--no-{}", service.name);
    let chosen = ALL
        .iter()
        .filter(|service| !arguments.contains(&flag(service)))
        .collect();
    let is_ours = |argument: &String| ALL.iter().any(|service| *argument == flag(service));
    let rest = arguments
        .iter()
        .filter(|argument| !is_ours(argument))
        .collect();
    (chosen, rest)
}
