//! The constant metadata of a struct.

use proc_macro2::TokenStream;
use quote::quote;

use super::number;
use crate::facts::{Cell, Reference, Source};
use crate::grammar::Given;
use crate::model::{BelongsTo, Entity, Field, HasOne};
use crate::names;
use crate::values::{Generated, OnDelete, PassiveDeletes};

/// The `Table`.
pub(super) fn table(entity: &Entity<'_>) -> TokenStream {
    let cells = entity.cells();
    let schema = option(entity.table.schema.as_ref().map(|given| &given.value));
    let name = entity.table.name.as_ref().map(|given| &given.value);
    let columns = cells.iter().map(|cell| column(entity, cell));
    let key = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.field.key.is_some())
        .map(|(index, _)| number(index));
    let foreign_keys = entity
        .references()
        .map(|reference| foreign_key(entity, &cells, &reference));
    let relations = entity
        .relations()
        .map(|(field, relation)| relation_def(field, relation));
    let unique = entity
        .table
        .unique
        .iter()
        .map(|given| unique(&cells, &given.value, false));
    let deferrable = entity
        .table
        .unique_deferrable
        .iter()
        .map(|given| self::unique(&cells, &given.value, true));
    let version = option(cells.iter().enumerate().find_map(version));
    quote! {
        __cascade::Table {
            ident: <Self as __cascade::Entity>::IDENT,
            entity: <Self as __cascade::Entity>::NAME,
            schema: #schema,
            name: #name,
            columns: &[#(#columns),*],
            key: &[#(#key),*],
            foreign_keys: &[#(#foreign_keys),*],
            relations: &[#(#relations),*],
            unique: &[#(#unique,)* #(#deferrable,)*],
            version: #version,
            broken: false,
            functions: __cascade::Functions::of::<Self>(),
        }
    }
}

/// A `Column`.
fn column(entity: &Entity<'_>, cell: &Cell<'_>) -> TokenStream {
    let Cell {
        name,
        field,
        slot,
        source,
    } = cell;
    let slot = number(*slot);
    let text = &field.name;
    if let Source::Part(held, part) = *source {
        let (target, part) = (held.target, number(part));
        let pick = if held.optional {
            quote!(optional_part)
        } else {
            quote!(held_part)
        };
        return quote! {
            __cascade::Column::new(#name, #text, #slot, __cascade::key_codec(<#target as __cascade::Entity>::KEY_CODECS, #part)).part(<#target as __cascade::Entity>::#pick::<#part>)
        };
    }
    let codec = codec(entity, field);
    let key = field.key.as_ref().map(|_| quote!(.key()));
    let generated = generated(field);
    let unique = field.column.unique.as_ref().map(|_| quote!(.unique()));
    quote!(__cascade::Column::new(#name, #text, #slot, #codec) #key #generated #unique)
}

/// How the column of a plain field is stored.
fn codec(entity: &Entity<'_>, field: &Field<'_>) -> TokenStream {
    let ty = field.ty;
    if let Some(part) = entity.key().position(|key| std::ptr::eq(key, field)) {
        let part = number(part);
        quote!(<Self as __cascade::Entity>::KEY_CODECS[#part])
    } else if field.column.json.is_some() || field.sqlx.json.is_some() {
        quote!(__cascade::codec_json!(#ty))
    } else {
        quote!(__cascade::codec!(#ty))
    }
}

/// Who fills a column, where it isn't the application.
fn generated(field: &Field<'_>) -> Option<TokenStream> {
    match field
        .key
        .as_ref()
        .and_then(|key| key.value.generated.as_ref())
    {
        Some(Given {
            value: Generated::Database,
            ..
        }) => Some(quote!(.generated())),
        Some(Given {
            value: Generated::Expression(expression),
            ..
        }) => Some(quote!(.generated_by(#expression))),
        None => field
            .column
            .generated
            .as_ref()
            .map(|_| quote!(.generated())),
    }
}

/// A `ForeignKey`.
fn foreign_key(entity: &Entity<'_>, cells: &[Cell<'_>], reference: &Reference<'_>) -> TokenStream {
    let Reference {
        field,
        slot,
        foreign_key,
        holder,
    } = reference;
    let (name, slot) = (&field.name, number(*slot));
    let unique = foreign_key.unique.then(|| quote!(.unique()));
    let on_delete = foreign_key.on_delete.as_ref().map(|given| {
        let action = on_delete(given.value);
        quote!(.on_delete(__cascade::OnDelete::#action))
    });
    let Some(held) = holder else {
        let (ty, target) = (field.ty, &foreign_key.target);
        let cell = cells
            .iter()
            .enumerate()
            .find(|(_, cell)| std::ptr::eq(cell.field, *field));
        let column = cell.as_ref().map(|(index, _)| number(*index));
        let shared = cell
            .as_ref()
            .is_some_and(|(_, cell)| entity.is_shared(field, cell.name))
            .then(|| quote!(.shared()));
        return quote! {
            __cascade::ForeignKey::new::<#target>(#name, #slot, &[__cascade::key_part::<#target, #ty>(#column) #shared])
                .nullable(__cascade::nullable::<#target, #ty>())
                #unique #on_delete
        };
    };
    let BelongsTo {
        target,
        optional,
        columns,
        cascade,
        ..
    } = held;
    let parts = columns
        .iter()
        .enumerate()
        .map(|(part, name)| held_part(cells, held, part, name));
    let nullable = optional.then(|| quote!(.nullable(true)));
    // Every mention of the target is a path through the trait: where it isn't mapped, they are one error.
    let entity = quote!(<#target as __cascade::Entity>);
    let identity = quote!((#entity::IDENT, #entity::NAME, #entity::table));
    let holder = if *optional {
        quote!(OPTIONAL_HOLDER)
    } else {
        quote!(HOLDER)
    };
    let cascade = cascade.as_ref().map(|given| cascade_call(&given.value));
    quote! {
        __cascade::ForeignKey::to(#identity, #name, #slot, &[#(#parts),*])
            .holder(<#target as __cascade::Entity>::#holder)
            #nullable #unique #on_delete #cascade
    }
}

/// A `ForeignKeyPart` of a `BelongsTo`: a column of its own, or the plain field that has the column.
fn held_part(cells: &[Cell<'_>], held: &BelongsTo<'_>, part: usize, name: &str) -> TokenStream {
    let target = held.target;
    let Some((index, cell)) = cells.iter().enumerate().find(|(_, cell)| cell.name == name) else {
        return TokenStream::new();
    };
    let (ty, index, part) = (cell.field.ty, number(index), number(part));
    match cell.source {
        Source::Part(..) => quote!(__cascade::own_part(#index)),
        Source::Plain(_) if held.columns.len() == 1 => {
            quote!(__cascade::key_part::<#target, #ty>(#index).shared())
        }
        Source::Plain(_) => quote!(__cascade::shared_part::<#target, #ty, #part>(#index).shared()),
    }
}

fn on_delete(action: OnDelete) -> TokenStream {
    match action {
        OnDelete::Cascade => quote!(Cascade),
        OnDelete::SetNull => quote!(SetNull),
        OnDelete::Restrict => quote!(Restrict),
        OnDelete::NoAction => quote!(NoAction),
    }
}

/// A `RelationDef`.
fn relation_def(field: &Field<'_>, relation: &HasOne<'_>) -> TokenStream {
    let (name, child, keys) = (&field.name, relation.child, &relation.keys);
    // Before the cascade, which it resets.
    let viewonly = keys.viewonly.as_ref().map(|_| quote!(.viewonly()));
    let cascade = keys
        .cascade
        .as_ref()
        .map(|given| cascade_call(&given.value));
    let back_populates = keys.back_populates.as_ref().map(|given| {
        let field = names::plain(&given.value);
        quote!(.back_populates(#field))
    });
    let passive_deletes = keys
        .passive_deletes
        .as_ref()
        .map(|given| match given.value {
            PassiveDeletes::Yes => quote!(.passive_deletes(__cascade::PassiveDeletes::Yes)),
            PassiveDeletes::All => quote!(.passive_deletes(__cascade::PassiveDeletes::All)),
        });
    let deny = keys.on_remove.as_ref().map(|_| quote!(.deny()));
    let required = keys.required.as_ref().map(|_| quote!(.required()));
    quote! {
        __cascade::RelationDef::new(#name, __cascade::Kind::OneToOne, <#child as __cascade::Entity>::table)
            #viewonly #cascade #back_populates #passive_deletes #deny #required
    }
}

fn cascade_call(tokens: &syn::LitStr) -> TokenStream {
    quote!(.cascade(#tokens))
}

/// A `Unique`.
fn unique(cells: &[Cell<'_>], names: &syn::LitStr, deferrable: bool) -> TokenStream {
    let text = names.value();
    let columns = text
        .split(',')
        .filter_map(|name| cells.iter().position(|cell| cell.name == name.trim()))
        .map(number);
    quote!(__cascade::Unique { columns: &[#(#columns),*], deferrable: #deferrable })
}

/// The `Version`, if this column is it.
fn version((index, cell): (usize, &Cell<'_>)) -> Option<TokenStream> {
    let given = cell.field.version.as_ref()?;
    let (ty, index) = (cell.field.ty, number(index));
    let aggregate = given.value.aggregate.is_some();
    Some(quote!(__cascade::Version::of::<#ty>(#index, #aggregate)))
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}
