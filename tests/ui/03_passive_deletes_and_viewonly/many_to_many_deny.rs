// So is unlinking.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(through = "user_roles", cascade = "all, delete-orphan", single_parent, on_remove = "deny")] roles: ManyToMany<Role>,
}

#[derive(Relations)]
#[table(name = "roles")]
struct Role {
    #[key(generated)] id: i64,
}

fn main() {}
