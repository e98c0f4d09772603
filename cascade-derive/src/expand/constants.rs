//! The typed constants of a struct's relations.

use proc_macro2::TokenStream;
use quote::quote;

use super::number;
use crate::model::Entity;
use crate::names;

/// One constant per relation, with the field's visibility.
pub(crate) fn constants(entity: &Entity<'_>) -> Option<TokenStream> {
    let ident = entity.ident;
    let targets = entity
        .fields
        .iter()
        .filter_map(|field| Some((field, field.target()?)));
    let constants: Vec<_> = targets
        .enumerate()
        .map(|(index, (field, target))| {
            let doc = format!(" The relation `{}`.", field.name);
            let (vis, name, index) = (field.vis, names::constant(field.ident), number(index));
            quote! {
                #[doc = #doc]
                #vis const #name: __cascade::Relation<#ident, #target> = __cascade::Relation::new(#index);
            }
        })
        .collect();
    (!constants.is_empty()).then(
        || quote!(#[automatically_derived] #[allow(dead_code)] impl #ident { #(#constants)* }),
    )
}
