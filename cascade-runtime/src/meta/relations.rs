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
    /// Any number of rows refers to the parent.
    OneToMany,
    /// The row that the struct's own foreign key refers to.
    ManyToOne,
    /// Rows of a link table, each of which refers to both sides.
    ManyToMany,
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
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct RelationDef {
    /// The wrapper's field.
    pub field: &'static str,
    /// How many.
    pub kind: Kind,
    /// The table of the rows that the wrapper holds: the children's, the parent's, the link table. A function: the table by value would be a cycle.
    pub target: fn() -> &'static Table,
    /// For the side that holds the key: which of the struct's foreign keys it is.
    pub key: Option<usize>,
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
    /// `single_parent`: no other row refers to the target through this relation.
    pub single_parent: bool,
    /// `order_by = ".."`.
    pub order_by: Option<OrderBy>,
}

/// The order in which a relation is loaded.
#[derive(Debug, Clone, Copy)]
pub struct OrderBy {
    /// A column of the rows, by its name in the table.
    pub column: &'static str,
    /// From the last to the first.
    pub descending: bool,
}

impl RelationDef {
    /// A relation with the options at their defaults.
    #[must_use]
    pub const fn new(field: &'static str, kind: Kind, target: fn() -> &'static Table) -> Self {
        Self {
            field,
            kind,
            target,
            key: None,
            cascade: Cascade::DEFAULT,
            back_populates: None,
            passive_deletes: PassiveDeletes::No,
            deny: false,
            required: false,
            viewonly: false,
            single_parent: false,
            order_by: None,
        }
    }

    /// The parent that a `BelongsTo` holds, by this foreign key of the struct.
    #[must_use]
    pub const fn held(field: &'static str, key: usize, target: fn() -> &'static Table) -> Self {
        let mut relation = Self::new(field, Kind::ManyToOne, target);
        relation.key = Some(key);
        relation
    }

    /// The links of a many-to-many relation: rows that go with the parent, whatever the cascade says of their targets.
    #[must_use]
    pub const fn linked(
        field: &'static str,
        link: fn() -> &'static Table,
        to_target: &Self,
    ) -> Self {
        let mut relation = Self::new(field, Kind::ManyToMany, link);
        relation.back_populates = Some(SOURCE);
        relation.cascade = to_target.cascade;
        relation.cascade.delete = true;
        relation.cascade.delete_orphan = true;
        relation.single_parent = to_target.single_parent;
        relation
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

    /// `single_parent`.
    #[must_use]
    pub const fn single_parent(mut self) -> Self {
        self.single_parent = true;
        self
    }

    /// `order_by = ".."`.
    #[must_use]
    pub const fn order_by(mut self, column: &'static str, descending: bool) -> Self {
        self.order_by = Some(OrderBy { column, descending });
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
    /// The foreign key of the relation: the child's that refers to `parent`, or for a parent that is held the struct's own. The rules of the derive
    /// make sure that there is one.
    #[must_use]
    pub fn foreign_key(&self, parent: &'static Table) -> Option<&'static ForeignKey> {
        if let Some(key) = self.key {
            return parent.foreign_keys.get(key);
        }
        let keys = &(self.target)().foreign_keys;
        keys.iter().find(|key| {
            key.target_ident == parent.ident
                && self.back_populates.is_none_or(|field| field == key.field)
        })
    }

    /// The wrapper holds the row that the struct's own foreign key refers to.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.key.is_some()
    }

    /// The wrapper holds at most one row.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self.kind, Kind::OneToOne | Kind::ManyToOne)
    }
}

/// The foreign key of a link to the struct that has the relation, by its field.
pub const SOURCE: &str = "source";
/// The foreign key of a link to the other struct.
pub const TARGET: &str = "target";

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
