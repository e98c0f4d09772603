//! A database of its own for each test, in which statements can be told to fail.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::Pool;
use sqlx::pool::PoolOptions;
use sqlx_cascade::Backend;

use crate::models::USERS;
use crate::proxy::{Proxy, Server, Wired};

/// Tables that belong together.
pub(crate) struct Family {
    /// `$id` is a key that the database draws.
    pub(crate) schema: &'static str,
    /// In the order in which they are emptied.
    pub(crate) tables: &'static [&'static str],
    /// Tables without keys that the database draws.
    pub(crate) links: &'static [&'static str],
    /// What has to be done before they can be emptied.
    pub(crate) empty: &'static str,
    pub(crate) seed: &'static str,
    /// Every row of every table, keys included.
    pub(crate) rows: &'static str,
    /// Every row of every table by what it says, without the keys that a database draws: a sequence doesn't roll back.
    pub(crate) content: &'static str,
}

/// What transactions see of each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Level {
    /// What was committed before each statement.
    ReadCommitted,
    /// What was committed before the first that reads.
    RepeatableRead,
    Serializable,
}

/// A database of these tests.
pub(crate) trait Kind: Backend + Sized {
    /// What is removed at the end.
    type Place: Send + Sync;

    /// Stops an operation on its way.
    type Brake;

    /// The tables that every family has.
    const SCHEMA: &'static str;

    /// The type of a key that the database draws.
    const ID: &'static str;

    /// Begins a transaction that writes.
    const WRITE: &'static str;

    /// Constraints can wait for the COMMIT, so that it fails.
    const DEFERS: bool = true;

    /// The levels of isolation at which writers meet.
    const LEVELS: &'static [Level];

    /// Triggers of a table that do what the table `fault` says.
    fn watch(table: &str) -> String;

    /// Begins the keys of these tables at 1.
    fn restart(tables: &[&str]) -> String;

    /// The tests' own SQL, as this database has it.
    fn written(sql: &str) -> Cow<'_, str> {
        Cow::Borrowed(sql)
    }

    /// Empties tables so that their keys begin anew, where `restart` doesn't do that.
    fn emptied(_: &[&str]) -> String {
        "SELECT 1".to_owned()
    }

    /// What runs this SQL often, and what has to be run once for that.
    fn often(name: &str, sql: &str) -> (String, String);

    /// A place without tables; `None` where there is no server.
    fn place() -> impl Future<Output = Option<Self::Place>>;

    /// A pool of one connection.
    fn pool(place: &Self::Place) -> Pool<Self>;

    /// A pool of one connection on which no answer is there at once: every await point suspends.
    fn slow_pool(place: &Self::Place) -> impl Future<Output = Pool<Self>>;

    /// Pools of one connection for two writers, the first of which can be stopped.
    fn rivals(
        place: &Self::Place,
        level: Level,
    ) -> impl Future<Output = (Pool<Self>, Self::Brake, Pool<Self>)>;

    /// Runs a future of the first writer up to this step, where it stands; what it gave, if it came to its end before that.
    fn up_to<F: Future>(
        brake: &mut Self::Brake,
        future: std::pin::Pin<&mut F>,
        step: usize,
    ) -> impl Future<Output = Option<F::Output>>;

    /// Lets it go on when it is polled again.
    fn resume(brake: &mut Self::Brake);

    /// Waits until a connection of this place waits for another.
    fn blocked(observer: &Pool<Self>) -> impl Future<Output = ()>;

    /// Waits until nobody is busy with what a connection was sent that isn't there any more.
    fn settled(place: &Self::Place, observer: &Pool<Self>) -> impl Future<Output = ()> {
        let _ = (place, observer);
        std::future::ready(())
    }

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

/// A database with a server, before which a proxy can stand.
pub(crate) trait Served: Kind + Wired {
    /// Where the server of a place is.
    fn server(place: &Self::Place) -> Server<Self>;

    /// A proxy to the server of a place.
    fn proxy(place: &Self::Place) -> impl Future<Output = Proxy<Self>> {
        Proxy::new(Self::server(place), PoolOptions::new())
    }
}

/// Implements the functions of `Kind` that are the same for every database.
macro_rules! running {
    () => {
        fn run_on<'c>(
            connection: &'c mut Self::Connection,
            sql: &str,
        ) -> impl Future<Output = Result<(), sqlx::Error>> + use<'c> {
            let query = sqlx::raw_sql($crate::home::trusted(
                &<Self as $crate::home::Kind>::written(sql),
            ));
            async move { query.execute(connection).await.map(drop) }
        }

        fn texts_on<'c>(
            connection: &'c mut Self::Connection,
            sql: &str,
        ) -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + use<'c> {
            let query = sqlx::query_scalar($crate::home::trusted(
                &<Self as $crate::home::Kind>::written(sql),
            ));
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

/// A database with the tables of a family.
pub(crate) struct Home<DB: Kind> {
    /// For operations: one connection, so that what a failure leaves on it is met by the next.
    pub(crate) pool: Pool<DB>,
    /// Looks on, from outside.
    pub(crate) observer: Pool<DB>,
    pub(crate) place: Arc<DB::Place>,
    family: &'static Family,
    /// Empties the tables, and fills them as they were at the beginning.
    emptying: Arc<[String; 2]>,
}

impl<DB: Kind> Clone for Home<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            observer: self.observer.clone(),
            place: Arc::clone(&self.place),
            family: self.family,
            emptying: Arc::clone(&self.emptying),
        }
    }
}

impl<DB: Kind> Home<DB> {
    /// With the tables of the users.
    pub(crate) async fn open() -> Option<Self> {
        Self::of(&USERS).await
    }

    pub(crate) async fn of(family: &'static Family) -> Option<Self> {
        let place = DB::place().await?;
        let emptying = emptying::<DB>(family);
        let (create_empty, empty) = DB::often("emptied", &emptying);
        let (create_reset, reset) = DB::often("reset", &(emptying + family.seed));
        let home = Self {
            pool: DB::pool(&place),
            observer: DB::pool(&place),
            place: Arc::new(place),
            family,
            emptying: Arc::new([empty, reset]),
        };
        let mut schema = DB::SCHEMA.to_owned() + &family.schema.replace("$id", DB::ID);
        for table in family.tables {
            schema += &DB::watch(table);
        }
        home.run(&(schema + &create_empty + &create_reset)).await;
        home.reset().await;
        Some(home)
    }

    pub(crate) fn tables(&self) -> &'static [&'static str] {
        self.family.tables
    }

    /// Nothing is in the tables.
    pub(crate) async fn empty(&self) {
        self.run(&self.emptying[0]).await;
    }

    /// The tables are as they were at the beginning.
    pub(crate) async fn reset(&self) {
        self.run(&self.emptying[1]).await;
    }

    /// The tables are as they were at the beginning, and so are the keys of new rows.
    pub(crate) async fn renew(&self) {
        self.run(&DB::emptied(self.family.tables)).await;
        self.reset().await;
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
        self.texts(self.family.rows).await
    }

    /// Every row of every table, without generated keys.
    pub(crate) async fn content(&self) -> Vec<String> {
        self.texts(self.family.content).await
    }

    /// From now on `what` fails: `INSERT users`, or `COMMIT`.
    pub(crate) async fn fail(&self, what: &str) {
        self.run(&format!("INSERT INTO fault (what) VALUES ('{what}')"))
            .await;
    }

    /// What the triggers see from now on is noted.
    pub(crate) async fn note(&self) {
        self.run("DELETE FROM fired; INSERT INTO fault (what) VALUES ('note')")
            .await;
    }

    /// What was noted: `INSERT users`, each once.
    pub(crate) async fn noted(&self) -> Vec<String> {
        self.mend().await;
        self.texts("SELECT DISTINCT what FROM fired ORDER BY what")
            .await
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
        // One that was closed on the way may be at work still.
        if DB::CLOSES {
            DB::settled(&self.place, &self.observer).await;
        }
    }
}

fn emptying<DB: Kind>(family: &Family) -> String {
    let Family {
        tables,
        links,
        empty,
        ..
    } = family;
    let mut sql = format!("DELETE FROM fault; DELETE FROM notes; {empty}");
    for table in *tables {
        let _ = write!(sql, "DELETE FROM {table};");
    }
    let drawn = tables.iter().filter(|table| !links.contains(table));
    let mut drawn: Vec<&str> = drawn.copied().collect();
    drawn.push("notes");
    sql + &DB::restart(&drawn)
}

/// Tests, each on every database, or on some, with the tables of a family.
macro_rules! on_each {
    ($($test:ident),* $(,)?) => {
        $crate::home::on_each!(sqlite postgres mysql; $crate::models::USERS; [$($test),*]);
    };
    ($($database:ident)*; $family:expr; $tests:tt) => {
        $($crate::home::on_each!(in $database, $family, $tests);)*
    };
    (in $database:ident, $family:expr, [$($test:ident),* $(,)?]) => {
        mod $database {
            $(#[tokio::test]
            async fn $test() {
                if let Some(home) = $crate::home::Home::<$crate::home::named!($database)>::of(&$family).await {
                    super::$test(home).await;
                }
            })*
        }
    };
}
pub(crate) use on_each;

/// The type of a database.
macro_rules! named {
    (sqlite) => {
        sqlx::Sqlite
    };
    (postgres) => {
        sqlx::Postgres
    };
    (mysql) => {
        sqlx::MySql
    };
}
pub(crate) use named;

/// A test for each operation on users, and for each group of those on blogs, on each database or on some.
macro_rules! each_operation {
    ($test:ident) => {
        $crate::home::each_operation!(sqlite postgres mysql: $test);
    };
    ($($database:ident)*: $test:ident) => {
        $($crate::home::each_operation!($database $test:
            insert Insert, insert_all InsertAll, change Change, replace Replace, remove Remove, release Release,
            whole Whole, moved Move, save_all SaveAll, delete Delete, delete_all DeleteAll,
            delete_by_key DeleteByKey, detach Detach, merge Merge, patch Patch, lone Lone;
            lists LISTS, links LINKS, graphs GRAPHS, trees TREES);)*
    };
    ($database:ident $test:ident: $($name:ident $operation:ident),*; $($group:ident $blog:ident),*) => {
        mod $database {
            type Home = $crate::home::Home<$crate::home::named!($database)>;

            $(#[tokio::test]
            async fn $name() {
                if let Some(home) = Home::open().await {
                    super::$test(home, $crate::operation::Operation::$operation).await;
                }
            })*
            $(#[tokio::test]
            async fn $group() {
                if let Some(home) = Home::of(&$crate::blog::BLOG).await {
                    for operation in $crate::blog_operation::$blog {
                        println!("{operation:?}");
                        super::$test(home.clone(), *operation).await;
                    }
                }
            })*
            #[tokio::test]
            async fn aggregates() {
                if let Some(home) = Home::of(&$crate::albums::ALBUMS).await {
                    for operation in $crate::albums::ALL {
                        println!("{operation:?}");
                        super::$test(home.clone(), *operation).await;
                    }
                }
            }
        }
    };
}
pub(crate) use each_operation;

/// A test for some operations of each family, on each database or on some: where there are many places in each.
macro_rules! few_operations {
    ($test:ident) => {
        $crate::home::few_operations!(sqlite postgres mysql: $test);
    };
    ($($database:ident)*: $test:ident) => {
        $(mod $database {
            type Home = $crate::home::Home<$crate::home::named!($database)>;

            #[tokio::test]
            async fn users() {
                if let Some(home) = Home::open().await {
                    for operation in $crate::operation::FEW {
                        println!("{operation:?}");
                        super::$test(home.clone(), *operation).await;
                    }
                }
            }

            #[tokio::test]
            async fn blogs() {
                if let Some(home) = Home::of(&$crate::blog::BLOG).await {
                    for operation in $crate::blog_operation::FEW {
                        println!("{operation:?}");
                        super::$test(home.clone(), *operation).await;
                    }
                }
            }
        })*
    };
}
pub(crate) use few_operations;
