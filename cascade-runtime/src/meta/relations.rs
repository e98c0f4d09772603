//! Foreign keys and relations: what connects tables.

use crate::cascade::Cascade;
use crate::codec::Erased;
use crate::entity::Entity;
use crate::meta::Table;

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
    /// A part of the key in the field; `None` where it has no target.
    pub part: fn(&Erased, usize) -> Option<&Erased>,
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
        Self::to((P::IDENT, P::NAME, P::table), field, slot, parts)
    }

    /// The same, to a struct by its identity, its name and its table.
    #[must_use]
    pub const fn to(
        (target_ident, target_entity, target): (&'static str, &'static str, fn() -> &'static Table),
        field: &'static str,
        slot: usize,
        parts: &'static [ForeignKeyPart],
    ) -> Self {
        Self {
            field,
            slot,
            target_ident,
            target_entity,
            target,
            parts,
            nullable: false,
            unique: false,
            on_delete: None,
            holder: None,
            cascade: Cascade::DEFAULT,
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

    /// A column of this foreign key.
    #[must_use]
    pub fn has(&self, column: usize) -> bool {
        self.parts.iter().any(|part| part.column == column)
    }

    /// The columns that a removal can set NULL: those of this foreign key alone.
    pub fn own_columns(&self) -> impl Iterator<Item = &ForeignKeyPart> {
        self.parts.iter().filter(|part| !part.shared)
    }
}
