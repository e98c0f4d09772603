//! The meaning of the library, to be read: what each operation does to rows and to what is held in memory.
//!
//! Rows are vectors of values, a rule is a function, and nothing here plans or writes SQL: a save is *what the tables are afterwards*, and the
//! database says at the end whether they may be so. It is written from the design alone, so that it can disagree with the runtime.
//!
//! | file | has |
//! | --- | --- |
//! | `schema` | what is declared: tables, foreign keys, relations |
//! | `refused` | what doesn't compile |
//! | `database` | rows, and what constraints do by themselves |
//! | `memory`, `wrapper` | objects and wrappers, and what the wrappers' methods do |
//! | `refusals` | the errors that memory alone shows |
//! | `save`, `leave`, `delete`, `read`, `merge`, `patch` | the operations |
//! | `naming`, `exchange`, `aggregate`, `settle` | parts of a save: keys of new rows, unique values, versions of aggregates, memory |

pub(crate) mod aggregate;
pub(crate) mod database;
pub(crate) mod delete;
pub(crate) mod exchange;
pub(crate) mod leave;
pub(crate) mod memory;
pub(crate) mod merge;
pub(crate) mod naming;
pub(crate) mod patch;
pub(crate) mod read;
pub(crate) mod refusals;
pub(crate) mod refused;
pub(crate) mod save;
pub(crate) mod schema;
pub(crate) mod settle;
pub(crate) mod wrapper;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::database::Database;
use crate::model::schema::{Schema, TableId};

pub(crate) use sqlx_cascade::ErrorKind as Kind;

/// Why an operation did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    /// What is wrong as well: databases differ in which they find first.
    pub(crate) also: Vec<Kind>,
}

impl Refusal {
    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            also: Vec::new(),
        }
    }

    /// A statement failed, and what the others would have said isn't known.
    pub(crate) fn before_others(kind: Kind) -> Self {
        let also = vec![
            Kind::Stale,
            Kind::ForeignKeyViolation,
            Kind::UniqueViolation,
            Kind::NotNullViolation,
            Kind::CheckViolation,
        ];
        Self { kind, also }
    }
}

/// The database, and what is declared about it. Objects are the caller's, as they are in Rust.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) schema: Arc<Schema>,
    pub(crate) database: Database,
    /// A transaction is open that may be rolled back.
    pub(crate) in_transaction: bool,
    handles: u64,
}

impl World {
    pub(crate) fn new(schema: Arc<Schema>) -> Self {
        let database = Database::new(&schema);
        Self {
            schema,
            database,
            in_transaction: false,
            handles: 0,
        }
    }

    /// A number that no other handle has.
    pub(crate) fn next_handle(&mut self) -> u64 {
        self.handles += 1;
        self.handles
    }
}

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Did {
    Inserted,
    Updated,
    Moved,
    Released,
    Deleted,
    Linked,
    Unlinked,
    /// Which targets may go is read before what refers to them goes.
    Looked,
}

/// How rows are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// Before a deletion, what was taken out.
    First,
    /// By their keys.
    Named,
    /// By the row that they hang on.
    Reached,
    /// By their keys, on one level of a tree.
    Level(usize),
}

/// What an operation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// How many rows changed, but for those that the database changed by itself.
    pub(crate) rows: BTreeMap<(TableId, Did), usize>,
    /// What was done to which table, also where no row was there: one statement each.
    pub(crate) acts: BTreeSet<(TableId, Did, How)>,
    /// What was read: one query each.
    pub(crate) reads: usize,
}

impl Effects {
    /// An act that concerns this many rows.
    pub(crate) fn act(&mut self, table: TableId, did: Did, how: How, rows: usize) {
        self.acts.insert((table, did, how));
        if rows > 0 {
            *self.rows.entry((table, did)).or_default() += rows;
        }
    }
}
