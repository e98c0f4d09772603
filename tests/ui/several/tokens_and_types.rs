// 2 errors: what the tokens show is reported beside what only types show, in another struct.
use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "teams")]
struct Team { #[key(auto)] id: i64 }

#[derive(Relations)]
#[table(name = "users")]
struct User { #[key] id: i64, #[one_to_one] profile: HasOne<Profile> }

#[derive(Relations)]
#[table(name = "profiles")]
struct Profile { #[key] id: i64, #[one_to_one(User)] user_id: i64 }

fn main() {}
