//! Fields have the names of generated locals, raw names, and names of other scripts.
#![allow(dead_code, mixed_script_confusables)]

use sqlx_cascade::{BelongsTo, HasOne, Relations};

#[derive(Relations)]
#[table(name = "odd")]
struct Odd {
    #[key]
    r#type: i64,
    #[key]
    key: i64,
    self_: i64,
    db: i64,
    visitor: i64,
    row: i64,
    see: i64,
    part: i64,
    parts: i64,
    table: i64,
    __private: i64,
    __cascade: i64,
    größe: i64,
    r#fn: Option<String>,
}

#[derive(Relations)]
#[table(name = "émile", schema = "from")]
struct Émile {
    #[key(generated)]
    id: i64,
    #[one_to_one(Émile)]
    r#ref: Option<i64>,
    #[one_to_one(back_populates = r#ref)]
    r#match: HasOne<Self>,
    #[many_to_one(column = "odd_type, odd_key")]
    r#use: Option<BelongsTo<Odd>>,
}

#[derive(Relations)]
#[table(name = "r")]
#[allow(non_camel_case_types)]
struct r#struct {
    #[key(generated)]
    id: i64,
    #[one_to_one(r#struct)]
    next_id: Option<i64>,
    #[one_to_one]
    next: HasOne<Self>,
}

fn main() {
    let _ = (Émile::MATCH, r#struct::NEXT);
}
