//! Connection URLs, as sqlx and `psql` read them.

/// The URL of another database on the same server.
pub(super) fn with_database(url: &str, database: &str) -> String {
    let (address, query) = split(url);
    let start = address.find("://").map_or(0, |at| at + 3);
    let end = address[start..]
        .find('/')
        .map_or(address.len(), |at| start + at);
    join(
        &format!("{}/{database}", &address[..end]),
        query,
        &["dbname"],
    )
}

/// Whether the URL names a database.
pub(super) fn has_database(url: &str) -> bool {
    let (address, query) = split(url);
    let path = address
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .split_once('/')
        .map_or("", |(_, path)| path);
    !path.is_empty() || query.split('&').any(|pair| pair.starts_with("dbname="))
}

/// Without what only sqlx understands.
pub(super) fn for_psql(url: &str) -> String {
    let (address, query) = split(url);
    join(address, query, &["statement-cache-capacity"])
}

/// The part of a URL that names a host or a directory with a socket.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let code = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(code).collect()
}

fn split(url: &str) -> (&str, &str) {
    url.split_once('?').unwrap_or((url, ""))
}

fn join(address: &str, query: &str, without: &[&str]) -> String {
    let keep = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default();
        !key.is_empty() && !without.contains(&key)
    };
    let query: Vec<_> = query.split('&').filter(keep).collect();
    if query.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::{encode, for_psql, has_database, with_database};

    #[test]
    fn the_database_is_replaced() {
        for (url, other) in [
            ("postgres://u:p@h:5432/a", "postgres://u:p@h:5432/b"),
            ("postgres://h", "postgres://h/b"),
            (
                "postgres:///a?host=/run&dbname=c",
                "postgres:///b?host=/run",
            ),
            (
                "postgresql://u@%2Frun:5432/?sslmode=disable",
                "postgresql://u@%2Frun:5432/b?sslmode=disable",
            ),
        ] {
            assert_eq!(with_database(url, "b"), other);
        }
    }

    #[test]
    fn a_url_may_name_no_database() {
        assert!(has_database("postgres://h/a"));
        assert!(has_database("postgres://h?dbname=a"));
        assert!(!has_database("postgres://h?host=/run"));
        assert!(!has_database("postgres://h/?host=/run"));
    }

    #[test]
    fn psql_gets_what_it_understands() {
        let url = "postgres://h/a?statement-cache-capacity=1&sslmode=disable";
        assert_eq!(for_psql(url), "postgres://h/a?sslmode=disable");
        assert_eq!(encode("/var/run"), "%2Fvar%2Frun");
    }
}
