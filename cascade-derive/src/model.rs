//! A mapped struct as the rules and the expansion see it: decisions over syntax that it borrows.

use proc_macro2::Ident;
use syn::{Attribute, Path, Type, Visibility};

use crate::grammar::{ColumnKeys, KeyKeys, Once, RelationKeys, SqlxKeys, TableKeys, VersionKeys};
use crate::shape::Shape;
use crate::values::OnDelete;

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
    pub(crate) relation_attributes: Vec<RelationAttribute<'a>>,
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
    /// A relation.
    Relation(Box<Relation<'a>>),
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

/// A wrapper with its attribute.
pub(crate) struct Relation<'a> {
    /// The attribute's name.
    pub(crate) word: &'a Ident,
    /// The struct on the other side, by the field's type.
    pub(crate) target: &'a Type,
    /// The options.
    pub(crate) keys: RelationKeys,
    /// Whether the attribute could be read in full: else what seems to be missing may be what couldn't be read.
    pub(crate) is_read: bool,
    /// Where its keys are.
    pub(crate) kind: Kind<'a>,
}

/// How many rows a relation has, and where its keys are.
pub(crate) enum Kind<'a> {
    /// A child refers to this row.
    HasOne,
    /// Children refer to this row.
    HasMany,
    /// A table has links to other rows.
    ManyToMany(Links),
    /// This row refers to a parent.
    BelongsTo(BelongsTo<'a>),
}

/// The columns of a table of links.
#[derive(PartialEq, Eq)]
pub(crate) struct Links {
    /// Those for the struct's own key.
    pub(crate) source: Vec<String>,
    /// Those for the other side's key.
    pub(crate) target: Vec<String>,
}

/// A foreign key that may hold the parent.
pub(crate) struct BelongsTo<'a> {
    /// Inside of an `Option`.
    pub(crate) optional: bool,
    /// Its columns, in the order of the parent's key.
    pub(crate) columns: Vec<String>,
    /// The foreign key.
    pub(crate) foreign_key: ForeignKey<'a>,
}

/// A relation attribute, unread.
pub(crate) struct RelationAttribute<'a> {
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
