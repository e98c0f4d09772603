// A foreign key refers to a mapped struct.
use sqlx_cascade::Relations;

struct User;

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User)] user_id: i64,
}

fn main() {}
