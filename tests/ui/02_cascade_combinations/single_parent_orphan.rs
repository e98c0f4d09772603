// An orphan is deleted only by what deletes.
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
    #[many_to_one(single_parent, cascade = "delete-orphan")] org: BelongsTo<Org>,
}

fn main() {}
