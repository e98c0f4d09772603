//! The `main.rs` files whose compilation is measured.

use std::fmt::Write;

const HEAD: &str = "\
#![allow(dead_code, unused_imports)]

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};
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

/// Structs with six columns and a relation of each kind, to the two before and to themselves.
pub(super) fn wide(number: usize) -> String {
    let mut source = HEAD.to_owned();
    for i in 0..number {
        let next = (i + 1) % number;
        let previous = (i + number - 1) % number;
        let _ = write!(
            source,
            r#"
#[derive(Debug, Default, Relations)]
#[table(name = "wide{i}")]
pub struct Wide{i} {{
    #[key(generated)]
    pub id: i64,
    #[one_to_one(Wide{previous})]
    pub one_id: Option<i64>,
    #[many_to_one]
    pub many: Option<BelongsTo<Wide{previous}>>,
    pub name: String,
    pub email: Option<String>,
    pub age: i32,
    #[one_to_one(cascade = "all, delete-orphan", back_populates = one_id)]
    pub one: HasOne<Wide{next}>,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = many)]
    pub list: HasMany<Wide{next}>,
    #[many_to_many(through = "links{i}")]
    pub links: ManyToMany<Wide{next}>,
}}
"#
        );
    }
    source.push_str("\nfn main() {}\n");
    source
}

/// Structs of which each has a relation of every kind to the next or the one before, in a ring; and a program that saves, loads and deletes
/// the first, on SQLite in memory.
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
    #[many_to_one]
    pub owner: Option<BelongsTo<E{previous}>>,
    #[one_to_one(cascade = "all, delete-orphan", back_populates = prev_id, passive_deletes)]
    pub next: HasOne<E{next}>,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = owner)]
    pub list: HasMany<E{next}>,
    #[many_to_many(through = "l{i}", source = "from_id", target = "to_id")]
    pub links: ManyToMany<E{next}>,
}}
"#
        );
        let _ = writeln!(
            tables,
            "    \"CREATE TABLE e{i} (id INTEGER PRIMARY KEY, prev_id INTEGER UNIQUE REFERENCES e{previous} (id) ON DELETE CASCADE, owner_id INTEGER REFERENCES e{previous} (id)); CREATE INDEX o{i} ON e{i} (owner_id); CREATE TABLE l{i} (from_id INTEGER NOT NULL REFERENCES e{i} (id), to_id INTEGER NOT NULL REFERENCES e{next} (id), PRIMARY KEY (from_id, to_id)); CREATE INDEX t{i} ON l{i} (to_id)\","
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
        sqlx::raw_sql(table).execute(&pool).await?;
    }
    let second = E1 { list: vec![E2::default(), E2::default()].into(), ..E1::default() };
    let linked = E1::default().save(&pool).await?;
    let mut first = E0 { next: HasOne::from(second), ..E0::default() };
    first.links.add(&linked);
    let mut first = first.save(&pool).await?;
    first.load(E0::LINKS.then(E1::OWNER), &pool).await?;
    first.delete(&pool).await?;
    let left: i64 = sqlx::query_scalar("SELECT (SELECT count(*) FROM e0) + (SELECT count(*) FROM e2) + (SELECT count(*) FROM l0)").fetch_one(&pool).await?;
    assert_eq!(left, 0, "rows are left after the delete");
    Ok(())
}
"#;
