// A column holds no composite key.
use sqlx_cascade::Relations;

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
    #[many_to_one(Org)] org_id: i64,
}

fn main() {}
