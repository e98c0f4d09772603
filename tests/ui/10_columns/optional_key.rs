// A primary key is never NULL.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: Option<i64>,
}

fn main() {}
