// The parent of a `BelongsTo` has to be mapped.
use sqlx_cascade::{BelongsTo, Relations};

#[derive(Clone, Default, PartialEq)]
struct Org;

#[derive(Clone, Default, PartialEq, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)] id: i64,
    #[many_to_one] org: BelongsTo<Org>,
}

fn main() {}
