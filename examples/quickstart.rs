//! The life of a user and a profile, on SQLite in memory: `cargo run --example quickstart`.
//!
//! Each step prints what is asked, the statements that the library sends, and the rows of both tables after it.

#[path = "quickstart/nullable.rs"]
mod nullable;
#[path = "quickstart/print.rs"]
mod print;

use print::{Outcome, USERS, rows, step, title};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::SqlitePool;
use sqlx_cascade::{HasOne, Relations};

#[derive(Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: HasOne<Profile>,
}

#[derive(Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)]
    id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    user_id: i64,
    bio: String,
}

const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
    CREATE TABLE profiles (id INTEGER PRIMARY KEY AUTOINCREMENT, bio TEXT NOT NULL,
        user_id INTEGER NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE);";

#[tokio::main]
async fn main() -> Outcome {
    print::statements()?;
    let pool = &SqlitePool::connect("sqlite::memory:").await?;
    sqlx::raw_sql(SCHEMA).execute(pool).await?;

    title("A profile that leaves its user is deleted: \"all, delete-orphan\", user_id NOT NULL");
    step("create a user and a profile by one save");
    let user = User {
        name: "Ada".into(),
        profile: profile("mathematician").into(),
        ..User::default()
    };
    let mut user = user.save(pool).await?;
    rows(pool, &USERS).await?;

    step("replace the profile, under UNIQUE (user_id)");
    user.profile.set(profile("programmer"));
    user.save(pool).await?;
    rows(pool, &USERS).await?;

    step("set the profile to none");
    user.profile.remove();
    user.save(pool).await?;
    rows(pool, &USERS).await?;

    for payload in [
        json!({ "profile": { "bio": "countess" } }),
        json!({ "name": "Ada Lovelace" }),
        json!({ "profile": { "bio": "Countess of Lovelace" } }),
        json!({ "profile": null }),
        json!({ "profile": { "bio": "analyst" } }),
    ] {
        step(&format!("PATCH {payload}"));
        user = User::patch(user.id, payload, pool).await?;
        rows(pool, &USERS).await?;
    }

    step("delete the user: the library deletes the profile");
    let user: User = user.delete(pool).await?;
    rows(pool, &USERS).await?;

    step(
        "save it again, all of it new, and delete it by plain SQL: the database deletes the profile",
    );
    user.save(pool).await?;
    print::execute(pool, "DELETE FROM users").await?;
    rows(pool, &USERS).await?;

    title("A desk that leaves its employee stays: the default cascade, employee_id can be NULL");
    nullable::lend_a_desk(pool).await
}

fn profile(bio: &str) -> Profile {
    Profile {
        bio: bio.into(),
        ..Profile::default()
    }
}
