// The type of a `ManyToMany` names what is linked.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(Role, through = "user_roles")] roles: ManyToMany<Role>,
}

#[derive(Relations)]
#[table(name = "roles")]
struct Role {
    #[key(generated)] id: i64,
}

fn main() {}
