// A list can be left only to a constraint that does something.
use sqlx_cascade::{HasMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many(cascade = "all, delete-orphan", passive_deletes)] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one(User)] user_id: i64,
}

fn main() {}
