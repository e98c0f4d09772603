// A unique foreign key is `one_to_one`.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[many_to_one(User)]
    #[column(unique)] user_id: i64,
}

fn main() {}
