// A key of which every column is shared can not be set NULL.
use sqlx_cascade::{BelongsTo, HasOne, Relations};

#[derive(Relations)]
#[table(name = "desks")]
struct Desk {
    #[key] tenant_id: i64,
    #[key] id: i64,
    #[one_to_one(cascade = "all")] seat: HasOne<Seat>,
}

#[derive(Relations)]
#[table(name = "seats")]
struct Seat {
    #[key] tenant_id: i64,
    #[key] id: i64,
    #[one_to_one(column = "tenant_id, id")] desk: Option<BelongsTo<Desk>>,
}

fn main() {}
