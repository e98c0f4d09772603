// The children do not say which of their columns refers to the parent.
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
    title: String,
}

fn main() {}
