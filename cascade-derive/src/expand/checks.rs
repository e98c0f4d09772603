//! Calls of the runtime's rules about types and about other structs, each underlined at the word that it is about.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::number;
use crate::facts::{Reference, Source};
use crate::model::{Entity, HasOne};
use crate::names;
use crate::values::{OnDelete, PassiveDeletes};

/// Every constant assertion of a struct.
pub(super) fn checks(entity: &Entity<'_>) -> TokenStream {
    let mut checks = TokenStream::new();
    columns(entity, &mut checks);
    for (index, reference) in entity.references().enumerate() {
        foreign_key(entity, index, &reference, &mut checks);
    }
    for (index, (_, relation)) in entity.relations().enumerate() {
        relation_rules(entity, index, relation, &mut checks);
    }
    checks
}

/// Some database stores the type of each column. The type of a foreign key is its parent's business, that of JSON serde's.
fn columns(entity: &Entity<'_>, checks: &mut TokenStream) {
    let own = table_of(&entity.ident.to_token_stream());
    for (index, cell) in entity.cells().iter().enumerate() {
        let field = cell.field;
        let is_plain = matches!(cell.source, Source::Plain(column) if column.foreign_key.is_none());
        if is_plain && field.column.json.is_none() && field.sqlx.json.is_none() {
            let (index, text) = (number(index), names::text(&field.ty.to_token_stream()));
            checks.extend(call(field.ty, "column", &quote!(#own, #index, #text)));
        }
    }
}

fn foreign_key(
    entity: &Entity<'_>,
    index: usize,
    reference: &Reference<'_>,
    checks: &mut TokenStream,
) {
    let (own, index) = (table_of(&entity.ident.to_token_stream()), number(index));
    if let Some(held) = reference.holder {
        let parent = table_of(&names::without_self(
            held.target.to_token_stream(),
            entity.ident,
        ));
        let place = held.column.as_ref().map_or_else(
            || reference.foreign_key.word.to_token_stream(),
            |given| given.value.to_token_stream(),
        );
        checks.extend(call(place, "key_size", &quote!(#own, #index, #parent)));
    }
    if let Some(given) = reference
        .foreign_key
        .on_delete
        .as_ref()
        .filter(|given| given.value == OnDelete::SetNull)
    {
        checks.extend(call(&given.word, "set_null", &quote!(#own, #index)));
    }
}

fn relation_rules(
    entity: &Entity<'_>,
    index: usize,
    relation: &HasOne<'_>,
    checks: &mut TokenStream,
) {
    let (own, index) = (table_of(&entity.ident.to_token_stream()), number(index));
    let child = table_of(&names::without_self(
        relation.child.to_token_stream(),
        entity.ident,
    ));
    let arguments = quote!(#own, #index, #child);
    let keys = &relation.keys;
    match &keys.back_populates {
        Some(given) => checks.extend(call(&given.value, "back_populates", &arguments)),
        None => checks.extend(call(relation.word, "foreign_key", &arguments)),
    }
    checks.extend(call(relation.word, "cardinality", &arguments));
    match &keys.cascade {
        Some(given) => checks.extend(call(&given.value, "removal", &arguments)),
        None => checks.extend(call(relation.word, "removal", &arguments)),
    }
    if let Some(given) = keys
        .passive_deletes
        .as_ref()
        .filter(|given| given.value == PassiveDeletes::Yes)
    {
        checks.extend(call(&given.word, "passive_deletes", &arguments));
    }
}

/// The metadata of a struct, in the form of path that every mention of another struct has: one mistake is then one error.
fn table_of(ty: &TokenStream) -> TokenStream {
    quote!(<#ty as __cascade::Entity>::TABLE)
}

/// `const _: () = rules::rule(..);`, where a failure is underlined from the first to the last token of `place`.
fn call(place: impl ToTokens, rule: &str, arguments: &TokenStream) -> TokenStream {
    let place = place.to_token_stream();
    let first = place.span();
    let last = place
        .into_iter()
        .last()
        .map_or(first, |token: TokenTree| token.span());
    let rule = proc_macro2::Ident::new(rule, first);
    let callee = quote_spanned!(first=> __cascade::rules::#rule);
    let arguments = closed(arguments.clone(), last);
    quote!(const _: () = #callee #arguments;)
}

/// Parentheses around `inner`, as if they stood at `span`.
fn closed(inner: TokenStream, span: Span) -> Group {
    let mut group = Group::new(proc_macro2::Delimiter::Parenthesis, inner);
    group.set_span(span);
    group
}
