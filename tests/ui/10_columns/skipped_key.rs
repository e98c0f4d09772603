// A field that is skipped has no column.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[key] #[column(skip)] cache: i64,
}

fn main() {}
