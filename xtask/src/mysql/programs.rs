//! Where the programs of MariaDB and MySQL are.

use crate::command;
use std::path::PathBuf;

/// Folders beside those of PATH, in the packages of Debian, Red Hat and Homebrew.
const INSTALLED: [&str; 7] = [
    "/usr/sbin",
    "/usr/bin",
    "/usr/libexec",
    "/opt/homebrew/opt/mariadb/bin",
    "/opt/homebrew/opt/mysql/bin",
    "/usr/local/opt/mariadb/bin",
    "/usr/local/opt/mysql/bin",
];

/// The command line client.
pub(super) fn client() -> Option<PathBuf> {
    find("mariadb").or_else(|| find("mysql"))
}

/// The server.
pub(super) fn server() -> Option<PathBuf> {
    find("mariadbd").or_else(|| find("mysqld"))
}

/// What makes the files of a new server; MySQL's server does it by itself.
pub(super) fn installer() -> Option<PathBuf> {
    find("mariadb-install-db")
}

fn find(name: &str) -> Option<PathBuf> {
    command::find(name, &INSTALLED)
}
