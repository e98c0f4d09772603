// An enum has no columns.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
enum User {
    Admin,
    Guest,
}

fn main() {}
