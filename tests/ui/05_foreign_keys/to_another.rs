// A foreign key to another struct is none to this one.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one] profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(Profile)] user_id: Option<i64>,
}

fn main() {}
