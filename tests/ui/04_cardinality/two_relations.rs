// A field is one relation.
use sqlx_cascade::Relations;

#[derive(Relations)]
#[table(name = "orgs")]
struct Org {
    #[key(generated)] id: i64,
}

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[one_to_one(Org)] #[many_to_one(Org)] org_id: i64,
}

fn main() {}
