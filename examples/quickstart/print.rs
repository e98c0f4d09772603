//! What a person sees: each step, the statements that the library sends, and the rows after it.

use std::fmt::Debug;

use sqlx::SqlitePool;
use tracing::field::Field;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Two tables, and what of their rows is shown.
pub(crate) type Tables = [(&'static str, &'static str); 2];

pub(crate) const USERS: Tables = [
    (
        "users",
        "SELECT printf('id %d, name %s', id, name) FROM users",
    ),
    (
        "profiles",
        "SELECT printf('id %d, user_id %d, bio %s', id, user_id, bio) FROM profiles",
    ),
];

pub(crate) const EMPLOYEES: Tables = [
    (
        "employees",
        "SELECT printf('id %d, name %s', id, name) FROM employees",
    ),
    (
        "desks",
        "SELECT printf('id %d, employee_id %s, place %s', id, quote(employee_id), place) FROM desks",
    ),
];

/// Prints every statement that the library sends from now on: a debug event of `tracing`, whose message is the text.
pub(crate) fn statements() -> Outcome {
    let printing = tracing_subscriber::registry().with(Statements);
    Ok(tracing::subscriber::set_global_default(printing)?)
}

struct Statements;

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx_cascade" {
            event.record(&mut |field: &Field, value: &dyn Debug| {
                if field.name() == "message" {
                    println!("      {value:?}");
                }
            });
        }
    }
}

pub(crate) fn title(what: &str) {
    println!("\n{what}\n{}", "=".repeat(what.len()));
}

pub(crate) fn step(what: &str) {
    println!("\n{what}");
}

/// Runs plain SQL, which the library doesn't see.
pub(crate) async fn execute(pool: &SqlitePool, statement: &'static str) -> Outcome {
    println!("      {statement}");
    sqlx::raw_sql(statement).execute(pool).await?;
    Ok(())
}

pub(crate) async fn rows(pool: &SqlitePool, tables: &Tables) -> Outcome {
    for (name, query) in tables {
        let rows: Vec<String> = sqlx::query_scalar(*query).fetch_all(pool).await?;
        let none = || "no row".to_owned();
        let first = rows.first().cloned().unwrap_or_else(none);
        println!("   {name:9}  {first}");
        for row in rows.iter().skip(1) {
            println!("   {:9}  {row}", "");
        }
    }
    Ok(())
}
