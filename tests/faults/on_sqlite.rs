//! SQLite: a file in WAL mode, so that two connections can look at it.

use std::fmt::Write as _;
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use sqlx::Sqlite;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::home::{Kind, Level, running};

/// A directory that goes with the test.
pub(crate) struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl Directory {
    pub(crate) fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.0.join("test.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(Duration::ZERO)
            .foreign_keys(true)
    }
}

impl Kind for Sqlite {
    type Place = Directory;

    type Brake = ();

    const SCHEMA: &'static str = include_str!("schema/sqlite.sql");

    const WRITE: &'static str = "BEGIN IMMEDIATE";

    const LEVELS: &'static [Level] = &[Level::Serializable];

    const ID: &'static str = "INTEGER PRIMARY KEY";

    fn watch(table: &str) -> String {
        let mut triggers = String::new();
        for kind in ["INSERT", "UPDATE", "DELETE"] {
            let _ = write!(
                triggers,
                "CREATE TRIGGER {table}_{kind} BEFORE {kind} ON {table} WHEN EXISTS (SELECT 1 FROM fault WHERE what = '{kind} {table}')
                BEGIN SELECT RAISE(ABORT, 'told to fail'); END;
                CREATE TRIGGER {table}_{kind}_late AFTER {kind} ON {table} WHEN EXISTS (SELECT 1 FROM fault WHERE what = 'COMMIT')
                BEGIN INSERT INTO broken VALUES (-1); END;
                CREATE TRIGGER {table}_{kind}_noted AFTER {kind} ON {table} WHEN EXISTS (SELECT 1 FROM fault WHERE what = 'note')
                BEGIN INSERT INTO fired VALUES ('{kind} {table}'); END;"
            );
        }
        triggers
    }

    /// A rowid begins at 1 in an empty table.
    fn restart(_: &[&str]) -> String {
        String::new()
    }

    fn often(_: &str, sql: &str) -> (String, String) {
        (String::new(), sql.to_owned())
    }

    async fn place() -> Option<Directory> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sqlx-cascade-faults-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a temporary directory");
        Some(Directory(directory))
    }

    fn pool(place: &Directory) -> sqlx::Pool<Self> {
        PoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(place.options())
    }

    /// The thread of a connection answers when it is done; often that is at once.
    async fn slow_pool(place: &Directory) -> sqlx::Pool<Self> {
        Self::pool(place)
    }

    /// A writer in the way is a conflict at once.
    async fn rivals(place: &Directory, _: Level) -> (sqlx::Pool<Self>, (), sqlx::Pool<Self>) {
        (Self::pool(place), (), Self::pool(place))
    }

    /// The steps are polls.
    async fn up_to<F: Future>(
        (): &mut (),
        mut future: Pin<&mut F>,
        step: usize,
    ) -> Option<F::Output> {
        let mut left = step;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            future.as_mut().poll(context).map(Some)
        })
        .await
    }

    fn resume((): &mut ()) {}

    async fn blocked(_: &sqlx::Pool<Self>) {
        std::future::pending::<()>().await;
    }

    running!();
}
