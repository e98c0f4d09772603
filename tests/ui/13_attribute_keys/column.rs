// A misspelt key is shown with the one that was meant.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[column(uniqe)] name: String,
}

fn main() {}
