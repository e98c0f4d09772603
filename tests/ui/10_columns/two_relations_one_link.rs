// Two relations that write the same links would undo each other.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(through = "user_roles")] roles: ManyToMany<Role>,
    #[many_to_many(through = "user_roles", source = "user_id")] others: ManyToMany<Role>,
}

#[derive(Relations)]
#[table(name = "roles")]
struct Role {
    #[key(generated)] id: i64,
}

fn main() {}
