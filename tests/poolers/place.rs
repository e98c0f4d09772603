//! A database of its own for each test: what the statements of one leave on the pooler's connections, another doesn't meet.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::aside::aside;
use crate::models::SCHEMA;

/// A database, and the ways to it.
pub(crate) struct Place {
    name: String,
    server: PgConnectOptions,
    untracked: PgConnectOptions,
    tracked: Option<PgConnectOptions>,
}

impl Place {
    /// Makes the tables; `None` where there is no pooler.
    pub(crate) async fn open() -> Option<Self> {
        let (Some(server), Some(untracked)) = (
            named("SQLX_CASCADE_POSTGRES_URL"),
            named("SQLX_CASCADE_PGBOUNCER_URL"),
        ) else {
            let required = std::env::var("SQLX_CASCADE_REQUIRE").unwrap_or_default();
            assert!(
                !required.contains("pgbouncer"),
                "PgBouncer is required, and there is none"
            );
            println!("skipped: there is no PgBouncer");
            return None;
        };
        let place = Self {
            name: stamped(),
            server,
            untracked,
            tracked: named("SQLX_CASCADE_PGBOUNCER_TRACKED_URL"),
        };
        let create = format!("CREATE DATABASE {} TEMPLATE template0", place.name);
        let mut connection = PgConnection::connect_with(&place.server).await.unwrap();
        run(&mut connection, create).await.unwrap();
        let mut connection = PgConnection::connect_with(&place.direct()).await.unwrap();
        run(&mut connection, SCHEMA.to_owned()).await.unwrap();
        connection.close().await.unwrap();
        Some(place)
    }

    /// To the server itself.
    pub(crate) fn direct(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// Through the pooler that tracks no statements.
    pub(crate) fn untracked(&self) -> PgConnectOptions {
        self.untracked.clone().database(&self.name)
    }

    /// Through the one that does; `None` where the version of `PgBouncer` can't.
    pub(crate) fn tracked(&self) -> Option<PgConnectOptions> {
        let tracked = self.tracked.clone();
        if tracked.is_none() {
            println!("skipped: this PgBouncer tracks no statements");
        }
        Some(tracked?.database(&self.name))
    }

    /// The first column of a query's rows, read from the server itself.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let mut connection = PgConnection::connect_with(&self.direct()).await.unwrap();
        texts(&mut connection, query).await
    }
}

/// A client of one connection.
pub(crate) fn client(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options)
}

/// The first column of a query's rows.
#[expect(
    clippy::disallowed_methods,
    reason = "databases and tables are the tests' own"
)]
pub(crate) async fn texts(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned()))
        .fetch_all(connection)
        .await
        .unwrap();
    rows.iter().map(|row| row.get_unchecked(0)).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "databases and tables are the tests' own"
)]
async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    query.execute(connection).await.map(drop)
}

fn named(variable: &str) -> Option<PgConnectOptions> {
    let url = std::env::var(variable).ok()?;
    Some(url.parse().expect("a URL of PostgreSQL"))
}

/// Named like those of `cargo xtask test`, which removes what a run that was killed leaves behind.
fn stamped() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let number = now.unwrap().as_secs() + NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("sqlx_cascade_test_{}_{number}", process::id())
}

impl Drop for Place {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        let drop_database = async move {
            let mut connection = PgConnection::connect_with(&server).await?;
            // The pooler's connections stay open.
            run(
                &mut connection,
                format!("DROP DATABASE {name} WITH (FORCE)"),
            )
            .await
        };
        aside(&format!("the database {}", self.name), drop_database);
    }
}
