// An attribute twice is ambiguous.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[column(unique)] #[column(json)] name: String,
}

fn main() {}
