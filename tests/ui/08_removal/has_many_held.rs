// A `BelongsTo` without an `Option` can not let go either.
use sqlx_cascade::{BelongsTo, HasMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many(cascade = "all")] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)] id: i64,
    #[many_to_one] user: BelongsTo<User>,
}

fn main() {}
