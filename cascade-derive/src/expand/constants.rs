//! The typed constants of a struct's relations.

use proc_macro2::TokenStream;
use quote::quote;

use super::number;
use crate::model::Entity;
use crate::names;

/// One constant per relation, with the field's visibility.
pub(crate) fn constants(entity: &Entity<'_>) -> Option<TokenStream> {
    let ident = entity.ident;
    let constants: Vec<_> = entity
        .relations()
        .enumerate()
        .map(|(index, (field, relation))| {
            let doc = format!(" The relation `{}`.", field.name);
            let (vis, name, child, index) = (field.vis, names::constant(field.ident), relation.child, number(index));
            quote! {
                #[doc = #doc]
                #[allow(dead_code)]
                #vis const #name: __cascade::Relation<#ident, #child> = __cascade::Relation::new(#index);
            }
        })
        .collect();
    (!constants.is_empty()).then(|| quote!(#[automatically_derived] impl #ident { #(#constants)* }))
}
