// A primary key is never NULL.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key] #[one_to_one(User, on_delete = "set null")] user_id: i64,
}

fn main() {}
