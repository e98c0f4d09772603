//! Rules about primary keys and versions.

use quote::ToTokens;

use crate::errors::Errors;
use crate::expand::KEY_PARTS;
use crate::model::{Entity, Field, Role};
use crate::names;
use crate::shape::{Shape, Wrapper};

/// No `#[key]`.
pub(super) fn there_is_a_key(entity: &Entity<'_>, errors: &mut Errors) {
    if entity.key().next().is_none() {
        errors.at(entity.ident, "a mapped struct has a primary key: write `#[key]` on its field, or `#[key(generated)]` where the database assigns it");
    }
}

/// More key columns than a key can have.
pub(super) fn key_is_not_too_long(entity: &Entity<'_>, errors: &mut Errors) {
    if let Some(field) = entity.key().nth(KEY_PARTS) {
        errors.at(field.ident, format!("a key has {KEY_PARTS} columns at most: give the table a key of its own, and these columns a unique constraint"));
    }
}

/// Two generated keys.
pub(super) fn one_key_is_generated(entity: &Entity<'_>, errors: &mut Errors) {
    let generated = |field| generated(field).map(|word| (field, word));
    let mut keys = entity.key().filter_map(generated);
    let Some((first, _)) = keys.next() else {
        return;
    };
    for (_, word) in keys {
        errors.at(word, format!("the database generates one part of a key at most, and that is `{}` already: keep one", first.name));
    }
}

/// Two versions.
pub(super) fn there_is_one_version(entity: &Entity<'_>, errors: &mut Errors) {
    let mut versions = entity
        .fields
        .iter()
        .filter_map(|field| field.version.as_ref().map(|given| (field, given)));
    let Some((first, _)) = versions.next() else {
        return;
    };
    for (_, given) in versions {
        errors.at(
            &given.word,
            format!(
                "a row has one version, and that is `{}` already: keep one",
                first.name
            ),
        );
    }
}

/// `#[key]` on what is not a plain column.
pub(super) fn key_is_a_column(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some(given) = &field.key else { return };
    match &field.role {
        Role::Relation(relation) => match relation.wrapper() {
            Wrapper::BelongsTo => {
                let parent = names::text(&relation.target.to_token_stream());
                errors.at(
                    &given.word,
                    format!("a key is a plain column: write `#[key] #[one_to_one({parent})]` on a field of the type of the key of `{parent}`"),
                );
            }
            wrapper => errors.at(
                &given.word,
                format!(
                    "a `{}` has no column, so it can't be a key: leave `#[key]` out",
                    wrapper.name()
                ),
            ),
        },
        Role::Skipped => errors.at(
            &given.word,
            "a field that is skipped has no column, so it can't be a key: leave out one of the two",
        ),
        Role::Column(_) if field.column.json.is_some() || field.sqlx.json.is_some() => {
            errors.at(&given.word, "a key is compared by the database, which JSON is not made for: leave out `json`, or `#[key]`");
        }
        Role::Column(_) | Role::Unclear => {}
    }
}

/// `#[key]` on an `Option`.
pub(super) fn key_is_never_null(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    if let (
        Some(_),
        Role::Column(_),
        Shape::Plain {
            holds: Some((outer, inner)),
        },
    ) = (&field.key, &field.role, &field.shape)
        && *outer == "Option"
    {
        let inner = names::text(&inner.to_token_stream());
        errors.at(field.ty, format!("a primary key is never NULL: write `{inner}` instead of `Option<{inner}>`; the key of an unsaved struct is ignored where it is `generated`"));
    }
}

/// `#[key(generated)]` on a foreign key.
pub(super) fn generated_key_is_no_foreign_key(
    _: &Entity<'_>,
    field: &Field<'_>,
    errors: &mut Errors,
) {
    let Role::Column(column) = &field.role else {
        return;
    };
    if let (Some(word), Some(foreign_key)) = (generated(field), &column.foreign_key) {
        errors.at(word, format!("a key that is a foreign key takes its value from the parent: write `#[key]`, or leave out `{}`", foreign_key.word));
    }
}

/// `#[version]` on what no version can be.
pub(super) fn version_is_a_column(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some(given) = &field.version else { return };
    let why = match &field.role {
        Role::Column(_) if field.key.is_some() => {
            "a key never changes, and a version changes with each save"
        }
        Role::Column(column) if column.foreign_key.is_some() => {
            "a foreign key names a parent, and a version counts saves"
        }
        Role::Column(_) if field.column.generated.is_some() => {
            "a version is raised by the save, so the database can't generate it"
        }
        Role::Column(_) if field.column.json.is_some() || field.sqlx.json.is_some() => {
            "a version is an integer column, and this one is JSON"
        }
        Role::Column(_) | Role::Unclear => return,
        Role::Skipped => "a field that is skipped has no column",
        Role::Relation(_) => "a relation is no integer column",
    };
    errors.at(
        &given.word,
        format!("{why}: write `#[version]` on an integer field of its own"),
    );
}

/// The word `generated` in a field's `#[key]`.
fn generated<'f>(field: &'f Field<'_>) -> Option<&'f proc_macro2::Ident> {
    Some(&field.key.as_ref()?.value.generated.as_ref()?.word)
}
