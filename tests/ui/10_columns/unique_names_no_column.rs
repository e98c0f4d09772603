// A unique set is one of columns.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "items", unique = "list_id, positon")]
struct Item {
    #[key(generated)] id: i64,
    list_id: i64,
    position: i64,
}

fn main() {}
