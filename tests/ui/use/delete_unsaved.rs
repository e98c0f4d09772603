// What was never saved has no row to delete.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(user: User, pool: &sqlx::SqlitePool) {
    user.delete(pool).await.ok();
}

fn main() {}
