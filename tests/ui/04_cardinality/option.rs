// An `Option` does not know whether it is loaded.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one(cascade = "all")] profile: Option<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User)] user_id: Option<i64>,
}

fn main() {}
