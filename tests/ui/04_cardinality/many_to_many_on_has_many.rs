// The children of a `HasMany` have one parent.
use sqlx_cascade::{HasMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one(User)] user_id: Option<i64>,
}

fn main() {}
