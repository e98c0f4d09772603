// A key has the type of the `#[key]` field.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

async fn f(pool: &sqlx::SqlitePool) {
    User::find("1").one(pool).await.ok();
}

fn main() {}
