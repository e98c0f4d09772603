// A table has no name by itself.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(schema = "app")]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
