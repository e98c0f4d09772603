//! The matrix: every kind of relation, by token set, nullability and `on_delete`, in every state, under every operation, on every database,
//! against the interpreter of the rules in `tests/model`.
//!
//! A cell is named `kind::case/state/operation`. After its operation the error's kind, the whole content of all tables, what is in memory, what the
//! report says and the number of statements are what the interpreter says; on PostgreSQL a write is one round trip, which a proxy counts, but for the
//! exceptions in `counts`. What failed is done again, and fails alike: nothing changed. What succeeded is followed by a change of everything in memory
//! and a save, which shows what was recorded. Cells that don't compile are in `rules`.
//!
//! `cargo test --test matrix` runs all; `MATRIX=child_removed/save cargo test --test matrix` the cells whose names contain that text.
//!
//! Left out, and why:
//!
//! - `on_delete` and `passive_deletes` of token sets that are there without, but under `delete`: which constraint there is matters only where a row
//!   goes that others refer to (`cells::is_variant`). Of a held parent that is never deleted it matters nowhere. `"no action"` is what SQL says where
//!   nothing is said.
//! - One set of structs for each combination: the attributes are data in the tables of one set (`varied`).
//! - NOT NULL keys with token sets that release: they don't compile. A tree's key is nullable, for a root has no parent.
//! - Merges in states that a merge sees like one that is there (`MERGED`): a merge compares a payload with what is loaded, whatever came before.
//! - Keys of several columns, natural and shared keys, versions, faults, rows by the hundred: `tests/db` and `tests/faults` have scenarios for each.
//! - Targets behind links that are held in part: they can't be reached for changing. `detach`, `expunge` and moves of links but by key: there are none.
//! - How many statements were sent before the database refused one.
//! - How many rows of a tree the library deleted, where the constraint cascades in the tree too: either may come first.

mod cells;
mod counts;
mod databases;
mod imagined;
mod many_to_many;
mod many_to_one;
#[allow(dead_code, reason = "programs use the rest")]
#[allow(clippy::option_option, reason = "a row may have been none before")]
#[path = "../model/mod.rs"]
mod model;
mod models;
mod one_to_many;
mod one_to_one;
mod program;
#[expect(dead_code, reason = "faults use the rest")]
#[path = "../proxy/mod.rs"]
mod proxy;
mod real;
#[expect(dead_code, reason = "the scenarios use all of it")]
#[path = "../db/support/record.rs"]
mod record;
mod rules;
mod tree;
mod varied;

use databases::Which;

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $kind() { super::cells::run(super::$kind::cases(), super::Which::Sqlite); })*
        }
        mod postgres {
            $(#[test] fn $kind() { super::cells::run(super::$kind::cases(), super::Which::Postgres); })*
        }
        /// The same by several statements.
        mod postgres_step_by_step {
            $(#[test] fn $kind() {
                sqlx_cascade::__private::step_by_step(true);
                super::cells::run(super::$kind::cases(), super::Which::Postgres);
            })*
        }
        mod mysql {
            $(#[test] fn $kind() { super::cells::run(super::$kind::cases(), super::Which::MySql); })*
        }
    };
}

kinds![one_to_one, one_to_many, many_to_one, many_to_many, tree];
