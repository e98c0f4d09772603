// A value of another struct is no change of this one.
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

fn f(mut user: Persistent<User>, profile: Profile) {
    user.merge(profile).ok();
}

fn main() {}
