// A struct is a child of itself by the same rules.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)] id: i64,
    #[one_to_one(Node)] parent_id: i64,
    #[one_to_one(cascade = "merge")] next: HasOne<Self>,
}

fn main() {}
