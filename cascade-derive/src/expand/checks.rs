//! Calls of the runtime's rules about types and about other structs, each underlined at the word that it is about.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::LitStr;
use syn::spanned::Spanned;

use super::number;
use crate::facts::Source;
use crate::grammar::Given;
use crate::model::{Entity, Field, Kind, Relation};
use crate::names;
use crate::values::{OnDelete, PassiveDeletes};

/// Every constant assertion of a struct.
pub(super) fn checks(entity: &Entity<'_>) -> TokenStream {
    let mut checks = TokenStream::new();
    columns(entity, &mut checks);
    foreign_keys(entity, &mut checks);
    for (index, (field, relation)) in entity.relations().enumerate() {
        relation_rules(entity, index, field, relation, &mut checks);
    }
    if checks.is_empty() {
        return checks;
    }
    let own = table_of(entity, entity.ident);
    quote!(const __OWN: &__cascade::Table = #own; #checks)
}

/// Some database stores the type of each column. The type of a foreign key is its parent's business, that of JSON serde's.
fn columns(entity: &Entity<'_>, checks: &mut TokenStream) {
    for (index, cell) in entity.cells().iter().enumerate() {
        let field = cell.field;
        let is_plain = matches!(cell.source, Source::Plain(column) if column.foreign_key.is_none());
        if is_plain && field.column.json.is_none() && field.sqlx.json.is_none() {
            let (index, text) = (number(index), names::text(&field.ty.to_token_stream()));
            checks.extend(call(field.ty, "column", &quote!(__OWN, #index, #text)));
        }
    }
}

/// What `on_delete` asks for is possible.
fn foreign_keys(entity: &Entity<'_>, checks: &mut TokenStream) {
    for (index, reference) in entity.references().enumerate() {
        if let Some(given) = &reference.foreign_key.on_delete
            && given.value == OnDelete::SetNull
        {
            let index = number(index);
            checks.extend(call(&given.word, "set_null", &quote!(__OWN, #index)));
        }
    }
}

fn relation_rules(
    entity: &Entity<'_>,
    index: usize,
    field: &Field<'_>,
    relation: &Relation<'_>,
    checks: &mut TokenStream,
) {
    let other = Ident::new(&format!("__OTHER_{index}"), Span::mixed_site());
    let table = table_of(entity, relation.target);
    checks.extend(quote!(const #other: &__cascade::Table = #table;));
    let index = number(index);
    let arguments = quote!(__OWN, #index, #other);
    let Relation { word, keys, .. } = relation;
    match &relation.kind {
        Kind::HasOne | Kind::HasMany => {
            let (key, rule) = match &keys.back_populates {
                Some(given) => (&given.value, "back_populates"),
                None => (*word, "foreign_key"),
            };
            checks.extend(call(key, rule, &arguments));
            checks.extend(call(word, "cardinality", &arguments));
            checks.extend(call(
                literal(keys.cascade.as_ref(), word),
                "removal",
                &arguments,
            ));
            if let Some(given) = &keys.passive_deletes
                && given.value == PassiveDeletes::Yes
            {
                checks.extend(call(&given.word, "passive_deletes", &arguments));
            }
        }
        Kind::ManyToMany(links) => {
            let sides = [
                (&keys.source, "source", quote!(__OWN), &links.source),
                (
                    &keys.target,
                    "target",
                    other.to_token_stream(),
                    &links.target,
                ),
            ];
            for (given, side, table, columns) in sides {
                let count = number(columns.len());
                let arguments = quote!(__OWN, #index, #table, #side, #count);
                checks.extend(call(literal(given.as_ref(), word), "link_size", &arguments));
            }
        }
        Kind::BelongsTo(_) => {
            let key = entity.reference_of(field).map(number);
            let arguments = quote!(__OWN, #key, #other);
            checks.extend(call(
                literal(keys.column.as_ref(), word),
                "key_size",
                &arguments,
            ));
        }
    }
    if let Some(given) = &keys.order_by {
        checks.extend(call(&given.value.literal, "order_by", &arguments));
    }
}

/// The string that a rule is about, else the attribute's name.
fn literal(given: Option<&Given<LitStr>>, word: &Ident) -> TokenStream {
    given.map_or_else(
        || word.to_token_stream(),
        |given| given.value.to_token_stream(),
    )
}

/// The metadata of a struct, in the form of path that every mention of another struct has: one mistake is then one error.
fn table_of(entity: &Entity<'_>, ty: impl ToTokens) -> TokenStream {
    let ty = names::without_self(ty.to_token_stream(), entity.ident);
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
    let rule = Ident::new(rule, first);
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
