//! The constant metadata of a struct.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::number;
use crate::facts::{Cell, Held, Reference, Source};
use crate::grammar::{Given, RelationKeys};
use crate::model::{Entity, Field, Kind, Links, Relation};
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
        .map(|(field, relation)| relation_def(entity, field, relation));
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
        let (target, part) = (held.relation.target, number(part));
        let pick = if held.key.optional {
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
    let unique = field.column.unique.as_ref().map(|_| {
        let nullable = field.shape.is_optional().then(|| quote!(.nullable()));
        quote!(.unique() #nullable)
    });
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
        held,
    } = reference;
    let (name, slot) = (&field.name, number(*slot));
    let unique = foreign_key.unique.then(|| quote!(.unique()));
    let on_delete = foreign_key.on_delete.as_ref().map(|given| {
        let action = on_delete(given.value);
        quote!(.on_delete(__cascade::OnDelete::#action))
    });
    let Some(held) = held else {
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
    let (target, optional) = (held.relation.target, held.key.optional);
    let columns = held.key.columns.iter().enumerate();
    let parts = columns.map(|(part, name)| held_part(cells, *held, part, name));
    let nullable = optional.then(|| quote!(.nullable(true)));
    // Every mention of the target is a path through the trait: where it isn't mapped, they are one error.
    let entity = quote!(<#target as __cascade::Entity>);
    let identity = quote!((#entity::IDENT, #entity::NAME, #entity::table));
    let holder = if optional {
        quote!(OPTIONAL_HOLDER)
    } else {
        quote!(HOLDER)
    };
    quote! {
        __cascade::ForeignKey::to(#identity, #name, #slot, &[#(#parts),*])
            .holder(<#target as __cascade::Entity>::#holder)
            #nullable #unique #on_delete
    }
}

/// A `ForeignKeyPart` of a `BelongsTo`: a column of its own, or the plain field that has the column.
fn held_part(cells: &[Cell<'_>], held: Held<'_>, part: usize, name: &str) -> TokenStream {
    let target = held.relation.target;
    let Some((index, cell)) = cells.iter().enumerate().find(|(_, cell)| cell.name == name) else {
        return TokenStream::new();
    };
    let (ty, index, part) = (cell.field.ty, number(index), number(part));
    match cell.source {
        Source::Part(..) => quote!(__cascade::own_part(#index)),
        Source::Plain(_) if held.key.columns.len() == 1 => {
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
fn relation_def(entity: &Entity<'_>, field: &Field<'_>, relation: &Relation<'_>) -> TokenStream {
    let (name, target) = (&field.name, relation.target);
    let table = quote!(<#target as __cascade::Entity>::table);
    let Options {
        viewonly,
        of_target,
        of_relation,
    } = options(&relation.keys);
    let relation = match &relation.kind {
        Kind::HasOne => {
            quote!(__cascade::RelationDef::new(#name, __cascade::Kind::OneToOne, #table))
        }
        Kind::HasMany => {
            quote!(__cascade::RelationDef::new(#name, __cascade::Kind::OneToMany, #table))
        }
        Kind::BelongsTo(_) => {
            let key = entity.reference_of(field).map(number);
            quote!(__cascade::RelationDef::held(#name, #key, #table))
        }
        Kind::ManyToMany(links) => {
            let link = link(entity, field, relation, links, &of_target);
            // The links have a cascade of their own, unless they are only viewed.
            let viewed = viewonly.as_ref().and(relation.keys.cascade.as_ref());
            let viewed = viewed.map(|given| cascade_call(&given.value));
            return quote!(#link #viewonly #viewed #of_relation);
        }
    };
    quote!(#relation #viewonly #of_target #of_relation)
}

/// A `RelationDef` to a table of links, each of which has the options of a relation to the other side.
fn link(
    entity: &Entity<'_>,
    field: &Field<'_>,
    relation: &Relation<'_>,
    links: &Links,
    options: &TokenStream,
) -> TokenStream {
    let (name, own) = (&field.name, entity.ident);
    let target = names::without_self(relation.target.to_token_stream(), own);
    let schema = option(entity.table.schema.as_ref().map(|given| &given.value));
    let through = relation.keys.through.as_ref().map(|given| &given.value);
    let [from, to] = [&links.source, &links.target].map(|columns| {
        let parts = columns.iter().enumerate();
        let parts =
            parts.map(|(part, name)| [name.to_token_stream(), number(part).to_token_stream()]);
        let parts = parts.map(|[name, part]| quote!(#name #part));
        quote!([#(#parts),*])
    });
    quote!(__cascade::link!(#name, #own, #target, #schema, #through, #from, #to, [#options]))
}

/// The options of a relation, as calls.
struct Options {
    /// Comes first, for it resets the cascade.
    viewonly: Option<TokenStream>,
    /// What becomes of the rows on the other side.
    of_target: TokenStream,
    /// Everything else.
    of_relation: TokenStream,
}

fn options(keys: &RelationKeys) -> Options {
    let RelationKeys {
        cascade,
        back_populates,
        passive_deletes,
        on_remove,
        required,
        viewonly,
        order_by,
        single_parent,
        // Where the keys are.
        through: _,
        source: _,
        target: _,
        column: _,
        on_delete: _,
    } = keys;
    let cascade = cascade.as_ref().map(|given| cascade_call(&given.value));
    let single_parent = single_parent.as_ref().map(|_| quote!(.single_parent()));
    let back_populates = back_populates.as_ref().map(|given| {
        let field = names::plain(&given.value);
        quote!(.back_populates(#field))
    });
    let passive_deletes = passive_deletes.as_ref().map(|given| match given.value {
        PassiveDeletes::Yes => quote!(.passive_deletes(__cascade::PassiveDeletes::Yes)),
        PassiveDeletes::All => quote!(.passive_deletes(__cascade::PassiveDeletes::All)),
    });
    let deny = on_remove.as_ref().map(|_| quote!(.deny()));
    let required = required.as_ref().map(|_| quote!(.required()));
    let order_by = order_by.as_ref().map(|given| {
        let (column, descending) = (&given.value.column, given.value.descending);
        quote!(.order_by(#column, #descending))
    });
    Options {
        viewonly: viewonly.as_ref().map(|_| quote!(.viewonly())),
        of_target: quote!(#cascade #single_parent),
        of_relation: quote!(#back_populates #passive_deletes #deny #required #order_by),
    }
}

fn cascade_call(tokens: &syn::LitStr) -> TokenStream {
    quote!(.cascade(#tokens))
}

/// A `Unique`.
fn unique(cells: &[Cell<'_>], names: &syn::LitStr, deferrable: bool) -> TokenStream {
    let find = |name: &String| cells.iter().enumerate().find(|(_, cell)| cell.name == name);
    let names = names::columns(names);
    let set: Vec<_> = names.iter().filter_map(find).collect();
    let columns = set.iter().map(|(index, _)| number(*index));
    let nullable = set
        .iter()
        .filter(|(_, cell)| cell.field.shape.is_optional())
        .map(|(index, _)| number(*index));
    quote!(__cascade::Unique { columns: &[#(#columns),*], nullable: &[#(#nullable),*], deferrable: #deferrable })
}

/// The `Version`, if this column is it.
fn version((index, cell): (usize, &Cell<'_>)) -> Option<TokenStream> {
    let given = cell.field.version.as_ref()?;
    let (ty, index) = (cell.field.ty, number(index));
    let aggregate = given.value.aggregate.is_some();
    Some(quote!(__cascade::Version::of::<#ty>(#index, #aggregate)))
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}
