//! The derive macro of `sqlx-cascade`; use it from there.
//!
//! It flows one way: tokens → attribute grammar → typed model → checks → expansion. Reading the model and checking it collect
//! every mistake; with mistakes, stand-ins are emitted beside them; expanding can't fail.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cascade;
mod check;
mod errors;
mod expand;
mod facts;
mod fallback;
mod grammar;
mod model;
mod names;
mod parse;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod values;

use proc_macro2::TokenStream;
use syn::DeriveInput;

/// Maps a struct to a table, with its relations; `sqlx_cascade` documents the attributes.
#[proc_macro_derive(
    Relations,
    attributes(
        table,
        key,
        column,
        version,
        one_to_one,
        one_to_many,
        many_to_one,
        many_to_many,
        sqlx
    )
)]
pub fn derive_relations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expanded(input.into()).into()
}

/// The whole derive, from tokens to tokens.
fn expanded(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = errors::Errors::default();
    let entity = model::Entity::read(&input, &mut errors);
    if let Some(entity) = &entity {
        check::all(entity, &mut errors);
    }
    match (errors.finish(), &entity) {
        (None, Some(entity)) => expand::entity(entity),
        (error, _) => fallback::expand(&input, entity.as_ref(), error),
    }
}
