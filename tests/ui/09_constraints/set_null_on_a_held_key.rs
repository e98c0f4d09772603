// A `BelongsTo` without an `Option` is NOT NULL.
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
    #[many_to_one(on_delete = "set null")] org: BelongsTo<Org>,
}

fn main() {}
