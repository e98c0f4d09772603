//! Scenarios on every database: each is written once, and runs in a database of its own.

mod on_mysql;
mod on_postgres;
mod on_sqlite;
mod record;

use std::fmt::Debug;

use sqlx::Pool;
use sqlx::pool::PoolOptions;
use sqlx_cascade::{Backend, Change, Error, ErrorKind, Persistent, Plan, Report};
use tracing::Instrument as _;

use crate::models::User;

pub(crate) use record::Record;

/// Makes one test per database of each scenario that is named.
macro_rules! on_every_database {
    ($($scenario:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $scenario() { $crate::support::run::<sqlx::Sqlite, _>(super::$scenario).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $scenario() { $crate::support::run::<sqlx::Postgres, _>(super::$scenario).await })*
        }
        mod mysql {
            $(#[tokio::test] async fn $scenario() { $crate::support::run::<sqlx::MySql, _>(super::$scenario).await })*
        }
    };
}
pub(crate) use on_every_database;

/// No row, no statement.
pub(crate) const NONE: [&str; 0] = [];

/// In every value that an error must not repeat.
pub(crate) const SECRET: &str = "s3cret";

/// A database of the tests.
pub(crate) trait Base: Backend + Sized {
    /// Its name in `SQLX_CASCADE_REQUIRE`.
    const SERVICE: &'static str;

    /// What stands for `$id` in a schema: the type and constraint of a generated key.
    const ID: &'static str;

    /// What makes `hex(randomblob(16))` an expression of every database, for `$functions`.
    const FUNCTIONS: &'static str;

    /// Several transactions write at a time, so that rows are locked before what refers to them is looked at.
    const LOCKS: bool;

    /// Lists are sent in pieces of a few fixed lengths.
    const LISTS: bool;

    /// How many rows a SELECT reads by their keys.
    const READ: usize;

    /// This SELECT as often as so many keys need it.
    fn reads(select: &str, keys: usize) -> Vec<String> {
        vec![select.to_owned(); keys.div_ceil(Self::READ)]
    }

    /// Makes a connection give up at once where another is in its way.
    const IMPATIENT: &'static str;

    /// Where the tests of this database are.
    type Home: Send + Sync + 'static;

    /// A database for one test; `None` where there is no server to make it on.
    fn open() -> impl Future<Output = Option<(Self::Home, Pool<Self>)>>;

    /// Another pool on the same database.
    fn pool(home: &Self::Home, options: PoolOptions<Self>) -> impl Future<Output = Pool<Self>>;

    /// How many transactions were committed since it was asked last.
    fn commits(home: &Self::Home, statements: &[String]) -> usize;

    /// Leaves nothing behind.
    fn close(home: Self::Home) -> impl Future<Output = ()>;

    /// A schema in the words of this database.
    fn schema(schema: &str) -> String {
        schema.to_owned()
    }

    /// Runs plain SQL.
    fn plain(pool: &Pool<Self>, sql: String) -> impl Future<Output = Result<(), sqlx::Error>>;

    /// Queries one text per row.
    fn column_of_texts(pool: &Pool<Self>, sql: String) -> impl Future<Output = Vec<String>>;

    /// The users, by a query of the test's own.
    fn users(pool: &Pool<Self>) -> impl Future<Output = Vec<Persistent<User>>>;

    /// A query for the columns of a table, as expressions that give texts.
    fn columns(table: &str) -> String;
}

/// What a scenario gets: an empty database, and what is sent to it.
pub(crate) struct Test<B: Base> {
    /// For operations.
    pub(crate) pool: Pool<B>,
    home: std::sync::Arc<B::Home>,
    record: Record,
}

/// Runs a scenario, and removes its database also when it fails.
pub(crate) async fn run<B: Base, F>(scenario: F)
where
    F: AsyncFnOnce(Test<B>) + 'static,
{
    let Some((home, pool)) = B::open().await else {
        let required = std::env::var("SQLX_CASCADE_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|name| name.trim() == B::SERVICE),
            "{} is required, and there is none",
            B::SERVICE
        );
        println!("skipped: there is no {}", B::SERVICE);
        return;
    };
    let record = Record::new();
    let span = record.span();
    let home = std::sync::Arc::new(home);
    let test = Test {
        pool: pool.clone(),
        home: home.clone(),
        record,
    };
    let local = tokio::task::LocalSet::new();
    let scenario = local.spawn_local(async move { scenario(test).instrument(span).await });
    let outcome = local.run_until(scenario).await;
    drop(local);
    pool.close().await;
    if let Some(home) = std::sync::Arc::into_inner(home) {
        B::close(home).await;
    }
    if let Err(error) = outcome {
        std::panic::resume_unwind(error.into_panic());
    }
}

impl<B: Base> Test<B> {
    /// Makes tables: `$id` is the type of a generated key, `$functions` makes functions that SQLite has.
    pub(crate) async fn create(&self, schema: &str) {
        self.execute(
            &B::schema(schema)
                .replace("$id", B::ID)
                .replace("$functions", B::FUNCTIONS),
        )
        .await;
    }

    /// Runs plain SQL, as another user of the database would.
    pub(crate) async fn execute(&self, sql: &str) {
        let before = self.record.take();
        B::plain(&self.pool, sql.to_owned()).await.expect(sql);
        self.record.put(before);
        self.commits();
    }

    /// The rows of a table in the order of their texts: `1|ada`.
    pub(crate) async fn rows(&self, table: &str) -> Vec<String> {
        self.rows_of(&format!("\"{table}\""), table).await
    }

    /// The rows of a table under this name in SQL.
    pub(crate) async fn rows_of(&self, quoted: &str, table: &str) -> Vec<String> {
        let before = self.record.take();
        let columns = B::column_of_texts(&self.pool, B::columns(table)).await;
        let cells: Vec<String> = columns
            .iter()
            .map(|column| format!("coalesce({column}, '-')"))
            .collect();
        let mut rows = B::column_of_texts(
            &self.pool,
            format!("SELECT {} FROM {quoted}", cells.join(" || '|' || ")),
        )
        .await;
        rows.sort();
        self.record.put(before);
        rows
    }

    /// What was sent since it was asked last, in short: `INSERT users`. The beginnings and ends of transactions are left out.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.record
            .take()
            .iter()
            .flat_map(|text| record::short(text))
            .collect()
    }

    /// What was sent since it was asked last, without how many statements a database needs for a list.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut sent = self.sent();
        sent.dedup();
        sent
    }

    /// A tree was deleted by one statement. Where foreign keys are checked row by row, its keys are read, and its rows let go of each other first.
    #[track_caller]
    pub(crate) fn a_tree_went(&self, table: &str, locked: bool) {
        let mut sent = self.sent();
        if B::SERVICE == "mysql" {
            sent.dedup();
            // The row above is locked before its tree is, or after.
            let above = if locked { "SELECT" } else { "LOCK" };
            let looks = [format!("{above} {table}"), "TRACE".to_owned()];
            sent[..2].sort();
            let writes = [format!("UPDATE {table}"), format!("DELETE {table}")];
            assert_eq!(sent, [looks, writes].concat());
            return;
        }
        let mut steps = vec![format!("SELECT {table}"), format!("DELETE {table}")];
        if !locked {
            steps.remove(0);
        }
        if B::LOCKS {
            // The parent of a whole list first.
            let locks = vec![format!("LOCK {table}"); 2 - usize::from(locked)];
            steps.splice(steps.len() - 1..steps.len() - 1, locks);
        }
        assert_eq!(sent, steps);
    }

    /// What was sent since it was asked last.
    pub(crate) fn statements(&self) -> Vec<String> {
        self.record.take()
    }

    pub(crate) fn home(&self) -> &B::Home {
        &self.home
    }

    /// Another pool on the same database.
    pub(crate) async fn another_pool(&self, options: PoolOptions<B>) -> Pool<B> {
        B::pool(&self.home, options).await
    }

    /// How many transactions were committed since it was asked last.
    pub(crate) fn commits(&self) -> usize {
        let mut statements = self.record.take();
        let commits = B::commits(&self.home, &statements);
        statements.retain(|statement| statement != "COMMIT");
        // One that is a transaction by itself isn't counted again.
        for statement in statements
            .iter_mut()
            .filter(|text| record::is_several(text))
        {
            statement.insert(0, ' ');
        }
        self.record.put(statements);
        commits
    }

    /// The rows that a save changed the tables by are those that its plan said.
    pub(crate) async fn save_as_planned<T: sqlx_cascade::Entity>(
        &self,
        handle: &mut Persistent<T>,
    ) -> Report {
        let plan = handle.plan().expect("a plan");
        let report = handle.save(&self.pool).await.expect("a save");
        assert_eq!(
            plan.changes(),
            report.changes(),
            "the plan and the report differ"
        );
        report
    }
}

/// What is sent: without the locks, where only one transaction writes at a time.
pub(crate) fn locking<B: Base>(sent: &[&'static str]) -> Vec<&'static str> {
    let is_sent = |short: &&str| B::LOCKS || !short.starts_with("LOCK ");
    sent.iter().copied().filter(is_sent).collect()
}

/// An operation failed, in this way and there, and says nothing of any value.
#[track_caller]
pub(crate) fn failed<T: Debug>(result: Result<T, Error>, kind: ErrorKind, path: &str) -> Error {
    let error = result.expect_err("it should have failed");
    assert_eq!((error.kind(), error.path()), (kind, path), "{error}");
    assert!(
        !format!("{error} {error:?}").contains(SECRET),
        "{error:?} repeats a value"
    );
    error
}

/// The changes of a report or plan, one text each: `inserted 1 users`; `*` for a number that only the database knows.
pub(crate) fn changes(of: &(impl Changes + ?Sized)) -> Vec<String> {
    let text = |change: &Change| {
        let rows = change
            .rows
            .map_or_else(|| "*".to_owned(), |rows| rows.to_string());
        format!("{} {rows} {}", change.kind, change.table)
    };
    of.list().iter().map(text).collect()
}

/// A report or a plan.
pub(crate) trait Changes {
    /// What it says.
    fn list(&self) -> &[Change];
}

impl Changes for Report {
    fn list(&self) -> &[Change] {
        self.changes()
    }
}

impl Changes for Plan {
    fn list(&self) -> &[Change] {
        self.changes()
    }
}
