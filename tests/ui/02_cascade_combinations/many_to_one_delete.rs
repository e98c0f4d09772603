// Deleting one of many children would delete the parent of the others.
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
    #[many_to_one(cascade = "save-update, delete")] org: BelongsTo<Org>,
}

fn main() {}
