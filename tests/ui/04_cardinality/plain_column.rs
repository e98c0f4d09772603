// A plain column is a foreign key only if the parent is named.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one] profile_id: i64,
}

fn main() {}
