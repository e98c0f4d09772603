//! Rules about attribute and type: who holds the key, and how many there are.

use quote::ToTokens;

use crate::errors::Errors;
use crate::model::{Cardinality, Entity, Field, HasOne, Relation, Role};
use crate::parse;
use crate::shape::Shape;

/// Two relation attributes on a field.
pub(super) fn there_is_one_relation(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let mut relations = field.relations.iter();
    let Some(first) = relations.next() else {
        return;
    };
    for relation in relations {
        if relation.word == first.word {
            errors.at(
                relation.word,
                format!(
                    "`#[{}]` is given twice: write one, with all its keys",
                    relation.word
                ),
            );
        } else {
            errors.at(
                relation.word,
                format!(
                    "a field has one relation, and this one is `{}` already: keep one",
                    first.word
                ),
            );
        }
    }
}

/// Two relations that write one foreign key of the child.
pub(super) fn a_key_has_one_writer(entity: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some(relation) = writer(field) else {
        return;
    };
    let key = |relation: &HasOne<'_>| {
        let populated = relation.keys.back_populates.as_ref();
        (
            relation.child.to_token_stream().to_string(),
            populated.map(|given| given.value.to_string()),
        )
    };
    let above = entity
        .fields
        .iter()
        .take_while(|other| !std::ptr::eq(*other, field));
    let same = |other: &&Field<'_>| writer(other).is_some_and(|other| key(other) == key(relation));
    if let Some(other) = above.into_iter().find(same) {
        errors.at(
            relation.word,
            format!(
                "`{}` writes the same foreign key of `{}`: give each a key of its own with `back_populates = field`, or write `viewonly` on one",
                other.name,
                text(relation.child)
            ),
        );
    }
}

/// A relation that is written.
fn writer<'f, 'a>(field: &'f Field<'a>) -> Option<&'f HasOne<'a>> {
    match &field.role {
        Role::HasOne(relation) if relation.keys.viewonly.is_none() => Some(relation),
        _ => None,
    }
}

/// The attribute's cardinality against the field's type, a wrapper without its attribute, a relation on a plain column.
pub(super) fn attribute_fits_type(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    if !matches!(field.role, Role::Unclear) {
        return;
    }
    match (&field.shape, field.relations.as_slice()) {
        (Shape::Nested { outer, wrapper }, _) => {
            errors.at(field.ty, format!("a wrapper is the field's whole type, so that it knows whether it is loaded: write `{}` without `{outer}`", text(wrapper)));
        }
        (shape, []) => errors.at(field.ty, without_attribute(shape, field)),
        (Shape::Plain { .. }, [relation]) if parse::quotes_target(relation.attribute) => {
            errors.at(
                relation.word,
                format!(
                    "a struct is named without quotes: `#[{}(Parent)]`",
                    relation.word
                ),
            );
        }
        (shape, [relation]) => match wrong_side(shape, relation) {
            Wrong::Attribute(message) => errors.at(relation.word, message),
            Wrong::Type(message) => errors.at(field.ty, message),
        },
        _ => {}
    }
}

/// Which of the two has to change.
enum Wrong {
    Attribute(String),
    Type(String),
}

fn without_attribute(shape: &Shape<'_>, field: &Field<'_>) -> String {
    match shape {
        Shape::BelongsTo { target, .. } => {
            let parent = text(target);
            format!(
                "a `BelongsTo` is a foreign key and needs its attribute: `#[many_to_one({parent})]`, or `#[one_to_one({parent})]` where it is unique"
            )
        }
        Shape::HasMany => format!(
            "`HasMany` is not built yet: only one-to-one relations are; load `{}` by a query of your own",
            field.name
        ),
        Shape::ManyToMany => format!(
            "`ManyToMany` is not built yet: only one-to-one relations are; load `{}` by a query of your own",
            field.name
        ),
        _ => "a `HasOne` is a relation and needs its attribute: `#[one_to_one]`".to_owned(),
    }
}

fn wrong_side(shape: &Shape<'_>, relation: &Relation<'_>) -> Wrong {
    let word = relation.word;
    match (shape, relation.cardinality) {
        (Shape::HasOne(child), Cardinality::ManyToOne) => Wrong::Attribute(format!(
            "`many_to_one` is the side that holds the foreign key, and the child of a `HasOne` holds it: write `#[one_to_one]`, or hold `BelongsTo<{}>`",
            text(child)
        )),
        (Shape::HasOne(_), _) => Wrong::Attribute(format!(
            "a `HasOne` holds one child at most, and `{word}` says many: write `#[one_to_one]`"
        )),
        (Shape::HasMany, Cardinality::OneToOne | Cardinality::ManyToOne) => Wrong::Type(format!(
            "a `HasMany` holds many children, and `{word}` says one: write `#[one_to_one]` on a `HasOne`"
        )),
        (Shape::ManyToMany, Cardinality::OneToOne | Cardinality::ManyToOne) => {
            Wrong::Type(format!(
                "a `ManyToMany` holds many rows, and `{word}` says one: write `#[one_to_one]` on a `HasOne`"
            ))
        }
        (Shape::BelongsTo { .. }, _) => Wrong::Attribute(format!(
            "a `BelongsTo` holds one parent, and `{word}` says many: write `#[many_to_one]`, or `#[one_to_one]` where it is unique"
        )),
        (
            Shape::Plain {
                holds: Some((outer, inner)),
            },
            _,
        ) if could_be_mapped(inner) => plain_holder(&outer.to_string(), &text(inner), relation),
        (Shape::Plain { .. }, Cardinality::OneToOne | Cardinality::ManyToOne) => {
            Wrong::Attribute(format!(
                "a plain column is a foreign key if the attribute names the struct that it refers to: `#[{word}(Parent)]`; a child is held by a `HasOne`"
            ))
        }
        (Shape::Plain { .. }, _) => Wrong::Attribute(format!(
            "a plain column holds no rows, so `{word}` can't be on it: leave it out"
        )),
        _ => Wrong::Attribute(format!(
            "`{word}` is not built yet: only `one_to_one`, and `many_to_one` on the side that holds the key, are"
        )),
    }
}

/// Whether a type may be a mapped struct: those of the language, such as `i64`, begin in lower case.
fn could_be_mapped(ty: &syn::Type) -> bool {
    let syn::Type::Path(path) = ty else {
        return false;
    };
    path.path.segments.last().is_some_and(|last| {
        last.ident.to_string().starts_with(char::is_uppercase) && last.ident != "String"
    })
}

/// `Option<C>`, `Vec<C>` or `Box<C>` where a wrapper belongs.
fn plain_holder(outer: &str, inner: &str, relation: &Relation<'_>) -> Wrong {
    let word = relation.word;
    match (outer, relation.cardinality) {
        ("Vec", Cardinality::OneToOne) => Wrong::Type(format!(
            "a one-to-one relation has one child at most, and knows whether it is loaded: write `HasOne<{inner}>` instead of `Vec<{inner}>`"
        )),
        (_, Cardinality::OneToOne) => Wrong::Type(format!(
            "a relation knows whether it is loaded: write `HasOne<{inner}>` instead of `{outer}<{inner}>`; for a foreign key name the parent, `#[one_to_one(Parent)]`"
        )),
        (_, Cardinality::ManyToOne) => Wrong::Type(format!(
            "a parent is held by `BelongsTo<{inner}>`, not by `{outer}<{inner}>`; for a plain foreign key name the parent, `#[many_to_one(Parent)]`"
        )),
        (_, cardinality) => {
            let wrapper = if cardinality == Cardinality::OneToMany {
                "HasMany"
            } else {
                "ManyToMany"
            };
            Wrong::Type(format!(
                "`{word}` is held by `{wrapper}<{inner}>`, not by `{outer}<{inner}>`, and it is not built yet: only one-to-one relations are"
            ))
        }
    }
}

/// The attribute names another parent than the `BelongsTo`.
pub(super) fn parent_is_the_held_one(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Role::BelongsTo(held) = &field.role else {
        return;
    };
    let Some(named) = held.foreign_key.target.as_ref() else {
        return;
    };
    let held_name = match held.target {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    };
    if named.segments.last().map(|segment| &segment.ident) != held_name {
        errors.at(
            named,
            format!(
                "the field holds `{0}`: write `{0}` here too, or nothing",
                text(held.target)
            ),
        );
    }
}

/// A type as the user would write it.
fn text(ty: &syn::Type) -> String {
    crate::names::text(&ty.to_token_stream())
}
