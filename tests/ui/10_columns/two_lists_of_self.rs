// `Self` is the struct by another name.
use sqlx_cascade::{HasMany, Relations};

#[derive(Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)] id: i64,
    #[many_to_one(Self)] parent_id: Option<i64>,
    #[one_to_many] children: HasMany<Self>,
    #[one_to_many] others: HasMany<Node>,
}

fn main() {}
