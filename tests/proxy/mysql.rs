//! The messages of MySQL and MariaDB: a length of three bytes, a number, a body. A command has the number 0.

use sqlx::MySql;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use tokio::net::TcpStream;

use crate::proxy::{PARSE, Says, Told, Wired, by_socket, halves, more};

/// The commands that run something.
const QUERY: u8 = 3;
const PREPARE: u8 = 22;
const EXECUTE: u8 = 23;

impl Wired for MySql {
    /// A socket can't be taken back from options, so they are made anew then. What is encrypted can't be read.
    fn through(server: &MySqlConnectOptions, port: u16) -> MySqlConnectOptions {
        let options = if server.get_socket().is_none() {
            server.clone()
        } else {
            MySqlConnectOptions::new()
                .username(server.get_username())
                .database(server.get_database().unwrap_or_default())
        };
        let options = options.ssl_mode(MySqlSslMode::Disabled);
        options.host("127.0.0.1").port(port)
    }

    async fn reach(server: &MySqlConnectOptions) -> std::io::Result<(Says, Told)> {
        if let Some(socket) = server.get_socket() {
            return by_socket(socket).await;
        }
        let stream = TcpStream::connect((server.get_host(), server.get_port())).await?;
        Ok(halves(stream))
    }

    /// What sets up a connection is no part of an operation.
    async fn request(client: &mut Says, _: bool) -> Option<(Vec<u8>, Option<String>)> {
        let packet = packet(client).await?;
        let what = match (packet[3], packet.get(4)) {
            (0, Some(&QUERY)) => Some(String::from_utf8_lossy(&packet[5..]).into_owned()),
            (0, Some(&PREPARE)) => Some(PARSE.to_owned()),
            (0, Some(&EXECUTE)) => Some("Execute".to_owned()),
            _ => None,
        };
        let what = what.filter(|what| !what.starts_with("SET "));
        Some((packet, what))
    }

    /// Each command.
    fn is_answered(_: &[u8]) -> bool {
        true
    }

    /// An answer is one packet, OK or an error; or the number of columns, these, the rows, and the packet behind them, which begins as no
    /// row does.
    async fn answer(server: &mut Says, is_first: bool) -> Option<(Vec<u8>, bool)> {
        let packet = packet(server).await?;
        let kind = packet.get(4).copied().unwrap_or_default();
        let ends = match kind {
            0xff => true,
            0xfe => !is_first,
            0 => is_first,
            _ => false,
        };
        Some((packet, ends))
    }
}

async fn packet(says: &mut Says) -> Option<Vec<u8>> {
    let mut packet = Vec::new();
    more(says, &mut packet, 4).await?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
    more(says, &mut packet, length as usize).await?;
    Some(packet)
}
