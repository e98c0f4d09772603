// The constant of a relation with mistakes is there, so that nothing follows them.
use sqlx_cascade::{HasMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[one_to_one] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post { #[key] id: i64, #[many_to_one(User)] user_id: Option<i64> }

fn f() { let _ = User::POSTS; }

fn main() {}
