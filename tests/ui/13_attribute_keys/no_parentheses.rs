// Keys are in parentheses.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[column = "title"] name: String,
}

fn main() {}
