// The keys of a `BelongsTo` are listed.
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
    #[many_to_one(columns = "org_id")] org: BelongsTo<Org>,
}

fn main() {}
