//! The functions of a struct: its key, its fields by number, and a value from a row.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Index;

use super::{key_type, number};
use crate::facts::{Cell, Source};
use crate::model::{Entity, Field, Kind, Relation, Role};

/// The types of the key's parts.
pub(crate) fn key_types(entity: &Entity<'_>) -> Vec<TokenStream> {
    entity
        .key()
        .map(|field| field.ty.to_token_stream())
        .collect()
}

/// The functions of the impl.
pub(super) fn functions(entity: &Entity<'_>) -> TokenStream {
    let key = key_functions(entity);
    let plain: Vec<_> = entity.plain_fields().map(|field| field.ident).collect();
    let held = entity.held_fields().map(|field| field.ident);
    let targets: Vec<_> = entity
        .relations()
        .map(|(_, relation)| relation.target)
        .collect();
    let wrappers: Vec<_> = entity.relations().map(|(field, _)| field.ident).collect();
    let (slot, slot_mut): (Vec<_>, Vec<_>) = entity
        .relations()
        .map(|(_, relation)| slot(relation))
        .unzip();
    let [see, row, parts] = locals(["see", "row", "parts"]);
    let cells = entity.cells();
    let values = entity.fields.iter().map(|field| {
        let ident = field.ident;
        let value = value(entity, &cells, field, &row);
        quote!(#ident: #value)
    });
    quote! {
        #key
        fn view<'a>(&'a self, #see: &mut __cascade::See<'_, 'a>) {
            #see(&[#(&self.#plain,)* #(&self.#held),*], &[#(<#targets as __cascade::Entity>::#slot(&self.#wrappers)),*]);
        }
        fn visit<'a>(&'a mut self, #parts: &mut __cascade::Parts<'a>) {
            #parts.put([#(&mut self.#plain),*], [#(<#targets as __cascade::Entity>::#slot_mut(&mut self.#wrappers)),*]);
        }
        fn read(#row: &mut __cascade::Reader<'_>) -> ::core::result::Result<Self, __cascade::Error> {
            ::core::result::Result::Ok(Self { #(#values),* })
        }
    }
}

/// The functions that hand out a relation's wrapper, for reading and for writing.
fn slot(relation: &Relation<'_>) -> (TokenStream, TokenStream) {
    match &relation.kind {
        Kind::HasOne => (quote!(has_one), quote!(has_one_mut)),
        Kind::HasMany => (quote!(has_many), quote!(has_many_mut)),
        Kind::ManyToMany(_) => (quote!(many_to_many), quote!(many_to_many_mut)),
        Kind::BelongsTo(key) if key.optional => (quote!(optional_held), quote!(optional_held_mut)),
        Kind::BelongsTo(_) => (quote!(held), quote!(held_mut)),
    }
}

/// What takes a key apart and puts it together.
fn key_functions(entity: &Entity<'_>) -> TokenStream {
    let [key, part, parts] = locals(["key", "part", "parts"]);
    let ty = key_type(&key_types(entity));
    let count = entity.key().count();
    let (take_apart, put_together) = if count == 1 {
        (quote!(#key), quote!(__cascade::part(#parts, 0)))
    } else {
        let numbers = (0..count).map(number);
        let arms = (0..count).map(|part| {
            let field = Index::from(part);
            if part + 1 == count {
                quote!(_ => &#key.#field)
            } else {
                quote!(#field => &#key.#field)
            }
        });
        (
            quote!(match #part { #(#arms),* }),
            quote!(::core::option::Option::Some((#(__cascade::part(#parts, #numbers)?),*))),
        )
    };
    let part = if count == 1 { quote!(_) } else { quote!(#part) };
    quote! {
        fn key_part(#key: &#ty, #part: usize) -> &__cascade::Erased {
            #take_apart
        }
        fn key_from(#parts: &[&__cascade::Erased]) -> ::core::option::Option<#ty> {
            #put_together
        }
    }
}

/// The expression that fills a field from a row.
fn value(entity: &Entity<'_>, cells: &[Cell<'_>], field: &Field<'_>, row: &Ident) -> TokenStream {
    let (ident, ty) = (field.ident, field.ty);
    let default = quote!(::core::default::Default::default());
    match &field.role {
        Role::Column(_) => {
            let is_it = |cell: &Cell<'_>| {
                matches!(cell.source, Source::Plain(_)) && std::ptr::eq(cell.field, field)
            };
            let index = cells.iter().position(is_it).map(number);
            if field.sqlx.default.is_some() {
                quote!(#row.column_or(#index, ::core::default::Default::default)?)
            } else if entity.sqlx.default.is_some() {
                quote!(#row.column_or(#index, || <Self as ::core::default::Default>::default().#ident)?)
            } else {
                quote!(#row.column::<#ty>(#index)?)
            }
        }
        Role::Relation(relation) => match &relation.kind {
            Kind::BelongsTo(held) => {
                let (target, key) = (relation.target, entity.reference_of(field).map(number));
                let read = if held.optional {
                    quote!(optional_belongs_to)
                } else {
                    quote!(belongs_to)
                };
                quote!(<#target as __cascade::Entity>::#read(#row, #key)?)
            }
            Kind::HasOne | Kind::HasMany | Kind::ManyToMany(_) => default,
        },
        Role::Skipped | Role::Unclear => default,
    }
}

/// Local names that no variable of the user's can meet; a constant of that name would, hence the prefix.
fn locals<const N: usize>(names: [&str; N]) -> [Ident; N] {
    names.map(|name| Ident::new(&format!("__{name}"), Span::mixed_site()))
}
