//! How operations run.

use sqlx::Postgres;
use sqlx_cascade::{Db, Unnamed};

/// A way to run an operation on something.
pub(crate) trait Way: 'static {
    fn on<'d>(db: impl Db<Backend = Postgres> + 'd) -> impl Db<Backend = Postgres> + 'd;
}

/// As everywhere else.
pub(crate) struct Plain;

impl Way for Plain {
    fn on<'d>(db: impl Db<Backend = Postgres> + 'd) -> impl Db<Backend = Postgres> + 'd {
        db
    }
}

/// By statements without names.
pub(crate) struct Nameless;

impl Way for Nameless {
    fn on<'d>(db: impl Db<Backend = Postgres> + 'd) -> impl Db<Backend = Postgres> + 'd {
        Unnamed(db)
    }
}
