// `HasOne` holds one child.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(through = "user_posts")] post: HasOne<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one(User)] user_id: Option<i64>,
}

fn main() {}
