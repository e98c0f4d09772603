// So has one that is the primary key.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key] #[one_to_one(User)] user_id: i32,
}

fn main() {}
