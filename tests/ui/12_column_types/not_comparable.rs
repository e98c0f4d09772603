// A save compares a column with the value that was loaded.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[column(json)] address: Address,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Address;

fn main() {}
