//! PostgreSQL: a schema for each test, on the server that the environment names.

use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{Connection as _, Postgres};

use crate::home::{Kind, running};
use crate::proxy::Proxy;

/// A schema that goes with the test.
pub(crate) struct Schema {
    name: String,
    server: PgConnectOptions,
}

impl Schema {
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.server.clone().options([
            ("search_path", self.name.as_str()),
            ("synchronous_commit", "off"),
        ])
    }

    /// Waits until no server process of this test is busy with what it was sent.
    pub(crate) async fn settled(&self, observer: &sqlx::Pool<Postgres>) {
        let busy = format!(
            "SELECT 'busy' FROM pg_stat_activity WHERE application_name = '{}' AND pid <> pg_backend_pid() AND state <> 'idle'",
            self.name
        );
        let mut connection = observer.acquire().await.expect("a connection");
        while !Postgres::texts_on(&mut connection, &busy)
            .await
            .expect("the activity")
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Schema {
    /// On a thread of its own: the test may have failed, and its runtime may be stuck.
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        let drop_schema = async move {
            let mut connection = PgConnection::connect_with(&server).await?;
            let others = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}' AND pid <> pg_backend_pid()"
            );
            Postgres::run_on(&mut connection, &others).await?;
            Postgres::run_on(&mut connection, &format!("DROP SCHEMA \"{name}\" CASCADE")).await
        };
        let dropped = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(drop_schema)
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("the schema {} is left behind", self.name);
        }
    }
}

impl Kind for Postgres {
    type Place = Schema;

    const SCHEMA: &'static str = include_str!("schema/postgres.sql");

    const WRITE: &'static str = "BEGIN";

    const EMPTY: &'static str = "
        DELETE FROM fault; DELETE FROM notes; DELETE FROM desks; DELETE FROM pictures; DELETE FROM profiles; DELETE FROM users;
        SELECT setval(pg_get_serial_sequence(name, 'id'), 1, false)
        FROM unnest(ARRAY['notes', 'desks', 'pictures', 'profiles', 'users']) AS name;";

    async fn place() -> Option<Schema> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let Ok(url) = std::env::var("SQLX_CASCADE_POSTGRES_URL") else {
            let required = std::env::var("SQLX_CASCADE_REQUIRE").unwrap_or_default();
            assert!(
                !required.contains("postgres"),
                "SQLX_CASCADE_POSTGRES_URL is not set"
            );
            println!("skipped: SQLX_CASCADE_POSTGRES_URL is not set");
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("faults_{}_{number}", std::process::id());
        let server: PgConnectOptions = url.parse().expect("a URL of a PostgreSQL server");
        let server = server.ssl_mode(PgSslMode::Disable).application_name(&name);
        let mut connection = PgConnection::connect_with(&server)
            .await
            .expect("a connection to PostgreSQL");
        Postgres::run_on(&mut connection, &format!("CREATE SCHEMA \"{name}\""))
            .await
            .expect("a schema");
        connection.close().await.expect("a connection that closes");
        Some(Schema { name, server })
    }

    fn pool(place: &Schema) -> sqlx::Pool<Self> {
        PoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(place.options())
    }

    /// Its messages are carried by the thread that polls.
    async fn slow_pool(place: &Schema) -> sqlx::Pool<Self> {
        Proxy::new(place.options()).await.pool
    }

    running!();
}
