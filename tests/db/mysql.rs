//! What is particular to MySQL and MariaDB.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::pool::PoolOptions;
use sqlx::{Executor as _, MySql, Row as _};
use sqlx_cascade::{ErrorKind, HasMany, HasOne, Relations, Transaction};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener, UnixStream};

use crate::models::{USERS, User, user};
use crate::support::{Test, failed, run};

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shelves")]
struct Shelf {
    #[key(generated)]
    id: u64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    id: u32,
    #[many_to_one(Shelf)]
    shelf_id: u64,
    title: String,
    #[column(generated)]
    pages: i64,
}

const SHELVES: &str = "
    CREATE TABLE shelves (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL);
    CREATE TABLE books (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, shelf_id BIGINT UNSIGNED NOT NULL REFERENCES shelves (id), title VARCHAR(20) NOT NULL, pages BIGINT NOT NULL DEFAULT 7);
";

fn shelf(name: &str, books: usize) -> Shelf {
    let book = |number| Book {
        title: format!("{name} {number}"),
        ..Book::default()
    };
    Shelf {
        name: name.into(),
        books: (0..books).map(book).collect(),
        ..Shelf::default()
    }
}

fn bare(name: &str) -> User {
    User {
        name: name.into(),
        profile: HasOne::empty(),
        ..User::default()
    }
}

/// Each handle has the keys that its rows have.
async fn agrees(test: &Test<MySql>, shelves: &[sqlx_cascade::Persistent<Shelf>]) {
    let keys = shelves.iter().map(|shelf| shelf.id);
    let found = Shelf::find_many(keys).with(Shelf::BOOKS);
    let found = found.all(&test.pool).await.unwrap();
    assert_eq!(found, shelves);
    for shelf in shelves {
        for book in &shelf.books {
            assert!(book.title.starts_with(&shelf.name));
            assert_eq!(book.pages, 7);
        }
    }
}

#[tokio::test]
async fn unsigned_keys() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(SHELVES).await;
        test.execute("ALTER TABLE books AUTO_INCREMENT = 4294960000")
            .await;
        let mut shelves = Shelf::save_all(vec![shelf("a", 3), shelf("b", 2)], &test.pool)
            .await
            .unwrap();
        agrees(&test, &shelves).await;
        for book in &mut shelves[0].books {
            book.title.push('+');
        }
        shelves[0].save(&test.pool).await.unwrap();
        agrees(&test, &shelves).await;
    })
    .await;
}

#[tokio::test]
async fn keys_that_are_not_consecutive() {
    run::<MySql, _>(async |mut test: Test<MySql>| {
        test.create(SHELVES).await;
        let by_tens = PoolOptions::new().max_connections(1);
        test.pool = test.another_pool(by_tens).await;
        test.execute("SET auto_increment_increment = 10, auto_increment_offset = 3")
            .await;
        let shelves = Shelf::save_all(vec![shelf("a", 300), shelf("b", 2)], &test.pool)
            .await
            .unwrap();
        assert_eq!((shelves[0].id, shelves[1].id), (3, 13));
        agrees(&test, &shelves).await;
    })
    .await;
}

#[tokio::test]
async fn sixteen_writers_at_once() {
    run::<MySql, _>(async |mut test: Test<MySql>| {
        test.create(SHELVES).await;
        // Each book that is inserted draws keys of another table.
        test.execute("CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, book INT UNSIGNED NOT NULL)")
            .await;
        test.execute("CREATE TRIGGER logged AFTER INSERT ON books FOR EACH ROW INSERT INTO log (book) VALUES (NEW.id), (NEW.id)")
            .await;
        test.pool = test
            .another_pool(PoolOptions::new().max_connections(16))
            .await;
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..16 {
            let pool = test.pool.clone();
            tasks.spawn(async move {
                let mut saved = Vec::new();
                for round in 0..5 {
                    let name = format!("{writer}/{round}");
                    let shelves = vec![shelf(&name, 30), shelf(&format!("{name}'"), 3)];
                    saved.extend(Shelf::save_all(shelves, &pool).await.unwrap());
                }
                saved
            });
        }
        while let Some(saved) = tasks.join_next().await {
            agrees(&test, &saved.unwrap()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn keys_that_a_trigger_assigns_are_refused_for_several_rows() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(SHELVES).await;
        test.execute("CREATE TRIGGER assigned BEFORE INSERT ON shelves FOR EACH ROW SET NEW.id = length(NEW.name) * length(NEW.name)")
            .await;
        let several = ["a", "bb", "ccc", "dddd"].map(|name| shelf(name, 0));
        let saved = Shelf::save_all(several.to_vec(), &test.pool).await;
        failed(saved, ErrorKind::Unsupported, "Shelf");
        assert!(test.rows("shelves").await.is_empty());
        let one = shelf("ccccc", 0).save(&test.pool).await.unwrap();
        assert_eq!(one.id, 25);
    })
    .await;
}

/// The answer to an INSERT of one row says its key, also one that a trigger has set: nothing is read. Where it says none, the save is done once more.
#[tokio::test]
async fn the_key_of_a_single_row_is_reported() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        let save = async |name: &str| {
            drop(test.statements());
            let saved = user(name, name).save(&test.pool).await.unwrap();
            let sent = test.statements().into_iter();
            let inserts = sent.filter(|text| text.starts_with("INSERT"));
            let inserts: Vec<bool> = inserts.map(|text| text.contains("RETURNING")).collect();
            (saved.id, saved.profile.get().unwrap().id, inserts)
        };
        assert_eq!(save("a").await, (1, 1, vec![false, false]));
        test.execute("CREATE TRIGGER assigned BEFORE INSERT ON users FOR EACH ROW SET NEW.id = 40 + length(NEW.name)")
            .await;
        assert_eq!(save("bb").await, (42, 2, vec![false, false]));
        assert_eq!(test.rows("users").await, ["1|a", "42|bb"]);
        assert_eq!(test.rows("profiles").await, ["1|1|a", "2|42|bb"]);
    })
    .await;
}

/// The index that an explained statement takes.
#[expect(clippy::disallowed_methods, reason = "the rows are the test's own")]
async fn index_of(test: &Test<MySql>, explain: String) -> Option<String> {
    let explain = sqlx::query(sqlx::AssertSqlSafe(explain));
    explain.fetch_one(&test.pool).await.unwrap().get("key")
}

/// With an index on the owner, too, MariaDB finds a list of rows by their keys: by the owner it would take twice as long.
#[tokio::test]
async fn a_list_of_rows_is_found_by_key() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(SHELVES).await;
        test.execute("CREATE INDEX books_of_shelf ON books (shelf_id)")
            .await;
        let mut shelf = shelf("a", 2000).save(&test.pool).await.unwrap();
        test.execute("ANALYZE TABLE books").await;
        let keys: Vec<u32> = shelf.books.iter().take(64).map(|book| book.id).collect();
        shelf.books.retain(|book| !keys.contains(&book.id));
        drop(test.statements());
        shelf.save(&test.pool).await.unwrap();
        let sent = test.statements();
        let delete = sent.iter().find(|text| text.starts_with("DELETE"));
        let mut explain = format!("EXPLAIN {}", delete.unwrap());
        let others = shelf.books.iter().take(64);
        let values = others.flat_map(|book| [u64::from(book.id), shelf.id]);
        for value in values {
            explain = explain.replacen('?', &value.to_string(), 1);
        }
        let by_key = index_of(&test, explain.clone()).await;
        assert_eq!(by_key.as_deref(), Some("PRIMARY"));
        // What stands there without the trick.
        let by_owner = index_of(&test, explain.replace("COALESCE", "")).await;
        assert_eq!(by_owner.as_deref(), Some("books_of_shelf"));
        assert_eq!(test.rows("books").await.len(), 1936);
    })
    .await;
}

/// Polls a future so often, drops it then, and gives what it gave if it was done.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The pool is usable, and what was dropped on its way is all there, or, after a while, not at all.
async fn recovers(test: &Test<MySql>, pool: &sqlx::Pool<MySql>, place: usize) -> bool {
    let eve = tokio::time::timeout(PATIENCE, bare("eve").save(pool)).await;
    eve.unwrap_or_else(|_| panic!("stuck after {place} polls"))
        .unwrap();
    // The server notices by and by that a connection was closed.
    for _ in 0..100 {
        let users = test.rows("users").await;
        let ada = users.iter().any(|user| user.ends_with("|ada"));
        if ada == (test.rows("profiles").await.len() == 1) {
            return ada;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("half of it is there after {place} polls");
}

const PATIENCE: Duration = Duration::from_secs(10);

async fn empty(test: &Test<MySql>) {
    test.execute("DELETE FROM profiles; DELETE FROM users")
        .await;
}

/// A connection of a pool that nobody has used yet: each statement is prepared, and dropped on the way too.
#[tokio::test]
async fn an_operation_that_is_dropped() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        for times in 0.. {
            empty(&test).await;
            let pool = test
                .another_pool(PoolOptions::new().max_connections(1))
                .await;
            let saved = polled(user("ada", "old").save(&pool), times).await;
            let is_done = saved.is_some_and(|saved| saved.is_ok());
            let is_there = recovers(&test, &pool, times).await;
            if is_done {
                assert!(is_there);
                break;
            }
        }
    })
    .await;
}

/// A transaction of ours can't be committed after that: nobody knows what is on its way.
#[tokio::test]
async fn an_operation_that_is_dropped_in_a_transaction() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        for times in 0.. {
            empty(&test).await;
            let pool = test
                .another_pool(PoolOptions::new().max_connections(1))
                .await;
            let mut transaction = Transaction::begin(&pool).await.unwrap();
            let saved = polled(user("ada", "old").save(&mut transaction), times).await;
            let is_done = saved.is_some_and(|saved| saved.is_ok());
            let committed = tokio::time::timeout(PATIENCE, transaction.commit()).await;
            match committed.expect("an end") {
                Ok(()) => assert!(is_done || times == 0),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
            }
            assert_eq!(recovers(&test, &pool, times).await, is_done);
            if is_done {
                break;
            }
        }
    })
    .await;
}

/// The caller's own transaction goes on, where the statements were prepared before.
#[tokio::test]
async fn an_operation_that_is_dropped_in_a_plain_transaction() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        let pool = test
            .another_pool(PoolOptions::new().max_connections(1))
            .await;
        user("ada", "old").save(&pool).await.unwrap();
        for times in 0.. {
            empty(&test).await;
            let mut transaction = pool.begin().await.unwrap();
            let saved = polled(user("ada", "old").save(&mut transaction), times).await;
            let is_done = saved.is_some_and(|saved| saved.is_ok());
            let bob = transaction.execute("INSERT INTO users (name) VALUES ('bob')");
            let bob = tokio::time::timeout(PATIENCE, bob).await;
            bob.expect("a usable connection").unwrap();
            transaction.commit().await.unwrap();
            let users = test.rows("users").await;
            assert!(users.iter().any(|user| user.ends_with("|bob")));
            let is_there = users.iter().any(|user| user.ends_with("|ada"));
            assert_eq!(is_there, is_done, "after {times} polls");
            assert_eq!(test.rows("profiles").await.is_empty(), !is_done);
            if is_done {
                break;
            }
        }
    })
    .await;
}

/// A pool of so many connections to a server without RETURNING: as MySQL, it doesn't read what stands in a comment for MariaDB.
pub(crate) async fn deafened(test: &Test<MySql>, connections: u32) -> sqlx::Pool<MySql> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("sqlx-cascade-deaf-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    let socket = folder.join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(deaf(listener, test.server().clone()));
    let options = PoolOptions::new()
        .max_connections(connections)
        .min_connections(connections);
    let pool = test.through(&socket, options).await;
    while pool.size() < connections {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    std::fs::remove_dir_all(folder).unwrap();
    pool
}

#[tokio::test]
async fn without_returning() {
    run::<MySql, _>(async |mut test: Test<MySql>| {
        test.create(SHELVES).await;
        test.create(USERS).await;
        test.pool = deafened(&test, 1).await;
        let shelves = vec![shelf("a", 300), shelf("b", 2), shelf("c", 0)];
        let shelves = Shelf::save_all(shelves, &test.pool).await.unwrap();
        agrees(&test, &shelves).await;
        test.execute("SET auto_increment_increment = 7, auto_increment_offset = 2")
            .await;
        let shelves = vec![shelf("d", 300), shelf("e", 2)];
        let shelves = Shelf::save_all(shelves, &test.pool).await.unwrap();
        agrees(&test, &shelves).await;
        let ada = user("ada", "old").save(&test.pool).await.unwrap();
        let found = User::find(ada.id).with(User::PROFILE);
        assert_eq!(found.one(&test.pool).await.unwrap(), ada);
    })
    .await;
}

/// A value that is too long is refused, in a write of several rows too, whose values pass through a derived table.
#[tokio::test]
async fn a_value_that_is_too_long_is_not_cut() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(SHELVES).await;
        let shelves = vec![shelf("a", 0), shelf("b", 0)];
        let mut shelves = Shelf::save_all(shelves, &test.pool).await.unwrap();
        for shelf in &mut shelves {
            shelf.name = "\u{1f600}".repeat(20);
        }
        sqlx_cascade::Persistent::save_all(&mut shelves, &test.pool)
            .await
            .unwrap();
        agrees(&test, &shelves).await;
        for shelf in &mut shelves {
            shelf.name = "x".repeat(21);
        }
        let saved = sqlx_cascade::Persistent::save_all(&mut shelves, &test.pool).await;
        assert_eq!(saved.unwrap_err().code(), Some("1406"));
    })
    .await;
}

/// The server has rolled back everything: the transaction can't be committed, and its handles know it.
#[tokio::test]
async fn a_deadlock_ends_the_transaction() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        let mut ada = bare("ada").save(&test.pool).await.unwrap();
        let mut bob = bare("bob").save(&test.pool).await.unwrap();
        let mut rival = test.pool.begin().await.unwrap();
        // The one that has changed fewer rows is the victim.
        rival
            .execute("INSERT INTO users (name) SELECT 'x' FROM seq_1_to_100")
            .await
            .unwrap();
        rival
            .execute("UPDATE users SET name = 'r' WHERE id = 2")
            .await
            .unwrap();
        let mut transaction = Transaction::begin(&test.pool).await.unwrap();
        ada.name = "a".into();
        ada.save(&mut transaction).await.unwrap();
        let waiting = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            rival
                .execute("UPDATE users SET name = 'r' WHERE id = 1")
                .await
        };
        bob.name = "b".into();
        let (saved, rivals) = tokio::join!(bob.save(&mut transaction), waiting);
        rivals.unwrap();
        failed(saved, ErrorKind::Conflict, "User");
        let again = bare("eve").save(&mut transaction).await;
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
        let committed = transaction.commit().await;
        assert_eq!(committed.unwrap_err().kind(), ErrorKind::Conflict);
        rival.rollback().await.unwrap();
        assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
        ada.save(&test.pool).await.unwrap();
        bob.save(&test.pool).await.unwrap();
        assert_eq!(test.rows("users").await, ["1|a", "2|b"]);
    })
    .await;
}

/// A plain transaction of the caller's can be rolled back after that, and used again.
#[tokio::test]
async fn a_plain_transaction_after_a_deadlock() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        let ada = bare("ada").save(&test.pool).await.unwrap();
        let mut bob = bare("bob").save(&test.pool).await.unwrap();
        let mut rival = test.pool.begin().await.unwrap();
        rival
            .execute("INSERT INTO users (name) SELECT 'x' FROM seq_1_to_100")
            .await
            .unwrap();
        rival
            .execute("UPDATE users SET name = 'r' WHERE id = 2")
            .await
            .unwrap();
        let mut connection = test.pool.acquire().await.unwrap();
        let mut transaction = sqlx::Connection::begin(&mut *connection).await.unwrap();
        transaction
            .execute("UPDATE users SET name = 'a' WHERE id = 1")
            .await
            .unwrap();
        let waiting = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            rival
                .execute("UPDATE users SET name = 'r' WHERE id = 1")
                .await
        };
        bob.name = "b".into();
        let (saved, rivals) = tokio::join!(bob.save(&mut transaction), waiting);
        rivals.unwrap();
        failed(saved, ErrorKind::Conflict, "User");
        let again = bare("eve").save(&mut transaction).await;
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
        transaction.rollback().await.unwrap();
        rival.rollback().await.unwrap();
        bob.save(&mut connection).await.unwrap();
        assert_eq!(test.rows("users").await, ["1|ada", "2|b"]);
        drop(ada);
    })
    .await;
}

/// What an operation did in the caller's transaction stays with it, without a round trip that ends the operation's savepoint.
#[tokio::test]
async fn an_operation_in_a_transaction() {
    run::<MySql, _>(async |test: Test<MySql>| {
        test.create(USERS).await;
        let mut transaction = test.pool.begin().await.unwrap();
        let mut ada = user("ada", "old").save(&mut transaction).await.unwrap();
        ada.profile = HasOne::empty();
        transaction
            .execute("INSERT INTO users (name) VALUES ('bob')")
            .await
            .unwrap();
        let mut eve = bare("eve").save(&mut transaction).await.unwrap();
        let mut inner = sqlx::Connection::begin(&mut *transaction).await.unwrap();
        eve.name = "e".into();
        eve.save(&mut inner).await.unwrap();
        inner.rollback().await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(test.rows("users").await, ["1|ada", "2|bob", "3|eve"]);
        assert_eq!(test.rows("profiles").await, ["1|1|old"]);
    })
    .await;
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to a server.
async fn reach(server: &MySqlConnectOptions) -> Box<dyn Stream> {
    if let Some(socket) = server.get_socket() {
        return Box::new(UnixStream::connect(socket).await.unwrap());
    }
    let address = (server.get_host(), server.get_port());
    Box::new(TcpStream::connect(address).await.unwrap())
}

/// Passes on everything that comes to a socket, but for the mark that makes MariaDB read a comment.
async fn deaf(listener: UnixListener, server: MySqlConnectOptions) {
    while let Ok((client, _)) = listener.accept().await {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = tokio::io::split(reach(&server).await);
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        tokio::spawn(async move {
            let mut header = [0; 4];
            while from_client.read_exact(&mut header).await.is_ok() {
                let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
                let mut packet = vec![0; length as usize];
                from_client.read_exact(&mut packet).await.unwrap();
                for at in 0..packet.len().saturating_sub(3) {
                    if packet[at..].starts_with(b"/*M!") {
                        packet[at + 2..at + 4].copy_from_slice(b"  ");
                    }
                }
                to_server.write_all(&header).await.unwrap();
                to_server.write_all(&packet).await.unwrap();
            }
        });
    }
}
