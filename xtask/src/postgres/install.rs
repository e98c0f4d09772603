//! Installing PostgreSQL, where that can be done without asking.

use super::{VARIABLE, programs};
use crate::Outcome;
use crate::apt::install;

/// Makes sure that there is a `psql`.
pub(super) fn client() -> Outcome {
    if programs::find("psql").is_some() {
        return Ok(());
    }
    install("postgresql-client")
        .map_err(|why| format!("PostgreSQL: no client program `psql`, and {why}: install it"))
}

/// Makes sure that there is a server to start.
pub(super) fn server() -> Outcome {
    install("postgresql").map_err(|why| {
        format!(
            "PostgreSQL: no server, and {why}: install one (`apt-get install postgresql`, `brew install postgresql`), \
             name one (`{VARIABLE}=postgres://user:password@host/database`) \
             or run without it (`--no-postgres`, not with CI=true)"
        )
    })
}
