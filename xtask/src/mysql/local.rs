//! A server that listens on this machine and lets us make databases.

use super::client::Client;
use super::url;
use std::path::Path;

/// Where distributions and the server's own default put the socket.
const SOCKETS: [&str; 3] = [
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];

/// The first one that works.
pub(super) fn find() -> Option<Client> {
    for place in places() {
        for user in users() {
            let url = format!("mysql://{user}@{place}");
            let client = Client::new(&url).ok()?;
            if may_make_databases(&client) {
                say!("MariaDB: uses the server at {url}");
                return Some(client);
            }
        }
    }
    None
}

fn may_make_databases(client: &Client) -> bool {
    let question = "SELECT count(*) FROM information_schema.user_privileges WHERE privilege_type = 'CREATE' \
                    AND replace(grantee, '''', '') = current_user()";
    client.ask(question).is_ok_and(|answer| answer == "1")
}

fn places() -> impl Iterator<Item = String> {
    let sockets = SOCKETS.into_iter().filter(|path| Path::new(path).exists());
    sockets
        .map(|path| format!("localhost?socket={}", url::encode(path)))
        .chain(["127.0.0.1:3306".to_owned()])
}

fn users() -> impl Iterator<Item = String> {
    let current = std::env::var("USER")
        .ok()
        .filter(|user| !user.is_empty() && user != "root");
    ["root".to_owned()]
        .into_iter()
        .chain(current.map(|user| url::encode(&user)))
}
