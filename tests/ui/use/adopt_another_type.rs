// A user can not become a profile.
use sqlx_cascade::{Detached, HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[one_to_one(cascade = "all, delete-orphan")] profile: HasOne<Profile>,
}
#[derive(Relations)]
#[table(name = "profiles")]
struct Profile { #[key] id: i64, #[one_to_one(User)] user_id: i64 }

fn f(mut user: User, other: Detached<User>) {
    user.profile.adopt(other);
}

fn main() {}
