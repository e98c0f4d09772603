//! The messages of PostgreSQL: a type, a length, a body; the first of the client has no type.

use sqlx::Postgres;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::net::TcpStream;

use crate::proxy::{PARSE, Says, Told, Wired, by_socket, halves, more};

impl Wired for Postgres {
    /// A socket can't be taken back from options, so they are made anew then. What is encrypted can't be read.
    fn through(server: &PgConnectOptions, port: u16) -> PgConnectOptions {
        let options = if server.get_socket().is_none() {
            server.clone()
        } else {
            let given = server.get_options().unwrap_or_default();
            // Spaces are escaped in what is given, and would be once more.
            let given = given.replace("\\ ", " ");
            let settings = given
                .split("-c ")
                .filter_map(|setting| setting.trim().split_once('='));
            let options = PgConnectOptions::new()
                .username(server.get_username())
                .database(server.get_database().unwrap_or_default())
                .application_name(server.get_application_name().unwrap_or_default());
            // A pooler refuses the parameter, also where nothing is set by it.
            if given.is_empty() {
                options
            } else {
                options.options(settings)
            }
        };
        let options = options.ssl_mode(PgSslMode::Disable);
        options.host("127.0.0.1").port(port)
    }

    async fn reach(server: &PgConnectOptions) -> std::io::Result<(Says, Told)> {
        if let Some(directory) = server.get_socket() {
            let name = format!(".s.PGSQL.{}", server.get_port());
            return by_socket(&directory.join(name)).await;
        }
        let stream = TcpStream::connect((server.get_host(), server.get_port())).await?;
        Ok(halves(stream))
    }

    async fn request(client: &mut Says, is_first: bool) -> Option<(Vec<u8>, Option<String>)> {
        let message = message(client, usize::from(!is_first)).await?;
        let what = if is_first { None } else { running(&message) };
        Some((message, what))
    }

    /// A query by itself, and the end of a sequence of messages.
    fn is_answered(message: &[u8]) -> bool {
        matches!(message[0], b'Q' | b'S')
    }

    /// An answer ends with the message that says that the server is ready.
    async fn answer(server: &mut Says, _: bool) -> Option<(Vec<u8>, bool)> {
        let message = message(server, 1).await?;
        let ends = message[0] == b'Z';
        Some((message, ends))
    }
}

/// A message whose length stands there.
async fn message(says: &mut Says, place: usize) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    more(says, &mut message, place + 4).await?;
    let mut length = [0; 4];
    length.copy_from_slice(&message[place..]);
    more(says, &mut message, u32::from_be_bytes(length) as usize - 4).await?;
    Some(message)
}

/// What a message runs, if it does.
fn running(message: &[u8]) -> Option<String> {
    match message[0] {
        b'Q' => Some(String::from_utf8_lossy(&message[5..message.len() - 1]).into_owned()),
        b'P' => Some(PARSE.to_owned()),
        b'E' => Some("Execute".to_owned()),
        _ => None,
    }
}
