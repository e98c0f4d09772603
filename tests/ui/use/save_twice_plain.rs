// Saving a plain value gives the handle; the value is gone.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(user: User, pool: &sqlx::SqlitePool) {
    user.save(pool).await.ok();
    user.save(pool).await.ok();
}

fn main() {}
