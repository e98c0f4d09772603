// What is linked has to be mapped.
use sqlx_cascade::{ManyToMany, Relations};

struct Role;

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(through = "user_roles", order_by = "id")] roles: ManyToMany<Role>,
}

fn main() {}
