//! MySQL or MariaDB, on the server that `SQLX_CASCADE_MYSQL_URL` names: a database for each test.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::pool::PoolOptions;
use sqlx::{ConnectOptions as _, Connection as _, MySql, Pool, Row as _};
use sqlx_cascade::Persistent;

use crate::models::User;
use crate::support::{Base, Test};

/// A database on a server.
pub(crate) struct Database {
    name: String,
    server: MySqlConnectOptions,
}

impl Database {
    async fn admin(&self, sql: String) {
        let mut connection: MySqlConnection = self.server.connect().await.expect("MySQL");
        run(&mut connection, sql).await.expect("plain SQL");
        connection.close().await.expect("MySQL");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "databases and tables are the tests' own"
)]
async fn run(connection: &mut MySqlConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(drop)
}

impl Test<MySql> {
    /// How the server is reached.
    pub(crate) fn server(&self) -> &MySqlConnectOptions {
        &self.home().server
    }

    /// A pool that reaches the server through a socket.
    pub(crate) async fn through(&self, socket: &Path, options: PoolOptions<MySql>) -> Pool<MySql> {
        let server = self.server().clone().socket(socket);
        let home = Database {
            name: self.home().name.clone(),
            server: server.ssl_mode(MySqlSslMode::Disabled),
        };
        MySql::pool(&home, options).await
    }
}

impl Base for MySql {
    const SERVICE: &'static str = "mysql";
    const ID: &'static str = "BIGINT AUTO_INCREMENT PRIMARY KEY";
    const FUNCTIONS: &'static str = "
        CREATE FUNCTION randomblob(length INT) RETURNS BINARY(16) NOT DETERMINISTIC NO SQL RETURN UNHEX(REPLACE(UUID(), '-', ''));";
    const LISTS: bool = true;
    const READ: usize = 512;

    const LOCKS: bool = true;

    const IMPATIENT: &'static str = "SET innodb_lock_wait_timeout = 1";

    type Home = Database;

    async fn open() -> Option<(Database, Pool<Self>)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let url = std::env::var("SQLX_CASCADE_MYSQL_URL").ok()?;
        let server = MySqlConnectOptions::from_str(&url).expect("a URL of MySQL");
        // Several machines may share the server.
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |now| now.as_nanos());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // What a run that is killed leaves is found by the name of the database that it was told.
        let told = server.get_database().unwrap_or("cascade");
        let name = format!("{told}_{now:x}_{}_{number}", std::process::id());
        let database = Database { name, server };
        // Another collation than a connection's: what is bound has to be compared by the column's.
        database
            .admin(format!(
                "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                database.name
            ))
            .await;
        let pool = Self::pool(&database, PoolOptions::new().max_connections(4)).await;
        Some((database, pool))
    }

    async fn pool(home: &Database, options: PoolOptions<Self>) -> Pool<Self> {
        // The tests' own SQL quotes names as the standard does.
        let options = options.after_connect(|connection, _| {
            Box::pin(run(
                connection,
                "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')".to_owned(),
            ))
        });
        let connect = home.server.clone().database(&home.name);
        options.connect_with(connect).await.expect("MySQL")
    }

    fn commits(_: &Database, statements: &[String]) -> usize {
        statements
            .iter()
            .filter(|statement| *statement == "COMMIT")
            .count()
    }

    async fn close(home: Database) {
        home.admin(format!("DROP DATABASE {}", home.name)).await;
    }

    /// A key of texts has to have a length, sqlx stores a UUID as 16 bytes, and there is no constraint that can be deferred.
    fn schema(schema: &str) -> String {
        words(schema)
            .replace(" TEXT", " VARCHAR(255)")
            .replace(" UUID", " BINARY(16)")
            .replace(" DEFERRABLE INITIALLY DEFERRED", "")
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "databases and tables are the tests' own"
    )]
    async fn plain(pool: &Pool<Self>, sql: String) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(words(&sql)))
            .execute(pool)
            .await
            .map(drop)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "databases and tables are the tests' own"
    )]
    async fn column_of_texts(pool: &Pool<Self>, sql: String) -> Vec<String> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .persistent(false)
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
        let quoted = "concat('`', replace(column_name, '`', '``'), '`')";
        format!(
            "SELECT CASE data_type WHEN 'binary' THEN concat('lower(hex(', {quoted}, '))') ELSE concat('CAST(', {quoted}, ' AS CHAR)') END \
             FROM information_schema.columns WHERE table_name = '{}' AND table_schema = database() ORDER BY ordinal_position",
            table.replace('\'', "''")
        )
    }
}

/// Names in the tests' own SQL that are reserved words here.
const RESERVED: [&str; 2] = ["lines", "load"];

/// SQL with these names quoted.
fn words(sql: &str) -> String {
    let mut text = String::new();
    let mut quoted = false;
    for word in sql.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
        let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        if RESERVED.contains(&name) && !quoted {
            text.extend(["\"", name, "\"", &word[name.len()..]]);
        } else {
            text += word;
        }
        quoted ^= word.ends_with(['\'', '"']);
    }
    text
}
