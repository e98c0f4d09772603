// A child that is removed from a list stays, and a NOT NULL key can not let go.
use sqlx_cascade::{HasMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one(User)] user_id: i64,
}

fn main() {}
