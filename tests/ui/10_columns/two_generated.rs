// A database generates one part of a key.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[key(generated)] number: i64,
}

fn main() {}
