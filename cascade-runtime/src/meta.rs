//! What the derive knows about a struct, as constants: tables, columns, foreign keys, relations.
//!
//! Plain data. Everything that plans, writes SQL or executes reads these and nothing else of the user's types.

use crate::cascade::Cascade;
use crate::codec::{Cell, Codec, Erased};
use crate::entity::{Entity, Parts};
use crate::slot::Slot;

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

    /// The column is part of what identifies a row and its owner: the key, a foreign key, the version.
    #[must_use]
    pub fn identifies(&self, column: usize) -> bool {
        self.columns[column].key
            || self
                .version
                .as_ref()
                .is_some_and(|version| version.column == column)
            || self
                .foreign_keys
                .iter()
                .flat_map(|key| key.parts)
                .any(|part| part.column == column)
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
    pub visit: for<'a> fn(&'a mut Erased) -> Parts<'a>,
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
        fn visit<E: Entity>(row: &mut Erased) -> Parts<'_> {
            row.downcast_mut::<E>()
                .map_or_else(Parts::default, E::visit)
        }
        Self {
            view: view::<E>,
            visit: visit::<E>,
        }
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
    /// The database checks it at the end of a statement or a transaction.
    pub deferrable: bool,
}

/// A foreign key that a struct holds, in a column or in a `BelongsTo`.
#[derive(Debug)]
pub struct ForeignKey {
    /// The field that declares it.
    pub field: &'static str,
    /// Which of the fields that `view` hands out declares it.
    pub slot: usize,
    /// `Table::ident` of the struct that it refers to.
    pub target_ident: &'static str,
    /// The name of that struct, for errors.
    pub target_entity: &'static str,
    /// The table that it refers to, by its primary key.
    pub target: fn() -> &'static Table,
    /// Its columns with their conversions, in the order of the target's key.
    pub parts: &'static [ForeignKeyPart],
    /// The columns accept NULL (those that belong to this foreign key alone).
    pub nullable: bool,
    /// Declared by `one_to_one`.
    pub unique: bool,
    /// What the constraint does when the target goes.
    pub on_delete: Option<OnDelete>,
    /// For a field that is a `BelongsTo`.
    pub holder: Option<Holder>,
    /// `cascade` of a `BelongsTo` for the parent that it may hold.
    pub cascade: Cascade,
    /// `single_parent`.
    pub single_parent: bool,
}

/// One column of a foreign key.
#[derive(Debug)]
pub struct ForeignKeyPart {
    /// The column.
    pub column: usize,
    /// The column is the struct's own key, or another foreign key's too.
    pub shared: bool,
    /// The value as a part of the target's key; `None` for NULL.
    pub key: fn(&Erased) -> Option<&Erased>,
    /// Writes a part of the target's key, or NULL, into the field that holds the column. A `BelongsTo` is written by its [`Holder`].
    pub assign: fn(&mut Erased, Option<&Erased>),
}

/// The functions of a `BelongsTo` field.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// Points the field to the parent with this key, or to none.
    pub set: fn(&mut Erased, Option<&[&Erased]>),
}

/// `on_delete = ".."`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The row goes too.
    Cascade,
    /// The column becomes NULL.
    SetNull,
    /// The delete is refused at once.
    Restrict,
    /// The delete is refused at the end of the statement or the transaction.
    NoAction,
}

/// How many children a relation has, and where their key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// At most one row refers to the parent.
    OneToOne,
}

/// `passive_deletes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassiveDeletes {
    /// The library deletes or releases.
    No,
    /// The constraint does, for rows that a delete of the parent reaches.
    Yes,
    /// The library never touches the children when their parent is deleted.
    All,
}

/// A relation that a wrapper field declares.
#[derive(Debug)]
pub struct RelationDef {
    /// The wrapper's field.
    pub field: &'static str,
    /// How many.
    pub kind: Kind,
    /// The child's table. A function: the table by value would be a cycle.
    pub target: fn() -> &'static Table,
    /// `cascade = ".."`.
    pub cascade: Cascade,
    /// `back_populates = ..`: the child's field that declares the foreign key.
    pub back_populates: Option<&'static str>,
    /// `passive_deletes`.
    pub passive_deletes: PassiveDeletes,
    /// `on_remove = "deny"`.
    pub deny: bool,
    /// `required`.
    pub required: bool,
    /// `viewonly`.
    pub viewonly: bool,
}

impl RelationDef {
    /// A relation with the options at their defaults.
    #[must_use]
    pub const fn new(field: &'static str, kind: Kind, target: fn() -> &'static Table) -> Self {
        Self {
            field,
            kind,
            target,
            cascade: Cascade::DEFAULT,
            back_populates: None,
            passive_deletes: PassiveDeletes::No,
            deny: false,
            required: false,
            viewonly: false,
        }
    }

    /// `cascade = ".."`.
    #[must_use]
    pub const fn cascade(mut self, tokens: &str) -> Self {
        self.cascade = Cascade::parse(tokens);
        self
    }

    /// `back_populates = ..`.
    #[must_use]
    pub const fn back_populates(mut self, field: &'static str) -> Self {
        self.back_populates = Some(field);
        self
    }

    /// `passive_deletes` and `passive_deletes = "all"`.
    #[must_use]
    pub const fn passive_deletes(mut self, passive_deletes: PassiveDeletes) -> Self {
        self.passive_deletes = passive_deletes;
        self
    }

    /// `on_remove = "deny"`.
    #[must_use]
    pub const fn deny(mut self) -> Self {
        self.deny = true;
        self
    }

    /// `required`.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// `viewonly`; its default cascade is `none`.
    #[must_use]
    pub const fn viewonly(mut self) -> Self {
        self.viewonly = true;
        self.cascade = Cascade::NONE;
        self
    }
}

impl RelationDef {
    /// The foreign key of the child that refers to `parent`. The rules of the derive make sure that there is one.
    #[must_use]
    pub fn foreign_key(&self, parent: &Table) -> Option<&'static ForeignKey> {
        let keys = &(self.target)().foreign_keys;
        keys.iter().find(|key| {
            key.target_ident == parent.ident
                && self.back_populates.is_none_or(|field| field == key.field)
        })
    }
}

impl ForeignKey {
    /// A foreign key with the options at their defaults.
    #[must_use]
    pub const fn new<P: Entity>(
        field: &'static str,
        slot: usize,
        parts: &'static [ForeignKeyPart],
    ) -> Self {
        Self {
            field,
            slot,
            target_ident: P::IDENT,
            target_entity: P::NAME,
            target: P::table,
            parts,
            nullable: false,
            unique: false,
            on_delete: None,
            holder: None,
            cascade: Cascade::DEFAULT,
            single_parent: false,
        }
    }

    /// The columns accept NULL.
    #[must_use]
    pub const fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Declared by `one_to_one`.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// `on_delete = ".."`.
    #[must_use]
    pub const fn on_delete(mut self, on_delete: OnDelete) -> Self {
        self.on_delete = Some(on_delete);
        self
    }

    /// Held by a `BelongsTo`.
    #[must_use]
    pub const fn holder(mut self, holder: Holder) -> Self {
        self.holder = Some(holder);
        self
    }

    /// `cascade = ".."`.
    #[must_use]
    pub const fn cascade(mut self, tokens: &str) -> Self {
        self.cascade = Cascade::parse(tokens);
        self
    }

    /// `single_parent`.
    #[must_use]
    pub const fn single_parent(mut self) -> Self {
        self.single_parent = true;
        self
    }

    /// The columns that a removal can set NULL: those of this foreign key alone.
    pub fn own_columns(&self) -> impl Iterator<Item = &ForeignKeyPart> {
        self.parts.iter().filter(|part| !part.shared)
    }
}
