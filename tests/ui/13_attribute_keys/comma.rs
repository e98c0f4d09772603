// Keys are apart by commas.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users" schema = "app")]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
