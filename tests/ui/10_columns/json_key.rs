// JSON is no key.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] #[column(json)] id: Vec<i64>,
}

fn main() {}
