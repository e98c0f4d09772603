//! Connection URLs, as sqlx reads them: `mysql://user:password@host:port/database?socket=/path`.

/// A URL, taken apart.
pub(super) struct Url {
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) socket: Option<String>,
    /// Everything before the database, as it was written.
    address: String,
    query: String,
}

impl Url {
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, rest) = address.split_once("://")?;
        if !matches!(scheme, "mysql" | "mariadb") {
            return None;
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (user, place) = authority.rsplit_once('@').unwrap_or(("root", authority));
        let (user, password) = match user.split_once(':') {
            Some((user, password)) => (user, Some(decode(password))),
            None => (user, None),
        };
        let (host, port) = place.rsplit_once(':').unwrap_or((place, "3306"));
        let socket = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("socket="));
        Some(Self {
            user: decode(user),
            password,
            host: if host.is_empty() { "127.0.0.1" } else { host }.to_owned(),
            port: port.to_owned(),
            socket: socket.map(decode),
            address: format!("{scheme}://{authority}"),
            query: query.to_owned(),
        })
    }

    /// The URL of another database on the same server.
    pub(super) fn with_database(&self, database: &str) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}/{database}{mark}{}", self.address, self.query)
    }
}

/// The part of a URL that holds any text.
pub(super) fn encode(text: &str) -> String {
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

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| byte == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        if let Some(code) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(code);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Url, decode, encode};

    #[test]
    fn a_url_is_taken_apart() {
        let url = Url::parse("mysql://me:a%40b@host:3307/one?ssl-mode=disabled").unwrap();
        assert_eq!((&*url.user, &*url.host, &*url.port), ("me", "host", "3307"));
        assert_eq!(url.password.as_deref(), Some("a@b"));
        assert_eq!(
            url.with_database("two"),
            "mysql://me:a%40b@host:3307/two?ssl-mode=disabled"
        );
        let url = Url::parse("mysql://root@localhost?socket=%2Ftmp%2Fs").unwrap();
        assert_eq!(url.socket.as_deref(), Some("/tmp/s"));
        assert_eq!(
            url.with_database("two"),
            "mysql://root@localhost/two?socket=%2Ftmp%2Fs"
        );
        assert!(Url::parse("postgres://host").is_none());
    }

    #[test]
    fn any_text_is_part_of_a_url() {
        assert_eq!(encode("/var/run"), "%2Fvar%2Frun");
        assert_eq!(decode(&encode("ä/%@")), "ä/%@");
    }
}
