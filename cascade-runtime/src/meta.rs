//! What the derive knows about a struct, as constants: tables, columns, foreign keys, relations.
//!
//! Plain data. Everything that plans, writes SQL or executes reads these and nothing else of the user's types.

mod relations;

use crate::codec::{Cell, Codec, Erased};
use crate::entity::{Entity, Parts};
use crate::slot::Slot;

pub use relations::{
    ForeignKey, ForeignKeyPart, Holder, Kind, OnDelete, OrderBy, PassiveDeletes, RelationDef,
    SOURCE, TARGET,
};

/// A mapped struct.
#[derive(Debug)]
pub struct Table {
    /// Tells this struct from every other one at compile time, where `TypeId`s can't be compared.
    pub ident: &'static str,
    /// The struct's name, for errors.
    pub entity: &'static str,
    /// The schema of `#[table(schema = "..")]`.
    pub schema: Option<&'static str>,
    /// The table's name, unquoted.
    pub name: &'static str,
    /// Every column that the struct holds, in declaration order; those of a [`BelongsTo`](crate::BelongsTo) included.
    pub columns: &'static [Column],
    /// The columns of the primary key, in the order of `Entity::Key`.
    pub key: &'static [usize],
    /// The foreign keys that the struct holds.
    pub foreign_keys: &'static [ForeignKey],
    /// The relations that the struct's wrappers declare; their positions are those of the slots that `view` hands out.
    pub relations: &'static [RelationDef],
    /// The declared unique sets, one-to-one keys not included.
    pub unique: &'static [Unique],
    /// The optimistic lock.
    pub version: Option<Version>,
    /// The derive found mistakes and this is a stand-in: rules about it would only repeat them.
    pub broken: bool,
    /// The struct's functions, by the erased type.
    pub functions: Functions,
}

impl Table {
    /// The stand-in for a struct in which the derive found mistakes.
    #[must_use]
    pub const fn broken(ident: &'static str, entity: &'static str, functions: Functions) -> Self {
        Self {
            ident,
            entity,
            schema: None,
            name: entity,
            columns: &[],
            key: &[],
            foreign_keys: &[],
            relations: &[],
            unique: &[],
            version: None,
            broken: true,
            functions,
        }
    }

    /// A table of links: two foreign keys, and nothing else. Each side has its own, that begins with the key to it.
    #[must_use]
    pub const fn link(
        ident: &'static str,
        (schema, name): (Option<&'static str>, &'static str),
        columns: &'static [Column],
        key: &'static [usize],
        foreign_keys: &'static [ForeignKey],
        relations: &'static [RelationDef],
        functions: Functions,
    ) -> Self {
        Self {
            ident,
            entity: name,
            schema,
            name,
            columns,
            key,
            foreign_keys,
            relations,
            unique: &[],
            version: None,
            broken: false,
            functions,
        }
    }

    /// The rows are links of a many-to-many relation.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.functions.link
    }

    /// The relation by which a foreign key of the struct can hold its target.
    pub(crate) fn holder_of(&self, key: &ForeignKey) -> Option<usize> {
        let own = |relation: &RelationDef| {
            relation
                .key
                .is_some_and(|own| std::ptr::eq(&raw const self.foreign_keys[own], key))
        };
        self.relations.iter().position(own)
    }

    /// The column is part of what identifies a row, its owner and the places that it takes: the key, a foreign key, the version, a unique set.
    #[must_use]
    pub fn identifies(&self, column: usize) -> bool {
        self.columns[column].key
            || self.columns[column].unique
            || self.unique.iter().any(|set| set.columns.contains(&column))
            || self
                .version
                .as_ref()
                .is_some_and(|version| version.column == column)
            || self.foreign_keys.iter().any(|key| key.has(column))
    }

    /// The database draws the key, or a part of it.
    pub(crate) fn draws_key(&self) -> bool {
        let mut key = self.key.iter();
        key.any(|&column| self.columns[column].is_generated())
    }

    /// The columns that the database fills.
    pub fn generated(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|&column| self.columns[column].is_generated())
    }
}

/// What `view` calls with the fields and the slots of a struct, by number.
pub type See<'s, 'a> = dyn FnMut(&[&'a Erased], &[&'a dyn Slot]) + 's;

/// The functions that the derive writes for a struct, behind its erased type.
#[derive(Clone, Copy)]
pub struct Functions {
    /// [`Entity::view`].
    pub view: for<'a> fn(&'a Erased, &mut See<'_, 'a>),
    /// [`Entity::visit`].
    pub visit: for<'a> fn(&'a mut Erased, &mut Parts<'a>),
    /// The rows are links.
    pub link: bool,
}

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Functions")
    }
}

impl Functions {
    /// The functions of `E`.
    #[must_use]
    pub const fn of<E: Entity>() -> Self {
        fn view<'a, E: Entity>(row: &'a Erased, see: &mut See<'_, 'a>) {
            if let Some(row) = row.downcast_ref::<E>() {
                row.view(see);
            }
        }
        fn visit<'a, E: Entity>(row: &'a mut Erased, parts: &mut Parts<'a>) {
            if let Some(row) = row.downcast_mut::<E>() {
                row.visit(parts);
            }
        }
        Self {
            view: view::<E>,
            visit: visit::<E>,
            link: false,
        }
    }

    /// The fields and the slots of a struct.
    pub(crate) fn parts<'a>(&self, row: &'a mut Erased) -> Parts<'a> {
        let mut parts = Parts::default();
        self.parts_in(row, &mut parts);
        parts
    }

    /// The same, in the place of those of another struct.
    pub(crate) fn parts_in<'a>(&self, row: &'a mut Erased, parts: &mut Parts<'a>) {
        parts.fields.clear();
        parts.slots.clear();
        (self.visit)(row, parts);
    }
}

/// A column of a struct.
#[derive(Debug)]
pub struct Column {
    /// The column's name in the table, unquoted.
    pub name: &'static str,
    /// The struct's field, for errors.
    pub field: &'static str,
    /// Which of the fields that `view` hands out holds it.
    pub slot: usize,
    /// For a column of a `BelongsTo`: picks its part of the key from the field.
    pub part: Option<fn(&Erased) -> &Erased>,
    /// How its type is cloned, compared and stored.
    pub codec: Codec,
    /// Part of the primary key.
    pub key: bool,
    /// Filled by the database.
    pub generated: Generated,
    /// In a unique constraint of its own.
    pub unique: bool,
    /// Known to accept NULL.
    pub nullable: bool,
}

impl Column {
    /// An ordinary column, held by the field of the same number.
    #[must_use]
    pub const fn new(name: &'static str, field: &'static str, slot: usize, codec: Codec) -> Self {
        Self {
            name,
            field,
            slot,
            part: None,
            codec,
            key: false,
            generated: Generated::No,
            unique: false,
            nullable: false,
        }
    }

    /// Part of the primary key, assigned by the application.
    #[must_use]
    pub const fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// Filled by the database with its own means: a sequence, an identity, a rowid, a default.
    #[must_use]
    pub const fn generated(mut self) -> Self {
        self.generated = Generated::Database;
        self
    }

    /// A key that the database fills with the value of `expression`.
    #[must_use]
    pub const fn generated_by(mut self, expression: &'static str) -> Self {
        self.generated = Generated::Expression(expression);
        self
    }

    /// `#[column(unique)]`.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// It accepts NULL.
    #[must_use]
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// A column of a `BelongsTo`.
    #[must_use]
    pub const fn part(mut self, part: fn(&Erased) -> &Erased) -> Self {
        self.part = Some(part);
        self
    }

    /// This column's value among the fields that `view` handed out.
    #[must_use]
    pub fn cell<'a>(&self, fields: &[&'a Erased]) -> &'a Erased {
        let field = fields[self.slot];
        self.part.map_or(field, |part| part(field))
    }

    /// The application doesn't write it.
    #[must_use]
    pub const fn is_generated(&self) -> bool {
        !matches!(self.generated, Generated::No)
    }
}

/// Who fills a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generated {
    /// The application.
    No,
    /// The database, by its own means.
    Database,
    /// The database, by this SQL expression.
    Expression(&'static str),
}

/// `#[version]`.
#[derive(Debug)]
pub struct Version {
    /// Its column.
    pub column: usize,
    /// A change anywhere below the struct raises it.
    pub aggregate: bool,
    /// The version of a new row: 1.
    pub first: fn() -> Cell,
    /// The version after this one.
    pub next: fn(&Erased) -> Cell,
}

/// A declared unique set.
#[derive(Debug)]
pub struct Unique {
    /// Its columns.
    pub columns: &'static [usize],
    /// Those of them that accept NULL.
    pub nullable: &'static [usize],
    /// The database checks it at the end of a statement or a transaction.
    pub deferrable: bool,
}
