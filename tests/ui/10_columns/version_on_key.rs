// A key never changes.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] #[version] id: i64,
}

fn main() {}
