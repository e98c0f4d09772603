// A `BelongsTo` holds one parent, and no links.
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
    #[many_to_many(through = "user_orgs")] org: BelongsTo<Org>,
}

fn main() {}
