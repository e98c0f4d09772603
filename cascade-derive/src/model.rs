//! A mapped struct as the rules and the expansion see it: decisions over syntax that it borrows.

use proc_macro2::Ident;
use syn::{Attribute, LitStr, Path, Type, Visibility};

use crate::grammar::{ColumnKeys, KeyKeys, Once, ParentKeys, SqlxKeys, TableKeys, VersionKeys};
use crate::shape::Shape;
use crate::values::{Flag, OnDelete};

/// A struct with `#[derive(Relations)]`.
pub(crate) struct Entity<'a> {
    /// The struct's name.
    pub(crate) ident: &'a Ident,
    /// Its visibility.
    pub(crate) vis: &'a Visibility,
    /// `#[table(..)]`.
    pub(crate) table: TableKeys,
    /// Whether `#[table(..)]` could be read in full.
    pub(crate) table_is_read: bool,
    /// What sqlx's own attribute on the struct says.
    pub(crate) sqlx: SqlxKeys,
    /// Its fields, in declaration order.
    pub(crate) fields: Vec<Field<'a>>,
}

/// A field of a mapped struct.
pub(crate) struct Field<'a> {
    /// The field's name.
    pub(crate) ident: &'a Ident,
    /// The field's name without `r#`, for columns and messages.
    pub(crate) name: String,
    /// Its visibility: that of its relation constant.
    pub(crate) vis: &'a Visibility,
    /// Its type.
    pub(crate) ty: &'a Type,
    /// What the type's own words say.
    pub(crate) shape: Shape<'a>,
    /// The relation attributes that it has; more than one is a mistake.
    pub(crate) relations: Vec<Relation<'a>>,
    /// `#[key]`.
    pub(crate) key: Once<KeyKeys>,
    /// `#[column]`.
    pub(crate) column: ColumnKeys,
    /// `#[version]`.
    pub(crate) version: Once<VersionKeys>,
    /// What sqlx's own attribute says.
    pub(crate) sqlx: SqlxKeys,
    /// What the field is, by all of these.
    pub(crate) role: Role<'a>,
}

/// What a field is.
pub(crate) enum Role<'a> {
    /// A column.
    Column(Column<'a>),
    /// A foreign key that may hold the parent.
    BelongsTo(BelongsTo<'a>),
    /// A relation to a child.
    HasOne(HasOne<'a>),
    /// Not mapped.
    Skipped,
    /// The attribute doesn't fit the type: [`check`](crate::check) says how.
    Unclear,
}

/// A plain column.
pub(crate) struct Column<'a> {
    /// Its name in the table.
    pub(crate) name: String,
    /// The foreign key that it is.
    pub(crate) foreign_key: Option<ForeignKey<'a>>,
}

/// A foreign key.
pub(crate) struct ForeignKey<'a> {
    /// The attribute's name.
    pub(crate) word: &'a Ident,
    /// Declared by `one_to_one`.
    pub(crate) unique: bool,
    /// The parent that the attribute names.
    pub(crate) target: Option<Path>,
    /// `on_delete`.
    pub(crate) on_delete: Once<OnDelete>,
}

/// A `BelongsTo`.
pub(crate) struct BelongsTo<'a> {
    /// The parent, by the field's type.
    pub(crate) target: &'a Type,
    /// Inside of an `Option`.
    pub(crate) optional: bool,
    /// Its columns, in the order of the parent's key.
    pub(crate) columns: Vec<String>,
    /// Where they are named.
    pub(crate) column: Once<LitStr>,
    /// The foreign key.
    pub(crate) foreign_key: ForeignKey<'a>,
    /// `cascade`.
    pub(crate) cascade: Once<LitStr>,
    /// `single_parent`.
    pub(crate) single_parent: Once<Flag>,
}

/// A `HasOne`.
pub(crate) struct HasOne<'a> {
    /// The attribute's name.
    pub(crate) word: &'a Ident,
    /// The child.
    pub(crate) child: &'a Type,
    /// The options.
    pub(crate) keys: ParentKeys,
}

/// A relation attribute, unread.
pub(crate) struct Relation<'a> {
    /// The attribute's name.
    pub(crate) word: &'a Ident,
    /// Its cardinality.
    pub(crate) cardinality: Cardinality,
    /// The attribute.
    pub(crate) attribute: &'a Attribute,
}

/// How many rows are on the two sides, from the struct that has the attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cardinality {
    /// `one_to_one`.
    OneToOne,
    /// `one_to_many`.
    OneToMany,
    /// `many_to_one`.
    ManyToOne,
    /// `many_to_many`.
    ManyToMany,
}
