// The same, where the child holds its parent.
use sqlx_cascade::{BelongsTo, HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one(cascade = "all, delete-orphan")] profile: HasOne<Profile>,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[many_to_one] user: BelongsTo<User>,
}

fn main() {}
