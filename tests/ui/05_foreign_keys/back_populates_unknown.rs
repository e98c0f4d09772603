// `back_populates` names a field of the child.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one(back_populates = users_id)] profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User)] user_id: Option<i64>,
}

fn main() {}
