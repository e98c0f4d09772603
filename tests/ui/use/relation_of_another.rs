// A relation belongs to one struct.
use sqlx_cascade::{HasOne, Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[one_to_one(cascade = "all, delete-orphan")] profile: HasOne<Profile>,
}
#[derive(Relations)]
#[table(name = "profiles")]
struct Profile { #[key] id: i64, #[one_to_one(User)] user_id: i64 }

async fn f(mut profile: Persistent<Profile>, pool: &sqlx::SqlitePool) {
    profile.load(User::PROFILE, pool).await.ok();
}

fn main() {}
