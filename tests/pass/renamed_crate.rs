//! The facade under another name, from its own place.
#![allow(dead_code)]

extern crate sqlx_cascade as renamed;

mod facade {
    pub(crate) mod inner {
        pub(crate) use ::sqlx_cascade as db;
    }
}
mod sqlx_cascade {}

#[derive(renamed::Relations)]
#[table(name = "users", crate = "renamed")]
struct User {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: renamed::HasOne<Profile>,
    #[many_to_many(through = "friends", source = "a", target = "b", order_by = "id")]
    friends: renamed::ManyToMany<User>,
}

#[derive(renamed::Relations)]
#[table(name = "profiles", crate = "crate::facade::inner::db")]
struct Profile {
    #[key(generated)]
    id: i64,
    #[one_to_one(User)]
    user_id: i64,
}

fn main() {
    let _ = User::PROFILE;
}
