//! The databases that tests run on, and the poolers before them.
//!
//! To add one: a file beside `postgres.rs` with a `start`, and its line in [`ALL`].

use crate::Outcome;
use crate::cleanup::Cleanup;
use crate::{mysql, pgbouncer, postgres};

/// A server that tests need.
pub(crate) struct Service {
    /// Its name in `SQLX_CASCADE_REQUIRE` and in `--no-NAME`.
    pub(crate) name: &'static str,
    /// For the reader.
    pub(crate) title: &'static str,
    /// The environment variables that tell tests URLs. In that of a database a person can name a server.
    pub(crate) variables: &'static [&'static str],
    /// Of a pooler: the variable of the database that it stands before, without which it is left out.
    pub(crate) before: Option<&'static str>,
    /// Makes an empty database, or starts a pooler, with what is made so far. What it made is undone by the cleanup.
    pub(crate) start: fn(&mut Cleanup, &[Made]) -> Outcome<Vec<Made>>,
}

/// A variable, and the URL of what was made for it.
pub(crate) type Made = (String, String);

/// All of them.
pub(crate) const ALL: &[Service] = &[
    Service {
        name: "postgres",
        title: "PostgreSQL",
        variables: &[postgres::VARIABLE],
        before: None,
        start: postgres::start,
    },
    Service {
        name: "mysql",
        title: "MariaDB or MySQL",
        variables: &[mysql::VARIABLE],
        before: None,
        start: mysql::start,
    },
    Service {
        name: "pgbouncer",
        title: "PgBouncer",
        variables: &[pgbouncer::UNTRACKED, pgbouncer::TRACKED],
        before: Some(postgres::VARIABLE),
        start: pgbouncer::start,
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
    let is_left_out = |service: &Service| {
        let mut before = ALL.iter().filter(|other| {
            let variable = service.before.as_ref();
            variable.is_some_and(|variable| other.variables.contains(variable))
        });
        arguments.contains(&flag(service)) || before.any(|other| arguments.contains(&flag(other)))
    };
    let chosen = ALL.iter().filter(|service| !is_left_out(service)).collect();
    let is_ours = |argument: &String| ALL.iter().any(|service| *argument == flag(service));
    let rest = arguments
        .iter()
        .filter(|argument| !is_ours(argument))
        .collect();
    (chosen, rest)
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn a_pooler_goes_with_its_database() {
        let chosen = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
            let (services, rest) = choose(&arguments);
            let names: Vec<_> = services.iter().map(|service| service.name).collect();
            (names.join(" "), rest.len())
        };
        assert_eq!(chosen(&["--test"]), ("postgres mysql pgbouncer".into(), 1));
        assert_eq!(chosen(&["--no-pgbouncer"]), ("postgres mysql".into(), 0));
        assert_eq!(chosen(&["--no-postgres", "--lib"]), ("mysql".into(), 1));
    }
}
