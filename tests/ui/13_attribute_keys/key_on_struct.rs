// `#[key]` goes on a field.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[key]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
