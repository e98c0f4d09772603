// A child that deletes its parent is not built yet, also where it is the only one.
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
    #[one_to_one(cascade = "all")] org: BelongsTo<Org>,
}

fn main() {}
