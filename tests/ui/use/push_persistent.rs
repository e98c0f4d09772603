// A row of one's own is moved by `expunge` and `adopt`, not by value, into a list too.
use sqlx_cascade::{HasMany, Persistent, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[one_to_many] posts: HasMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post { #[key] id: i64, #[many_to_one(User)] user_id: Option<i64> }

fn f(user: &mut User, post: Persistent<Post>) { user.posts.push(post); }

fn main() {}
