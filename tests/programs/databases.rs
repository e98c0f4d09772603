//! Where programs run: a database per worker, whose rows are deleted before each program.

use std::fmt::Write as _;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, MySql, Pool, Postgres, Row as _, Sqlite};

use crate::family::{Family, REFUSED};
use crate::model::database::Database;
use crate::model::schema::{KeyKind, OnDelete, Reference, Schema, Table};
use crate::real::Session;

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

enum Pools {
    Sqlite(Pool<Sqlite>),
    Postgres(Pool<Postgres>, String),
    MySql(Pool<MySql>, String),
}

/// A database of a worker.
pub(crate) struct Place {
    pub(crate) family: Family,
    schema: Schema,
    pools: Pools,
    rows: String,
    /// How often the rows were deleted.
    cleared: AtomicU64,
}

fn server() -> Option<PgConnectOptions> {
    let url = std::env::var("SQLX_CASCADE_POSTGRES_URL").ok()?;
    let server = PgConnectOptions::from_str(&url).expect("a URL of PostgreSQL");
    Some(server.options([
        ("synchronous_commit", "off"),
        ("client_min_messages", "warning"),
    ]))
}

/// MySQL or MariaDB.
fn mysql_server() -> Option<MySqlConnectOptions> {
    let url = std::env::var("SQLX_CASCADE_MYSQL_URL").ok()?;
    Some(MySqlConnectOptions::from_str(&url).expect("a URL of MySQL"))
}

async fn mysql_admin(sql: &str) {
    let server = mysql_server().expect("MySQL");
    let mut connection: MySqlConnection = server.connect().await.expect("MySQL");
    let done = sqlx::raw_sql(safe(sql)).execute(&mut connection).await;
    done.expect(sql);
    connection.close().await.expect("MySQL");
}

/// A name that nobody else on a server has.
fn name() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |now| now.as_nanos());
    format!("programs_{now:x}_{}_{}", std::process::id(), number())
}

fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the tables are the tests' own"
)]
fn safe(sql: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(sql.to_owned())
}

async fn admin(sql: &str) {
    let server = server().expect("PostgreSQL");
    let mut connection: PgConnection = server.connect().await.expect("PostgreSQL");
    let done = sqlx::raw_sql(safe(sql)).execute(&mut connection).await;
    done.expect(sql);
    connection.close().await.expect("PostgreSQL");
}

impl Place {
    /// A database with empty tables; `None` where there is no server to make it on.
    pub(crate) async fn open(which: Which, family: Family) -> Option<Self> {
        let pools = match which {
            Which::Sqlite => {
                let connect = SqliteConnectOptions::from_str("sqlite::memory:").expect("a URL");
                let pool = PoolOptions::new()
                    .max_connections(1)
                    .connect_with(connect.foreign_keys(true));
                Pools::Sqlite(pool.await.expect("SQLite"))
            }
            Which::Postgres => {
                let server = server()?;
                let name = name();
                admin(&format!("CREATE SCHEMA {name}")).await;
                let pool = PoolOptions::new()
                    .max_connections(1)
                    .connect_with(server.options([("search_path", &name)]));
                Pools::Postgres(pool.await.expect("PostgreSQL"), name)
            }
            Which::MySql => {
                let server = mysql_server()?;
                // What a run that is killed leaves is found by the name of the database that it was told.
                let told = server.get_database().unwrap_or("cascade");
                let name = format!("{told}_programs_{}_{}", std::process::id(), number());
                mysql_admin(&format!("CREATE DATABASE {name} COLLATE utf8mb4_bin")).await;
                let pool = PoolOptions::new()
                    .max_connections(1)
                    .connect_with(server.database(&name));
                Pools::MySql(pool.await.expect("MySQL"), name)
            }
        };
        let schema = family.schema();
        let sql = create_all(&schema, which);
        let place = Self {
            family,
            rows: select_all(&schema, which),
            schema,
            pools,
            cleared: AtomicU64::new(0),
        };
        let mut session = place.session();
        run(&mut session, &sql).await;
        Some(place)
    }

    /// Operations on it.
    pub(crate) fn session(&self) -> Session {
        match &self.pools {
            Pools::Sqlite(pool) => Session::Sqlite(pool.clone(), None),
            Pools::Postgres(pool, _) => Session::Postgres(pool.clone(), None),
            Pools::MySql(pool, _) => Session::MySql(pool.clone(), None),
        }
    }

    /// Leaves nothing behind.
    pub(crate) async fn close(self) {
        match self.pools {
            Pools::Sqlite(pool) => pool.close().await,
            Pools::Postgres(pool, name) => {
                pool.close().await;
                admin(&format!("DROP SCHEMA {name} CASCADE")).await;
            }
            Pools::MySql(pool, name) => {
                pool.close().await;
                mysql_admin(&format!("DROP DATABASE {name}")).await;
            }
        }
    }

    /// Deletes all rows, and forgets which keys were given.
    pub(crate) async fn clear(&self) {
        let schema = &self.schema;
        let mut sql = String::from("DELETE FROM faults;");
        let names: Vec<&str> = schema.tables.iter().map(|table| table.name).collect();
        match &self.pools {
            // The rows that were deleted are still looked through until somebody cleans up.
            Pools::Postgres(..) if self.cleared.fetch_add(1, Ordering::Relaxed) % 32 == 31 => {
                let _ = write!(sql, "TRUNCATE {};", names.join(", "));
            }
            // With the rows goes what was given as keys.
            Pools::MySql(..) => {
                sql.push_str("SET foreign_key_checks = 0;");
                for name in names {
                    let _ = write!(sql, "TRUNCATE {name};");
                }
                sql.push_str("SET foreign_key_checks = 1");
            }
            _ => {
                for name in names.iter().rev() {
                    let _ = write!(sql, "DELETE FROM {name};");
                }
            }
        }
        let mut session = self.session();
        run(&mut session, &sql).await;
        give_keys(&mut session, schema, &mut Database::new(schema)).await;
    }

    /// Whatever happens to a row of the table, its triggers fire: those of MySQL don't where a foreign key acts.
    pub(crate) fn fires(&self, table: &Table) -> bool {
        let acts = |reference: Reference| {
            matches!(reference.on_delete, OnDelete::Cascade | OnDelete::SetNull)
        };
        let mut references = table.columns.iter().filter_map(|column| column.references);
        !matches!(self.pools, Pools::MySql(..)) || !references.any(acts)
    }

    /// Every row of every table: `owners: 1|a|-`.
    pub(crate) async fn rows(&self, session: &mut Session) -> Vec<String> {
        // A literal is a prepared statement: it is the same each time.
        let sql = safe(&self.rows);
        let mut rows: Vec<String> = match session {
            Session::Sqlite(pool, None) => texts(sqlx::query(sql).fetch_all(&*pool).await),
            Session::Sqlite(_, Some(open)) => texts(sqlx::query(sql).fetch_all(&mut **open).await),
            Session::Postgres(pool, None) => texts(sqlx::query(sql).fetch_all(&*pool).await),
            Session::Postgres(_, Some(open)) => {
                texts(sqlx::query(sql).fetch_all(&mut **open).await)
            }
            Session::MySql(pool, None) => texts(sqlx::query(sql).fetch_all(&*pool).await),
            Session::MySql(_, Some(open)) => texts(sqlx::query(sql).fetch_all(&mut **open).await),
        };
        rows.sort();
        rows
    }
}

fn texts<R: sqlx::Row>(rows: Result<Vec<R>, sqlx::Error>) -> Vec<String>
where
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    usize: sqlx::ColumnIndex<R>,
{
    let rows = rows.expect("the rows");
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Runs plain SQL.
pub(crate) async fn run(session: &mut Session, sql: &str) {
    let done = match session {
        Session::Sqlite(pool, None) => sqlx::raw_sql(safe(sql)).execute(&*pool).await.map(drop),
        Session::Sqlite(_, Some(open)) => sqlx::raw_sql(safe(sql))
            .execute(&mut **open)
            .await
            .map(drop),
        Session::Postgres(pool, None) => sqlx::raw_sql(safe(sql)).execute(&*pool).await.map(drop),
        Session::Postgres(_, Some(open)) => sqlx::raw_sql(safe(sql))
            .execute(&mut **open)
            .await
            .map(drop),
        Session::MySql(pool, None) => sqlx::raw_sql(safe(sql)).execute(&*pool).await.map(drop),
        Session::MySql(_, Some(open)) => sqlx::raw_sql(safe(sql))
            .execute(&mut **open)
            .await
            .map(drop),
    };
    done.expect(sql);
}

/// The next keys are those of the interpreter: PostgreSQL never gives one again, also where its row was rolled back. Nor does MySQL, where a key that
/// was given can't be given again within a transaction at all: the interpreter gives its keys then.
pub(crate) async fn give_keys(session: &mut Session, schema: &Schema, like: &mut Database) {
    if let Session::MySql(pool, open) = session {
        let sql = "SELECT table_name, CAST(auto_increment AS SIGNED) FROM information_schema.tables WHERE table_schema = database() AND auto_increment IS NOT NULL";
        let found = match open {
            None => sqlx::query(sql).fetch_all(&*pool).await,
            Some(open) => sqlx::query(sql).fetch_all(&mut **open).await,
        };
        for row in found.expect("the keys") {
            let name: String = row.get(0);
            let table = schema.tables.iter().position(|table| table.name == name);
            like.tables[table.expect("a table")].give_next(row.get(1));
        }
        return;
    }
    let mut sql = String::new();
    for (table, stored) in schema.tables.iter().zip(&like.tables) {
        if table.key != KeyKind::Generated {
            continue;
        }
        let (name, next) = (table.name, stored.last_key() + 1);
        let _ = match session {
            Session::Sqlite(..) => write!(
                sql,
                "DELETE FROM sqlite_sequence WHERE name = '{name}'; INSERT INTO sqlite_sequence VALUES ('{name}', {});",
                next - 1
            ),
            Session::Postgres(..) => write!(
                sql,
                "{} setval('{name}_id_seq', {next}, false)",
                if sql.is_empty() { "SELECT" } else { "," }
            ),
            Session::MySql(..) => Ok(()),
        };
    }
    run(session, &sql).await;
}

fn select_all(schema: &Schema, which: Which) -> String {
    let text = if which == Which::MySql {
        "CHAR"
    } else {
        "TEXT"
    };
    let select = |table: &Table| {
        let cells = table.columns.iter();
        let cells: Vec<String> = cells
            .map(|column| format!("coalesce(CAST({} AS {text}), '-')", column.name))
            .collect();
        let cells = cells.join(" || '|' || ");
        format!("SELECT '{}: ' || {cells} FROM {}", table.name, table.name)
    };
    let selects: Vec<String> = schema.tables.iter().map(select).collect();
    selects.join(" UNION ALL ")
}

/// What a trigger looks for.
pub(crate) const EVENTS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

fn create_all(schema: &Schema, which: Which) -> String {
    let mut sql = String::from("CREATE TABLE faults (what VARCHAR(255) NOT NULL);");
    if which == Which::Postgres {
        sql.push_str(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF EXISTS (SELECT 1 FROM faults WHERE what = TG_OP || ' ' || TG_TABLE_NAME) THEN
                 RAISE EXCEPTION 'a fault';
               END IF;
               RETURN coalesce(NEW, OLD);
             END $$;",
        );
    }
    for table in &schema.tables {
        let name = table.name;
        let columns = (0..table.columns.len()).map(|number| column(schema, table, number, which));
        let mut columns: Vec<String> = columns.collect();
        if table.key == KeyKind::Link {
            let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            columns.push(format!("PRIMARY KEY ({})", names.join(", ")));
        }
        let _ = write!(sql, "CREATE TABLE {name} ({});", columns.join(", "));
        for event in EVENTS {
            let _ = match which {
                Which::Sqlite => write!(
                    sql,
                    "CREATE TRIGGER {name}_{event} BEFORE {event} ON {name}
                     WHEN EXISTS (SELECT 1 FROM faults WHERE what = '{event} {name}')
                     BEGIN SELECT RAISE(ABORT, 'a fault'); END;"
                ),
                Which::MySql => write!(
                    sql,
                    "CREATE TRIGGER {name}_{event} BEFORE {event} ON {name} FOR EACH ROW BEGIN
                     IF EXISTS (SELECT 1 FROM faults WHERE what = '{event} {name}')
                     THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a fault'; END IF; END;"
                ),
                Which::Postgres => write!(
                    sql,
                    "CREATE TRIGGER on_{event} BEFORE {event} ON {name} FOR EACH ROW EXECUTE FUNCTION fail();"
                ),
            };
        }
    }
    sql
}

fn column(schema: &Schema, table: &Table, number: usize, which: Which) -> String {
    let column = &table.columns[number];
    if number == 0 && table.key == KeyKind::Generated {
        let kind = match which {
            Which::Sqlite => "INTEGER PRIMARY KEY AUTOINCREMENT",
            Which::Postgres => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            Which::MySql => "BIGINT AUTO_INCREMENT PRIMARY KEY",
        };
        return format!("{} {kind}", column.name);
    }
    let kind = match which {
        // A key of texts has to have a length.
        Which::MySql if column.text => "VARCHAR(255)",
        _ if column.text => "TEXT",
        _ => "BIGINT",
    };
    let mut sql = format!("{} {kind}", column.name);
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    if number == 0 && table.key == KeyKind::Natural {
        sql.push_str(" PRIMARY KEY");
    }
    if column.unique {
        sql.push_str(" UNIQUE");
    }
    if column.text {
        let _ = write!(sql, " CHECK ({} <> '{REFUSED}')", column.name);
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
