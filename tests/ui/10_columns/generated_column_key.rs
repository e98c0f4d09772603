// A key that the database assigns has its own word.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] #[column(generated)] id: i64,
}

fn main() {}
