//! Rules about attribute and type: who holds the key, and how many there are.

use quote::ToTokens;

use crate::errors::Errors;
use crate::model::{Cardinality, Entity, Field, RelationAttribute, Role};
use crate::names;
use crate::parse;
use crate::shape::{Shape, Wrapper};

/// Two relation attributes on a field.
pub(super) fn there_is_one_relation(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let mut relations = field.relation_attributes.iter();
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

/// The attribute's cardinality against the field's type, a wrapper without its attribute, a relation on a plain column.
pub(super) fn attribute_fits_type(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    if !matches!(field.role, Role::Unclear) {
        return;
    }
    match (&field.shape, field.relation_attributes.as_slice()) {
        (Shape::Nested { outer, wrapper }, _) => {
            errors.at(field.ty, format!("a wrapper is the field's whole type, so that it knows whether it is loaded: write `{}` without `{outer}`", text(wrapper)));
        }
        (
            Shape::Wrapper {
                wrapper, target, ..
            },
            [],
        ) => errors.at(field.ty, without_attribute(*wrapper, &text(target))),
        (Shape::Plain { .. }, [attribute]) if parse::quotes_target(attribute.attribute) => {
            errors.at(
                attribute.word,
                format!(
                    "a struct is named without quotes: `#[{}(Parent)]`",
                    attribute.word
                ),
            );
        }
        (
            Shape::Wrapper {
                wrapper, target, ..
            },
            [attribute],
        ) => errors.at(attribute.word, misfit(*wrapper, &text(target), attribute)),
        (
            Shape::Plain {
                holds: Some((outer, inner)),
            },
            [attribute],
        ) if could_be_mapped(inner) => {
            errors.at(
                field.ty,
                plain_holder(&outer.to_string(), &text(inner), attribute),
            );
        }
        (Shape::Plain { .. }, [attribute]) => errors.at(attribute.word, plain_column(attribute)),
        _ => {}
    }
}

/// The attribute that a wrapper needs.
fn attribute_of(wrapper: Wrapper) -> &'static str {
    match wrapper {
        Wrapper::HasOne => "#[one_to_one]",
        Wrapper::HasMany => "#[one_to_many]",
        Wrapper::ManyToMany => "#[many_to_many(through = \"..\")]",
        Wrapper::BelongsTo => "#[many_to_one]",
    }
}

/// The wrapper that an attribute is meant for, where it names no parent.
fn wrapper_of(cardinality: Cardinality) -> Wrapper {
    match cardinality {
        Cardinality::OneToOne => Wrapper::HasOne,
        Cardinality::OneToMany => Wrapper::HasMany,
        Cardinality::ManyToOne => Wrapper::BelongsTo,
        Cardinality::ManyToMany => Wrapper::ManyToMany,
    }
}

fn without_attribute(wrapper: Wrapper, target: &str) -> String {
    let name = wrapper.name();
    match wrapper {
        Wrapper::BelongsTo => format!(
            "a `{name}` is a foreign key and needs its attribute: `#[many_to_one({target})]`, or `#[one_to_one({target})]` where it is unique"
        ),
        _ => format!(
            "a `{name}` is a relation and needs its attribute: `{}`",
            attribute_of(wrapper)
        ),
    }
}

/// A wrapper under the attribute of another.
fn misfit(wrapper: Wrapper, target: &str, attribute: &RelationAttribute<'_>) -> String {
    let holds = match wrapper {
        Wrapper::HasOne => "one child at most",
        Wrapper::HasMany => "the children that refer to this row",
        Wrapper::ManyToMany => "rows that a table links to this one",
        Wrapper::BelongsTo => "the one row that this one refers to",
    };
    let says = match attribute.cardinality {
        Cardinality::OneToOne => "that there is one on each side",
        Cardinality::OneToMany => "that many refer to this one",
        Cardinality::ManyToOne => "that this one refers to another",
        Cardinality::ManyToMany => "that there are many on both sides",
    };
    let also = match wrapper {
        Wrapper::BelongsTo => " (`#[one_to_one]` where it is unique)",
        _ => "",
    };
    format!(
        "a `{}` holds {holds}, and `{}` says {says}: write `{}`{also}, or hold `{}<{target}>`",
        wrapper.name(),
        attribute.word,
        attribute_of(wrapper),
        wrapper_of(attribute.cardinality).name(),
    )
}

/// A relation's attribute on a field that isn't one.
fn plain_column(attribute: &RelationAttribute<'_>) -> String {
    let word = attribute.word;
    match attribute.cardinality {
        Cardinality::OneToOne | Cardinality::ManyToOne => format!(
            "a plain column is a foreign key if the attribute names the struct that it refers to: `#[{word}(Parent)]`; a child is held by a `HasOne`"
        ),
        Cardinality::OneToMany | Cardinality::ManyToMany => format!(
            "a plain column holds no rows, and `{word}` says many: write `{}<..>` of a mapped struct as the field's type, or leave `{word}` out",
            wrapper_of(attribute.cardinality).name()
        ),
    }
}

/// Whether a type may be a mapped struct: those of the language, such as `i64`, begin in lower case.
fn could_be_mapped(ty: &syn::Type) -> bool {
    names::last_word(ty)
        .is_some_and(|word| word != "String" && names::plain(word).starts_with(char::is_uppercase))
}

/// `Option<C>`, `Vec<C>` or `Box<C>` where a wrapper belongs.
fn plain_holder(outer: &str, inner: &str, attribute: &RelationAttribute<'_>) -> String {
    let wrapper = wrapper_of(attribute.cardinality).name();
    match (outer, attribute.cardinality) {
        ("Vec", Cardinality::OneToOne) => format!(
            "a one-to-one relation has one child at most, and knows whether it is loaded: write `{wrapper}<{inner}>` instead of `Vec<{inner}>`"
        ),
        (_, Cardinality::OneToOne) => format!(
            "a relation knows whether it is loaded: write `{wrapper}<{inner}>` instead of `{outer}<{inner}>`; for a foreign key name the parent, `#[one_to_one(Parent)]`"
        ),
        (_, Cardinality::ManyToOne) => format!(
            "a parent is held by `{wrapper}<{inner}>`, not by `{outer}<{inner}>`; for a plain foreign key name the parent, `#[many_to_one(Parent)]`"
        ),
        (_, Cardinality::OneToMany | Cardinality::ManyToMany) => format!(
            "a relation knows whether it is loaded: write `{wrapper}<{inner}>` instead of `{outer}<{inner}>`"
        ),
    }
}

/// The attribute names another parent than the `BelongsTo`.
pub(super) fn parent_is_the_held_one(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some(held) = field.held() else {
        return;
    };
    let Some(named) = &held.key.foreign_key.target else {
        return;
    };
    let target = held.relation.target;
    if named.segments.last().map(|segment| &segment.ident) != names::last_word(target) {
        errors.at(
            named,
            format!(
                "the field holds `{0}`: write `{0}` here too, or nothing",
                text(target)
            ),
        );
    }
}

/// A type as the user would write it.
fn text(ty: &syn::Type) -> String {
    names::text(&ty.to_token_stream())
}
