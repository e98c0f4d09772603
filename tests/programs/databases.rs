//! Where programs run: a database per worker, whose rows are deleted before each program.

use std::fmt::Write as _;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Pool, Postgres, Sqlite};

use crate::family::{Family, REFUSED};
use crate::model::database::Database;
use crate::model::schema::{KeyKind, OnDelete, Schema, Table};
use crate::real::Session;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Sqlite,
    Postgres,
}

enum Pools {
    Sqlite(Pool<Sqlite>),
    Postgres(Pool<Postgres>, String),
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
        static NEXT: AtomicU64 = AtomicU64::new(0);
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
                let now = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .map_or(0, |now| now.as_nanos());
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let name = format!("programs_{now:x}_{}_{number}", std::process::id());
                admin(&format!("CREATE SCHEMA {name}")).await;
                let pool = PoolOptions::new()
                    .max_connections(1)
                    .connect_with(server.options([("search_path", &name)]));
                Pools::Postgres(pool.await.expect("PostgreSQL"), name)
            }
        };
        let schema = family.schema();
        let sql = create_all(&schema, which);
        let place = Self {
            family,
            rows: select_all(&schema),
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
            _ => {
                for name in names.iter().rev() {
                    let _ = write!(sql, "DELETE FROM {name};");
                }
            }
        }
        let mut session = self.session();
        run(&mut session, &sql).await;
        give_keys(&mut session, schema, &Database::new(schema)).await;
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
    };
    done.expect(sql);
}

/// The next keys are those of the interpreter: PostgreSQL never gives one again, also where its row was rolled back.
pub(crate) async fn give_keys(session: &mut Session, schema: &Schema, like: &Database) {
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
        };
    }
    run(session, &sql).await;
}

fn select_all(schema: &Schema) -> String {
    let select = |table: &Table| {
        let cells = table.columns.iter();
        let cells: Vec<String> = cells
            .map(|column| format!("coalesce(CAST({} AS TEXT), '-')", column.name))
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
    let mut sql = String::from("CREATE TABLE faults (what TEXT NOT NULL);");
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
        };
        return format!("{} {kind}", column.name);
    }
    let kind = if column.text { "TEXT" } else { "BIGINT" };
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
