// Two relations can not write one column.
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
    #[many_to_one(column = "org_id")] home: BelongsTo<Org>,
    #[many_to_one] org: BelongsTo<Org>,
}

fn main() {}
