//! serde, sqlx and the standard library derive beside us, on the same fields.
#![allow(dead_code)]

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Persistent, Relations};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, sqlx::FromRow, Relations)]
#[serde(rename_all = "camelCase", default)]
#[sqlx(rename_all = "camelCase")]
#[table(name = "users", unique = "fullName, orgId")]
struct User {
    #[key(generated)]
    id: i64,
    full_name: String,
    #[sqlx(rename = "mail")]
    email: Option<String>,
    #[sqlx(json)]
    tags: Vec<String>,
    #[sqlx(default)]
    note: String,
    #[sqlx(skip)]
    #[serde(skip)]
    cache: Vec<u8>,
    #[sqlx(skip)]
    #[one_to_one(cascade = "all, delete-orphan")]
    #[serde(skip_serializing_if = "HasOne::is_not_loaded")]
    profile: HasOne<Profile>,
    #[sqlx(skip)]
    #[serde(skip)]
    #[many_to_one]
    parent: Option<BelongsTo<User>>,
    #[sqlx(skip)]
    #[serde(skip)]
    #[one_to_many(order_by = "fullName")]
    children: HasMany<User>,
    #[sqlx(skip)]
    #[serde(skip)]
    #[many_to_many(through = "likes")]
    likes: ManyToMany<Profile>,
    org_id: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, sqlx::FromRow, Relations)]
#[sqlx(default)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)]
    id: i64,
    #[one_to_one(User)]
    user_id: i64,
    #[column(name = "biography", unique)]
    #[sqlx(rename = "biography")]
    bio: String,
}

#[derive(Debug, Clone, PartialEq, Default, Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated = "gen_random_uuid()")]
    id: sqlx::types::Uuid,
    #[many_to_one(User)]
    author: BelongsTo<User>,
    #[column(json)]
    places: Option<Vec<(f64, f64)>>,
    #[column(generated)]
    created_at: Option<sqlx::types::chrono::NaiveDateTime>,
}

fn rows(user: Persistent<User>) -> impl serde::Serialize {
    user
}

fn main() {
    let _ = sqlx::query_as::<sqlx::Sqlite, Persistent<User>>("SELECT * FROM users");
    let _ = sqlx::query_as::<sqlx::Sqlite, User>("SELECT * FROM users");
    assert_eq!(User::default(), User::default().clone());
}
