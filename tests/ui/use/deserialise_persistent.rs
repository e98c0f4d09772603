// A payload is no row, whatever key it has.
use sqlx_cascade::{Persistent, Relations};

#[derive(serde::Deserialize, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
}

fn main() {
    serde_json::from_str::<Persistent<User>>("{\"id\": 1}").ok();
}
