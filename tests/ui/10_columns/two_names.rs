// Ours and sqlx's name of a column differ.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[column(name = "title")] #[sqlx(rename = "name")] title: String,
}

fn main() {}
