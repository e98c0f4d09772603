// Whether NULL is allowed is said by the type.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[sqlx(json(nullable))] tags: Option<Vec<String>>,
}

fn main() {}
