//! The structs of the programs, and what the interpreter is told about them.
//!
//! Every table has a key, the key to its owner, those of parents that are held and a version where it has any, a name, and a rank that may be
//! NULL. No table accepts the name `refused`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

use crate::model::World;
use crate::model::database::Value;
use crate::model::schema::{
    Column, KeyKind, Kind, OnDelete, Options, Reference, Relation, Schema, Table, TableId,
};
use crate::real::{Fut, Node, cell, given};
use crate::wraps::Wrap;

/// No row can have this name.
pub(crate) const REFUSED: &str = "refused";

/// Which structs a program is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Children by their owners, a tree, links.
    Owners,
    /// Rows that hold their parents.
    Letters,
    /// What may not leave, has to be there, is only read, and is left to the database.
    Houses,
    /// An aggregate with children of children, keys of the application, orders, and targets that are its own.
    Shops,
}

/// Paths of relations.
pub(crate) struct Paths;

/// Makes the structs, what a program does with them, and what the interpreter is told.
macro_rules! family {
    ($tables:ident, $of_table:ident, $first:ident; $(
        $struct:ident = $number:literal, $table:literal $(($generated:ident))? $([$shared:ident($sharer:ident)] $sharers:literal)? $(, $version:ident $(($aggregate:ident))?)?
        { $($key:ident: $key_type:ty = #[$reference:ident($parent:ident $(, $on_delete:ident = $action:literal)?)] $parents:literal)? }
        $(holds { $($at:literal $held:ident $held_constant:ident: $held_type:ty = #[$held_relation:ident($($held_option:tt)*)] $target:literal;)* })?
        { $($place:literal $wrapper:ident $constant:ident: $wrap:ident<$child:ident> = #[$relation:ident($($option:tt)*)] $kind:expr;)* }
        $(=> { $($load:literal $loaded:expr => $paths:expr;)* })?
    )*) => {
        $(
            #[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
            #[table(name = $table)]
            pub(crate) struct $struct {
                #[key $(($generated))?]
                $(#[$shared($sharer)])?
                #[serde(default)]
                id: i64,
                $(#[$reference($parent $(, $on_delete = $action)?)] #[serde(default)] $key: $key_type,)?
                $($(#[$held_relation($($held_option)*)] #[serde(default)] $held: $held_type,)*)?
                $(#[version $(($aggregate))?] #[serde(default)] $version: i64,)?
                name: String,
                rank: Option<i64>,
                $(#[$relation($($option)*)] #[serde(default)] $wrapper: $wrap<$child>,)*
            }

            impl Node for $struct {
                const NUMBER: TableId = $number;
                const NAMES: (&'static [&'static str], &'static [&'static str]) = (
                    &[
                        "id",
                        $(stringify!($key),)?
                        $($(stringify!($held),)*)?
                        $(stringify!($version),)?
                        "name",
                        "rank",
                    ],
                    &[$($(stringify!($held),)*)? $(stringify!($wrapper),)*],
                );
                type First = $first;

                fn cells(&self) -> Vec<Value> {
                    vec![
                        cell(&self.id),
                        $(cell(&self.$key),)?
                        $($(cell(&self.$held),)*)?
                        $(cell(&self.$version),)?
                        cell(&self.name),
                        cell(&self.rank),
                    ]
                }

                fn give(&mut self, column: usize, value: &Value) {
                    let columns: Vec<&mut dyn given::Field> = vec![
                        &mut self.id,
                        $(&mut self.$key,)?
                        $($(&mut self.$held,)*)?
                        $(&mut self.$version,)?
                        &mut self.name,
                        &mut self.rank,
                    ];
                    columns.into_iter().nth(column).expect("a column").give(value);
                }

                fn wraps(&self) -> Vec<&dyn Wrap> {
                    vec![$($(&self.$held,)*)? $(&self.$wrapper),*]
                }

                fn wraps_mut(&mut self) -> Vec<&mut dyn Wrap> {
                    vec![$($(&mut self.$held,)*)? $(&mut self.$wrapper),*]
                }

                fn load<'a, D: sqlx_cascade::Db + 'a>(
                    handle: &'a mut sqlx_cascade::Persistent<Self>,
                    relation: usize,
                    db: D,
                ) -> Fut<'a, Result<(), sqlx_cascade::Error>> {
                    match (relation, handle, db) {
                        $($(($at, handle, db) => handle.load(Self::$held_constant, db),)*)?
                        $(($place, handle, db) => handle.load(Self::$constant, db),)*
                        (relation, ..) => unreachable!("no relation {relation}"),
                    }
                }

                fn load_paths<'a, D: sqlx_cascade::Db + 'a>(
                    handle: &'a mut sqlx_cascade::Persistent<Self>,
                    number: usize,
                    db: D,
                ) -> Fut<'a, Result<(), sqlx_cascade::Error>> {
                    match (number, handle, db) {
                        $($(($load, handle, db) => handle.load($loaded, db),)*)?
                        (number, ..) => unreachable!("no paths {number}"),
                    }
                }

                fn find_many<'a, D: sqlx_cascade::Db + 'a>(
                    keys: Vec<i64>,
                    with: Option<usize>,
                    db: D,
                ) -> Fut<'a, Result<Vec<sqlx_cascade::Persistent<Self>>, sqlx_cascade::Error>> {
                    let find = Self::find_many(keys);
                    match with {
                        $($(Some($load) => find.with($loaded).all(db),)*)?
                        _ => find.all(db),
                    }
                }

                fn detach<'a, D: sqlx_cascade::Db + 'a>(
                    handle: &'a mut sqlx_cascade::Persistent<Self>,
                    relation: usize,
                    db: D,
                ) -> Fut<'a, Result<sqlx_cascade::Report, sqlx_cascade::Error>> {
                    match (relation, handle, db) {
                        $($(($at, handle, db) => handle.detach(Self::$held_constant, db),)*)?
                        $(($place, handle, db) => handle.detach(Self::$constant, db),)*
                        (relation, ..) => unreachable!("no relation {relation}"),
                    }
                }
            }
        )*

        fn $tables() -> Vec<Table> {
            vec![$({
                #[allow(unused_mut, reason = "most have a key of their own")]
                let mut columns = vec![number("id")];
                $(columns[0] = foreign_key("id", $sharers, false, false, "");)?
                $(columns.push(foreign_key(
                    stringify!($key),
                    $parents,
                    stringify!($key_type).starts_with("Option"),
                    stringify!($reference) == "one_to_one",
                    concat!("" $(, $action)?),
                ));)?
                #[allow(unused_mut, reason = "some have none")]
                let mut relations: Vec<Relation> = Vec::new();
                $($(
                    let attribute = concat!($(stringify!($held_option), " "),*);
                    relations.push(Relation {
                        kind: Kind::BelongsTo { target: $target, column: columns.len() },
                        options: Options::parse(attribute),
                    });
                    columns.push(foreign_key(
                        concat!(stringify!($held), "_id"),
                        $target,
                        stringify!($held_type).starts_with("Option"),
                        false,
                        on_delete(attribute),
                    ));
                )*)?
                $(columns.push(number(stringify!($version)));)?
                columns.push(Column { text: true, ..number("name") });
                columns.push(Column { nullable: true, ..number("rank") });
                $(relations.push(Relation {
                    kind: $kind,
                    options: Options::parse(concat!($(stringify!($option), " "),*)),
                });)*
                Table {
                    aggregate: stringify!($($($aggregate)?)?) == "aggregate",
                    ..table(
                        $table,
                        columns,
                        match stringify!($($generated)?) {
                            "" => KeyKind::Natural,
                            _ => KeyKind::Generated,
                        },
                        relations,
                    )
                }
            }),*]
        }

        impl Paths {
            /// What is loaded at once, of the structs of a table.
            pub(crate) const fn $tables(table: TableId) -> &'static [&'static [&'static [usize]]] {
                match table {
                    $($number => &[$($($paths),*)?],)*
                    _ => &[],
                }
            }
        }

        /// Does something with the type of the structs of a table.
        macro_rules! $of_table {
            ($of:expr, $type:ident => $does:expr) => {
                match $of {
                    $($number => { type $type = $crate::family::$struct; $does })*
                    other => unreachable!("no structs of table {other}"),
                }
            };
        }
        pub(crate) use $of_table;
    };
}

family! { owners, of_owners, Owner;
    Owner = 0, "owners"(generated), version {} {
        0 profile PROFILE: HasOne<Profile> = #[one_to_one(cascade = "all, delete-orphan")] Kind::HasOne { child: 1, column: 1 };
        1 badge BADGE: HasOne<Badge> = #[one_to_one()] Kind::HasOne { child: 2, column: 1 };
        2 posts POSTS: HasMany<Post> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 3, column: 1 };
        3 notes NOTES: HasMany<Note> = #[one_to_many()] Kind::HasMany { child: 5, column: 1 };
        4 tags TAGS: ManyToMany<Tag> = #[many_to_many(through = "owner_tags")] Kind::ManyToMany { target: 7, through: 8 };
    }
    => {
        0 (Owner::POSTS.then(Post::COMMENTS), Owner::NOTES) => &[&[2, 0], &[3]];
        1 (Owner::PROFILE, Owner::TAGS, Owner::BADGE) => &[&[0], &[4], &[1]];
    }
    Profile = 1, "profiles"(generated) { owner_id: i64 = #[one_to_one(Owner)] 0 } {}
    Badge = 2, "badges"(generated) { owner_id: Option<i64> = #[one_to_one(Owner)] 0 } {}
    Post = 3, "posts"(generated), version { owner_id: i64 = #[many_to_one(Owner)] 0 } {
        0 comments COMMENTS: HasMany<Comment> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 4, column: 1 };
    }
    Comment = 4, "comments"(generated) { post_id: i64 = #[many_to_one(Post, on_delete = "cascade")] 3 } {}
    Note = 5, "notes"(generated), version { owner_id: Option<i64> = #[many_to_one(Owner, on_delete = "set null")] 0 } {}
    Tree = 6, "trees"(generated) { parent_id: Option<i64> = #[many_to_one(Tree)] 6 } {
        0 children CHILDREN: HasMany<Tree> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 6, column: 1 };
    }
    => { 0 Tree::CHILDREN.then(Tree::CHILDREN) => &[&[0, 0]]; }
    Tag = 7, "tags"(generated) {} {}
}

family! { letters, of_letters, Person;
    Person = 0, "people"(generated), version {} {
        0 address ADDRESS: HasOne<Address> = #[one_to_one(cascade = "all, delete-orphan")] Kind::HasOne { child: 1, column: 1 };
    }
    Address = 1, "addresses"(generated) { person_id: i64 = #[one_to_one(Person)] 0 } {}
    Stamp = 2, "stamps"(generated) {} {}
    Letter = 3, "letters"(generated), version {}
    holds {
        0 writer WRITER: BelongsTo<Person> = #[many_to_one()] 0;
        1 reader READER: Option<BelongsTo<Person>> = #[many_to_one(cascade = "save-update, merge, refresh-expire, expunge")] 0;
        2 stamp STAMP: Option<BelongsTo<Stamp>> = #[many_to_one(cascade = "all, delete-orphan", single_parent)] 2;
    }
    {
        3 pages PAGES: HasMany<Page> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 4, column: 1 };
    }
    => {
        0 (Letter::WRITER.then(Person::ADDRESS), Letter::PAGES.then(Page::DRAWER)) => &[&[0, 0], &[3, 0]];
        1 (Letter::READER, Letter::STAMP) => &[&[1], &[2]];
    }
    Page = 4, "pages"(generated) { letter_id: i64 = #[many_to_one(Letter)] 3 }
    holds { 0 drawer DRAWER: Option<BelongsTo<Person>> = #[many_to_one(on_delete = "set null")] 0; }
    {}
}

family! { houses, of_houses, House;
    House = 0, "houses"(generated), version {} {
        0 door DOOR: HasOne<Door> = #[one_to_one(cascade = "all, delete-orphan", required)] Kind::HasOne { child: 1, column: 1 };
        1 rooms ROOMS: HasMany<Room> = #[one_to_many(cascade = "all", on_remove = "deny")] Kind::HasMany { child: 2, column: 1 };
        2 guests GUESTS: HasMany<Guest> = #[one_to_many(viewonly)] Kind::HasMany { child: 3, column: 1 };
        3 lamps LAMPS: HasMany<Lamp> = #[one_to_many(cascade = "all, delete-orphan", passive_deletes)] Kind::HasMany { child: 4, column: 1 };
        4 signs SIGNS: HasMany<Sign> = #[one_to_many(passive_deletes = "all")] Kind::HasMany { child: 5, column: 1 };
    }
    Door = 1, "doors"(generated) { house_id: i64 = #[one_to_one(House)] 0 } {}
    Room = 2, "rooms"(generated) { house_id: i64 = #[many_to_one(House)] 0 } {}
    Guest = 3, "guests"(generated) { house_id: Option<i64> = #[many_to_one(House, on_delete = "set null")] 0 } {}
    Lamp = 4, "lamps"(generated) { house_id: i64 = #[many_to_one(House, on_delete = "cascade")] 0 } {}
    Sign = 5, "signs"(generated) { house_id: Option<i64> = #[many_to_one(House)] 0 } {}
}

family! { shops, of_shops, Shop;
    Shop = 0, "shops"(generated), version(aggregate) {} {
        0 board BOARD: HasOne<Board> = #[one_to_one(cascade = "all, delete-orphan")] Kind::HasOne { child: 1, column: 1 };
        1 shelves SHELVES: HasMany<Shelf> = #[one_to_many(cascade = "all, delete-orphan", order_by = "name desc")] Kind::HasMany { child: 3, column: 1 };
        2 labels LABELS: ManyToMany<Label> = #[many_to_many(through = "shop_labels", cascade = "all, delete-orphan", single_parent, order_by = "name")] Kind::ManyToMany { target: 6, through: 9 };
        3 deed DEED: HasOne<Deed> = #[one_to_one(cascade = "all, delete-orphan")] Kind::HasOne { child: 7, column: 0 };
    }
    => {
        0 (Shop::BOARD.then(Board::BULBS), Shop::SHELVES.then(Shelf::JARS)) => &[&[0, 0], &[1, 0]];
        1 (Shop::LABELS, Shop::BOARD) => &[&[2], &[0]];
    }
    Board = 1, "boards"(generated), version { shop_id: i64 = #[one_to_one(Shop)] 0 } {
        0 bulbs BULBS: HasMany<Bulb> = #[one_to_many(cascade = "all, delete-orphan", order_by = "name")] Kind::HasMany { child: 2, column: 1 };
    }
    Bulb = 2, "bulbs"(generated) { board_id: i64 = #[many_to_one(Board)] 1 } {}
    Shelf = 3, "shelves" { shop_id: i64 = #[many_to_one(Shop)] 0 } {
        0 jars JARS: HasMany<Jar> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 4, column: 1 };
        1 books BOOKS: HasMany<Book> = #[one_to_many()] Kind::HasMany { child: 5, column: 1 };
    }
    Jar = 4, "jars"(generated) { shelf_id: i64 = #[many_to_one(Shelf)] 3 } {}
    Book = 5, "books" { shelf_id: Option<i64> = #[many_to_one(Shelf)] 3 } {}
    Label = 6, "labels"(generated) {} {}
    Deed = 7, "deeds" [one_to_one(Shop)] 0, version {} {
        0 seals SEALS: HasMany<Seal> = #[one_to_many(cascade = "all, delete-orphan")] Kind::HasMany { child: 8, column: 1 };
    }
    Seal = 8, "seals"(generated) { deed_id: i64 = #[many_to_one(Deed)] 7 } {}
}

/// Does something with the type of the structs of a table.
macro_rules! of_table {
    ($family:expr, $of:expr, $type:ident => $does:expr) => {
        match $family {
            $crate::family::Family::Owners => $crate::family::of_owners!($of, $type => $does),
            $crate::family::Family::Letters => $crate::family::of_letters!($of, $type => $does),
            $crate::family::Family::Houses => $crate::family::of_houses!($of, $type => $does),
            $crate::family::Family::Shops => $crate::family::of_shops!($of, $type => $does),
        }
    };
}
pub(crate) use of_table;

/// `on_delete = ".."` in the attribute of a parent that is held.
fn on_delete(attribute: &'static str) -> &'static str {
    let found = attribute.split_once("on_delete").map(|(_, rest)| rest);
    found
        .and_then(|rest| rest.split('"').nth(1))
        .unwrap_or_default()
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
        aggregate: false,
        relations,
    }
}

impl Family {
    /// Everything that is declared.
    pub(crate) fn schema(self) -> Schema {
        let mut tables = match self {
            Self::Owners => owners(),
            Self::Letters => letters(),
            Self::Houses => houses(),
            Self::Shops => shops(),
        };
        let mut link = |name, source, (target, number)| {
            let links = vec![
                foreign_key(source, 0, false, false, ""),
                foreign_key(target, number, false, false, ""),
            ];
            tables.push(table(name, links, KeyKind::Link, Vec::new()));
        };
        match self {
            Self::Owners => link("owner_tags", "owner_id", ("tag_id", 7)),
            Self::Shops => link("shop_labels", "shop_id", ("label_id", 6)),
            Self::Letters | Self::Houses => {}
        }
        Schema { tables }
    }

    /// What is loaded at once, of the structs of a table.
    pub(crate) fn paths(self, table: TableId) -> &'static [&'static [&'static [usize]]] {
        match self {
            Self::Owners => Paths::owners(table),
            Self::Letters => Paths::letters(table),
            Self::Houses => Paths::houses(table),
            Self::Shops => Paths::shops(table),
        }
    }

    /// Empty tables.
    pub(crate) fn world(self) -> World {
        let mut world = World::new(Arc::new(self.schema()));
        world.database.refused = Some(Value::Text(REFUSED.to_owned()));
        world
    }
}
