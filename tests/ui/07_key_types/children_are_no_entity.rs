// The children of a list have to be mapped.
use sqlx_cascade::{HasMany, Relations};

struct Post;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many(order_by = "id")] posts: HasMany<Post>,
}

fn main() {}
