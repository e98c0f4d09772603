//! Reads a struct into the model.

use proc_macro2::Ident;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path, Type};

use crate::errors::Errors;
use crate::grammar::{ColumnKeys, List, Once, RelationKeys, SqlxKeys, TableKeys};
use crate::model::{
    BelongsTo, Cardinality, Column, Entity, Field, ForeignKey, Kind, Links, Relation,
    RelationAttribute, Role,
};
use crate::names;
use crate::parse;
use crate::shape::{Shape, Wrapper};
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
            relation_attributes: field
                .attrs
                .iter()
                .filter_map(RelationAttribute::of)
                .collect(),
            key: parse::one("key", &field.attrs, errors),
            column,
            version: parse::one("version", &field.attrs, errors),
            sqlx,
            role: Role::Unclear,
        };
        read.role = read.role(owner, outer, errors);
        read
    }

    /// Decides what the field is, and reads its relation's attribute by that.
    fn role(&self, owner: &Ident, outer: &SqlxKeys, errors: &mut Errors) -> Role<'a> {
        if self.column.skip.is_some()
            || (self.sqlx.skip.is_some() && matches!(self.shape, Shape::Plain { .. }))
        {
            return Role::Skipped;
        }
        match (&self.shape, self.relation_attributes.as_slice()) {
            (Shape::Plain { .. }, []) => self.plain(None, outer),
            (Shape::Plain { .. }, [attribute]) if attribute.is_foreign_key() => {
                let Some(target) = parse::target(attribute.attribute) else {
                    return Role::Unclear;
                };
                let (keys, _) = attribute.keys(&RelationKeys::PLAIN_COLUMN, errors);
                self.plain(
                    Some(attribute.foreign_key(Some(target), keys.on_delete)),
                    outer,
                )
            }
            (Shape::Wrapper { .. }, [attribute]) => self
                .read_relation(attribute, owner, outer, errors)
                .map_or(Role::Unclear, |relation| Role::Relation(Box::new(relation))),
            _ => Role::Unclear,
        }
    }

    fn plain(&self, foreign_key: Option<ForeignKey<'a>>, outer: &SqlxKeys) -> Role<'a> {
        Role::Column(Column {
            name: self.column_name(&self.name, outer),
            foreign_key,
        })
    }

    /// The relation of a wrapper; `None` if the attribute is another's.
    fn read_relation(
        &self,
        attribute: &RelationAttribute<'a>,
        owner: &Ident,
        outer: &SqlxKeys,
        errors: &mut Errors,
    ) -> Option<Relation<'a>> {
        let Shape::Wrapper {
            wrapper,
            target,
            optional,
        } = self.shape
        else {
            return None;
        };
        let (mut keys, is_read) = attribute.keys(attribute.list(wrapper)?, errors);
        let kind = match wrapper {
            Wrapper::HasOne => Kind::HasOne,
            Wrapper::HasMany => Kind::HasMany,
            Wrapper::ManyToMany => Kind::ManyToMany(Links::of(&keys, owner, target)),
            Wrapper::BelongsTo => Kind::BelongsTo(BelongsTo {
                optional,
                columns: keys.column.as_ref().map_or_else(
                    || vec![self.column_name(&format!("{}_id", self.name), outer)],
                    |given| names::columns(&given.value),
                ),
                foreign_key: attribute
                    .foreign_key(parse::target(attribute.attribute), keys.on_delete.take()),
            }),
        };
        Some(Relation {
            word: attribute.word,
            target,
            keys,
            is_read,
            kind,
        })
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

impl Links {
    /// The columns that the attribute names, else one for each side by the name of its struct.
    fn of(keys: &RelationKeys, owner: &Ident, target: &Type) -> Self {
        let columns = |given: &Once<LitStr>, default: String| match given {
            Some(given) => names::columns(&given.value),
            None => vec![default],
        };
        let own = names::key_column(owner);
        let other = match names::last_word(target) {
            Some(word) if word == "Self" => own.clone(),
            Some(word) => names::key_column(word),
            // No struct has such a type: that is said where its table is needed.
            None => "target_id".to_owned(),
        };
        Self {
            source: columns(&keys.source, own),
            target: columns(&keys.target, other),
        }
    }
}

impl<'a> RelationAttribute<'a> {
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

    /// The keys that the attribute has on a wrapper; `None` if it is another's.
    fn list(&self, wrapper: Wrapper) -> Option<&'static List> {
        match (wrapper, self.cardinality) {
            (Wrapper::HasOne, Cardinality::OneToOne) => Some(&RelationKeys::HAS_ONE),
            (Wrapper::HasMany, Cardinality::OneToMany) => Some(&RelationKeys::HAS_MANY),
            (Wrapper::ManyToMany, Cardinality::ManyToMany) => Some(&RelationKeys::MANY_TO_MANY),
            (Wrapper::BelongsTo, _) if self.is_foreign_key() => Some(&RelationKeys::BELONGS_TO),
            _ => None,
        }
    }

    fn foreign_key(&self, target: Option<Path>, on_delete: Once<OnDelete>) -> ForeignKey<'a> {
        ForeignKey {
            word: self.word,
            unique: self.cardinality == Cardinality::OneToOne,
            target,
            on_delete,
        }
    }

    /// What the attribute says, and whether all of it could be read.
    fn keys(&self, list: &List, errors: &mut Errors) -> (RelationKeys, bool) {
        let before = errors.count();
        let mut keys = RelationKeys::default();
        parse::keys(self.attribute, list, &mut keys, errors);
        (keys, errors.count() == before)
    }
}
