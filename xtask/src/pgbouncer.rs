//! `PgBouncer`: two private poolers in transaction mode before the database of the tests. What they are set to is what is tested, so none that runs
//! already is used.

mod private;
mod programs;
mod server;

use crate::Outcome;
use crate::apt::install;
use crate::cleanup::Cleanup;
use crate::postgres;
use crate::services::Made;
use private::{PORTS, Pooler};
use server::Server;

/// To tests: the pooler that doesn't track prepared statements.
pub(crate) const UNTRACKED: &str = "SQLX_CASCADE_PGBOUNCER_URL";

/// To tests: the one that does, where the version can.
pub(crate) const TRACKED: &str = "SQLX_CASCADE_PGBOUNCER_TRACKED_URL";

/// The first version that can track.
const TRACKS: (u32, u32) = (1, 21);

/// Starts the poolers.
pub(crate) fn start(cleanup: &mut Cleanup, made: &[Made]) -> Outcome<Vec<Made>> {
    private::end_leftovers();
    let database = made.iter().find(|(name, _)| name == postgres::VARIABLE);
    let (_, url) = database.ok_or("PgBouncer: there is no PostgreSQL to stand before")?;
    let server = Server::of(url)?;
    let program = programs::find().map_or_else(installed, Ok)?;
    let tracks = programs::version(&program)? >= TRACKS;
    let untracked = if tracks {
        "max_prepared_statements = 0"
    } else {
        ""
    };
    let tracked = tracks.then_some((TRACKED, "max_prepared_statements = 100"));
    if !tracks {
        say!("PgBouncer: this version tracks no prepared statements, so that is not tested");
    }
    let folder = private::folder(cleanup)?;
    let mut made = Vec::new();
    let poolers = [Some((UNTRACKED, untracked)), tracked];
    for (port, (variable, setting)) in PORTS.into_iter().zip(poolers.into_iter().flatten()) {
        let pooler = Pooler {
            program: &program,
            folder: &folder,
            server: &server,
            port,
            setting,
        };
        made.push((variable.to_owned(), private::start(&pooler, cleanup)?));
    }
    Ok(made)
}

fn installed() -> Outcome<std::path::PathBuf> {
    install("pgbouncer").map_err(|why| {
        format!(
            "PgBouncer: it is not there, and {why}: install it (`apt-get install pgbouncer`, `brew install pgbouncer`) \
             or run without it (`--no-pgbouncer`, not with CI=true)"
        )
    })?;
    programs::find().ok_or_else(|| "PgBouncer: the package has no `pgbouncer`".to_owned())
}
