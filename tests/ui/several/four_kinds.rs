// 4 errors: so are mistakes in relations of all kinds.
use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

#[derive(Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)] id: i64,
    #[one_to_one(order_by = "id")] one: HasOne<Self>,
    #[one_to_many(required)] many: HasMany<Self>,
    #[many_to_many] linked: ManyToMany<Leaf>,
    #[many_to_one(cascade = "all")] parent: Option<BelongsTo<Self>>,
}

#[derive(Relations)]
#[table(name = "leaves")]
struct Leaf { #[key] id: i64 }

fn main() {}
