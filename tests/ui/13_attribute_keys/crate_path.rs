// The crate is a path.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users", crate = "my-crate")]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
