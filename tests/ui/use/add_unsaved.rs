// What has no row can not be linked by its key.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] id: i64,
    #[many_to_many(through = "likes")] likes: ManyToMany<Post>,
}

#[derive(Relations)]
#[table(name = "posts")]
struct Post { #[key] id: i64, #[many_to_one(User)] user_id: Option<i64> }

fn f(user: &mut User, post: &Post) { user.likes.add(post); }

fn main() {}
