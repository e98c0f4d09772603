// A child and a list that both write one foreign key would undo each other.
use sqlx_cascade::{HasMany, HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many] posts: HasMany<Post>,
    #[one_to_one] last: HasOne<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one(User)] user_id: Option<i64>,
}

fn main() {}
