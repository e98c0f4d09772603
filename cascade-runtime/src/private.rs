//! What generated code names, and nothing else does.

pub use crate::belongs_to::{Parent, absent, own_part};
pub use crate::cascade::Cascade;
pub use crate::codec::{Cell, Codec, Erased, Fallback, HashCell, Null, Probe, Value, with_array};
pub use crate::entity::{Entity, ForeignKeyPartOf, ForeignKeyTo, KeyFor, KeyPart, PartOf, Parts};
pub use crate::error::Error;
pub use crate::exec::{is_step_by_step, step_by_step};
pub use crate::graph::Root;
pub use crate::keys::{VersionNumber, key_codec, key_part, nullable, part, shared_part};
pub use crate::meta::{
    Column, ForeignKey, ForeignKeyPart, Functions, Generated, Holder, Kind, OnDelete, OrderBy,
    PassiveDeletes, RelationDef, SOURCE, See, TARGET, Table, Unique, Version,
};
pub use crate::read::Reader;
pub use crate::relation::Relation;
pub use crate::rules;
pub use crate::save::Roots;
pub use crate::slot::Slot;
pub use crate::{
    __codec as codec, __codec_json as codec_json, __link as link, __methods as methods,
};

#[cfg(feature = "json")]
pub use crate::codec::JsonValue;
#[cfg(feature = "json")]
pub use crate::patch::Document;
#[cfg(feature = "json")]
pub use serde_json::Value as Json;

/// What a function of a struct does in which the derive found mistakes: it is never called, for the struct doesn't compile.
///
/// # Panics
///
/// Always.
#[must_use]
pub fn broken<T>() -> T {
    unreachable!("the derive refused this struct")
}
