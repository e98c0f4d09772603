// What is no database says what to pass.
use sqlx_cascade::{Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(mut user: Persistent<User>) {
    user.save("sqlite::memory:").await.ok();
}

fn main() {}
