//! MySQL and MariaDB: a database for each test, on the server that the environment names.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::pool::PoolOptions;
use sqlx::{ConnectOptions as _, Connection as _, MySql, Pool};

use crate::aside::aside;
use crate::home::{Kind, Level, Served, running};
use crate::proxy::{Connections, Proxy};

/// A database that goes with the test.
pub(crate) struct Database {
    name: String,
    server: MySqlConnectOptions,
    /// Of the proxies to it.
    connections: Mutex<Vec<Arc<Connections>>>,
}

impl Database {
    pub(crate) fn options(&self) -> MySqlConnectOptions {
        self.server.clone().database(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        let drop_database = async move {
            let mut connection: MySqlConnection = server.connect().await?;
            let others = format!(
                "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE db = '{name}'"
            );
            for kill in MySql::texts_on(&mut connection, &others).await? {
                // It may have ended by itself.
                drop(MySql::run_on(&mut connection, &kill).await);
            }
            MySql::run_on(&mut connection, &format!("DROP DATABASE {name}")).await
        };
        aside(&format!("the database {}", self.name), drop_database);
    }
}

/// A pool of one connection, which is told this at its beginning.
pub(crate) fn pool(place: &Database, told: &'static str) -> Pool<MySql> {
    telling(told).connect_lazy_with(place.options())
}

fn telling(told: &'static str) -> PoolOptions<MySql> {
    let options = PoolOptions::new().max_connections(1);
    options.after_connect(move |connection, _| Box::pin(MySql::run_on(connection, told)))
}

impl Kind for MySql {
    type Place = Database;

    type Brake = Proxy<Self>;

    const SCHEMA: &'static str = include_str!("schema/mysql.sql");

    const WRITE: &'static str = "BEGIN";

    const DEFERS: bool = false;

    const LEVELS: &'static [Level] = &[
        Level::RepeatableRead,
        Level::ReadCommitted,
        Level::Serializable,
    ];

    const ID: &'static str = "BIGINT AUTO_INCREMENT PRIMARY KEY";

    fn watch(table: &str) -> String {
        let trigger = |kind: &str| {
            let told = |what: &str| format!("EXISTS (SELECT 1 FROM fault WHERE what = '{what}')");
            format!(
                "CREATE TRIGGER {table}_{kind} BEFORE {kind} ON {table} FOR EACH ROW BEGIN
                    IF {} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'told to fail'; END IF;
                    IF {} THEN KILL CONNECTION_ID(); END IF;
                    IF {} THEN INSERT INTO fired VALUES ('{kind} {table}'); END IF;
                END;",
                told(&format!("{kind} {table}")),
                told(&format!("end {kind} {table}")),
                told("note")
            )
        };
        ["INSERT", "UPDATE", "DELETE"].map(trigger).concat()
    }

    /// Each insert of the seed says where its keys begin: that costs less than a change of the table.
    fn restart(_: &[&str]) -> String {
        String::new()
    }

    fn emptied(tables: &[&str]) -> String {
        let tables = tables.iter().map(|table| format!("TRUNCATE {table};"));
        let tables: String = tables.collect();
        format!("SET foreign_key_checks = 0; {tables} SET foreign_key_checks = 1")
    }

    /// Foreign keys are checked row by row: a tree can't be emptied by one DELETE.
    fn often(_: &str, sql: &str) -> (String, String) {
        let sql = sql.replace("INSERT INTO", "SET insert_id = 1; INSERT INTO");
        let sql =
            format!("SET foreign_key_checks = 0; BEGIN; {sql} COMMIT; SET foreign_key_checks = 1");
        (String::new(), sql)
    }

    async fn place() -> Option<Database> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let Ok(url) = std::env::var("SQLX_CASCADE_MYSQL_URL") else {
            let required = std::env::var("SQLX_CASCADE_REQUIRE").unwrap_or_default();
            assert!(
                !required.contains("mysql"),
                "SQLX_CASCADE_MYSQL_URL is not set"
            );
            println!("skipped: SQLX_CASCADE_MYSQL_URL is not set");
            return None;
        };
        let server: MySqlConnectOptions = url.parse().expect("a URL of a MySQL server");
        let server = server.ssl_mode(MySqlSslMode::Disabled);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // What a run that is killed leaves is found by the name of the database that it was told.
        let told = server.get_database().unwrap_or("cascade");
        let name = format!("{told}_faults_{}_{number}", std::process::id());
        let mut connection: MySqlConnection =
            server.connect().await.expect("a connection to MySQL");
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        MySql::run_on(&mut connection, &create)
            .await
            .expect("a database");
        connection.close().await.expect("a connection that closes");
        Some(Database {
            name,
            server,
            connections: Mutex::default(),
        })
    }

    fn pool(place: &Database) -> Pool<Self> {
        let options = PoolOptions::new().max_connections(1);
        options.connect_lazy_with(place.options())
    }

    /// Its messages are carried by the thread that polls.
    async fn slow_pool(place: &Database) -> Pool<Self> {
        let proxy = Self::proxy(place).await;
        let mut all = place.connections.lock().expect("no panic");
        all.push(proxy.connections);
        proxy.pool
    }

    async fn rivals(place: &Database, level: Level) -> (Pool<Self>, Proxy<Self>, Pool<Self>) {
        let told = match level {
            Level::ReadCommitted => "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            Level::RepeatableRead => "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            Level::Serializable => "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        };
        let proxy = Proxy::new(place.options(), telling(told)).await;
        (proxy.pool.clone(), proxy, pool(place, told))
    }

    /// The steps are messages: what comes after a message that is held is not sent.
    async fn up_to<F: Future>(
        proxy: &mut Proxy<Self>,
        mut future: Pin<&mut F>,
        step: usize,
    ) -> Option<F::Output> {
        proxy.hold(step);
        tokio::select! {
            biased;
            output = &mut future => Some(output),
            () = proxy.held() => None,
        }
    }

    fn resume(proxy: &mut Proxy<Self>) {
        proxy.release();
    }

    /// A connection of this place is busy for a while, and somebody waits for a row: `innodb_trx` would say who, but it is as old as the last look
    /// at it.
    async fn blocked(observer: &Pool<Self>) {
        let waiting =
            "SELECT 'waits' FROM information_schema.processlist, information_schema.global_status
            WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command <> 'Sleep' AND time_ms > 10
            AND variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS' AND variable_value > 0";
        let mut connection = observer.acquire().await.expect("a connection");
        loop {
            let waits = MySql::texts_on(&mut connection, waiting).await;
            if !waits.expect("the processes").is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Connections that were closed on their way: the server ends them when it has done what it was sent.
    async fn settled(place: &Database, _: &Pool<Self>) {
        let all = place.connections.lock().expect("no panic").clone();
        for connections in all {
            connections.settled().await;
        }
    }

    /// A text that is a key has a length.
    fn written(sql: &str) -> Cow<'_, str> {
        let sql = sql.replace("TEXT PRIMARY KEY", "VARCHAR(191) PRIMARY KEY");
        let sql = sql.replace("TEXT NOT NULL UNIQUE", "VARCHAR(191) NOT NULL UNIQUE");
        let sql = sql.replace("AS TEXT)", "AS CHAR)");
        Cow::Owned(sql.replace(" TEXT NOT NULL", " LONGTEXT NOT NULL"))
    }

    running!();
}

impl Served for MySql {
    fn server(place: &Database) -> MySqlConnectOptions {
        place.options()
    }
}
