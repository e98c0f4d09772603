// A child is owned by one parent.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[one_to_one(cascade = "all, delete-orphan")] profile: HasOne<Profile>,
}
#[derive(Relations)]
#[table(name = "profiles")]
struct Profile { #[key] id: i64, #[one_to_one(User)] user_id: i64 }

fn f(a: &mut User, b: &mut User, profile: Profile) {
    a.profile.set(profile);
    b.profile.set(profile);
}

fn main() {}
