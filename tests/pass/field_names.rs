//! Fields have the names of generated locals, raw names, and names of other scripts.
#![allow(dead_code, mixed_script_confusables)]

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

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
    #[one_to_many]
    r#loop: HasMany<Émile>,
    #[many_to_many(through = "impl", source = "type, key")]
    __see: ManyToMany<Émile>,
    #[many_to_many(through = "self", source = "type, key")]
    __row: ManyToMany<r#struct>,
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
    #[many_to_many(through = "structs", target = "type, key")]
    __own: ManyToMany<Odd>,
}

fn main() {
    let _ = (Émile::MATCH, Émile::USE, r#struct::NEXT, Odd::LOOP, Odd::__SEE, r#struct::__OWN);
}
