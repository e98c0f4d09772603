//! Stand-ins for a struct with mistakes, so that code that uses it gets no errors of its own.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::DeriveInput;

use crate::expand;
use crate::model::{Entity, Field, Role};

/// The mistakes, and inert impls beside them.
pub(crate) fn expand(
    input: &DeriveInput,
    entity: Option<&Entity<'_>>,
    error: Option<syn::Error>,
) -> TokenStream {
    let errors = error.map(syn::Error::into_compile_error);
    let stand_ins = match entity {
        Some(entity) => impls(entity),
        // A generic type has no impl that is true of all its parameters.
        None if !input.generics.params.is_empty() => TokenStream::new(),
        None => impls(&Entity::empty(input)),
    };
    quote!(#errors #stand_ins)
}

fn impls(entity: &Entity<'_>) -> TokenStream {
    let ident = entity.ident;
    let parts = key_parts(entity);
    let key = expand::key_type(&parts);
    let head = expand::head(entity, &parts);
    let constants = expand::constants(entity);
    let methods = expand::methods(entity);
    expand::enclosed(
        entity,
        &quote! {
            #[automatically_derived]
            impl __cascade::Entity for #ident {
                #head
                const KEY_CODECS: &'static [__cascade::Codec] = &[__cascade::codec!(i64); 6];
                const TABLE: &'static __cascade::Table = &__cascade::Table {
                    ident: <Self as __cascade::Entity>::IDENT,
                    entity: <Self as __cascade::Entity>::NAME,
                    schema: ::core::option::Option::None,
                    name: "",
                    columns: &[],
                    key: &[],
                    foreign_keys: &[],
                    relations: &[],
                    unique: &[],
                    version: ::core::option::Option::None,
                    broken: true,
                    functions: __cascade::Functions::of::<Self>(),
                };
                fn table() -> &'static __cascade::Table {
                    static TABLE: &__cascade::Table = <#ident as __cascade::Entity>::TABLE;
                    TABLE
                }
                fn key_part(_: &#key, _: usize) -> &__cascade::Erased {
                    __cascade::broken()
                }
                fn key_from(_: &[&__cascade::Erased]) -> ::core::option::Option<#key> {
                    ::core::option::Option::None
                }
                fn view<'a>(&'a self, _: &mut __cascade::See<'_, 'a>) {}
                fn visit<'a>(&'a mut self, _: &mut __cascade::Parts<'a>) {}
                fn read(_: &mut __cascade::Reader<'_>) -> ::core::result::Result<Self, __cascade::Error> {
                    __cascade::broken()
                }
            }
            #constants
            #methods
        },
    )
}

/// The key, as far as it can be told: a child's foreign key is compared with it. Without `#[key]` on columns, the field `id` is most likely it.
fn key_parts(entity: &Entity<'_>) -> Vec<TokenStream> {
    let parts = expand::key_types(entity);
    let is_column = |field: &Field<'_>| matches!(field.role, Role::Column(_));
    if entity.key().all(is_column) && (1..=expand::KEY_PARTS).contains(&parts.len()) {
        return parts;
    }
    let id = |field: &&Field<'_>| field.name == "id" && is_column(field);
    vec![
        entity
            .fields
            .iter()
            .find(id)
            .map_or_else(|| quote!(i64), |field| field.ty.to_token_stream()),
    ]
}
