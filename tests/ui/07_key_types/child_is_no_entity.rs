// A relation leads to a mapped struct.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one] profile: HasOne<Profile>,
}

struct Profile;

fn main() {}
