// A plain column holds no children.
use sqlx_cascade::{Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_many] posts: Vec<String>,
}

fn main() {}
