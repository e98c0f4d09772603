// A composite key is referred to by as many columns.
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
    #[many_to_one] org: BelongsTo<Org>,
}

fn main() {}
