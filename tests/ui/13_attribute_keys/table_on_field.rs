// `#[table]` goes on the struct.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[table(name = "names")] name: String,
}

fn main() {}
