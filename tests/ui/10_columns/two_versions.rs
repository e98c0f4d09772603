// A row has one version.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[version] version: i64,
    #[version] revision: i64,
}

fn main() {}
