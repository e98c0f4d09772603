// Nobody knows what a union holds.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
union User {
    id: i64,
    code: u32,
}

fn main() {}
