//! SQLite: a file for each test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Pool, Row as _, Sqlite};
use sqlx_cascade::Persistent;

use crate::models::User;
use crate::support::Base;

/// A directory with the database, and how many transactions were committed.
pub(crate) struct Home {
    directory: PathBuf,
    commits: Arc<AtomicUsize>,
}

impl Base for Sqlite {
    const SERVICE: &'static str = "sqlite";
    /// Without AUTOINCREMENT, the key of a row that was deleted is used again.
    const ID: &'static str = "INTEGER PRIMARY KEY AUTOINCREMENT";
    const FUNCTIONS: &'static str = "";
    const LISTS: bool = true;
    const READ: usize = 32_766;

    const LOCKS: bool = false;

    const IMPATIENT: &'static str = "PRAGMA busy_timeout = 0";

    type Home = Home;

    async fn open() -> Option<(Home, Pool<Self>)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sqlx-cascade-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("a directory for the database");
        let home = Home {
            directory,
            commits: Arc::default(),
        };
        let pool = Self::pool(&home, PoolOptions::new().max_connections(4)).await;
        Some((home, pool))
    }

    async fn pool(home: &Home, options: PoolOptions<Self>) -> Pool<Self> {
        let connect = SqliteConnectOptions::new()
            .filename(home.directory.join("db"))
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(Duration::from_mins(1));
        let commits = home.commits.clone();
        let options = options.after_connect(move |connection, _| {
            let commits = commits.clone();
            Box::pin(async move {
                let committed = move || {
                    commits.fetch_add(1, Ordering::Relaxed);
                    true
                };
                connection.lock_handle().await?.set_commit_hook(committed);
                Ok(())
            })
        });
        options.connect_with(connect).await.expect("SQLite")
    }

    fn commits(home: &Home, _: &[String]) -> usize {
        home.commits.swap(0, Ordering::Relaxed)
    }

    async fn close(home: Home) {
        std::fs::remove_dir_all(home.directory).expect("the database's directory");
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "schemas and tables are the tests' own"
    )]
    async fn plain(pool: &Pool<Self>, sql: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(pool)
            .await
            .map(drop)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "schemas and tables are the tests' own"
    )]
    async fn column_of_texts(pool: &Pool<Self>, sql: String) -> Vec<String> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(pool)
            .await
            .expect("a query");
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn users(pool: &Pool<Self>) -> Vec<Persistent<User>> {
        let query = sqlx::query_as("SELECT 1 AS other, name, id FROM users ORDER BY id");
        query.fetch_all(pool).await.expect("the users")
    }

    fn columns(table: &str) -> String {
        let quoted = "'\"' || replace(name, '\"', '\"\"') || '\"'";
        format!(
            "SELECT 'CASE typeof(' || {quoted} || ') WHEN ''blob'' THEN lower(hex(' || {quoted} || ')) ELSE CAST(' || {quoted} || ' AS TEXT) END' \
             FROM pragma_table_info('{}') ORDER BY cid",
            table.replace('\'', "''")
        )
    }
}
