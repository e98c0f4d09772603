// A struct of the user's own is no column type.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    address: Address,
}

#[derive(Clone, PartialEq)]
struct Address;

fn main() {}
