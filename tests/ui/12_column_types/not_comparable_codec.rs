// A save compares a column with the value that was loaded.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    age: Age,
}

#[derive(Clone, sqlx::Type)]
#[sqlx(transparent)]
struct Age(i32);

fn main() {}
