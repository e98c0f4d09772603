// 3 errors: mistakes in three places of a struct are reported at once.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(auto)] id: i64,
    #[column(uniqe)] name: String,
    #[one_to_one(cascade = "al")] profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User)] user_id: Option<i64>,
}

fn main() {}
