//! A database of its own for each test, in which statements can be told to fail.

use sqlx::Pool;
use sqlx_cascade::Backend;

use crate::models::{CONTENT, ROWS, SEED};

/// A database of these tests.
pub(crate) trait Kind: Backend + Sized {
    /// What is removed at the end.
    type Place: Send + Sync;

    /// The tables, with triggers that do what the table `fault` says.
    const SCHEMA: &'static str;

    /// Begins a transaction that writes.
    const WRITE: &'static str;

    /// Empties the tables, and begins the keys at 1.
    const EMPTY: &'static str;

    /// A place without tables; `None` where there is no server.
    fn place() -> impl Future<Output = Option<Self::Place>>;

    /// A pool of one connection.
    fn pool(place: &Self::Place) -> Pool<Self>;

    /// A pool of one connection on which no answer is there at once: every await point suspends.
    fn slow_pool(place: &Self::Place) -> impl Future<Output = Pool<Self>>;

    /// Runs SQL.
    fn run_on<'c>(
        connection: &'c mut Self::Connection,
        sql: &str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + use<'c, Self>;

    /// Queries one text per row.
    fn texts_on<'c>(
        connection: &'c mut Self::Connection,
        sql: &str,
    ) -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + use<'c, Self>;
}

/// Implements the functions of `Kind` that are the same for every database.
macro_rules! running {
    () => {
        fn run_on<'c>(
            connection: &'c mut Self::Connection,
            sql: &str,
        ) -> impl Future<Output = Result<(), sqlx::Error>> + use<'c> {
            let query = sqlx::raw_sql($crate::home::trusted(sql));
            async move { query.execute(connection).await.map(drop) }
        }

        fn texts_on<'c>(
            connection: &'c mut Self::Connection,
            sql: &str,
        ) -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + use<'c> {
            let query = sqlx::query_scalar($crate::home::trusted(sql)).persistent(false);
            async move { query.fetch_all(connection).await }
        }
    };
}
pub(crate) use running;

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "SQL of tests"
)]
pub(crate) fn trusted(sql: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(sql.to_owned())
}

/// A database with the tables of the models.
pub(crate) struct Home<DB: Kind> {
    /// For operations: one connection, so that what a failure leaves on it is met by the next.
    pub(crate) pool: Pool<DB>,
    /// Looks on, from outside.
    pub(crate) observer: Pool<DB>,
    pub(crate) place: DB::Place,
}

impl<DB: Kind> Home<DB> {
    pub(crate) async fn open() -> Option<Self> {
        let home = Self::bare().await?;
        home.run(DB::SCHEMA).await;
        home.reset().await;
        Some(home)
    }

    /// Without tables.
    pub(crate) async fn bare() -> Option<Self> {
        let place = DB::place().await?;
        Some(Self {
            pool: DB::pool(&place),
            observer: DB::pool(&place),
            place,
        })
    }

    pub(crate) async fn reset(&self) {
        self.run(DB::EMPTY).await;
        self.run(SEED).await;
    }

    /// Runs SQL from outside.
    pub(crate) async fn run(&self, sql: &str) {
        let mut connection = self.observer.acquire().await.expect("a connection");
        DB::run_on(&mut connection, sql).await.expect(sql);
    }

    /// Queries one text per row from outside.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = self.observer.acquire().await.expect("a connection");
        DB::texts_on(&mut connection, sql).await.expect(sql)
    }

    /// Every row of every table.
    pub(crate) async fn rows(&self) -> Vec<String> {
        self.texts(ROWS).await
    }

    /// Every row of every table, without generated keys.
    pub(crate) async fn content(&self) -> Vec<String> {
        self.texts(CONTENT).await
    }

    /// From now on `what` fails: `INSERT users`, or `COMMIT`.
    pub(crate) async fn fail(&self, what: &str) {
        self.run(&format!("INSERT INTO fault (what) VALUES ('{what}')"))
            .await;
    }

    pub(crate) async fn mend(&self) {
        self.run("DELETE FROM fault").await;
    }

    /// The connection of the pool is usable, and in no transaction: what it writes is there at once.
    pub(crate) async fn usable(&self) {
        let mut connection = self.pool.acquire().await.expect("a connection");
        DB::run_on(&mut connection, "INSERT INTO notes (note) VALUES ('probe')")
            .await
            .expect("a usable connection");
        let seen = self
            .texts("SELECT note FROM notes WHERE note = 'probe'")
            .await;
        assert_eq!(seen, ["probe"], "the connection was left in a transaction");
        DB::run_on(&mut connection, "DELETE FROM notes WHERE note = 'probe'")
            .await
            .expect("a usable connection");
    }
}

/// A test on each database.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                let home = $crate::home::Home::<sqlx::Sqlite>::open().await.expect("SQLite is embedded");
                super::$test(home).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                if let Some(home) = $crate::home::Home::<sqlx::Postgres>::open().await {
                    super::$test(home).await;
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// A test for each operation, on each database or on one.
macro_rules! each_operation {
    ($test:ident) => {
        $crate::home::each_operation!(sqlite: $test);
        $crate::home::each_operation!(postgres: $test);
    };
    ($database:ident: $test:ident) => {
        $crate::home::each_operation!($database $test:
            insert Insert, insert_all InsertAll, change Change, replace Replace, remove Remove, release Release,
            whole Whole, moved Move, save_all SaveAll, delete Delete, delete_all DeleteAll,
            delete_by_key DeleteByKey, detach Detach, merge Merge, patch Patch, lone Lone);
    };
    (sqlite $test:ident: $($name:ident $operation:ident),*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let home = $crate::home::Home::<sqlx::Sqlite>::open().await.expect("SQLite is embedded");
                super::$test(home, $crate::operation::Operation::$operation).await;
            })*
        }
    };
    (postgres $test:ident: $($name:ident $operation:ident),*) => {
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(home) = $crate::home::Home::<sqlx::Postgres>::open().await {
                    super::$test(home, $crate::operation::Operation::$operation).await;
                }
            })*
        }
    };
}
pub(crate) use each_operation;
