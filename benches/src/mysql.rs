//! MariaDB or MySQL, on the server that `cargo xtask bench` names.

mod expert;

mod rows {
    use sqlx::{MySql, MySqlConnection, QueryBuilder, SqlStr};

    use crate::by_hand::rows::row_by_row;

    row_by_row!(MySqlConnection, "BEGIN", in_mysql, |query, connection| {
        i64::try_from(query.execute(connection).await?.last_insert_id())?
    });

    /// Both servers say the key that they drew; only one of them knows RETURNING.
    fn in_mysql(text: &'static str) -> SqlStr {
        let text = text.trim_end_matches(" RETURNING id");
        let text = text.replace("$1", "?").replace("$2", "?");
        QueryBuilder::<MySql>::new(text).into_sql()
    }
}

use futures_core::future::LocalBoxFuture;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};

use crate::contender::{Contender as _, Outcome, Runner};
use crate::database::{DUMPS, Database, OTHERS, TAGS};
use crate::ours::Ours;
use crate::plain;
use expert::Expert;

const VARIABLE: &str = "SQLX_CASCADE_MYSQL_URL";

struct MySql {
    title: String,
    contenders: Vec<Box<dyn Runner>>,
    /// Reads and prepares.
    aside: Expert,
}

pub async fn open() -> Outcome<Option<Box<dyn Database>>> {
    let Ok(url) = std::env::var(VARIABLE) else {
        eprintln!("MariaDB is left out: {VARIABLE} names no server");
        return Ok(None);
    };
    let options: MySqlConnectOptions = url.parse()?;
    let mut aside = options.connect().await?;
    aside.execute(include_str!("mysql/schema.sql")).await?;
    let version: String = sqlx::query_scalar("SELECT version()")
        .fetch_one(&mut aside)
        .await?;
    let product = if version.contains("MariaDB") {
        "MariaDB"
    } else {
        "MySQL"
    };
    Ok(Some(Box::new(MySql {
        title: format!("{product}, loopback"),
        contenders: vec![
            Box::new(Expert(options.connect().await?)),
            Box::new(Ours(options.connect().await?)),
            Box::new(rows::Rows(options.connect().await?)),
        ],
        aside: Expert(aside),
    })))
}

impl Database for MySql {
    fn title(&self) -> &str {
        &self.title
    }

    fn contenders(&mut self) -> &mut [Box<dyn Runner>] {
        &mut self.contenders
    }

    fn seed(&mut self, posts: usize) -> LocalBoxFuture<'_, Outcome<i64>> {
        Box::pin(async move { Ok(self.aside.insert(plain::user(posts)).await?.id) })
    }

    fn reset(&mut self) -> LocalBoxFuture<'_, Outcome> {
        Box::pin(async move {
            // A table that is referred to is emptied only where nobody looks.
            let empty = "SET foreign_key_checks = 0; TRUNCATE album_tags; TRUNCATE albums; TRUNCATE tags; TRUNCATE nodes; TRUNCATE comments; TRUNCATE posts; TRUNCATE profiles; TRUNCATE users; SET foreign_key_checks = 1";
            self.aside.0.execute(empty).await?;
            let tags = "INSERT INTO tags (id, name) WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?) SELECT id, concat('tag ', id) FROM n";
            sqlx::query(tags)
                .bind(TAGS)
                .execute(&mut self.aside.0)
                .await?;
            for text in OTHERS {
                self.aside.0.execute(text).await?;
            }
            let analyze =
                "ANALYZE TABLE album_tags, albums, tags, nodes, comments, posts, profiles, users";
            self.aside.0.execute(analyze).await?;
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
