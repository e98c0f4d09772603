// The keys of a foreign key are listed.
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
    #[one_to_one(User, ondelete = "cascade")] user_id: Option<i64>,
}

fn main() {}
