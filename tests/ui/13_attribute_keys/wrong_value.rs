// A misspelt value is shown with the one that was meant.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key(generated)] id: i64,
    #[one_to_one(User, on_delete = "set_null")] user_id: Option<i64>,
}

fn main() {}
