// A composite key has a column for each part, which no default names.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key] tenant_id: i64,
    #[key] id: i64,
    #[many_to_many(through = "user_roles")] roles: ManyToMany<Role>,
}

#[derive(Relations)]
#[table(name = "roles")]
struct Role {
    #[key(generated)] id: i64,
}

fn main() {}
