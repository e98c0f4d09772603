// A JSON column goes through serde.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[column(json)] address: Address,
}

#[derive(Clone, PartialEq)]
struct Address;

fn main() {}
