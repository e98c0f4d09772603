// No database has a table without a name.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "")]
struct User {
    #[key(generated)] id: i64,
}

fn main() {}
