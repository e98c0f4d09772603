// The whole type is underlined.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    address: Option<Vec<Address>>,
}

#[derive(Clone, PartialEq)]
struct Address;

fn main() {}
