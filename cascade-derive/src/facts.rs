//! Questions about the model that several parts ask.

use crate::model::{BelongsTo, Column, Entity, Field, ForeignKey, HasOne, Role};

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
    Part(&'e BelongsTo<'e>, usize),
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
    pub(crate) holder: Option<&'e BelongsTo<'e>>,
}

impl Entity<'_> {
    /// The fields that `view` hands out by number.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, &Field<'_>)> {
        self.fields
            .iter()
            .filter(|field| matches!(field.role, Role::Column(_) | Role::BelongsTo(_)))
            .enumerate()
    }

    /// The columns, in declaration order; a column that a `BelongsTo` shares with a plain field is the plain field's.
    pub(crate) fn cells(&self) -> Vec<Cell<'_>> {
        let mut cells = Vec::new();
        for (slot, field) in self.slots() {
            match &field.role {
                Role::Column(column) => cells.push(Cell {
                    name: &column.name,
                    field,
                    slot,
                    source: Source::Plain(column),
                }),
                Role::BelongsTo(held) => {
                    let own = held
                        .columns
                        .iter()
                        .enumerate()
                        .filter(|(_, name)| self.plain_column(name).is_none());
                    cells.extend(own.map(|(part, name)| Cell {
                        name,
                        field,
                        slot,
                        source: Source::Part(held, part),
                    }));
                }
                _ => {}
            }
        }
        cells
    }

    /// The foreign keys, in declaration order.
    pub(crate) fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        self.slots().filter_map(|(slot, field)| match &field.role {
            Role::Column(Column {
                foreign_key: Some(foreign_key),
                ..
            }) => Some(Reference {
                field,
                slot,
                foreign_key,
                holder: None,
            }),
            Role::BelongsTo(held) => Some(Reference {
                field,
                slot,
                foreign_key: &held.foreign_key,
                holder: Some(held),
            }),
            _ => None,
        })
    }

    /// The relations to children, in declaration order.
    pub(crate) fn relations(&self) -> impl Iterator<Item = (&Field<'_>, &HasOne<'_>)> {
        self.fields.iter().filter_map(|field| match &field.role {
            Role::HasOne(relation) => Some((field, relation)),
            _ => None,
        })
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
        let held = |field: &Field<'_>| matches!(&field.role, Role::BelongsTo(held) if held.columns.iter().any(|name| name == column));
        field.key.is_some() || self.fields.iter().any(held)
    }
}
