// A row is adopted once.
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

fn f(a: &mut User, b: &mut User, profile: Detached<Profile>) {
    a.profile.adopt(profile);
    b.profile.adopt(profile);
}

fn main() {}
