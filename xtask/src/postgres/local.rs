//! A server that listens on this machine and lets us make databases.

use super::client::Client;
use super::url;
use std::path::Path;

/// Where distributions and the server's own default put the socket.
const SOCKETS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

const PORT: u16 = 5432;

/// The first one that works. A password comes from `PGPASSWORD`, which `psql` and sqlx both read.
pub(super) fn find() -> Option<Client> {
    for host in hosts() {
        for user in users() {
            let url = format!("postgres://{user}@{host}:{PORT}");
            let client = Client::new(url.clone()).ok()?;
            if may_make_databases(&client) {
                say!("PostgreSQL: uses the server at {url}");
                return Some(client);
            }
        }
    }
    None
}

fn may_make_databases(client: &Client) -> bool {
    let question = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user";
    client.ask(question).is_ok_and(|answer| answer == "t")
}

fn hosts() -> Vec<String> {
    let socket = |directory: &&str| {
        Path::new(directory)
            .join(format!(".s.PGSQL.{PORT}"))
            .exists()
    };
    let sockets = SOCKETS.into_iter().filter(socket).map(url::encode);
    sockets.chain(["127.0.0.1".to_owned()]).collect()
}

fn users() -> impl Iterator<Item = String> {
    let current = std::env::var("USER")
        .ok()
        .filter(|user| !user.is_empty() && user != "postgres");
    ["postgres".to_owned()]
        .into_iter()
        .chain(current.map(|user| url::encode(&user)))
}
