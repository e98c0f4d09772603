//! SQLite, in a file of its own, with a write-ahead log.

mod expert;

mod rows {
    use sqlx::{Row as _, SqliteConnection};

    use crate::by_hand::rows::row_by_row;

    row_by_row!(
        SqliteConnection,
        "BEGIN IMMEDIATE",
        std::convert::identity,
        |query, connection| query.fetch_one(connection).await?.try_get(0)?
    );
}

use std::path::{Path, PathBuf};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use futures_core::future::LocalBoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Executor as _};

use crate::contender::{Contender as _, Outcome, Runner};
use crate::database::{DUMPS, Database, OTHERS, TAGS};
use crate::ours::Ours;
use crate::peers::diesel::sqlite::Diesel;
use crate::peers::seaorm::SeaOrm;
use crate::plain;
use expert::Expert;

struct Sqlite {
    contenders: Vec<Box<dyn Runner>>,
    /// Reads and prepares.
    aside: Expert,
    file: PathBuf,
}

pub async fn open() -> Outcome<Option<Box<dyn Database>>> {
    let name = format!("cascade-benches-{}.db", std::process::id());
    let file = std::env::temp_dir().join(name);
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let mut aside = options.connect().await?;
    aside.execute(include_str!("sqlite/schema.sql")).await?;
    Ok(Some(Box::new(Sqlite {
        contenders: vec![
            Box::new(Expert(options.connect().await?)),
            Box::new(Ours(options.connect().await?)),
            Box::new(rows::Rows(options.connect().await?)),
            Box::new(SeaOrm::connect::<sqlx::Sqlite>(options).await?),
            Box::new(Diesel(in_diesel(&file)?)),
        ],
        aside: Expert(aside),
        file,
    })))
}

/// With what sqlx sets for a connection.
fn in_diesel(file: &Path) -> Outcome<diesel::SqliteConnection> {
    let file = file.to_str().ok_or("the path of the file is no text")?;
    let mut connection = diesel::SqliteConnection::establish(file)?;
    connection.batch_execute(
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000",
    )?;
    Ok(connection)
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let mut name = self.file.clone().into_os_string();
            name.push(end);
            drop(std::fs::remove_file(name));
        }
    }
}

impl Database for Sqlite {
    fn title(&self) -> &'static str {
        "SQLite, file"
    }

    fn contenders(&mut self) -> &mut [Box<dyn Runner>] {
        &mut self.contenders
    }

    fn seed(&mut self, posts: usize) -> LocalBoxFuture<'_, Outcome<i64>> {
        Box::pin(async move { Ok(self.aside.insert(plain::user(posts)).await?.id) })
    }

    fn reset(&mut self) -> LocalBoxFuture<'_, Outcome> {
        Box::pin(async move {
            // A rowid begins at 1 in an empty table.
            let empty = "DELETE FROM album_tags; DELETE FROM albums; DELETE FROM tags; DELETE FROM nodes; DELETE FROM users";
            sqlx::raw_sql(empty).execute(&mut self.aside.0).await?;
            let tags = "INSERT INTO tags WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?) SELECT id, 'tag ' || id FROM n";
            sqlx::query(tags)
                .bind(TAGS)
                .execute(&mut self.aside.0)
                .await?;
            for text in OTHERS {
                self.aside.0.execute(text).await?;
            }
            Ok(())
        })
    }

    fn dump(&mut self) -> LocalBoxFuture<'_, Outcome<Vec<String>>> {
        Box::pin(async move {
            let mut rows = Vec::new();
            for text in DUMPS {
                rows.extend(
                    sqlx::query_scalar(text)
                        .fetch_all(&mut self.aside.0)
                        .await?,
                );
            }
            Ok(rows)
        })
    }
}
