// A child that deletes its parent is not built yet.
use sqlx_cascade::{BelongsTo, Relations};

#[derive(Relations)]
#[table(name = "orgs")]
struct Org {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)] org: BelongsTo<Org>,
}

fn main() {}
