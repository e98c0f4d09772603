//! What is emitted for a struct without mistakes: constant metadata and a few short functions.

mod checks;
mod constants;
mod functions;
mod table;

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use crate::model::Entity;

/// Everything that the derive emits for a struct.
pub(crate) fn entity(entity: &Entity<'_>) -> TokenStream {
    let ident = entity.ident;
    let parts = functions::key_types(entity);
    let head = head(entity, &parts);
    let table = table::table(entity);
    let functions = functions::functions(entity);
    let constants = constants::constants(entity);
    let methods = methods(entity);
    let checks = checks::checks(entity);
    enclosed(
        entity,
        &quote! {
            #[automatically_derived]
            impl __cascade::Entity for #ident {
                #head
                const KEY_CODECS: &'static [__cascade::Codec] = &[#(__cascade::codec!(#parts)),*];
                const TABLE: &'static __cascade::Table = &#table;
                fn table() -> &'static __cascade::Table {
                    static TABLE: &__cascade::Table = <#ident as __cascade::Entity>::TABLE;
                    TABLE
                }
                #functions
            }
            #constants
            #methods
            #checks
        },
    )
}

/// Wraps items so that none of their names is seen outside, and names the facade crate once.
pub(crate) fn enclosed(entity: &Entity<'_>, items: &TokenStream) -> TokenStream {
    let renamed = entity
        .table
        .facade
        .as_ref()
        .map(|given| given.value.to_token_stream());
    let facade = renamed.unwrap_or_else(|| quote!(::sqlx_cascade));
    quote! {
        const _: () = {
            use #facade::__private as __cascade;
            #items
        };
    }
}

/// The part of the impl that names the struct and its key, which has at least one part.
pub(crate) fn head(entity: &Entity<'_>, parts: &[TokenStream]) -> TokenStream {
    let key = key_type(parts);
    let padding = (parts.len()..KEY_PARTS).map(|_| quote!(()));
    let name = crate::names::plain(entity.ident);
    let place = format!("::{name}@");
    quote! {
        type Key = #key;
        type KeyParts = (#(#parts,)* #(#padding,)*);
        const IDENT: &'static str =
            ::core::concat!(::core::module_path!(), #place, ::core::line!(), ":", ::core::column!());
        const NAME: &'static str = #name;
    }
}

/// The inherent methods, which forward to the trait, unless the struct has methods of its own under these names.
pub(crate) fn methods(entity: &Entity<'_>) -> Option<TokenStream> {
    let Entity {
        ident, vis, table, ..
    } = entity;
    let wanted = table.inherent.as_ref().is_none_or(|given| given.value);
    wanted.then(|| quote!(__cascade::methods! { #vis #ident }))
}

/// The most columns that a key can have.
pub(crate) const KEY_PARTS: usize = 6;

/// `Entity::Key`: the type of the only part, or the tuple of the parts.
pub(crate) fn key_type(parts: &[TokenStream]) -> TokenStream {
    match parts {
        [only] => only.clone(),
        parts => quote!((#(#parts),*)),
    }
}

/// A number as a person writes it.
fn number(number: usize) -> Literal {
    Literal::usize_unsuffixed(number)
}

pub(crate) use constants::constants;
pub(crate) use functions::key_types;
