//! One set of structs for each shape, whose attributes vary: what the derive knows of them is data, and this is that data with other options.
//!
//! A hundred sets of structs cost minutes of compiling and say the same: only the tables differ. So the structs are derived once, against the trait
//! below, and their real [`Entity`] hands out the tables of the cell that is running. How attributes are read has its own tests (`cascade-derive`).

use sqlx_cascade::__private::{
    Codec, Erased, ForeignKey, Holder, OnDelete, Parts, PassiveDeletes, Reader, RelationDef, See,
    Slot, Table,
};
use sqlx_cascade::{BelongsTo, Entity, Error, HasMany, HasOne, ManyToMany};

use crate::model::schema::{self, Options};
use crate::models::{Case, Shape};

/// What generated code names.
pub(crate) mod __private {
    pub(crate) use sqlx_cascade::__private::*;

    pub(crate) use super::Derived as Entity;
}

/// What the derive implements.
pub(crate) trait Derived: Entity {
    type Key;
    type KeyParts;
    const KEY_CODECS: &'static [Codec];
    const IDENT: &'static str;
    const NAME: &'static str;
    const TABLE: &'static Table;
    const HOLDER: Holder = <Self as Entity>::HOLDER;
    const OPTIONAL_HOLDER: Holder = <Self as Entity>::OPTIONAL_HOLDER;
    fn table() -> &'static Table;
    fn key_part(key: &i64, part: usize) -> &Erased;
    fn key_from(parts: &[&Erased]) -> Option<i64>;
    fn view<'a>(&'a self, see: &mut See<'_, 'a>);
    fn visit<'a>(&'a mut self, parts: &mut Parts<'a>);
    fn read(row: &mut Reader<'_>) -> Result<Self, Error>;

    fn has_one(wrapper: &HasOne<Self>) -> &dyn Slot {
        <Self as Entity>::has_one(wrapper)
    }
    fn has_one_mut(wrapper: &mut HasOne<Self>) -> &mut dyn Slot {
        <Self as Entity>::has_one_mut(wrapper)
    }
    fn has_many(wrapper: &HasMany<Self>) -> &dyn Slot {
        <Self as Entity>::has_many(wrapper)
    }
    fn has_many_mut(wrapper: &mut HasMany<Self>) -> &mut dyn Slot {
        <Self as Entity>::has_many_mut(wrapper)
    }
    fn many_to_many(wrapper: &ManyToMany<Self>) -> &dyn Slot {
        <Self as Entity>::many_to_many(wrapper)
    }
    fn many_to_many_mut(wrapper: &mut ManyToMany<Self>) -> &mut dyn Slot {
        <Self as Entity>::many_to_many_mut(wrapper)
    }
    fn held(field: &BelongsTo<Self>) -> &dyn Slot {
        <Self as Entity>::held(field)
    }
    fn held_mut(field: &mut BelongsTo<Self>) -> &mut dyn Slot {
        <Self as Entity>::held_mut(field)
    }
    #[expect(clippy::ref_option, reason = "it is the field")]
    fn optional_held(field: &Option<BelongsTo<Self>>) -> &dyn Slot {
        <Self as Entity>::optional_held(field)
    }
    fn optional_held_mut(field: &mut Option<BelongsTo<Self>>) -> &mut dyn Slot {
        <Self as Entity>::optional_held_mut(field)
    }
    fn held_part<const I: usize>(field: &Erased) -> &Erased {
        <Self as Entity>::held_part::<I>(field)
    }
    fn optional_part<const I: usize>(field: &Erased) -> &Erased {
        <Self as Entity>::optional_part::<I>(field)
    }
    fn belongs_to(row: &mut Reader<'_>, key: usize) -> Result<BelongsTo<Self>, Error> {
        <Self as Entity>::belongs_to(row, key)
    }
    fn optional_belongs_to(
        row: &mut Reader<'_>,
        key: usize,
    ) -> Result<Option<BelongsTo<Self>>, Error> {
        <Self as Entity>::optional_belongs_to(row, key)
    }
}

/// The entity of a derived struct, whose table is the one with this number.
macro_rules! varied {
    ($struct:ty, $number:literal) => {
        impl sqlx_cascade::Entity for $struct {
            type Key = i64;
            type KeyParts = (i64, (), (), (), (), ());
            const KEY_CODECS: &'static [sqlx_cascade::__private::Codec] =
                <Self as $crate::varied::Derived>::KEY_CODECS;
            const IDENT: &'static str = <Self as $crate::varied::Derived>::IDENT;
            const NAME: &'static str = <Self as $crate::varied::Derived>::NAME;
            const TABLE: &'static sqlx_cascade::__private::Table =
                <Self as $crate::varied::Derived>::TABLE;
            fn table() -> &'static sqlx_cascade::__private::Table {
                $crate::varied::table::<$number>()
            }
            fn key_part(key: &i64, part: usize) -> &sqlx_cascade::__private::Erased {
                <Self as $crate::varied::Derived>::key_part(key, part)
            }
            fn key_from(parts: &[&sqlx_cascade::__private::Erased]) -> Option<i64> {
                <Self as $crate::varied::Derived>::key_from(parts)
            }
            fn view<'a>(&'a self, see: &mut sqlx_cascade::__private::See<'_, 'a>) {
                $crate::varied::Derived::view(self, see);
            }
            fn visit<'a>(&'a mut self, parts: &mut sqlx_cascade::__private::Parts<'a>) {
                $crate::varied::Derived::visit(self, parts);
            }
            fn read(
                row: &mut sqlx_cascade::__private::Reader<'_>,
            ) -> Result<Self, sqlx_cascade::Error> {
                <Self as $crate::varied::Derived>::read(row)
            }
        }
    };
}
pub(crate) use varied;

/// The tables of a cell: as the interpreter numbers them.
pub(crate) type Tables = [&'static Table; 4];

tokio::task_local! {
    /// The tables of the cell that is running.
    pub(crate) static TABLES: Tables;
}

pub(crate) fn table<const NUMBER: usize>() -> &'static Table {
    TABLES.with(|tables| tables[NUMBER])
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A table with other relations, or with other foreign keys.
pub(crate) fn of(
    of: &Table,
    relations: Vec<RelationDef>,
    foreign_keys: Vec<ForeignKey>,
) -> &'static Table {
    leak(Table {
        relations: Vec::leak(relations),
        foreign_keys: Vec::leak(foreign_keys),
        version: None,
        ..*of
    })
}

/// A relation with other options.
pub(crate) fn relation(of: &RelationDef, options: &Options) -> RelationDef {
    let tokens = options.cascade;
    RelationDef {
        cascade: sqlx_cascade::__private::Cascade {
            save_update: tokens.save_update,
            merge: tokens.merge,
            refresh_expire: tokens.refresh_expire,
            expunge: tokens.expunge,
            delete: tokens.delete,
            delete_orphan: tokens.delete_orphan,
        },
        deny: options.deny,
        required: options.required,
        viewonly: options.viewonly,
        single_parent: options.single_parent,
        passive_deletes: match options.passive {
            schema::Passive::No => PassiveDeletes::No,
            schema::Passive::Yes => PassiveDeletes::Yes,
            schema::Passive::All => PassiveDeletes::All,
        },
        ..*of
    }
}

/// What is declared of a foreign key; `"no action"` is not declared.
fn declared(of: schema::OnDelete) -> Option<OnDelete> {
    match of {
        schema::OnDelete::NoAction => None,
        schema::OnDelete::Restrict => Some(OnDelete::Restrict),
        schema::OnDelete::Cascade => Some(OnDelete::Cascade),
        schema::OnDelete::SetNull => Some(OnDelete::SetNull),
    }
}

/// The tables of a case, made of those of its structs: of the parents, the children and the leaves.
pub(crate) fn tables(case: &Case, bases: [&'static Table; 3]) -> Tables {
    let options = case.options();
    let [parents, children, leaves] = bases;
    let key = |of: &ForeignKey| ForeignKey {
        on_delete: declared(case.on_delete),
        unique: case.kind.is_unique(),
        ..*of
    };
    let base = &parents.relations[0];
    let held = |target: fn() -> &'static Table| RelationDef {
        target,
        ..relation(base, &options)
    };
    match case.kind {
        Shape::Tree => {
            let keys = parents.foreign_keys.iter().map(key).collect();
            let nodes = of(parents, vec![held(table::<0>)], keys);
            [nodes; 4]
        }
        Shape::OneToOne | Shape::OneToMany => {
            let leaf = RelationDef {
                target: table::<2>,
                ..children.relations[0]
            };
            let keys = children.foreign_keys.iter().map(key).collect();
            let children = of(children, vec![leaf], keys);
            let parents = of(parents, vec![held(table::<1>)], Vec::new());
            [parents, children, leaves, leaves]
        }
        Shape::ManyToOne | Shape::OneToOneHeld => {
            let keys = parents.foreign_keys.iter().map(key).collect();
            let parents = of(parents, vec![held(table::<1>)], keys);
            [parents, children, leaves, leaves]
        }
        Shape::ManyToMany => {
            // As `link!` makes it: what the attribute says of targets is the link's relation.
            let links = (base.target)();
            let to_target = RelationDef {
                cascade: relation(base, &options).cascade,
                single_parent: options.single_parent,
                ..links.relations[0]
            };
            let linked = RelationDef::linked(base.field, table::<3>, &to_target);
            let linked = RelationDef {
                deny: options.deny,
                viewonly: options.viewonly,
                cascade: if options.viewonly {
                    relation(base, &options).cascade
                } else {
                    linked.cascade
                },
                ..linked
            };
            let keys = links.foreign_keys.iter().map(|key| ForeignKey { ..*key });
            let links = of(links, vec![to_target], keys.collect());
            [
                of(parents, vec![linked], Vec::new()),
                children,
                leaves,
                links,
            ]
        }
    }
}
