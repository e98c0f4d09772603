// What was never saved has no row to read.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(mut user: User, pool: &sqlx::SqlitePool) {
    user.refresh(pool).await.ok();
}

fn main() {}
