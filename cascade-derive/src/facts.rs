//! Questions about the model that several parts ask.

use syn::Type;

use crate::model::{BelongsTo, Column, Entity, Field, ForeignKey, Kind, Relation, Role};
use crate::shape::{Shape, Wrapper};

/// A column of the table, as the struct holds it.
pub(crate) struct Cell<'e> {
    /// Its name.
    pub(crate) name: &'e str,
    /// The field that holds it.
    pub(crate) field: &'e Field<'e>,
    /// The number of that field among those that `view` hands out.
    pub(crate) slot: usize,
    /// How the field holds it.
    pub(crate) source: Source<'e>,
}

/// How a field holds a column.
#[derive(Clone, Copy)]
pub(crate) enum Source<'e> {
    /// The field is the column.
    Plain(&'e Column<'e>),
    /// The column is a part of the key in a `BelongsTo`.
    Part(Held<'e>, usize),
}

/// A `BelongsTo`: a relation, and the foreign key that it is.
#[derive(Clone, Copy)]
pub(crate) struct Held<'e> {
    /// The relation.
    pub(crate) relation: &'e Relation<'e>,
    /// The foreign key.
    pub(crate) key: &'e BelongsTo<'e>,
}

/// A field that declares a foreign key.
pub(crate) struct Reference<'e> {
    /// The field.
    pub(crate) field: &'e Field<'e>,
    /// Its number among the fields that `view` hands out.
    pub(crate) slot: usize,
    /// What the attribute says.
    pub(crate) foreign_key: &'e ForeignKey<'e>,
    /// For a field that may hold the parent too.
    pub(crate) held: Option<Held<'e>>,
}

impl Entity<'_> {
    /// The fields that are columns, in declaration order.
    pub(crate) fn plain_fields(&self) -> impl Iterator<Item = &Field<'_>> {
        self.fields
            .iter()
            .filter(|field| matches!(field.role, Role::Column(_)))
    }

    /// The fields that belong to a parent, in declaration order.
    pub(crate) fn held_fields(&self) -> impl Iterator<Item = &Field<'_>> {
        self.fields.iter().filter(|field| field.held().is_some())
    }

    /// The fields of columns in declaration order, with the numbers by which `view` hands them out: the plain ones come first there.
    fn slots(&self) -> impl Iterator<Item = (usize, &Field<'_>)> {
        let mut plain = 0..;
        let mut held = self.plain_fields().count()..;
        self.fields.iter().filter_map(move |field| {
            let number = match field.role {
                Role::Column(_) => plain.next(),
                _ => field.held().and_then(|_| held.next()),
            };
            Some((number?, field))
        })
    }

    /// The columns, in declaration order; a column that a `BelongsTo` shares with a plain field is the plain field's.
    pub(crate) fn cells(&self) -> Vec<Cell<'_>> {
        let mut cells = Vec::new();
        for (slot, field) in self.slots() {
            let cell = |name, source| Cell {
                name,
                field,
                slot,
                source,
            };
            if let Role::Column(column) = &field.role {
                cells.push(cell(&column.name, Source::Plain(column)));
            }
            if let Some(held) = field.held() {
                let parts = held.key.columns.iter().enumerate();
                let own = parts.filter(|(_, name)| self.plain_column(name).is_none());
                cells.extend(own.map(|(part, name)| cell(name, Source::Part(held, part))));
            }
        }
        cells
    }

    /// The foreign keys, in declaration order.
    pub(crate) fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        self.slots().filter_map(|(slot, field)| {
            let held = field.held();
            let foreign_key = match (&field.role, held) {
                (Role::Column(column), _) => column.foreign_key.as_ref()?,
                (_, held) => &held?.key.foreign_key,
            };
            Some(Reference {
                field,
                slot,
                foreign_key,
                held,
            })
        })
    }

    /// The number of the foreign key that a field declares.
    pub(crate) fn reference_of(&self, field: &Field<'_>) -> Option<usize> {
        self.references()
            .position(|reference| std::ptr::eq(reference.field, field))
    }

    /// The relations, in declaration order.
    pub(crate) fn relations(&self) -> impl Iterator<Item = (&Field<'_>, &Relation<'_>)> {
        self.fields
            .iter()
            .filter_map(|field| Some((field, field.relation()?)))
    }

    /// The fields of the primary key, in declaration order.
    pub(crate) fn key(&self) -> impl Iterator<Item = &Field<'_>> {
        self.fields.iter().filter(|field| field.key.is_some())
    }

    /// The plain field that is a column of this name.
    pub(crate) fn plain_column(&self, name: &str) -> Option<&Field<'_>> {
        self.fields
            .iter()
            .find(|field| matches!(&field.role, Role::Column(column) if column.name == name))
    }

    /// Whether a plain column is in the struct's key or in the key that a `BelongsTo` holds, so that no removal may clear it.
    pub(crate) fn is_shared(&self, field: &Field<'_>, column: &str) -> bool {
        let has = |held: Held<'_>| held.key.columns.iter().any(|name| name == column);
        let mut fields = self.fields.iter();
        field.key.is_some() || fields.any(|field| field.held().is_some_and(has))
    }
}

impl<'a> Field<'a> {
    /// The relation that the field is.
    pub(crate) fn relation(&self) -> Option<&Relation<'a>> {
        match &self.role {
            Role::Relation(relation) => Some(relation),
            _ => None,
        }
    }

    /// The relation to a parent that the field is.
    pub(crate) fn held(&self) -> Option<Held<'_>> {
        let relation = self.relation()?;
        match &relation.kind {
            Kind::BelongsTo(key) => Some(Held { relation, key }),
            _ => None,
        }
    }

    /// The struct on the other side of the field's relation, also where its attribute doesn't fit.
    pub(crate) fn target(&self) -> Option<&'a Type> {
        match (&self.role, &self.shape) {
            (Role::Relation(relation), _) => Some(relation.target),
            (Role::Unclear, Shape::Wrapper { target, .. }) => Some(target),
            _ => None,
        }
    }
}

impl Relation<'_> {
    /// The wrapper that holds the other side.
    pub(crate) fn wrapper(&self) -> Wrapper {
        match self.kind {
            Kind::HasOne => Wrapper::HasOne,
            Kind::HasMany => Wrapper::HasMany,
            Kind::ManyToMany(_) => Wrapper::ManyToMany,
            Kind::BelongsTo(_) => Wrapper::BelongsTo,
        }
    }

    /// Whether other rows may refer to the other side as this one does.
    pub(crate) fn is_shared(&self) -> bool {
        match &self.kind {
            Kind::HasOne | Kind::HasMany => false,
            Kind::ManyToMany(_) => true,
            Kind::BelongsTo(key) => !key.foreign_key.unique,
        }
    }
}
