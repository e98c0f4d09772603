//! The databases of the matrix: one per case, whose rows are put back before each cell.

use std::fmt::Write as _;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Postgres, Row as _};

use crate::model::database::{Database, Row, Value};
use crate::model::schema::{KeyKind, OnDelete, Reference, Schema, Table};
use crate::proxy::Proxy;
use crate::real::{Db, on};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Sqlite,
    Postgres,
    MySql,
}

impl Which {
    /// Its name in `SQLX_CASCADE_REQUIRE`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }
}

/// A database, and where it is.
pub(crate) struct Place {
    pub(crate) db: Db,
    /// What PostgreSQL is asked goes through it.
    pub(crate) proxy: Option<Arc<Proxy<Postgres>>>,
    schema: Option<String>,
}

/// MySQL or MariaDB.
fn mysql_server() -> Option<MySqlConnectOptions> {
    let url = std::env::var("SQLX_CASCADE_MYSQL_URL").ok()?;
    Some(MySqlConnectOptions::from_str(&url).expect("a URL of MySQL"))
}

async fn mysql_admin(sql: String) {
    let server = mysql_server().expect("MySQL");
    let mut connection: MySqlConnection = server.connect().await.expect("MySQL");
    #[expect(clippy::disallowed_methods, reason = "databases are the tests' own")]
    let sql = sqlx::AssertSqlSafe(sql);
    sqlx::raw_sql(sql)
        .execute(&mut connection)
        .await
        .expect("plain SQL");
    connection.close().await.expect("MySQL");
}

/// A name that nobody else on the server has.
fn name() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |now| now.as_nanos());
    format!("matrix_{now:x}_{}_{}", std::process::id(), number())
}

fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn server() -> Option<PgConnectOptions> {
    let url = std::env::var("SQLX_CASCADE_POSTGRES_URL").ok()?;
    let server = PgConnectOptions::from_str(&url).expect("a URL of PostgreSQL");
    Some(server.options([
        ("synchronous_commit", "off"),
        ("client_min_messages", "warning"),
    ]))
}

async fn admin(sql: String) {
    let server = server().expect("PostgreSQL");
    let mut connection: PgConnection = server.connect().await.expect("PostgreSQL");
    #[expect(clippy::disallowed_methods, reason = "schemas are the tests' own")]
    let sql = sqlx::AssertSqlSafe(sql);
    sqlx::raw_sql(sql)
        .execute(&mut connection)
        .await
        .expect("plain SQL");
    connection.close().await.expect("PostgreSQL");
}

impl Place {
    /// A database; `None` where there is no server to make it on.
    pub(crate) async fn open(which: Which) -> Option<Self> {
        if which == Which::Sqlite {
            let connect = SqliteConnectOptions::from_str("sqlite::memory:").expect("a URL");
            let pool = PoolOptions::new()
                .max_connections(1)
                .connect_with(connect.foreign_keys(true));
            return Some(Self {
                db: Db::Sqlite(pool.await.expect("SQLite")),
                proxy: None,
                schema: None,
            });
        }
        if which == Which::MySql {
            let server = mysql_server()?;
            let told = server.get_database().unwrap_or("cascade");
            let name = format!("{told}_matrix_{}_{}", std::process::id(), number());
            mysql_admin(format!("CREATE DATABASE {name} COLLATE utf8mb4_bin")).await;
            let pool = PoolOptions::new()
                .max_connections(1)
                .connect_with(server.database(&name));
            return Some(Self {
                db: Db::MySql(pool.await.expect("MySQL")),
                proxy: None,
                schema: Some(name),
            });
        }
        let server = server()?;
        let name = name();
        admin(format!("CREATE SCHEMA {name}")).await;
        let server = server.options([("search_path", &name)]);
        let proxy = Proxy::new(server, PoolOptions::new()).await;
        Some(Self {
            db: Db::Postgres(proxy.pool.clone()),
            proxy: Some(Arc::new(proxy)),
            schema: Some(name),
        })
    }

    /// Leaves nothing behind.
    pub(crate) async fn close(self) {
        on!(&self.db, pool => pool.close().await);
        match (self.db, self.schema) {
            (Db::MySql(_), Some(database)) => {
                mysql_admin(format!("DROP DATABASE {database}")).await;
            }
            (_, Some(schema)) => admin(format!("DROP SCHEMA {schema} CASCADE")).await,
            (_, None) => {}
        }
    }
}

impl Db {
    /// Runs plain SQL.
    pub(crate) async fn run(&self, sql: String) {
        #[expect(clippy::disallowed_methods, reason = "the tables are the tests' own")]
        let safe = sqlx::AssertSqlSafe(sql.clone());
        on!(self, pool => sqlx::raw_sql(safe).execute(pool).await.map(drop)).expect(&sql);
    }

    /// Makes the tables of a schema.
    pub(crate) async fn create(&self, schema: &Schema) {
        let mut sql = String::new();
        for table in in_order(schema).into_iter().rev() {
            let _ = writeln!(sql, "DROP TABLE IF EXISTS {};", table.name);
        }
        for table in in_order(schema) {
            let columns: Vec<String> = (0..table.columns.len())
                .map(|column| self.column(schema, table.name, column))
                .collect();
            let _ = writeln!(sql, "CREATE TABLE {} ({});", table.name, columns.join(", "));
        }
        self.run(sql).await;
    }

    /// Deletes every row.
    pub(crate) async fn clear(&self, schema: &Schema) {
        self.run(self.delete_all(schema)).await;
    }

    fn column(&self, schema: &Schema, table: &str, number: usize) -> String {
        let table = schema.tables.iter().find(|other| other.name == table);
        let table = table.expect("a table");
        let column = &table.columns[number];
        if number == 0 && table.key == KeyKind::Generated {
            return format!(
                "{} {}",
                column.name,
                match self {
                    Self::Sqlite(_) => "INTEGER PRIMARY KEY AUTOINCREMENT",
                    Self::Postgres(_) => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
                    Self::MySql(_) => "BIGINT AUTO_INCREMENT PRIMARY KEY",
                }
            );
        }
        let mut sql = format!(
            "{} {}",
            column.name,
            match self {
                // A key of texts has to have a length.
                Self::MySql(_) if column.text => "VARCHAR(255)",
                _ if column.text => "TEXT",
                _ => "BIGINT",
            }
        );
        if !column.nullable {
            sql.push_str(" NOT NULL");
        }
        if column.unique {
            sql.push_str(" UNIQUE");
        }
        if let Some(reference) = column.references {
            let target = &schema.tables[reference.table];
            let _ = write!(
                sql,
                " REFERENCES {} ({})",
                target.name, target.columns[0].name
            );
            sql.push_str(match reference.on_delete {
                OnDelete::NoAction => "",
                OnDelete::Restrict => " ON DELETE RESTRICT",
                OnDelete::Cascade => " ON DELETE CASCADE",
                OnDelete::SetNull => " ON DELETE SET NULL",
            });
        }
        sql
    }

    /// Makes the rows those of `to`, and the next keys too.
    pub(crate) async fn put(&self, schema: &Schema, to: &Database) {
        let mut sql = self.delete_all(schema);
        for table in in_order(schema) {
            let stored = schema
                .tables
                .iter()
                .position(|other| other.name == table.name);
            let stored = &to.tables[stored.expect("a table")];
            insert(&mut sql, table.name, &stored.rows);
            if table.key != KeyKind::Generated {
                continue;
            }
            let last = stored.last_key();
            let _ = match self {
                // The last key that is there is followed by the next.
                Self::MySql(_) if stored.rows.iter().any(|row| row[0] == Value::Int(last)) => {
                    Ok(())
                }
                Self::MySql(_) if last == 0 => Ok(()),
                Self::Sqlite(_) => write!(
                    sql,
                    "UPDATE sqlite_sequence SET seq = {last} WHERE name = '{}';",
                    table.name
                ),
                Self::Postgres(_) => write!(
                    sql,
                    "SELECT setval('{}_id_seq', {});",
                    table.name,
                    last.max(1)
                ),
                Self::MySql(_) => write!(
                    sql,
                    "ALTER TABLE {} AUTO_INCREMENT = {};",
                    table.name,
                    last + 1
                ),
            };
        }
        self.run(sql).await;
    }

    fn delete_all(&self, schema: &Schema) -> String {
        if !matches!(self, Self::MySql(_)) {
            return delete_all(schema);
        }
        // With the rows goes what was given as keys.
        let truncate = |table: &Table| format!("TRUNCATE {};", table.name);
        let tables: String = schema.tables.iter().map(truncate).collect();
        format!("SET foreign_key_checks = 0; {tables} SET foreign_key_checks = 1;")
    }

    /// Every row of every table: `parents: 1|a`.
    pub(crate) async fn rows(&self, schema: &Schema) -> Vec<String> {
        let text = if matches!(self, Self::MySql(_)) {
            "CHAR"
        } else {
            "TEXT"
        };
        let selects: Vec<String> = schema
            .tables
            .iter()
            .map(|table| {
                let cells: Vec<String> = table
                    .columns
                    .iter()
                    .map(|column| format!("coalesce(CAST({} AS {text}), '-')", column.name))
                    .collect();
                format!(
                    "SELECT '{}: ' || {} FROM {}",
                    table.name,
                    cells.join(" || '|' || "),
                    table.name
                )
            })
            .collect();
        #[expect(clippy::disallowed_methods, reason = "the tables are the tests' own")]
        let sql = sqlx::AssertSqlSafe(selects.join(" UNION ALL "));
        let mut rows: Vec<String> = on!(self, pool => {
            let rows = sqlx::query(sql).fetch_all(pool).await.expect("the rows");
            rows.iter().map(|row| row.get(0)).collect()
        });
        rows.sort();
        rows
    }
}

/// The tables, each after those that it refers to.
fn in_order(schema: &Schema) -> Vec<&Table> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < schema.tables.len() {
        let is_next = |number: &usize| {
            let mut columns = schema.tables[*number].columns.iter();
            !order.contains(number)
                && columns.all(|column| {
                    let refers = |to: Reference| to.table == *number || order.contains(&to.table);
                    column.references.is_none_or(refers)
                })
        };
        let next = (0..schema.tables.len()).find(is_next);
        order.push(next.expect("no tables refer to each other"));
    }
    order
        .into_iter()
        .map(|number| &schema.tables[number])
        .collect()
}

/// Foreign keys that can let go do so first: a tree is deleted by one statement, and SQLite's RESTRICT asks row by row.
fn delete_all(schema: &Schema) -> String {
    let mut sql = String::new();
    for (number, table) in schema.tables.iter().enumerate() {
        for column in &table.columns {
            if column.references.is_some_and(|to| to.table == number) {
                let _ = write!(sql, "UPDATE {} SET {} = NULL;", table.name, column.name);
            }
        }
    }
    for table in in_order(schema).into_iter().rev() {
        let _ = write!(sql, "DELETE FROM {};", table.name);
    }
    sql
}

fn insert(sql: &mut String, table: &str, rows: &[Row]) {
    let value = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
    };
    let row = |row: &Row| {
        let values: Vec<String> = row.iter().map(value).collect();
        format!("({})", values.join(", "))
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    if !rows.is_empty() {
        let _ = write!(sql, "INSERT INTO {table} VALUES {};", rows.join(", "));
    }
}

/// Every row of every table, as [`Db::rows`] gives them.
pub(crate) fn texts(schema: &Schema, database: &Database) -> Vec<String> {
    let tables = schema.tables.iter().enumerate();
    let mut rows: Vec<String> = tables
        .flat_map(|(number, table)| {
            let rows = database.texts(number).into_iter();
            rows.map(|row| format!("{}: {row}", table.name))
        })
        .collect();
    rows.sort();
    rows
}
