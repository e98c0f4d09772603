// A row of one's own is moved by `expunge` and `adopt`, not by value.
use sqlx_cascade::{HasOne, Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[one_to_one(cascade = "all, delete-orphan")] profile: HasOne<Profile>,
}
#[derive(Relations)]
#[table(name = "profiles")]
struct Profile { #[key] id: i64, #[one_to_one(User)] user_id: i64 }

fn f(user: &mut User, profile: Persistent<Profile>) {
    user.profile.set(profile);
}

fn main() {}
