// A conversion could not be reversed.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[sqlx(try_from = "i64")] age: i32,
}

fn main() {}
