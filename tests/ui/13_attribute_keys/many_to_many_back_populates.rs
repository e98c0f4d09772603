// The keys of links are in their table.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_many(through = "user_roles", back_populates = users)] roles: ManyToMany<Role>,
}

#[derive(Relations)]
#[table(name = "roles")]
struct Role {
    #[key(generated)] id: i64,
}

fn main() {}
