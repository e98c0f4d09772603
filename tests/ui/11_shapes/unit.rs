// A struct without fields has no key.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User;

fn main() {}
