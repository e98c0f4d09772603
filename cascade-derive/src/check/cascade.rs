//! Rules about the options of a relation: what a cascade may say, and next to what.

use syn::LitStr;

use crate::cascade::{Cascade, TOKENS};
use crate::errors::Errors;
use crate::model::{Entity, Field, Kind, Relation};
use crate::names;
use crate::values::PassiveDeletes;

/// The tokens that delete; what deletes orphans comes first, for messages name one.
const DELETING: [&str; 2] = ["delete-orphan", "delete"];

/// The relation of a field with its cascade.
fn given<'f, 'a>(field: &'f Field<'a>) -> Option<(&'f Relation<'a>, &'f LitStr, Cascade)> {
    let relation = field.relation()?;
    let literal = &relation.keys.cascade.as_ref()?.value;
    Some((relation, literal, Cascade::of(literal)))
}

/// The same, where each of its tokens is one.
fn cascade<'f, 'a>(field: &'f Field<'a>) -> Option<(&'f Relation<'a>, &'f LitStr, Cascade)> {
    given(field).filter(|(_, _, cascade)| cascade.tokens().all(|token| TOKENS.contains(&token)))
}

/// Whether the relation can delete at all, so that it matters how.
fn may_delete(relation: &Relation<'_>) -> bool {
    let keys = &relation.keys;
    keys.viewonly.is_none() && (!relation.is_shared() || keys.single_parent.is_some())
}

/// Unknown token, a token twice, `none` with another.
pub(super) fn tokens_are_known(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some((_, literal, cascade)) = given(field) else {
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
    if let Some((relation, literal, cascade)) = cascade(field)
        && may_delete(relation)
        && cascade.has("delete-orphan")
        && !cascade.has("delete")
    {
        errors.at(
            literal,
            "`delete-orphan` needs `delete` beside it: write `cascade = \"all, delete-orphan\"`",
        );
    }
}

/// `delete` or `delete-orphan` on a `many_to_one` or a `many_to_many` without `single_parent`.
pub(super) fn shared_rows_stay(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some((relation, literal, cascade)) = cascade(field) else {
        return;
    };
    let Some(token) = DELETING.into_iter().find(|token| cascade.has(token)) else {
        return;
    };
    if may_delete(relation) || relation.keys.viewonly.is_some() || !relation.is_read {
        return;
    }
    let row = match relation.kind {
        Kind::ManyToMany(_) => "a row that others are linked to",
        _ => "a parent that other rows refer to",
    };
    errors.at(
        literal,
        format!(
            "`{token}` would delete {row}: leave out `all`, `delete` and `delete-orphan`, \
             or add `single_parent`, so that it goes with the last of them"
        ),
    );
}

/// `single_parent` next to a cascade that deletes nothing.
pub(super) fn single_parents_are_deleted(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let Some(relation) = field.relation().filter(|relation| relation.is_read) else {
        return;
    };
    let Some(given) = &relation.keys.single_parent else {
        return;
    };
    let deletes = match (&relation.keys.cascade, cascade(field)) {
        (None, _) => false,
        (Some(_), Some((_, _, cascade))) => DELETING.iter().any(|token| cascade.has(token)),
        (Some(_), None) => true,
    };
    if !deletes && relation.keys.viewonly.is_none() {
        errors.at(
            &given.word,
            "`single_parent` lets a cascade delete the other side, and this one doesn't: \
             leave it out, or write `cascade = \"all, delete-orphan\"`",
        );
    }
}

/// `passive_deletes = "all"` with `delete` or `delete-orphan`.
pub(super) fn passive_deletes_delete_nothing(
    _: &Entity<'_>,
    field: &Field<'_>,
    errors: &mut Errors,
) {
    let Some((relation, _, cascade)) = cascade(field) else {
        return;
    };
    let Some(given) = relation
        .keys
        .passive_deletes
        .as_ref()
        .filter(|given| given.value == PassiveDeletes::All && may_delete(relation))
    else {
        return;
    };
    if let Some(token) = DELETING.into_iter().rev().find(|token| cascade.has(token)) {
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
    let Some(keys) = field.relation().map(|relation| &relation.keys) else {
        return;
    };
    if keys.viewonly.is_none() {
        return;
    }
    if let Some((_, literal, cascade)) = cascade(field)
        && let Some(token) = cascade.writes()
    {
        errors.at(literal, format!("a `viewonly` relation is never written, and `{token}` writes: leave out the cascade, or `viewonly`"));
    }
    let words = [
        keys.passive_deletes.as_ref().map(|given| &given.word),
        keys.on_remove.as_ref().map(|given| &given.word),
        keys.required.as_ref().map(|given| &given.word),
        keys.single_parent.as_ref().map(|given| &given.word),
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
    if let Some((relation, _, cascade)) = cascade(field)
        && let Some(given) = &relation.keys.on_remove
        && may_delete(relation)
        && cascade.has("delete-orphan")
    {
        errors.at(&given.word, "`on_remove = \"deny\"` refuses a removal, and `delete-orphan` deletes what is removed: keep one of them");
    }
}
