// `restrict` refuses what `passive_deletes` leaves to it.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one(passive_deletes)] profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User, on_delete = "restrict")] user_id: Option<i64>,
}

fn main() {}
