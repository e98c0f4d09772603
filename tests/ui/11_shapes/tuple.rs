// The fields of a tuple struct have no names.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User(#[key] i64, String);

fn main() {}
