//! Reads an attribute key by key, and goes on after a mistake.

use proc_macro2::{Ident, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, LitStr, Meta, Path, Result, Token};

use crate::errors::Errors;
use crate::grammar::{Given, Keys, List, Listed, Once, SqlxKeys};
use crate::names;

/// Reads an attribute that may be given once.
pub(crate) fn one<K: Listed>(name: &str, attributes: &[Attribute], errors: &mut Errors) -> Once<K> {
    let mut found: Once<K> = None;
    for attribute in attributes {
        let Some(word) = attribute.path().get_ident().filter(|word| *word == name) else {
            continue;
        };
        if found.is_some() {
            errors.at(
                word,
                format!("`#[{name}]` is given twice: write one, with all its keys"),
            );
            continue;
        }
        let mut value = K::default();
        self::keys(attribute, &K::LIST, &mut value, errors);
        found = Some(Given {
            word: word.clone(),
            value,
        });
    }
    found
}

/// Reads sqlx's own attribute, which may be given any number of times.
pub(crate) fn sqlx(attributes: &[Attribute], errors: &mut Errors) -> SqlxKeys {
    let mut keys = SqlxKeys::default();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("sqlx"))
    {
        self::keys(attribute, &SqlxKeys::LIST, &mut keys, errors);
    }
    keys
}

/// Reads the listed keys of an attribute into `keys`, each mistake by itself.
pub(crate) fn keys(attribute: &Attribute, list: &List, keys: &mut impl Keys, errors: &mut Errors) {
    let tokens = match &attribute.meta {
        Meta::Path(_) => return,
        Meta::List(tokens) => tokens,
        Meta::NameValue(pair) => {
            return errors.at(
                pair,
                format!("{} takes its keys in parentheses", list.owner),
            );
        }
    };
    let all = |input: ParseStream<'_>| {
        // A struct may stand before the keys; `target` reads it.
        if list.target && is_target(input) {
            input.call(Path::parse_mod_style)?;
            comma(input, errors);
        }
        while !input.is_empty() {
            if let Err(error) = key(input, list, keys) {
                errors.add(&error);
                skip_value(input);
            }
            comma(input, errors);
        }
        Ok(())
    };
    if let Err(error) = tokens.parse_args_with(all) {
        errors.add(&error);
    }
}

/// The struct that stands before the keys: `User` in `#[one_to_one(User, on_delete = "cascade")]`.
pub(crate) fn target(attribute: &Attribute) -> Option<Path> {
    let first = |input: ParseStream<'_>| {
        let path = if is_target(input) {
            Some(input.call(Path::parse_mod_style)?)
        } else {
            None
        };
        skip_all(input);
        Ok(path)
    };
    attribute.parse_args_with(first).ok().flatten()
}

/// Whether a string stands where the struct belongs.
pub(crate) fn quotes_target(attribute: &Attribute) -> bool {
    let first = |input: ParseStream<'_>| {
        let is_string = input.peek(LitStr);
        skip_all(input);
        Ok(is_string)
    };
    attribute.parse_args_with(first).unwrap_or_default()
}

/// Whether a struct's path comes next, and no key: a key is followed by a value, or is a single word in lower case, never raw.
fn is_target(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    let Ok(path) = fork.call(Path::parse_mod_style) else {
        return false;
    };
    let is_word = path
        .get_ident()
        .map(Ident::to_string)
        .is_some_and(|word| word.starts_with(char::is_lowercase) && !word.starts_with("r#"));
    !is_word && (fork.is_empty() || fork.peek(Token![,]))
}

/// Reads one key with its value.
fn key(input: ParseStream<'_>, list: &List, keys: &mut impl Keys) -> Result<()> {
    if input.peek(LitStr) {
        return Err(input.error("expected a key, found a string; a struct is named without quotes: `#[many_to_one(User)]`"));
    }
    if is_target(input) {
        let path = input.call(Path::parse_mod_style)?;
        let place = if list.target {
            "one struct, before its keys"
        } else {
            "no struct"
        };
        return Err(syn::Error::new_spanned(
            path,
            format!("{} takes {place}; {}", list.owner, keys_of(list)),
        ));
    }
    let word = input.call(Ident::parse_any)?;
    let listed = list.names.iter().any(|name| word == name);
    match listed.then(|| keys.read(&word, input)).flatten() {
        Some(result) => result,
        None if list.open => {
            skip_value(input);
            Ok(())
        }
        None => Err(syn::Error::new_spanned(
            &word,
            unknown(list, &word.to_string()),
        )),
    }
}

fn unknown(list: &List, word: &str) -> String {
    let owner = list.owner;
    if let Some(hint) = list.hint(word) {
        return format!("{owner} has no key `{word}`: {hint}");
    }
    let guess = names::did_you_mean(word, list.names.iter().copied());
    format!("{owner} has no key `{word}`{guess}\n{}", keys_of(list))
}

fn keys_of(list: &List) -> String {
    match list.names {
        [only] => format!("its only key is `{only}`"),
        names => format!("its keys are {}", names::listed(names.iter().copied())),
    }
}

/// Reads the comma after a key.
fn comma(input: ParseStream<'_>, errors: &mut Errors) {
    if !input.is_empty() && input.parse::<Token![,]>().is_err() {
        errors.add(&input.error("expected `,` between two keys"));
        skip_value(input);
        skip_comma(input);
    }
}

fn skip_comma(input: ParseStream<'_>) {
    if input.peek(Token![,]) {
        skip_one(input);
    }
}

fn skip_value(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        skip_one(input);
    }
}

fn skip_all(input: ParseStream<'_>) {
    while !input.is_empty() {
        skip_one(input);
    }
}

fn skip_one(input: ParseStream<'_>) {
    // A token tree is always there: the callers have looked.
    let _ = input.parse::<TokenTree>();
}
