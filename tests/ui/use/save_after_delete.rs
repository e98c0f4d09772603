// A deleted row has no handle any more.
use sqlx_cascade::{Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(mut user: Persistent<User>, pool: &sqlx::SqlitePool) {
    user.delete(pool).await.ok();
    user.save(pool).await.ok();
}

fn main() {}
