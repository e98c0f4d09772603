// A relation to a parent belongs to the child.
use sqlx_cascade::{BelongsTo, Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User { #[key] id: i64 }

#[derive(Relations)]
#[table(name = "posts")]
struct Post { #[key] id: i64, #[many_to_one] author: BelongsTo<User> }

async fn f(mut user: Persistent<User>, pool: &sqlx::SqlitePool) {
    user.load(Post::AUTHOR, pool).await.ok();
}

fn main() {}
