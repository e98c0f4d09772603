// Links from a struct to itself have two columns.
use sqlx_cascade::{ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "people")]
struct Person {
    #[key(generated)] id: i64,
    #[many_to_many(through = "friends")] friends: ManyToMany<Self>,
}

fn main() {}
