//! Rules about the options of a relation: what a cascade may say, and next to what.

use syn::LitStr;

use crate::cascade::{Cascade, TOKENS};
use crate::errors::Errors;
use crate::model::{Entity, Field, Role};
use crate::names;
use crate::values::PassiveDeletes;

/// The cascade of a field's relation.
fn given<'f>(field: &'f Field<'_>) -> Option<(&'f LitStr, Cascade)> {
    let given = match &field.role {
        Role::HasOne(relation) => relation.keys.cascade.as_ref(),
        Role::BelongsTo(held) => held.cascade.as_ref(),
        _ => None,
    };
    given.map(|given| (&given.value, Cascade::of(&given.value)))
}

/// The same, where each of its tokens is one.
fn cascade<'f>(field: &'f Field<'_>) -> Option<(&'f LitStr, Cascade)> {
    given(field).filter(|(_, cascade)| cascade.tokens().all(|token| TOKENS.contains(&token)))
}

/// Unknown token, a token twice, `none` with another.
pub(super) fn tokens_are_known(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some((literal, cascade)) = given(field) else {
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    for token in cascade.tokens() {
        if !TOKENS.contains(&token) {
            errors.at(literal, unknown(token));
        } else if seen.contains(&token) {
            errors.at(
                literal,
                format!("the cascade names `{token}` twice: keep one"),
            );
        }
        seen.push(token);
    }
    if seen.contains(&"none") && seen.iter().any(|token| *token != "none") {
        errors.at(
            literal,
            "`none` stands alone in a cascade: leave it out, or leave out the others",
        );
    }
}

fn unknown(token: &str) -> String {
    let tokens = names::listed(TOKENS.iter().copied());
    if token.is_empty() {
        return format!("a token is missing in the cascade; the tokens are {tokens}");
    }
    let guess = names::did_you_mean(&token.replace([' ', '_'], "-"), TOKENS.iter().copied());
    format!("a cascade has no token `{token}`{guess}\nthe tokens are {tokens}")
}

/// `delete-orphan` without `delete`.
pub(super) fn orphans_are_deleted(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some((literal, cascade)) = cascade(field).filter(|_| may_delete(field)) else {
        return;
    };
    if cascade.has("delete-orphan") && !cascade.has("delete") {
        errors.at(
            literal,
            "`delete-orphan` needs `delete` beside it: write `cascade = \"all, delete-orphan\"`",
        );
    }
}

/// Whether the relation can delete at all, so that it matters how.
fn may_delete(field: &Field<'_>) -> bool {
    match &field.role {
        Role::HasOne(relation) => relation.keys.viewonly.is_none(),
        Role::BelongsTo(held) => held.foreign_key.unique || held.single_parent.is_some(),
        _ => false,
    }
}

/// `delete` or `delete-orphan` on a `many_to_one` without `single_parent`.
pub(super) fn shared_parents_stay(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Role::BelongsTo(_) = &field.role else {
        return;
    };
    let Some((literal, cascade)) = cascade(field).filter(|_| !may_delete(field)) else {
        return;
    };
    if let Some(token) = ["delete-orphan", "delete"]
        .into_iter()
        .find(|token| cascade.has(token))
    {
        errors.at(
            literal,
            format!("`{token}` would delete a parent that other rows refer to: leave out `all`, `delete` and `delete-orphan`"),
        );
    }
}

/// A parent that goes with its child: what that takes is not built yet.
pub(super) fn parents_are_not_deleted(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Role::BelongsTo(held) = &field.role else {
        return;
    };
    if let Some(given) = &held.single_parent {
        errors.at(
            &given.word,
            "`single_parent` is not built yet: a child can't delete its parent; leave it out, with `all`, `delete` and `delete-orphan`",
        );
        return;
    }
    let Some((literal, cascade)) = cascade(field).filter(|_| may_delete(field)) else {
        return;
    };
    if cascade.has("delete") {
        errors.at(
            literal,
            "a child that deletes its parent is not built yet: leave out `all`, `delete` and `delete-orphan`",
        );
    }
}

/// `passive_deletes = "all"` with `delete` or `delete-orphan`.
pub(super) fn passive_deletes_delete_nothing(
    _: &Entity<'_>,
    field: &Field<'_>,
    errors: &mut Errors,
) {
    let Role::HasOne(relation) = &field.role else {
        return;
    };
    let Some(given) = relation
        .keys
        .passive_deletes
        .as_ref()
        .filter(|given| given.value == PassiveDeletes::All)
    else {
        return;
    };
    let Some((_, cascade)) = cascade(field).filter(|_| may_delete(field)) else {
        return;
    };
    if let Some(token) = ["delete", "delete-orphan"]
        .into_iter()
        .find(|token| cascade.has(token))
    {
        errors.at(
            &given.word,
            format!(
                "`passive_deletes = \"all\"` leaves the children to the database, and `{token}` in the cascade deletes them: \
                 write `passive_deletes`, or leave out `all`, `delete` and `delete-orphan`"
            ),
        );
    }
}

/// `viewonly` with what only a relation that is written has.
pub(super) fn viewonly_writes_nothing(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Role::HasOne(relation) = &field.role else {
        return;
    };
    let keys = &relation.keys;
    if keys.viewonly.is_none() {
        return;
    }
    if let Some((literal, cascade)) = cascade(field)
        && let Some(token) = cascade.writes()
    {
        errors.at(literal, format!("a `viewonly` relation is never written, and `{token}` writes: leave out the cascade, or `viewonly`"));
    }
    let words = [
        keys.passive_deletes.as_ref().map(|given| &given.word),
        keys.on_remove.as_ref().map(|given| &given.word),
        keys.required.as_ref().map(|given| &given.word),
    ];
    for word in words.into_iter().flatten() {
        errors.at(word, format!("a `viewonly` relation is never written, so `{word}` says nothing: leave it out, or `viewonly`"));
    }
}

/// `on_remove = "deny"` with `delete-orphan`.
pub(super) fn denied_removals_delete_nothing(
    _: &Entity<'_>,
    field: &Field<'_>,
    errors: &mut Errors,
) {
    let Role::HasOne(relation) = &field.role else {
        return;
    };
    let (Some(given), Some((_, cascade)), true) =
        (&relation.keys.on_remove, cascade(field), may_delete(field))
    else {
        return;
    };
    if cascade.has("delete-orphan") {
        errors.at(&given.word, "`on_remove = \"deny\"` refuses that a child leaves, and `delete-orphan` deletes it then: keep one of them");
    }
}
