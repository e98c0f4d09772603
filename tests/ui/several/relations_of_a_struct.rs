// 2 errors: so are those that only types show, in two relations of a struct.
use sqlx_cascade::{HasMany, ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many] posts: HasMany<Post>,
    #[many_to_many(through = "likes", order_by = "likes")] likes: ManyToMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post { #[key] id: i64, #[one_to_one(User)] user_id: Option<i64> }

fn main() {}
