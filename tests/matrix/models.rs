//! The structs: one module for each combination that compiles, and what the interpreter is told about it.

use std::sync::Arc;

use crate::model::World;
use crate::model::database::Value;
use crate::model::schema::{
    Column, KeyKind, Kind, OnDelete, Options, Reference, Relation, Schema, Table,
};
use crate::real::Memory;

/// A combination: the structs, as functions that know them.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) kind: Shape,
    pub(crate) attribute: &'static str,
    pub(crate) nullable: bool,
    pub(crate) on_delete: OnDelete,
    pub(crate) memory: fn() -> Box<dyn Memory>,
}

/// A kind of relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    OneToOne,
    OneToMany,
    Tree,
}

/// What `on_delete = ".."` says.
pub(crate) fn on_delete(text: &str) -> OnDelete {
    match text {
        "" | "no action" => OnDelete::NoAction,
        "restrict" => OnDelete::Restrict,
        "cascade" => OnDelete::Cascade,
        "set null" => OnDelete::SetNull,
        other => unreachable!("no ON DELETE {other}"),
    }
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

fn name() -> Column {
    Column {
        text: true,
        ..number("name")
    }
}

fn table(name: &'static str, columns: Vec<Column>, relations: Vec<Relation>) -> Table {
    Table {
        name,
        columns,
        key: KeyKind::Generated,
        version: None,
        relations,
    }
}

impl Shape {
    /// The relation that the matrix is about.
    pub(crate) fn relation(self) -> Kind {
        let (child, column) = (1, 1);
        match self {
            Self::OneToOne => Kind::HasOne { child, column },
            Self::OneToMany => Kind::HasMany { child, column },
            Self::Tree => Kind::HasMany { child: 0, column },
        }
    }

    /// The foreign key behind it.
    pub(crate) fn foreign_key(self, nullable: bool, on_delete: OnDelete) -> Column {
        Column {
            nullable,
            unique: self == Self::OneToOne,
            references: Some(Reference {
                table: 0,
                on_delete,
            }),
            ..number("parent_id")
        }
    }

    /// Parents with children, with leaves; or nodes.
    pub(crate) fn schema(self, options: Options, nullable: bool, on_delete: OnDelete) -> Schema {
        let relation = Relation {
            kind: self.relation(),
            options,
        };
        let key = self.foreign_key(nullable, on_delete);
        if self == Self::Tree {
            let columns = vec![number("id"), key, name()];
            return Schema {
                tables: vec![table("nodes", columns, vec![relation])],
            };
        }
        let leaf = Relation {
            kind: Kind::HasOne {
                child: 2,
                column: 1,
            },
            options: Options::parse("cascade = \"all, delete-orphan\""),
        };
        let to_child = Column {
            unique: true,
            references: Some(Reference {
                table: 1,
                on_delete: OnDelete::NoAction,
            }),
            ..number("child_id")
        };
        Schema {
            tables: vec![
                table("parents", vec![number("id"), name()], vec![relation]),
                table("children", vec![number("id"), key, name()], vec![leaf]),
                table("leaves", vec![number("id"), to_child, name()], Vec::new()),
            ],
        }
    }
}

impl Case {
    pub(crate) fn options(&self) -> Options {
        Options::parse(self.attribute)
    }

    pub(crate) fn schema(&self) -> Schema {
        self.kind
            .schema(self.options(), self.nullable, self.on_delete)
    }

    /// Parents 1, 2 and 3; children 11 (and 12, 13) of 1, 21 of 2; something below 11 and 21.
    pub(crate) fn world(&self) -> World {
        let mut world = World::new(Arc::new(self.schema()));
        let text = |text: &str| Value::Text(text.to_owned());
        let int = Value::Int;
        let tree = self.kind == Shape::Tree;
        for (key, of) in [(1, "a"), (2, "b"), (3, "c")] {
            let row = if tree {
                vec![int(key), Value::Null, text(of)]
            } else {
                vec![int(key), text(of)]
            };
            world.database.insert(0, row);
        }
        let below = |table: usize| if tree { 0 } else { table };
        let mut children = vec![
            (11, 1, "one"),
            (12, 1, "two"),
            (13, 1, "three"),
            (21, 2, "other"),
        ];
        if self.kind == Shape::OneToOne {
            children.retain(|child| child.0 != 12 && child.0 != 13);
        }
        for (key, parent, of) in children {
            let row = vec![int(key), int(parent), text(of)];
            world.database.insert(below(1), row);
        }
        for (key, child) in [(111, 11), (211, 21)] {
            let row = vec![int(key), int(child), text("leaf")];
            world.database.insert(below(2), row);
        }
        world
    }
}

/// What a struct of the matrix can do.
macro_rules! node {
    ($struct:ident, [$($value:ident),*], $own:expr, $wrap:ident, $below:expr) => {
        impl $crate::real::Node for $struct {
            fn seen(&self) -> $crate::imagined::Seen {
                $crate::imagined::Seen {
                    values: vec![$($crate::models::cell(&self.$value)),*],
                    slots: vec![$crate::real::seen_in(&self.$wrap)],
                }
            }
            fn id(&mut self) -> &mut i64 {
                &mut self.id
            }
            fn name(&mut self) -> &mut String {
                &mut self.name
            }
            fn own(&mut self, key: i64) {
                let own: fn(&mut Self, i64) = $own;
                own(self, key);
            }
            fn put_below(&mut self) {
                let below: fn(&mut Self) = $below;
                below(self);
            }
            fn touch(&mut self) {
                self.name.push('!');
                for held in $crate::real::Wrap::held_mut(&mut self.$wrap) {
                    $crate::real::Node::touch(held);
                }
            }
        }
    };
}

/// The structs of a combination, and the combination.
macro_rules! cases {
    ($shape:ident, $wrapper:ident, $relation:ident, $child:ident: $(
        $name:ident [$($attribute:tt)*] $key:ty, $nullable:literal $(, $on_delete:literal)?;
    )*) => {
        $(mod $name {
            use sqlx_cascade::{HasOne, Relations};

            #[derive(Default, Relations)]
            #[table(name = "parents")]
            pub(super) struct Parent {
                #[key(generated)]
                id: i64,
                name: String,
                #[$relation($($attribute)*)]
                children: sqlx_cascade::$wrapper<Child>,
            }

            #[derive(Default, Relations)]
            #[table(name = "children")]
            pub(super) struct Child {
                #[key(generated)]
                id: i64,
                #[$child(Parent $(, on_delete = $on_delete)?)]
                parent_id: $key,
                name: String,
                #[one_to_one(cascade = "all, delete-orphan")]
                leaf: HasOne<Leaf>,
            }

            #[derive(Default, Relations)]
            #[table(name = "leaves")]
            pub(super) struct Leaf {
                #[key(generated)]
                id: i64,
                #[one_to_one(Child)]
                child_id: i64,
                name: String,
            }

            $crate::models::node!(Parent, [id, name], |_, _| (), children, |_| ());
            $crate::models::node!(Child, [id, parent_id, name], |child, key| child.parent_id = key.into(), leaf,
                |child| child.leaf = $crate::real::below::<Leaf>().into());

            impl $crate::real::Node for Leaf {
                fn seen(&self) -> $crate::imagined::Seen {
                    $crate::imagined::Seen {
                        values: vec![
                            $crate::models::cell(&self.id),
                            $crate::models::cell(&self.child_id),
                            $crate::models::cell(&self.name),
                        ],
                        slots: Vec::new(),
                    }
                }
                fn id(&mut self) -> &mut i64 {
                    &mut self.id
                }
                fn name(&mut self) -> &mut String {
                    &mut self.name
                }
                fn put_below(&mut self) {}
                fn touch(&mut self) {
                    self.name.push('!');
                }
            }

            impl $crate::real::Parent for Parent {
                type Child = Child;
                type Wrap = sqlx_cascade::$wrapper<Child>;
                fn relation() -> sqlx_cascade::Relation<Self, Child> {
                    Self::CHILDREN
                }
                fn wrap(&mut self) -> &mut sqlx_cascade::$wrapper<Child> {
                    &mut self.children
                }
            }
        })*

        pub(crate) fn cases() -> Vec<$crate::models::Case> {
            vec![$($crate::models::Case {
                name: stringify!($name),
                kind: $crate::models::Shape::$shape,
                attribute: concat!($(stringify!($attribute), " "),*),
                nullable: $nullable,
                on_delete: $crate::models::on_delete(concat!("", $($on_delete)?)),
                memory: $crate::real::Real::<$name::Parent>::boxed,
            }),*]
        }
    };
}
/// The same of a struct that is its own parent.
macro_rules! trees {
    ($(
        $name:ident [$($attribute:tt)*] $(, $on_delete:literal)?;
    )*) => {
        $(mod $name {
            use sqlx_cascade::{HasMany, Relations};

            #[derive(Default, Relations)]
            #[table(name = "nodes")]
            pub(super) struct Node {
                #[key(generated)]
                id: i64,
                #[many_to_one(Node $(, on_delete = $on_delete)?)]
                parent_id: Option<i64>,
                name: String,
                #[one_to_many($($attribute)*)]
                children: HasMany<Node>,
            }

            $crate::models::node!(Node, [id, parent_id, name], |node, key| node.parent_id = key.into(), children,
                |node| node.children.push($crate::real::below::<Node>()));

            impl $crate::real::Parent for Node {
                type Child = Node;
                type Wrap = HasMany<Node>;
                fn relation() -> sqlx_cascade::Relation<Self, Node> {
                    Self::CHILDREN
                }
                fn wrap(&mut self) -> &mut HasMany<Node> {
                    &mut self.children
                }
            }
        })*

        pub(crate) fn cases() -> Vec<$crate::models::Case> {
            vec![$($crate::models::Case {
                name: stringify!($name),
                kind: $crate::models::Shape::Tree,
                attribute: concat!($(stringify!($attribute), " "),*),
                nullable: true,
                on_delete: $crate::models::on_delete(concat!("", $($on_delete)?)),
                memory: $crate::real::Real::<$name::Node>::boxed,
            }),*]
        }
    };
}
pub(crate) use {cases, node, trees};

/// A value of a column.
pub(crate) fn cell(value: &(impl Cell + ?Sized)) -> Value {
    value.cell()
}

/// A type of the matrix's columns.
pub(crate) trait Cell {
    fn cell(&self) -> Value;
}

impl Cell for i64 {
    fn cell(&self) -> Value {
        Value::Int(*self)
    }
}

impl Cell for Option<i64> {
    fn cell(&self) -> Value {
        self.map_or(Value::Null, Value::Int)
    }
}

impl Cell for String {
    fn cell(&self) -> Value {
        Value::Text(self.clone())
    }
}
