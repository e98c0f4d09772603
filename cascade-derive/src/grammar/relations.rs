//! What relations and foreign keys can say: one struct of keys, and a list for each place that has some of them.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{LitStr, Result};

use super::{Given, Keys, List, Once, Place};
use crate::values::{Flag, OnDelete, OnRemove, OrderBy, PassiveDeletes, Value};

keys! {
    /// What the attribute of a relation or of a foreign key can say; the [`List`] of its place has what it may say there.
    RelationKeys {
        /// What operations on this side do to the other.
        "cascade" cascade: Once<LitStr>,
        /// The child's field that declares the foreign key.
        "back_populates" back_populates: Once<Ident>,
        /// A delete of the parent leaves the children to the constraint.
        "passive_deletes" passive_deletes: Once<PassiveDeletes>,
        /// A child may not leave.
        "on_remove" on_remove: Once<OnRemove>,
        /// A parent can't be saved without a child.
        "required" required: Once<Flag>,
        /// Never written.
        "viewonly" viewonly: Once<Flag>,
        /// The column by which rows are sorted.
        "order_by" order_by: Once<OrderBy>,
        /// The other side may be deleted where no other row refers to it through this relation.
        "single_parent" single_parent: Once<Flag>,
        /// The table of the links.
        "through" through: Once<LitStr>,
        /// Its columns for this side's key, comma separated, in the order of the key.
        "source" source: Once<LitStr>,
        /// Its columns for the other side's key.
        "target" target: Once<LitStr>,
        /// The columns of a foreign key, comma separated, in the order of the parent's key.
        "column" column: Once<LitStr>,
        /// What the constraint does when the parent goes.
        "on_delete" on_delete: Once<OnDelete>,
    }
}

impl RelationKeys {
    /// Of a `HasOne`.
    pub(crate) const HAS_ONE: List = List {
        names: &[
            "cascade",
            "back_populates",
            "passive_deletes",
            "on_remove",
            "required",
            "viewonly",
        ],
        elsewhere: &[
            (
                "on_delete",
                "`on_delete` belongs to the child's foreign key",
            ),
            ("column", "`column` belongs to the child's foreign key"),
            (
                "single_parent",
                "`single_parent` belongs to the side that holds the foreign key",
            ),
            (
                "order_by",
                "`order_by` is for a list, and a `HasOne` has one child at most",
            ),
            (
                "through",
                "`through` belongs to `#[many_to_many]` on a `ManyToMany`",
            ),
        ],
        ..List::of("`#[one_to_one]` on a `HasOne`")
    };

    /// Of a `HasMany`.
    pub(crate) const HAS_MANY: List = List {
        names: &[
            "cascade",
            "back_populates",
            "passive_deletes",
            "on_remove",
            "viewonly",
            "order_by",
        ],
        elsewhere: &[
            (
                "on_delete",
                "`on_delete` belongs to the children's foreign key",
            ),
            ("column", "`column` belongs to the children's foreign key"),
            (
                "single_parent",
                "`single_parent` belongs to the side that holds the foreign key",
            ),
            (
                "required",
                "`required` is for a `HasOne`, and a list may be empty",
            ),
            (
                "through",
                "`through` belongs to `#[many_to_many]` on a `ManyToMany`",
            ),
        ],
        ..List::of("`#[one_to_many]` on a `HasMany`")
    };

    /// Of a `ManyToMany`.
    pub(crate) const MANY_TO_MANY: List = List {
        names: &[
            "through",
            "source",
            "target",
            "cascade",
            "single_parent",
            "on_remove",
            "order_by",
            "viewonly",
        ],
        elsewhere: &[
            ("table", "write `through = \"..\"`"),
            (
                "back_populates",
                "the keys are in the table of the links: `source` and `target` name its columns",
            ),
            (
                "column",
                "`source` and `target` name the columns of the links",
            ),
            (
                "passive_deletes",
                "a delete takes the links along by one statement, and leaves the other rows alone",
            ),
            (
                "on_delete",
                "a delete takes the links along by one statement, whatever their constraint does",
            ),
            (
                "required",
                "`required` is for a `HasOne`, and a list may be empty",
            ),
        ],
        ..List::of("`#[many_to_many]`")
    };

    /// Of a foreign key in a `BelongsTo`.
    pub(crate) const BELONGS_TO: List = List {
        names: &["column", "on_delete", "cascade", "single_parent"],
        target: true,
        elsewhere: &[
            ("name", "write `column = \"..\"`"),
            ("back_populates", OF_PARENT),
            ("passive_deletes", OF_PARENT),
            ("on_remove", OF_PARENT),
            ("required", "a `BelongsTo` that is no `Option` is required"),
            ("viewonly", OF_PARENT),
            (
                "order_by",
                "`order_by` is for a list, and a `BelongsTo` has one parent",
            ),
            (
                "through",
                "`through` belongs to `#[many_to_many]` on a `ManyToMany`",
            ),
        ],
        ..List::of("a foreign key in a `BelongsTo`")
    };

    /// Of a foreign key in a plain column.
    pub(crate) const PLAIN_COLUMN: List = List {
        names: &["on_delete"],
        target: true,
        elsewhere: &[
            (
                "column",
                "the field is the column: `#[column(name = \"..\")]` renames it",
            ),
            (
                "name",
                "the field is the column: `#[column(name = \"..\")]` renames it",
            ),
            (
                "cascade",
                "the parent's `HasOne` or `HasMany` says it, or a `BelongsTo` that can hold the parent",
            ),
            (
                "single_parent",
                "it needs a `BelongsTo` that can hold the parent",
            ),
            ("back_populates", OF_PARENT),
            ("passive_deletes", OF_PARENT),
            ("on_remove", OF_PARENT),
            ("required", "a foreign key that is no `Option` is required"),
            ("viewonly", OF_PARENT),
            ("order_by", OF_PARENT),
            (
                "through",
                "`through` belongs to `#[many_to_many]` on a `ManyToMany`",
            ),
        ],
        ..List::of("a foreign key")
    };
}

/// Of a key that stands on the child's side.
const OF_PARENT: &str = "it belongs to the parent's `HasOne` or `HasMany`";

#[cfg(test)]
mod tests {
    use super::RelationKeys;
    use crate::grammar::Keys;

    #[test]
    fn lists_have_keys_that_are_read() {
        let lists = [
            RelationKeys::HAS_ONE,
            RelationKeys::HAS_MANY,
            RelationKeys::MANY_TO_MANY,
            RelationKeys::BELONGS_TO,
            RelationKeys::PLAIN_COLUMN,
        ];
        for name in lists.iter().flat_map(|list| list.names) {
            assert!(RelationKeys::NAMES.contains(name), "{name} is read");
        }
    }
}
