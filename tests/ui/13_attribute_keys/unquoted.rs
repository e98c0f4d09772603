// A string is quoted.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = users)]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
