// The keys of `#[version]` are listed.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[version(agregate)] version: i64,
}

fn main() {}
