// The keys of `#[key]` are listed.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(auto)] id: i64,
}

fn main() {}
