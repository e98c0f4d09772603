// A shared column has the type of its part of the key.
use sqlx_cascade::{BelongsTo, Relations};

#[derive(Relations)]
#[table(name = "orgs")]
struct Org {
    #[key] tenant_id: i64,
    #[key] id: i32,
}

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    tenant_id: i32,
    #[many_to_one(column = "tenant_id, org_id")] org: BelongsTo<Org>,
}

fn main() {}
