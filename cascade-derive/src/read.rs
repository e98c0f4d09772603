//! Reads a struct into the model.

use proc_macro2::Ident;
use syn::{Attribute, Data, DeriveInput, Fields, Path};

use crate::errors::Errors;
use crate::grammar::{ColumnKeys, ForeignKeyKeys, HolderKeys, Keys, Once, SqlxKeys, TableKeys};
use crate::model::{
    BelongsTo, Cardinality, Column, Entity, Field, ForeignKey, HasOne, Relation, Role,
};
use crate::names;
use crate::parse;
use crate::shape::Shape;
use crate::values::OnDelete;

/// The attributes that go on fields, and the one that goes on the struct.
const OF_FIELDS: &[&str] = &[
    "key",
    "column",
    "version",
    "one_to_one",
    "one_to_many",
    "many_to_one",
    "many_to_many",
];

impl<'a> Entity<'a> {
    /// What is known of something that can't be mapped: its name.
    pub(crate) fn empty(input: &'a DeriveInput) -> Self {
        Self {
            ident: &input.ident,
            vis: &input.vis,
            table: TableKeys::default(),
            table_is_read: false,
            sqlx: SqlxKeys::default(),
            fields: Vec::new(),
        }
    }

    /// Reads a struct; `None` for what can't be mapped at all.
    pub(crate) fn read(input: &'a DeriveInput, errors: &mut Errors) -> Option<Self> {
        errors.enter(&input.ident);
        for attribute in &input.attrs {
            if let Some(word) = attribute
                .path()
                .get_ident()
                .filter(|word| OF_FIELDS.iter().any(|name| word == name))
            {
                errors.at(word, format!("`#[{word}]` goes on a field"));
            }
        }
        let before = errors.count();
        let table = parse::one("table", &input.attrs, errors)
            .map(|given| given.value)
            .unwrap_or_default();
        let table_is_read = errors.count() == before;
        let sqlx = parse::sqlx(&input.attrs, errors);
        let fields = named_fields(input, errors)?;
        let fields = fields
            .map(|(ident, field)| Field::read(&input.ident, ident, field, &sqlx, errors))
            .collect();
        Some(Self {
            ident: &input.ident,
            vis: &input.vis,
            table,
            table_is_read,
            sqlx,
            fields,
        })
    }
}

/// The fields of a struct that can be mapped.
fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<impl Iterator<Item = (&'a Ident, &'a syn::Field)> + use<'a>> {
    let name = &input.ident;
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a generic struct can't be mapped: a table has one set of columns, so write a struct for each");
        return None;
    }
    let what = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                return Some(
                    fields
                        .named
                        .iter()
                        .filter_map(|field| Some((field.ident.as_ref()?, field))),
                );
            }
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a struct without fields",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    errors.at(
        name,
        format!("this is {what}, and only a struct with named fields can be mapped to a table"),
    );
    None
}

impl<'a> Field<'a> {
    fn read(
        owner: &Ident,
        ident: &'a Ident,
        field: &'a syn::Field,
        outer: &SqlxKeys,
        errors: &mut Errors,
    ) -> Self {
        let name = names::plain(ident);
        errors.enter(format_args!("{owner}.{name}"));
        if let Some(table) = field
            .attrs
            .iter()
            .find(|attribute| attribute.path().is_ident("table"))
        {
            errors.at(table.path(), "`#[table]` goes on the struct");
        }
        let shape = Shape::of(&field.ty);
        let column: ColumnKeys = parse::one("column", &field.attrs, errors)
            .map(|given| given.value)
            .unwrap_or_default();
        let sqlx = parse::sqlx(&field.attrs, errors);
        let mut read = Self {
            ident,
            name,
            vis: &field.vis,
            ty: &field.ty,
            shape,
            relations: field.attrs.iter().filter_map(Relation::of).collect(),
            key: parse::one("key", &field.attrs, errors),
            column,
            version: parse::one("version", &field.attrs, errors),
            sqlx,
            role: Role::Unclear,
        };
        read.role = read.role(outer, errors);
        read
    }

    /// Decides what the field is, and reads the options of its relation by that.
    fn role(&self, outer: &SqlxKeys, errors: &mut Errors) -> Role<'a> {
        if self.column.skip.is_some()
            || (self.sqlx.skip.is_some() && matches!(self.shape, Shape::Plain { .. }))
        {
            return Role::Skipped;
        }
        match (&self.shape, self.relations.as_slice()) {
            (Shape::Plain { .. }, []) => Role::Column(Column {
                name: self.column_name(&self.name, outer),
                foreign_key: None,
            }),
            (Shape::Plain { .. }, [relation]) if relation.is_foreign_key() => {
                match parse::target(relation.attribute) {
                    Some(target) => {
                        let ForeignKeyKeys { on_delete } = relation.keys(errors);
                        let foreign_key = Some(relation.foreign_key(Some(target), on_delete));
                        Role::Column(Column {
                            name: self.column_name(&self.name, outer),
                            foreign_key,
                        })
                    }
                    None => Role::Unclear,
                }
            }
            (&Shape::BelongsTo { target, optional }, [relation]) if relation.is_foreign_key() => {
                let HolderKeys {
                    column,
                    on_delete,
                    cascade,
                    single_parent,
                } = relation.keys(errors);
                let columns = match &column {
                    Some(given) => given
                        .value
                        .value()
                        .split(',')
                        .map(|name| name.trim().to_owned())
                        .collect(),
                    None => vec![self.column_name(&format!("{}_id", self.name), outer)],
                };
                let foreign_key =
                    relation.foreign_key(parse::target(relation.attribute), on_delete);
                Role::BelongsTo(BelongsTo {
                    target,
                    optional,
                    columns,
                    column,
                    foreign_key,
                    cascade,
                    single_parent,
                })
            }
            (&Shape::HasOne(child), [relation])
                if relation.cardinality == Cardinality::OneToOne =>
            {
                Role::HasOne(HasOne {
                    word: relation.word,
                    child,
                    keys: relation.keys(errors),
                })
            }
            _ => Role::Unclear,
        }
    }

    /// The column of the field: the name that an attribute gives, else `name` in the style of the struct.
    fn column_name(&self, name: &str, outer: &SqlxKeys) -> String {
        if let Some(given) = self.column.name.as_ref().or(self.sqlx.rename.as_ref()) {
            return given.value.value();
        }
        let style = outer.rename_all.as_ref().map(|given| given.value.value());
        style
            .and_then(|style| names::in_style(&style, name))
            .unwrap_or_else(|| name.to_owned())
    }
}

impl<'a> Relation<'a> {
    fn of(attribute: &'a Attribute) -> Option<Self> {
        let word = attribute.path().get_ident()?;
        let cardinality = match word.to_string().as_str() {
            "one_to_one" => Cardinality::OneToOne,
            "one_to_many" => Cardinality::OneToMany,
            "many_to_one" => Cardinality::ManyToOne,
            "many_to_many" => Cardinality::ManyToMany,
            _ => return None,
        };
        Some(Self {
            word,
            cardinality,
            attribute,
        })
    }

    /// Whether this side can hold the key.
    fn is_foreign_key(&self) -> bool {
        matches!(
            self.cardinality,
            Cardinality::OneToOne | Cardinality::ManyToOne
        )
    }

    fn foreign_key(&self, target: Option<Path>, on_delete: Once<OnDelete>) -> ForeignKey<'a> {
        ForeignKey {
            word: self.word,
            unique: self.cardinality == Cardinality::OneToOne,
            target,
            on_delete,
        }
    }

    fn keys<K: Keys>(&self, errors: &mut Errors) -> K {
        let mut keys = K::default();
        parse::keys(self.attribute, &mut keys, errors);
        keys
    }
}
