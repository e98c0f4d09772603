//! Hostile input: in values and keys, and in the names of schemas, tables and columns.

use sqlx::Postgres;
use sqlx_cascade::{ErrorKind, HasOne, Persistent, Relations};

use crate::home::{Home, Kind, on_each};
use crate::models::{User, user};

const VALUES: [&str; 16] = [
    "",
    "'",
    "''; DROP TABLE users; --",
    "\"",
    "\"; DELETE FROM users; --",
    "\\",
    "\\'; SELECT 1; --",
    "`${x}` %s {} {{0}} ? $1 :name @p",
    "NULL",
    "null",
    "a\r\n\tb\u{1}\u{7f}",
    "{a,b,\"c\",NULL}",
    "(1,2)",
    "\u{feff}e\u{301}\u{202e}\u{1f468}\u{200d}\u{1f469}\u{10ffff}",
    "\u{fffd}\u{d7ff}\u{e000}",
    "--",
];

on_each!(
    hostile_values_are_stored_as_they_are,
    a_text_of_ten_megabytes,
    a_nul_in_a_text,
    hostile_keys
);

/// MySQL has no names with such characters; `tests/db/names.rs` has what it takes.
mod names {
    use super::*;

    on_each!(sqlite postgres; crate::models::USERS; [hostile_names]);
}

async fn hostile_values_are_stored_as_they_are<DB: Kind>(home: Home<DB>) {
    home.empty().await;
    let users = VALUES.iter().map(|value| user(value)).collect();
    let mut saved = User::save_all(users, &home.pool).await.expect("a save");
    for (user, value) in saved.iter_mut().zip(VALUES.iter().rev()) {
        user.name = format!("{value}{}", user.name);
        (*value).clone_into(&mut user.profile.get_mut().unwrap().bio);
    }
    Persistent::save_all(&mut saved, &home.pool)
        .await
        .expect("a save of changes");
    for user in &saved {
        let there = User::find(user.id)
            .with(User::PROFILE)
            .one(&home.pool)
            .await
            .expect("the user");
        assert_eq!(
            (&there.name, &there.profile.get().unwrap().bio),
            (&user.name, &user.profile.get().unwrap().bio)
        );
        let payload = serde_json::json!({ "name": user.profile.get().unwrap().bio });
        let patched = User::patch(user.id, payload, &home.pool)
            .await
            .expect("a patch");
        assert_eq!(patched.name, user.profile.get().unwrap().bio);
    }
    assert_eq!(
        home.texts("SELECT name FROM users").await.len(),
        VALUES.len()
    );
    for user in saved {
        User::delete_by_key(user.id, &home.pool)
            .await
            .expect("a delete");
    }
    let left = home.content().await;
    assert!(
        left.iter().all(|line| line.starts_with("desks of nobody")),
        "{left:?}"
    );
}

async fn a_text_of_ten_megabytes<DB: Kind>(home: Home<DB>) {
    let long = "\u{e9}'\"\\x".repeat(10 * 1024 * 1024 / 6);
    let mut saved = user(&long).save(&home.pool).await.expect("a save");
    saved.name.push('!');
    saved.save(&home.pool).await.expect("a save of the change");
    let there = User::find(saved.id)
        .with(User::PROFILE)
        .one(&home.pool)
        .await
        .expect("the user");
    assert!(
        there.name == format!("{long}!")
            && there.profile == HasOne::from(there.profile.get().unwrap().clone())
    );
    assert!(there.profile.get().unwrap().bio == format!("bio of {long}"));
}

/// Where it can be stored, it is; PostgreSQL has no such text.
async fn a_nul_in_a_text<DB: Kind>(home: Home<DB>) {
    let before = home.rows().await;
    let mut graph = user("eve");
    graph.profile = crate::models::profile("a\0b").into();
    match graph.clone().save(&home.pool).await {
        Ok(saved) => {
            assert_ne!(DB::NAME, <Postgres as sqlx::Database>::NAME);
            let there = User::find(saved.id)
                .with(User::PROFILE)
                .one(&home.pool)
                .await
                .expect("the user");
            assert_eq!(there.profile.get().unwrap().bio, "bio of a\0b");
        }
        Err(error) => {
            assert_eq!(DB::NAME, <Postgres as sqlx::Database>::NAME);
            assert_eq!(
                (error.kind(), error.path()),
                (ErrorKind::Database, "User.profile"),
                "{error}"
            );
            assert_eq!(error.code(), Some("22021"));
            assert_eq!(home.rows().await, before);
            let mut back: User = error.take_entity().expect("the value");
            assert_eq!(back, graph);
            back.profile = crate::models::profile("ab").into();
            back.save(&home.pool).await.expect("a save without the NUL");
        }
    }
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "folders")]
struct Folder {
    #[key]
    path: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    label: HasOne<Label>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "labels")]
struct Label {
    #[key]
    name: String,
    #[one_to_one(Folder)]
    folder_path: String,
}

async fn hostile_keys<DB: Kind>(home: Home<DB>) {
    home.run("CREATE TABLE folders (path TEXT PRIMARY KEY); CREATE TABLE labels (name TEXT PRIMARY KEY, folder_path TEXT NOT NULL UNIQUE REFERENCES folders (path))").await;
    let folder = |value: &&str| Folder {
        path: (*value).to_owned(),
        label: Label {
            name: (*value).to_owned(),
            ..Label::default()
        }
        .into(),
    };
    let folders: Vec<Folder> = VALUES.iter().map(folder).collect();
    let mut saved = Folder::save_all(folders.clone(), &home.pool)
        .await
        .expect("a save");
    let keys = VALUES.map(str::to_owned);
    let there = Folder::find_many(keys)
        .with(Folder::LABEL)
        .all(&home.pool)
        .await
        .expect("the folders");
    for (there, saved) in there.iter().zip(&saved) {
        assert_eq!(there, saved);
        assert_eq!(there.label.get().unwrap().folder_path, there.path);
    }
    assert_eq!(there.len(), VALUES.len());
    // Of the first half the labels go, of the second half all.
    let rest = saved.split_off(VALUES.len() / 2);
    for folder in &mut saved {
        folder.label.remove();
    }
    Persistent::save_all(&mut saved, &home.pool)
        .await
        .expect("a save without labels");
    Persistent::delete_all(rest, &home.pool)
        .await
        .expect("a delete");
    assert!(home.texts("SELECT name FROM labels").await.is_empty());
    assert_eq!(
        home.texts("SELECT path FROM folders").await.len(),
        VALUES.len() / 2
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "select \"x\"; DROP TABLE users; --'\\ $1 ? \u{e9}")]
struct Odd {
    #[key(generated)]
    #[column(name = "order")]
    id: i64,
    #[column(name = "a\"b'c\\d; --")]
    value: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    child: HasOne<OddChild>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "user", schema = "group 'by' \"x\".\u{1f980}")]
struct OddChild {
    #[key(generated)]
    #[column(name = "'\"%s{}\"'")]
    id: i64,
    #[one_to_one(Odd)]
    #[column(name = "table.\"select\" $2")]
    odd_id: i64,
    #[column(name = "\u{fc}ser name")]
    value: String,
}

/// The names as SQL has them.
const ODD: &str = "\"select \"\"x\"\"; DROP TABLE users; --'\\ $1 ? \u{e9}\"";
const SCHEMA: &str = "\"group 'by' \"\"x\"\".\u{1f980}\"";

async fn hostile_names<DB: Kind>(home: Home<DB>) {
    let on_postgres = DB::NAME == <Postgres as sqlx::Database>::NAME;
    let generated = if on_postgres {
        "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    } else {
        "INTEGER PRIMARY KEY"
    };
    let schema = if on_postgres {
        format!("CREATE SCHEMA {SCHEMA}")
    } else {
        format!("ATTACH ':memory:' AS {SCHEMA}")
    };
    // A schema of PostgreSQL with a fixed name: one such test at a time.
    let before = if on_postgres {
        format!("SELECT pg_advisory_lock(1936485); DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    } else {
        "SELECT 1".to_owned()
    };
    // A schema that is attached to SQLite belongs to the connection.
    let mut connection = home.pool.acquire().await.expect("a connection");
    for sql in [
        before,
        schema,
        format!("CREATE TABLE {ODD} (\"order\" {generated}, \"a\"\"b'c\\d; --\" TEXT NOT NULL)"),
        format!(
            "CREATE TABLE {SCHEMA}.\"user\" (\"'\"\"%s{{}}\"\"'\" {generated}, \"table.\"\"select\"\" $2\" BIGINT NOT NULL UNIQUE, \"\u{fc}ser name\" TEXT NOT NULL)"
        ),
    ] {
        DB::run_on(&mut connection, &sql).await.expect(&sql);
    }
    drop(connection);

    let odd = |value: &str| Odd {
        value: value.to_owned(),
        child: OddChild {
            value: format!("{value} below"),
            ..OddChild::default()
        }
        .into(),
        ..Odd::default()
    };
    let mut odds = Odd::save_all(vec![odd("first"), odd("second")], &home.pool)
        .await
        .expect("a save");
    odds[0].value = "changed".into();
    odds[0].child.get_mut().unwrap().value = "changed below".into();
    odds[1].child.set(OddChild {
        value: "replaced".into(),
        ..OddChild::default()
    });
    Persistent::save_all(&mut odds, &home.pool)
        .await
        .expect("a save of changes");
    let there = Odd::find_many([1, 2])
        .with(Odd::CHILD)
        .all(&home.pool)
        .await
        .expect("the rows");
    assert_eq!(there, odds);
    assert_eq!(there[1].child.get().unwrap().value, "replaced");
    odds[0]
        .detach(Odd::CHILD, &home.pool)
        .await
        .expect("a detach");
    Persistent::delete_all(odds, &home.pool)
        .await
        .expect("a delete");
    let mut connection = home.pool.acquire().await.expect("a connection");
    let left = format!("SELECT 'odd' FROM {ODD} UNION ALL SELECT 'child' FROM {SCHEMA}.\"user\"");
    assert!(
        DB::texts_on(&mut connection, &left)
            .await
            .expect("the rows")
            .is_empty()
    );
    assert_eq!(
        home.texts("SELECT name FROM users ORDER BY id").await,
        ["ann", "bob", "cid"]
    );
    if on_postgres {
        DB::run_on(&mut connection, &format!("DROP SCHEMA {SCHEMA} CASCADE"))
            .await
            .expect("a schema");
    }
}
