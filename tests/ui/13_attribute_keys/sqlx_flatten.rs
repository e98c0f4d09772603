// Columns of another struct could not be written back.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[sqlx(flatten)] address: i64,
}

fn main() {}
