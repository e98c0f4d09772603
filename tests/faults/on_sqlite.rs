//! SQLite: a file in WAL mode, so that two connections can look at it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::Sqlite;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::home::{Kind, running};

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

    const SCHEMA: &'static str = include_str!("schema/sqlite.sql");

    const WRITE: &'static str = "BEGIN IMMEDIATE";

    const EMPTY: &'static str = "DELETE FROM fault; DELETE FROM notes; DELETE FROM desks; DELETE FROM pictures; DELETE FROM profiles; DELETE FROM users;";

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

    running!();
}
