// A column that another key shares is not set NULL.
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
    #[key] tenant_id: i64,
    #[key] id: i32,
    #[one_to_one(column = "tenant_id, id", on_delete = "set null")] org: Option<BelongsTo<Org>>,
}

fn main() {}
