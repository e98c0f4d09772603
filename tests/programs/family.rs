//! The structs of the programs, and what the interpreter is told about them.
//!
//! Every table has a key, the key to its owner and a version where it has one, a name, and a rank that may be NULL. No table accepts the name `refused`.

use std::sync::Arc;

use sqlx_cascade::{HasMany, HasOne, ManyToMany, Relations};

use crate::model::World;
use crate::model::database::Value;
use crate::model::schema::{
    Column, KeyKind, Kind, OnDelete, Options, Reference, Relation, Schema, Table, TableId,
};
use crate::real::{Fut, Node, Wrap, cell, given};

/// No row can have this name.
pub(crate) const REFUSED: &str = "refused";

/// How many kinds of objects there are; the tables after them have links.
pub(crate) const KINDS: usize = 8;

/// Makes the structs, what a program does with them, and what the interpreter is told.
macro_rules! family {
    ($(
        $struct:ident = $number:literal, $table:literal $(, $version:ident)?
        { $($key:ident: $key_type:ty = #[$reference:ident($parent:ident $(, $on_delete:ident = $action:literal)?)] $parents:literal)? }
        { $($place:literal $wrapper:ident $constant:ident: $wrap:ident<$child:ident> = #[$relation:ident($($option:tt)*)] $kind:expr;)* }
    )*) => {
        $(
            #[derive(Debug, Default, Clone, Relations)]
            #[table(name = $table)]
            pub(crate) struct $struct {
                #[key(generated)]
                id: i64,
                $(#[$reference($parent $(, $on_delete = $action)?)] $key: $key_type,)?
                $(#[version] $version: i64,)?
                name: String,
                rank: Option<i64>,
                $(#[$relation($($option)*)] $wrapper: $wrap<$child>,)*
            }

            impl Node for $struct {
                const NUMBER: TableId = $number;

                fn cells(&self) -> Vec<Value> {
                    vec![
                        cell(&self.id),
                        $(cell(&self.$key),)?
                        $(cell(&self.$version),)?
                        cell(&self.name),
                        cell(&self.rank),
                    ]
                }

                fn give(&mut self, column: usize, value: &Value) {
                    let columns: Vec<&mut dyn given::Field> = vec![
                        &mut self.id,
                        $(&mut self.$key,)?
                        $(&mut self.$version,)?
                        &mut self.name,
                        &mut self.rank,
                    ];
                    columns.into_iter().nth(column).expect("a column").give(value);
                }

                fn wraps(&self) -> Vec<&dyn Wrap> {
                    vec![$(&self.$wrapper),*]
                }

                fn wraps_mut(&mut self) -> Vec<&mut dyn Wrap> {
                    vec![$(&mut self.$wrapper),*]
                }

                fn load<'a, D: sqlx_cascade::Db + 'a>(
                    handle: &'a mut sqlx_cascade::Persistent<Self>,
                    relation: usize,
                    db: D,
                ) -> Fut<'a, Result<(), sqlx_cascade::Error>> {
                    match (relation, handle, db) {
                        $(($place, handle, db) => handle.load(Self::$constant, db),)*
                        (relation, ..) => unreachable!("no relation {relation}"),
                    }
                }

                fn detach<'a, D: sqlx_cascade::Db + 'a>(
                    handle: &'a mut sqlx_cascade::Persistent<Self>,
                    relation: usize,
                    db: D,
                ) -> Fut<'a, Result<sqlx_cascade::Report, sqlx_cascade::Error>> {
                    match (relation, handle, db) {
                        $(($place, handle, db) => handle.detach(Self::$constant, db),)*
                        (relation, ..) => unreachable!("no relation {relation}"),
                    }
                }
            }
        )*

        fn tables() -> Vec<Table> {
            vec![$({
                let mut columns = vec![number("id")];
                $(columns.push(foreign_key(
                    stringify!($key),
                    $parents,
                    stringify!($key_type).starts_with("Option"),
                    stringify!($reference) == "one_to_one",
                    concat!("" $(, $action)?),
                ));)?
                $(columns.push(number(stringify!($version)));)?
                columns.push(Column { text: true, ..number("name") });
                columns.push(Column { nullable: true, ..number("rank") });
                let relations: Vec<Relation> = vec![$(Relation {
                    kind: $kind,
                    options: Options::parse(concat!($(stringify!($option), " "),*)),
                }),*];
                table($table, columns, KeyKind::Generated, relations)
            }),*]
        }

        /// Does something with the type of the structs of a table.
        macro_rules! of_table {
            ($of:expr, $type:ident => $does:expr) => {
                match $of {
                    $($number => { type $type = $crate::family::$struct; $does })*
                    other => unreachable!("no structs of table {other}"),
                }
            };
        }
        pub(crate) use of_table;
    };
}

family! {
    Owner = 0, "owners", version {} {
        0 profile PROFILE: HasOne<Profile> = #[one_to_one(cascade = "all, delete-orphan")] Kind::HasOne { child: 1, column: 1 };
        1 badge BADGE: HasOne<Badge> = #[one_to_one()] Kind::HasOne { child: 2, column: 1 };
        2 posts POSTS: HasMany<Post> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 3, column: 1 };
        3 notes NOTES: HasMany<Note> = #[one_to_many()] Kind::HasMany { child: 5, column: 1 };
        4 tags TAGS: ManyToMany<Tag> = #[many_to_many(through = "owner_tags")] Kind::ManyToMany { target: 7, through: 8 };
    }
    Profile = 1, "profiles" { owner_id: i64 = #[one_to_one(Owner)] 0 } {}
    Badge = 2, "badges" { owner_id: Option<i64> = #[one_to_one(Owner)] 0 } {}
    Post = 3, "posts", version { owner_id: i64 = #[many_to_one(Owner)] 0 } {
        0 comments COMMENTS: HasMany<Comment> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 4, column: 1 };
    }
    Comment = 4, "comments" { post_id: i64 = #[many_to_one(Post, on_delete = "cascade")] 3 } {}
    Note = 5, "notes", version { owner_id: Option<i64> = #[many_to_one(Owner, on_delete = "set null")] 0 } {}
    Tree = 6, "trees" { parent_id: Option<i64> = #[many_to_one(Tree)] 6 } {
        0 children CHILDREN: HasMany<Tree> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 6, column: 1 };
    }
    Tag = 7, "tags" {} {}
}

fn number(name: &'static str) -> Column {
    Column {
        name,
        text: false,
        nullable: false,
        unique: false,
        references: None,
    }
}

fn foreign_key(
    name: &'static str,
    table: TableId,
    nullable: bool,
    unique: bool,
    on_delete: &str,
) -> Column {
    let on_delete = match on_delete {
        "" => OnDelete::NoAction,
        "cascade" => OnDelete::Cascade,
        "set null" => OnDelete::SetNull,
        other => unreachable!("no ON DELETE {other}"),
    };
    Column {
        nullable,
        unique,
        references: Some(Reference { table, on_delete }),
        ..number(name)
    }
}

fn table(
    name: &'static str,
    columns: Vec<Column>,
    key: KeyKind,
    relations: Vec<Relation>,
) -> Table {
    let version = columns.iter().position(|column| column.name == "version");
    Table {
        name,
        columns,
        key,
        version,
        relations,
    }
}

/// Everything that is declared.
pub(crate) fn schema() -> Schema {
    let mut tables = tables();
    let links = vec![
        foreign_key("owner_id", 0, false, false, ""),
        foreign_key("tag_id", 7, false, false, ""),
    ];
    tables.push(table("owner_tags", links, KeyKind::Link, Vec::new()));
    Schema { tables }
}

/// Empty tables.
pub(crate) fn world() -> World {
    let mut world = World::new(Arc::new(schema()));
    world.database.refused = Some(Value::Text(REFUSED.to_owned()));
    world
}
