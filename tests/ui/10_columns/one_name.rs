// Two fields can not be one column.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    name: String,
    #[column(name = "name")] title: String,
}

fn main() {}
