// 2 errors: the keys of both sides are counted.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(through = "user_roles", source = "a, b", target = "c")] roles: ManyToMany<Role>,
}

#[derive(Relations)]
#[table(name = "roles")]
struct Role {
    #[key] tenant_id: i64,
    #[key] id: i64,
}

fn main() {}
