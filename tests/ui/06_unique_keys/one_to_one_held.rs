// The same, where the child holds its parent.
use sqlx_cascade::{BelongsTo, HasMany, Relations};

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
    #[one_to_one] user: Option<BelongsTo<User>>,
}

fn main() {}
