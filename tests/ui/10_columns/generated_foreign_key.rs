// A key that is a foreign key comes from the parent.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] #[one_to_one(User)] user_id: i64,
}

fn main() {}
