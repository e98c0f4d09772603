//! Relationship lifecycles for plain structs on sqlx.

pub use cascade_derive::Relations;
pub use cascade_runtime::*;

#[doc(hidden)]
pub use cascade_runtime::__private;
