//! Fields that are there under some configurations only.
#![allow(dead_code, unused_imports)]

use sqlx_cascade::{HasOne, Relations};

#[derive(Relations)]
#[table(name = "users")]
struct User {
    #[key]
    id: i64,
    #[cfg(any())]
    absent: Absent,
    #[cfg(all())]
    present: String,
    #[cfg(any())]
    #[one_to_one]
    no_relation: HasOne<Absent>,
    #[cfg_attr(all(), column(name = "title"))]
    name: String,
}

fn main() {}
