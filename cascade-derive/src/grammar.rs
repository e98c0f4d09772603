//! The keys of the attributes: each list is written once and gives the struct, the parser and the text of the error.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{LitStr, Path, Result};

use crate::values::{Flag, Generated, Json, Never, OnDelete, OnRemove, PassiveDeletes, Value};

/// Something that an attribute says, with the word that says it.
pub(crate) struct Given<T> {
    /// The key, or the attribute's own name.
    pub(crate) word: Ident,
    /// What it says.
    pub(crate) value: T,
}

/// A key that may be given once.
pub(crate) type Once<T> = Option<Given<T>>;

/// A key that may be given any number of times.
pub(crate) type Often<T> = Vec<Given<T>>;

/// Where a key's value goes.
trait Place<T> {
    /// Stores the value, unless the key was given before.
    fn put(&mut self, given: Given<T>) -> Result<()>;
}

impl<T> Place<T> for Once<T> {
    fn put(&mut self, given: Given<T>) -> Result<()> {
        if self.is_some() {
            return Err(syn::Error::new_spanned(
                &given.word,
                format!("`{}` is given twice: keep one", given.word),
            ));
        }
        *self = Some(given);
        Ok(())
    }
}

impl<T> Place<T> for Often<T> {
    fn put(&mut self, given: Given<T>) -> Result<()> {
        self.push(given);
        Ok(())
    }
}

/// The keys of an attribute.
pub(crate) trait Keys: Default {
    /// The attribute as a message names it.
    const OWNER: &'static str;

    /// Every key.
    const NAMES: &'static [&'static str];

    /// Keys that aren't listed belong to somebody else.
    const OPEN: bool;

    /// A struct may stand before the keys.
    const TARGET: bool;

    /// Reads the value of a key; `None` where there is no such key.
    fn read(&mut self, word: &Ident, input: ParseStream<'_>) -> Option<Result<()>>;

    /// What to say of a key that stands in the wrong place.
    fn hint(word: &str) -> Option<&'static str>;
}

macro_rules! keys {
    (
        $(#[$doc:meta])*
        $name:ident, $owner:literal $(, open $open:literal)? $(, target $target:literal)? {
            $( $(#[$key_doc:meta])* $key:literal $field:ident: $place:ident<$value:ty>, )*
        }
        $( else { $( $elsewhere:literal => $hint:literal, )* } )?
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name {
            $( $(#[$key_doc])* pub(crate) $field: $place<$value>, )*
        }

        impl Keys for $name {
            const OWNER: &'static str = $owner;
            const NAMES: &'static [&'static str] = &[$($key),*];
            const OPEN: bool = false $( || $open )?;
            const TARGET: bool = false $( || $target )?;

            fn read(&mut self, word: &Ident, input: ParseStream<'_>) -> Option<Result<()>> {
                Some(match word.to_string().as_str() {
                    $( $key => <$value>::read(word, input)
                        .and_then(|value| self.$field.put(Given { word: word.clone(), value })), )*
                    _ => return None,
                })
            }

            fn hint(word: &str) -> Option<&'static str> {
                match word {
                    $( $( $elsewhere => Some($hint), )* )?
                    _ => None,
                }
            }
        }
    };
}

keys! {
    /// `#[table(..)]` on the struct.
    TableKeys, "`#[table]`" {
        /// The table's name.
        "name" name: Once<LitStr>,
        /// Its schema.
        "schema" schema: Once<LitStr>,
        /// A unique constraint over several columns.
        "unique" unique: Often<LitStr>,
        /// The same, checked at the end of the statement or the transaction.
        "unique_deferrable" unique_deferrable: Often<LitStr>,
        /// The facade crate under another name.
        "crate" facade: Once<Path>,
        /// `false` leaves out the inherent methods.
        "inherent" inherent: Once<bool>,
    }
}

keys! {
    /// `#[key]` on a column.
    KeyKeys, "`#[key]`" {
        /// The database assigns it, by its own means or by an expression.
        "generated" generated: Once<Generated>,
    }
    else {
        "name" => "`#[column(name = \"..\")]` renames a column",
    }
}

keys! {
    /// `#[column(..)]` on a column.
    ColumnKeys, "`#[column]`" {
        /// The column's name, when it is not the field's.
        "name" name: Once<LitStr>,
        /// Stored as JSON.
        "json" json: Once<Flag>,
        /// Filled by the database and read back.
        "generated" generated: Once<Flag>,
        /// In a unique constraint of its own.
        "unique" unique: Once<Flag>,
        /// Not a column.
        "skip" skip: Once<Flag>,
    }
    else {
        "rename" => "write `name = \"..\"`",
        "on_delete" => "`on_delete` belongs to a foreign key: `#[many_to_one(Parent, on_delete = \"..\")]`",
    }
}

keys! {
    /// `#[version]` on an integer.
    VersionKeys, "`#[version]`" {
        /// A change anywhere below the struct raises it.
        "aggregate" aggregate: Once<Flag>,
    }
}

keys! {
    /// The options of a relation on a `HasOne`.
    ParentKeys, "`#[one_to_one]` on a `HasOne`" {
        /// What operations on the parent do to the child.
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
    }
    else {
        "on_delete" => "`on_delete` belongs to the child's foreign key",
        "column" => "`column` belongs to the child's foreign key",
        "single_parent" => "`single_parent` belongs to the side that holds the foreign key",
        "order_by" => "`order_by` is for a list, and a `HasOne` has one child at most",
    }
}

keys! {
    /// The options of a foreign key in a plain column.
    ForeignKeyKeys, "a foreign key", target true {
        /// What the constraint does when the parent goes.
        "on_delete" on_delete: Once<OnDelete>,
    }
    else {
        "column" => "the field is the column: `#[column(name = \"..\")]` renames it",
        "name" => "the field is the column: `#[column(name = \"..\")]` renames it",
        "cascade" => "the parent's `HasOne` says it, or a `BelongsTo` that can hold the parent",
        "single_parent" => "it needs a `BelongsTo` that can hold the parent",
        "back_populates" => "it belongs to the parent's `HasOne`",
        "passive_deletes" => "it belongs to the parent's `HasOne`",
        "on_remove" => "it belongs to the parent's `HasOne`",
        "required" => "a foreign key that is no `Option` is required",
        "viewonly" => "it belongs to the parent's `HasOne`",
    }
}

keys! {
    /// The options of a foreign key in a `BelongsTo`.
    HolderKeys, "a foreign key in a `BelongsTo`", target true {
        /// Its columns, comma separated, in the order of the parent's key.
        "column" column: Once<LitStr>,
        /// What the constraint does when the parent goes.
        "on_delete" on_delete: Once<OnDelete>,
        /// What operations on the child do to the parent that it holds.
        "cascade" cascade: Once<LitStr>,
        /// No other row refers to the parent through this relation.
        "single_parent" single_parent: Once<Flag>,
    }
    else {
        "name" => "write `column = \"..\"`",
        "back_populates" => "it belongs to the parent's `HasOne`",
        "passive_deletes" => "it belongs to the parent's `HasOne`",
        "on_remove" => "it belongs to the parent's `HasOne`",
        "required" => "a `BelongsTo` that is no `Option` is required",
        "viewonly" => "it belongs to the parent's `HasOne`",
    }
}

keys! {
    /// What sqlx says about a struct or a field, as far as it means something here.
    SqlxKeys, "`#[sqlx]`", open true {
        /// The column's name.
        "rename" rename: Once<LitStr>,
        /// The style of all columns' names.
        "rename_all" rename_all: Once<LitStr>,
        /// Stored as JSON.
        "json" json: Once<Json>,
        /// Not a column.
        "skip" skip: Once<Flag>,
        /// May be absent from a row.
        "default" default: Once<Flag>,
        /// Refused.
        "flatten" flatten: Once<Never>,
        /// Refused.
        "try_from" try_from: Once<Never>,
    }
}
