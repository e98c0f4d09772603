// Saving changes the handle.
use sqlx_cascade::{Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(user: &Persistent<User>, pool: &sqlx::SqlitePool) {
    user.save(pool).await.ok();
}

fn main() {}
