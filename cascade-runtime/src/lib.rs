//! The runtime of `sqlx-cascade`: use that crate, which re-exports what is public here.
#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        dead_code,
        unused_imports,
        reason = "what one database needs, another may not"
    )
)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod backend;
mod belongs_to;
mod cascade;
mod codec;
mod db;
mod delete;
mod entity;
mod error;
mod exec;
mod find;
mod from_row;
mod graph;
mod handle;
mod has_many;
mod has_one;
mod keys;
#[cfg(test)]
mod layers;
mod load;
mod many_to_many;
mod merge;
mod meta;
mod methods;
mod operations;
#[cfg(feature = "json")]
mod patch;
mod plan;
mod read;
mod refresh;
mod relation;
mod report;
mod retry;
mod rows;
#[doc(hidden)]
pub mod rules;
mod save;
mod settle;
mod slot;
mod sql;
mod staged;
#[doc(hidden)]
pub mod text;
mod transaction;
mod undo;
mod values;
#[cfg(feature = "serde")]
mod wrappers_serde;

pub use backend::Backend;
pub use belongs_to::BelongsTo;
pub use db::Db;
#[cfg(feature = "postgres")]
pub use db::Unnamed;
pub use entity::Entity;
pub use error::{Error, ErrorKind};
pub use find::{Find, FindMany};
pub use handle::{Detached, Persistent};
pub use has_many::{HasMany, Iter, IterMut};
pub use has_one::HasOne;
pub use many_to_many::ManyToMany;
pub use operations::{load, save_together};
pub use relation::{Path, Relation, RelationOf, RelationsOf};
pub use report::{Change, ChangeKind, Plan, Report};
pub use retry::{Retry, retry};
pub use save::Graphs;
pub use transaction::Transaction;

/// What an operation returns: a future that is `Send`, boxed so that one wrong argument is one error.
pub type Run<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;
