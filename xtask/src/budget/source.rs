//! The `main.rs` files whose compilation is measured.

use std::fmt::Write;

const HEAD: &str = "\
#![allow(dead_code, unused_imports)]

use sqlx_cascade::{HasOne, Relations};
";

/// Pairs of a user and its profile: each of the structs has three columns and one relation.
pub(super) fn pairs(number: usize) -> String {
    let mut source = HEAD.to_owned();
    for i in 0..number {
        let _ = write!(
            source,
            r#"
#[derive(Debug, Default, Relations)]
#[table(name = "users{i}")]
pub struct User{i} {{
    #[key(generated)]
    pub id: i64,
    pub name: String,
    pub email: Option<String>,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub profile: HasOne<Profile{i}>,
}}

#[derive(Debug, Default, Relations)]
#[table(name = "profiles{i}")]
pub struct Profile{i} {{
    #[key(generated)]
    pub id: i64,
    #[one_to_one(User{i}, on_delete = "cascade")]
    pub user_id: i64,
    pub bio: String,
}}
"#
        );
    }
    source.push_str("\nfn main() {}\n");
    source
}

/// Structs of which each has the next as its child, and the last has the first; and a program that saves, loads and
/// deletes the first, on SQLite in memory.
pub(super) fn ring(number: usize) -> String {
    let mut source = HEAD.to_owned();
    let mut tables = String::new();
    for i in 0..number {
        let next = (i + 1) % number;
        let previous = (i + number - 1) % number;
        let _ = write!(
            source,
            r#"
#[derive(Debug, Default, Relations)]
#[table(name = "e{i}")]
pub struct E{i} {{
    #[key(generated)]
    pub id: i64,
    #[one_to_one(E{previous}, on_delete = "cascade")]
    pub prev_id: Option<i64>,
    #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
    pub next: HasOne<E{next}>,
}}
"#
        );
        let _ = writeln!(
            tables,
            "    \"CREATE TABLE e{i} (id INTEGER PRIMARY KEY, prev_id INTEGER UNIQUE REFERENCES e{previous} (id) ON DELETE CASCADE)\","
        );
    }
    let _ = write!(
        source,
        "\nconst TABLES: [&str; {number}] = [\n{tables}];\n{RING_MAIN}"
    );
    source
}

const RING_MAIN: &str = r#"
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Each connection to a database in memory has its own.
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    for table in TABLES {
        sqlx::query(table).execute(&pool).await?;
    }
    let second = E1 { next: HasOne::from(E2::default()), ..E1::default() };
    let first = E0 { next: HasOne::from(second), ..E0::default() };
    let mut first = first.save(&pool).await?;
    first.load(E0::NEXT, &pool).await?;
    first.delete(&pool).await?;
    let left: i64 = sqlx::query_scalar("SELECT (SELECT count(*) FROM e0) + (SELECT count(*) FROM e1)").fetch_one(&pool).await?;
    assert_eq!(left, 0, "rows are left after the delete");
    Ok(())
}
"#;
