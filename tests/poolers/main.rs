//! Through `PgBouncer` in transaction mode: right with `Unnamed` where it tracks no prepared statements, and without it where it does.
//!
//! `cargo xtask test` starts the poolers, each with two connections per database for all its clients.

#[path = "../support/aside.rs"]
mod aside;
mod clients;
mod held;
mod lost;
mod models;
mod names;
mod place;
#[expect(dead_code, reason = "the matrix counts, and faults hold messages")]
#[path = "../proxy/mod.rs"]
mod proxy;
mod types;
mod way;
