// What is no orphan while its parent is there is none when it goes.
use sqlx_cascade::{HasMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many(cascade = "merge, delete-orphan")] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one(User)] user_id: Option<i64>,
}

fn main() {}
