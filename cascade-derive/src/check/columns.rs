//! Rules about names of tables and columns, and about the options of a column.

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::LitStr;

use crate::errors::Errors;
use crate::expand::KEY_PARTS;
use crate::facts::{Cell, Source};
use crate::grammar::Given;
use crate::model::{Entity, Field, Role};
use crate::names;
use crate::shape::Wrapper;

/// No `#[table(name = "..")]`, or a name that names nothing.
pub(super) fn table_is_named(entity: &Entity<'_>, errors: &mut Errors) {
    match &entity.table.name {
        Some(name) => usable(&name.value, errors),
        None if entity.table_is_read => errors.at(
            entity.ident,
            "name the table below the `derive`: `#[table(name = \"..\")]`",
        ),
        None => {}
    }
    if let Some(schema) = &entity.table.schema {
        usable(&schema.value, errors);
    }
}

/// Refuses names that no database takes.
pub(super) fn usable(name: &LitStr, errors: &mut Errors) {
    if name.value().trim().is_empty() {
        errors.at(
            name,
            "the name is empty: write the one that the database knows",
        );
    } else if name.value().contains('\0') {
        errors.at(
            name,
            "a name can't contain NUL: write the one that the database knows",
        );
    }
}

/// Two columns of one name, and two relations that write the same column.
pub(super) fn columns_have_names_of_their_own(entity: &Entity<'_>, errors: &mut Errors) {
    let mut first: HashMap<String, Cell<'_>> = HashMap::new();
    for cell in entity.cells() {
        match first.get(cell.name) {
            // A name that one attribute has twice is that attribute's rule to refuse.
            Some(other) if std::ptr::eq(cell.field, other.field) => {}
            Some(other) => errors.at(place(&cell), same_column(&cell, other)),
            None => drop(first.insert(cell.name.to_owned(), cell)),
        }
    }
    for (field, held) in entity
        .fields
        .iter()
        .filter_map(|field| Some((field, field.held()?)))
    {
        let [only] = held.key.columns.as_slice() else {
            continue;
        };
        let Some(plain) = entity
            .plain_column(only)
            .filter(|plain| plain.key.is_none())
        else {
            continue;
        };
        errors.at(
            held.relation.keys.column.as_ref().map_or_else(
                || field.ident.to_token_stream(),
                |given| given.value.to_token_stream(),
            ),
            format!(
                "`{}` and `{}` are both the column \"{only}\": keep one of the two fields",
                field.name, plain.name
            ),
        );
    }
}

fn same_column(cell: &Cell<'_>, other: &Cell<'_>) -> String {
    let (name, field, other_field) = (cell.name, &cell.field.name, &other.field.name);
    match (cell.source, other.source) {
        (Source::Part(held, _), Source::Part(..)) if held.key.columns.len() > 1 => {
            format!(
                "`{other_field}` and `{field}` share the column \"{name}\": give it a plain field of its own, which both then follow"
            )
        }
        (Source::Part(..), Source::Part(..)) => {
            format!(
                "`{other_field}` and `{field}` both write the column \"{name}\": name another with `column = \"..\"`"
            )
        }
        _ => format!(
            "`{other_field}` and `{field}` are both the column \"{name}\": rename one with `#[column(name = \"..\")]`"
        ),
    }
}

/// The word that names a column.
fn place(cell: &Cell<'_>) -> TokenStream {
    let named = match cell.source {
        Source::Plain(_) => cell
            .field
            .column
            .name
            .as_ref()
            .or(cell.field.sqlx.rename.as_ref()),
        Source::Part(held, _) => held.relation.keys.column.as_ref(),
    };
    named.map_or_else(
        || cell.field.ident.to_token_stream(),
        |given| given.value.to_token_stream(),
    )
}

/// `unique = ".."` over columns that the struct doesn't have.
pub(super) fn unique_sets_name_columns(entity: &Entity<'_>, errors: &mut Errors) {
    let cells = entity.cells();
    let columns = || cells.iter().map(|cell| cell.name);
    for Given { word, value } in entity
        .table
        .unique
        .iter()
        .chain(&entity.table.unique_deferrable)
    {
        let text = value.value();
        let mut seen = Vec::new();
        for name in text.split(',').map(str::trim) {
            if !columns().any(|column| column == name) {
                let guess = names::did_you_mean(name, columns());
                errors.at(
                    value,
                    format!(
                        "`{word}` names no column \"{name}\"{guess}\nthe columns are {}",
                        names::listed(columns())
                    ),
                );
            } else if seen.contains(&name) {
                errors.at(
                    value,
                    format!("`{word}` names the column \"{name}\" twice: keep one"),
                );
            }
            seen.push(name);
        }
    }
}

/// `#[sqlx(rename_all = "..")]` with a style that sqlx doesn't have.
pub(super) fn naming_style_is_known(entity: &Entity<'_>, errors: &mut Errors) {
    let Some(given) = &entity.sqlx.rename_all else {
        return;
    };
    let style = given.value.value();
    if names::in_style(&style, "").is_none() {
        errors.at(&given.value, format!("`rename_all` has no style \"{style}\": write one that sqlx has, such as \"camelCase\""));
    }
}

/// An option of `#[column]` on a field where it means nothing.
pub(super) fn options_fit_the_field(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    let options = &field.column;
    let words = [
        options.name.as_ref().map(|given| &given.word),
        options.json.as_ref().map(|given| &given.word),
        options.generated.as_ref().map(|given| &given.word),
        options.unique.as_ref().map(|given| &given.word),
    ];
    for word in words.into_iter().flatten() {
        if let Some(why) = unfit(field, word) {
            errors.at(word, why);
        }
    }
    if let (Role::Skipped, [relation, ..]) = (&field.role, field.relation_attributes.as_slice()) {
        errors.at(
            relation.word,
            format!(
                "a field that is skipped is no relation: leave out `{}`, or `skip`",
                relation.word
            ),
        );
    }
}

/// Why an option of `#[column]` can't be on the field.
fn unfit(field: &Field<'_>, word: &Ident) -> Option<String> {
    let word = word.to_string();
    Some(match (&field.role, word.as_str()) {
        (Role::Relation(relation), option) => match (relation.wrapper(), option) {
            (Wrapper::BelongsTo, "name") => "the relation names its column: write `column = \"..\"` in its attribute".to_owned(),
            (Wrapper::BelongsTo, "unique") => {
                format!("a foreign key that is unique is `one_to_one`: write that instead of `{}`, and leave out `unique`", relation.word)
            }
            (Wrapper::BelongsTo, _) => format!("a foreign key can't be `{word}`: leave it out"),
            (wrapper, _) => format!("a `{}` has no column: leave out `{word}`", wrapper.name()),
        },
        (Role::Skipped, _) => format!("a field that is skipped has no column: leave out `{word}`, or `skip`"),
        (Role::Column(column), "unique") if column.foreign_key.as_ref().is_some_and(|key| !key.unique) => {
            "a foreign key that is unique is `one_to_one`: write that instead of `many_to_one`, and leave out `unique`".to_owned()
        }
        (Role::Column(column), "json" | "generated") if column.foreign_key.is_some() => format!("a foreign key can't be `{word}`: leave it out"),
        (Role::Column(_), "generated") if field.key.is_some() => "a key that the database assigns is `#[key(generated)]`: write that instead".to_owned(),
        _ => return None,
    })
}

/// Our name of a column and sqlx's differ, a name is empty, or a wrapper is renamed by sqlx's attribute.
pub(super) fn column_is_named_once(_: &Entity<'_>, field: &Field<'_>, errors: &mut Errors) {
    if let (Some(ours), Some(theirs)) = (&field.column.name, &field.sqlx.rename)
        && ours.value.value() != theirs.value.value()
    {
        errors.at(
            &theirs.value,
            format!(
                "`#[column]` names the column \"{}\": keep one of the two names",
                ours.value.value()
            ),
        );
    }
    if let (Some(_), Some(rename)) = (field.held(), &field.sqlx.rename) {
        errors.at(
            &rename.word,
            "the relation names its column: write `column = \"..\"` in its attribute",
        );
    }
    for given in [&field.column.name, &field.sqlx.rename]
        .into_iter()
        .flatten()
    {
        usable(&given.value, errors);
    }
    if let Some(held) = field.held()
        && let Some(given) = &held.relation.keys.column
    {
        usable_names(&given.value, &held.key.columns, errors);
    }
}

/// Refuses names that are none of the columns of a key.
pub(super) fn usable_names(list: &LitStr, names: &[String], errors: &mut Errors) {
    let twice =
        |(index, name): &(usize, &String)| names.iter().take(*index).any(|other| other == *name);
    if names.len() > KEY_PARTS {
        errors.at(
            list,
            format!("a key has {KEY_PARTS} columns at most, and so has a foreign key"),
        );
    } else if names
        .iter()
        .any(|name| name.is_empty() || name.contains('\0'))
    {
        errors.at(
            list,
            "a column has no name: write the names of the columns, with a comma between two",
        );
    } else if let Some((_, name)) = names.iter().enumerate().find(twice) {
        errors.at(
            list,
            format!("the column \"{name}\" is named twice: keep one"),
        );
    }
}
