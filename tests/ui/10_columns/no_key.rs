// A row is found by its key.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    id: i64,
    name: String,
}

fn main() {}
