//! The server behind a pooler, as `PgBouncer` is told.

use crate::Outcome;

/// Where it is, and who connects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    host: String,
    port: String,
    user: String,
    password: String,
    /// The one that tests are told.
    pub(super) database: String,
}

impl Server {
    /// From a URL, in the forms in which `url` makes them and a person may name a server.
    pub(super) fn of(url: &str) -> Outcome<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = address.split_once('/').unwrap_or((address, ""));
        let (who, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        let (host, port) = place.rsplit_once(':').unwrap_or((place, ""));
        let mut server = Self {
            host: decoded(host)?,
            port: port.to_owned(),
            user: decoded(user)?,
            password: decoded(password)?,
            database: decoded(database)?,
        };
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "host" | "hostaddr" => server.host = decoded(value)?,
                "port" => value.clone_into(&mut server.port),
                "user" => server.user = decoded(value)?,
                "password" => server.password = decoded(value)?,
                "dbname" => server.database = decoded(value)?,
                _ => {}
            }
        }
        let password = || std::env::var("PGPASSWORD").unwrap_or_default();
        for (part, usual) in [
            (&mut server.host, "localhost".to_owned()),
            (&mut server.port, "5432".to_owned()),
            (&mut server.user, "postgres".to_owned()),
            (&mut server.password, password()),
        ] {
            if part.is_empty() {
                *part = usual;
            }
        }
        Ok(server)
    }

    /// As a line of the section `[databases]`: all names, each before the database of that name.
    pub(super) fn line(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let mut line = format!(
            "* = host={} port={} user={}",
            quoted(&self.host),
            self.port,
            quoted(&self.user)
        );
        if !self.password.is_empty() {
            line.push_str(" password=");
            line.push_str(&quoted(&self.password));
        }
        line
    }
}

/// Without the codes of a URL.
fn decoded(text: &str) -> Outcome<String> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.ok_or_else(|| format!("`%{part}` is no part of a URL"))?);
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Server;

    #[test]
    fn a_server_is_told_as_it_was_named() {
        let line = |url| Server::of(url).map(|server| (server.line(), server.database));
        for (url, told, database) in [
            (
                "postgres://u:p%27w@h:1/d",
                "* = host='h' port=1 user='u' password='p''w'",
                "d",
            ),
            (
                "postgres://postgres@%2Fvar%2Frun:5432/d?sslmode=disable",
                "* = host='/var/run' port=5432 user='postgres'",
                "d",
            ),
            (
                "postgres:///d?host=/run&user=u",
                "* = host='/run' port=5432 user='u'",
                "d",
            ),
        ] {
            assert_eq!(line(url), Ok((told.to_owned(), database.to_owned())));
        }
        assert!(line("postgres://u%zz@h/d").is_err());
    }
}
