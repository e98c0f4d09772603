//! Installing MariaDB, where that can be done without asking.

use super::{VARIABLE, programs};
use crate::Outcome;
use crate::apt::install;

/// Makes sure that there is a command line client.
pub(super) fn client() -> Outcome {
    if programs::client().is_some() {
        return Ok(());
    }
    install("mariadb-client")
        .map_err(|why| format!("MariaDB: no client program `mariadb`, and {why}: install it"))
}

/// Makes sure that there is a server to start.
pub(super) fn server() -> Outcome {
    install("mariadb-server").map_err(|why| {
        format!(
            "MariaDB: no server, and {why}: install one (`apt-get install mariadb-server`, `brew install mariadb`), \
             name one (`{VARIABLE}=mysql://user:password@host/database`) \
             or run without it (`--no-mysql`, not with CI=true)"
        )
    })
}
