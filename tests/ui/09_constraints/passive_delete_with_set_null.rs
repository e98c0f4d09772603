// A cascade that deletes is not left to a constraint that keeps the row.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one(cascade = "all", passive_deletes)] profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User, on_delete = "set null")] user_id: Option<i64>,
}

fn main() {}
