//! Which row got which key, under sixteen writers at once and triggers that insert into the same tables.
//!
//! What a row says names its parent, so the whole content of the tables shows whether each row has the key of its parent, and each struct its own.

use sqlx::pool::PoolOptions;
use sqlx::{MySql, Sqlite};
use sqlx_cascade::Persistent;

use crate::lists_models::{BLOGS, Blog, Comment, Like, Post, blog, comment, like, post};
use crate::mysql::deafened;
use crate::support::{Base, Test, on_every_database, run};

on_every_database![sixteen_writers_and_triggers];

const WRITERS: usize = 16;

/// How often each of them saves two graphs.
const ROUNDS: usize = 3;

/// A blog with three posts, with three comments each, with two likes each; what each says begins with what the one above it says.
fn graph(name: &str) -> Blog {
    let likes = |text: &str| [1, 2].map(|number| like(&format!("{text}.{number}")));
    let comments = |title: &str| {
        [1, 2, 3].map(|number| {
            let text = format!("{title}.{number}");
            Comment {
                likes: likes(&text).into_iter().collect(),
                ..comment(&text)
            }
        })
    };
    let posts = [1, 2, 3].map(|number| {
        let title = format!("{name}.{number}");
        Post {
            comments: comments(&title).into_iter().collect(),
            ..post(&title)
        }
    });
    Blog {
        posts: posts.into_iter().collect(),
        ..blog(name, &[])
    }
}

/// A table, what a trigger writes into it for a new row of it, and what it says.
const TABLES: [(&str, &str, &str); 4] = [
    ("blogs", "", "name"),
    ("posts", "blog_id", "title"),
    ("comments", "post_id", "text"),
    ("likes", "comment_id", "who"),
];

/// What a trigger's row says before it repeats the row that it is for.
const MARKS: [(&str, &str); 2] = [("BEFORE", "<"), ("AFTER", ">")];

/// Each new row is preceded and followed by another in its table, under the same parent.
fn in_the_same_table<B: Base>() -> String {
    let triggers = TABLES.iter().flat_map(|table| {
        let trigger = |(time, mark)| trigger::<B>(*table, time, mark);
        MARKS.map(trigger)
    });
    triggers.collect()
}

fn trigger<B: Base>((table, parent, text): (&str, &str, &str), time: &str, mark: &str) -> String {
    let (column, value) = if parent.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("{parent}, "), format!("NEW.{parent}, "))
    };
    let insert =
        format!("INSERT INTO {table} ({column}{text}) VALUES ({value}'{mark}' || NEW.{text})");
    let is_new = format!("substr(NEW.{text}, 1, 1) NOT IN ('<', '>')");
    let name = format!("{table}_{time}");
    let when = format!("{time} INSERT ON {table} FOR EACH ROW WHEN ({is_new})");
    if B::SERVICE == "postgres" {
        format!(
            "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {insert}; RETURN NEW; END $$;
            CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}();"
        )
    } else {
        format!("CREATE TRIGGER {name} {when} BEGIN {insert}; END;")
    }
}

/// On MySQL and MariaDB a trigger may not touch the table of its statement: each new row writes into the table above.
const IN_THE_TABLE_ABOVE: &str = "
    CREATE TRIGGER of_posts AFTER INSERT ON posts FOR EACH ROW INSERT INTO blogs (name) VALUES (concat('>', NEW.title));
    CREATE TRIGGER of_comments BEFORE INSERT ON comments FOR EACH ROW INSERT INTO blogs (name) VALUES (concat('<', NEW.text));
    CREATE TRIGGER of_likes AFTER INSERT ON likes FOR EACH ROW INSERT INTO blogs (name) VALUES (concat('>', NEW.who));
";

async fn sixteen_writers_and_triggers<B: Base>(mut test: Test<B>) {
    let pool = PoolOptions::new().max_connections(16);
    test.pool = test.another_pool(pool).await;
    test.create(BLOGS).await;
    if B::SERVICE == "mysql" {
        for trigger in IN_THE_TABLE_ABOVE.split_inclusive(";\n") {
            test.execute(trigger).await;
        }
        agree(&test, &written(&test).await, above).await;
    } else {
        test.execute(&in_the_same_table::<B>()).await;
        agree(&test, &written(&test).await, beside).await;
    }
}

/// The same where SQLite uses the keys of deleted rows again.
#[tokio::test]
async fn on_sqlite_without_autoincrement() {
    run::<Sqlite, _>(async |mut test: Test<Sqlite>| {
        let pool = PoolOptions::new().max_connections(16);
        test.pool = test.another_pool(pool).await;
        let schema = BLOGS.replace("$id", "INTEGER PRIMARY KEY");
        test.create(&schema).await;
        test.execute(&in_the_same_table::<Sqlite>()).await;
        agree(&test, &written(&test).await, beside).await;
    })
    .await;
}

/// The same on MySQL, which says the first key only.
#[tokio::test]
async fn on_mysql_without_returning() {
    run::<MySql, _>(async |mut test: Test<MySql>| {
        test.create(BLOGS).await;
        for trigger in IN_THE_TABLE_ABOVE.split_inclusive(";\n") {
            test.execute(trigger).await;
        }
        test.pool = deafened(&test, 16).await;
        agree(&test, &written(&test).await, above).await;
    })
    .await;
}

/// Keys that a trigger takes in the middle of an insert, so that those of the insert don't follow each other. Above the largest there is none: SQLite
/// draws at random then, and nobody knows which row got which.
const KEYS_BETWEEN: [(&str, bool); 3] = [
    ("NEW.id + 1000", true),
    ("-NEW.id", true),
    ("9223372036854775807", false),
];

#[tokio::test]
async fn on_sqlite_between_keys_that_a_trigger_takes() {
    for (key, is_known) in KEYS_BETWEEN {
        run::<Sqlite, _>(async move |test: Test<Sqlite>| {
            test.create(&BLOGS.replace("$id", "INTEGER PRIMARY KEY"))
                .await;
            let trigger = format!(
                "CREATE TRIGGER taken AFTER INSERT ON likes WHEN NEW.who NOT LIKE '>%'
                BEGIN INSERT INTO likes VALUES ({key}, NEW.comment_id, '>' || NEW.who); END"
            );
            test.execute(&trigger).await;
            let mut saved = Vec::new();
            for _ in 0..3 {
                let graphs = ["a", "b", "c"].map(graph).to_vec();
                match Blog::save_all(graphs, &test.pool).await {
                    Ok(blogs) => saved.extend(blogs),
                    Err(error) => assert!(!is_known, "{error}"),
                }
            }
            assert_eq!(saved.is_empty(), !is_known);
            agree(&test, &saved, |own| {
                let [.., likes] = beside(own);
                let is_after = |row: &Row| row.text.starts_with('>');
                let likes = likes.into_iter().filter(is_after).collect();
                [Vec::new(), Vec::new(), Vec::new(), likes]
            })
            .await;
        })
        .await;
    }
}

/// A row: its key, if it is known, that of the row above it, and what it says.
struct Row {
    key: Option<i64>,
    above: Option<i64>,
    text: String,
}

impl Row {
    fn new(key: i64, above: Option<i64>, text: &str) -> Self {
        Self {
            key: Some(key),
            above,
            text: text.to_owned(),
        }
    }

    /// As [`Test::rows`] has it, with a mark for a key that nobody knows.
    fn line(&self) -> String {
        let key = self
            .key
            .map_or_else(|| "*".to_owned(), |key| key.to_string());
        let above = self
            .above
            .map_or_else(String::new, |above| format!("{above}|"));
        format!("{key}|{above}{}", self.text)
    }
}

/// The rows of each table.
type Tables = [Vec<Row>; 4];

/// The rows of graphs.
fn rows<'b>(blogs: impl IntoIterator<Item = &'b Blog>) -> Tables {
    let mut tables = Tables::default();
    for blog in blogs {
        tables[0].push(Row::new(blog.id, None, &blog.name));
        for post in &blog.posts {
            tables[1].push(Row::new(post.id, Some(post.blog_id), &post.title));
            for comment in &post.comments {
                tables[2].push(Row::new(comment.id, Some(comment.post_id), &comment.text));
                let row = |like: &Like| Row::new(like.id, Some(like.comment_id), &like.who);
                tables[3].extend(comment.likes.iter().map(row));
            }
        }
    }
    tables
}

/// What the triggers write for these rows in their own tables.
fn beside(tables: &Tables) -> Tables {
    let marked = |row: &Row| {
        MARKS.map(|(_, mark)| Row {
            key: None,
            above: row.above,
            text: format!("{mark}{}", row.text),
        })
    };
    tables
        .each_ref()
        .map(|rows| rows.iter().flat_map(marked).collect())
}

/// What they write on MySQL and MariaDB.
fn above(tables: &Tables) -> Tables {
    let mut written = Tables::default();
    for (rows, mark) in tables[1..].iter().zip([">", "<", ">"]) {
        written[0].extend(rows.iter().map(|row| Row {
            key: None,
            above: None,
            text: format!("{mark}{}", row.text),
        }));
    }
    written
}

/// The tables have the rows of the structs, with their keys, and those of the triggers.
async fn agree<B: Base>(
    test: &Test<B>,
    blogs: &[Persistent<Blog>],
    triggered: impl Fn(&Tables) -> Tables,
) {
    let own = rows(blogs.iter().map(|blog| &**blog));
    let others = triggered(&own);
    for (place, (table, ..)) in TABLES.into_iter().enumerate() {
        let rows = own[place].iter().chain(&others[place]);
        let mut expected: Vec<String> = rows.map(Row::line).collect();
        let rows = test.rows(table).await;
        let mut found: Vec<String> = rows.iter().map(|row| marked(row)).collect();
        expected.sort();
        found.sort();
        assert!(
            expected == found,
            "{table}: expected {expected:#?}, found {found:#?}"
        );
    }
}

/// Without the key of a row that a trigger has written.
fn marked(row: &str) -> String {
    let text = row.rsplit('|').next().unwrap_or_default();
    match row.split_once('|') {
        Some((_, rest)) if text.starts_with(['<', '>']) => format!("*|{rest}"),
        _ => row.to_owned(),
    }
}

/// What sixteen writers have saved at once; each struct says what it said before, and has the key of the one above it.
async fn written<B: Base>(test: &Test<B>) -> Vec<Persistent<Blog>> {
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let pool = test.pool.clone();
        tasks.spawn(async move {
            let mut saved = Vec::new();
            for round in 0..ROUNDS {
                let graphs = ["a", "b"].map(|name| graph(&format!("{writer}.{round}.{name}")));
                let blogs = Blog::save_all(graphs.to_vec(), &pool).await.unwrap();
                for (blog, graph) in blogs.iter().zip(&graphs) {
                    is_of(blog, graph);
                }
                saved.extend(blogs);
            }
            saved
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// A graph that was saved says what it said before, and each of its structs has the key of the one above it.
fn is_of(saved: &Blog, graph: &Blog) {
    let texts = |blog| rows([blog]).map(|rows| rows.into_iter().map(|row| row.text).collect());
    let (after, before): ([Vec<String>; 4], [Vec<String>; 4]) = (texts(saved), texts(graph));
    assert_eq!(after, before);
    for post in &saved.posts {
        assert_eq!(post.blog_id, saved.id);
        for comment in &post.comments {
            assert_eq!(comment.post_id, post.id);
            assert!(
                comment
                    .likes
                    .iter()
                    .all(|like| like.comment_id == comment.id)
            );
        }
    }
}
