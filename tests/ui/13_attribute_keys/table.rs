// The keys of `#[table]` are listed.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users", shema = "app")]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
