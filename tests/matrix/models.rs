//! The structs of each shape, the combinations that compile, and what the interpreter is told about them.

use std::sync::Arc;

use sqlx_cascade::{BelongsTo, Entity};

use crate::model::World;
use crate::model::database::{Row, Value};
use crate::model::schema::{
    Column, KeyKind, Kind, OnDelete, Options, Reference, Relation, Schema, Table,
};
use crate::real::{Memory, Real};
use crate::varied::{Derived, Tables, tables};

/// A combination.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) kind: Shape,
    pub(crate) attribute: &'static str,
    pub(crate) nullable: bool,
    pub(crate) on_delete: OnDelete,
}

/// A kind of relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    OneToOne,
    OneToMany,
    /// `BelongsTo`.
    ManyToOne,
    /// The same where no two have one parent.
    OneToOneHeld,
    ManyToMany,
    Tree,
}

/// The combinations of a shape: names, attributes, whether the key is nullable, and what its constraint does.
macro_rules! cases {
    ($shape:ident: $(
        $name:ident [$($attribute:tt)*] $nullable:literal $(, $on_delete:literal)?;
    )*) => {
        pub(crate) fn cases() -> Vec<$crate::models::Case> {
            vec![$($crate::models::Case {
                name: stringify!($name),
                kind: $crate::models::Shape::$shape,
                attribute: concat!($(stringify!($attribute), " "),*),
                nullable: $nullable,
                on_delete: $crate::models::on_delete(concat!("", $($on_delete)?)),
            }),*]
        }
    };
}
pub(crate) use cases;

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
        aggregate: false,
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
            Self::ManyToOne | Self::OneToOneHeld => Kind::BelongsTo { target: 1, column },
            Self::ManyToMany => Kind::ManyToMany {
                target: 1,
                through: 3,
            },
        }
    }

    /// Whether no two rows have the same key.
    pub(crate) fn is_unique(self) -> bool {
        matches!(self, Self::OneToOne | Self::OneToOneHeld)
    }

    /// The foreign key behind it.
    pub(crate) fn foreign_key(self, nullable: bool, on_delete: OnDelete) -> Column {
        Column {
            nullable,
            unique: self.is_unique(),
            references: Some(Reference {
                table: usize::from(matches!(self, Self::ManyToOne | Self::OneToOneHeld)),
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
        let to = |table, on_delete, name| Column {
            references: Some(Reference { table, on_delete }),
            ..number(name)
        };
        let below = |name| Column {
            unique: true,
            ..to(1, OnDelete::NoAction, name)
        };
        let named = |name, columns: Vec<Column>, relations| {
            let ends = [vec![number("id")], columns, vec![self::name()]];
            table(name, ends.concat(), relations)
        };
        let tables = match self {
            Self::ManyToOne | Self::OneToOneHeld => vec![
                named("children", vec![key], vec![relation]),
                named("parents", Vec::new(), vec![leaf]),
                named("leaves", vec![below("parent_id")], Vec::new()),
            ],
            Self::ManyToMany => vec![
                named("parents", Vec::new(), vec![relation]),
                named("children", Vec::new(), vec![leaf]),
                named("leaves", vec![below("child_id")], Vec::new()),
                Table {
                    key: KeyKind::Link,
                    ..table(
                        "links",
                        vec![to(0, on_delete, "parent_id"), to(1, on_delete, "child_id")],
                        Vec::new(),
                    )
                },
            ],
            _ => vec![
                named("parents", Vec::new(), vec![relation]),
                named("children", vec![key], vec![leaf]),
                named("leaves", vec![below("child_id")], Vec::new()),
            ],
        };
        Schema { tables }
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

    /// The rows that are there.
    pub(crate) fn world(&self) -> World {
        let mut world = World::new(Arc::new(self.schema()));
        let rows = match self.kind {
            Shape::ManyToOne | Shape::OneToOneHeld => self.held_parents(),
            Shape::ManyToMany => linked_children(),
            _ => self.children(),
        };
        for (table, row) in rows {
            world.database.insert(table, row);
        }
        world
    }

    /// Parents 1, 2 and 3; children 11 (and 12, 13) of 1, 21 of 2; something below 11 and 21.
    fn children(&self) -> Vec<(usize, Row)> {
        let tree = self.kind == Shape::Tree;
        let parent = |(key, of): (i64, &str)| {
            let row = if tree {
                vec![int(key), Value::Null, text(of)]
            } else {
                vec![int(key), text(of)]
            };
            (0, row)
        };
        let mut rows: Vec<_> = PARENTS.into_iter().map(parent).collect();
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
            rows.push((below(1), vec![int(key), int(parent), text(of)]));
        }
        for (key, child) in [(111, 11), (211, 21)] {
            rows.push((below(2), vec![int(key), int(child), text("leaf")]));
        }
        rows
    }

    /// Children 1 of 11, 2 and, where a parent may have two, 4 of 21; 3 of none, where that may be; 12 and 13 are nobody's.
    fn held_parents(&self) -> Vec<(usize, Row)> {
        let mut rows = Vec::new();
        for (key, of) in [
            (11, "one"),
            (12, "two"),
            (13, "three"),
            (14, "four"),
            (15, "five"),
        ] {
            rows.push((1, vec![int(key), text(of)]));
        }
        rows.push((1, vec![int(21), text("other")]));
        for (key, parent) in [(111, 11), (211, 21)] {
            rows.push((2, vec![int(key), int(parent), text("leaf")]));
        }
        let third = if self.nullable { Value::Null } else { int(14) };
        let shared = if self.kind.is_unique() { 15 } else { 21 };
        let parents = [int(11), int(21), third, int(shared)];
        for ((key, of), parent) in PARENTS.into_iter().chain([(4, "d")]).zip(parents) {
            rows.push((0, vec![int(key), parent, text(of)]));
        }
        rows
    }
}

/// Parents 1, 2 and 3; 1 is linked to 11 and 12, 2 to 12 and 21; 13 is nobody's.
fn linked_children() -> Vec<(usize, Row)> {
    let mut rows: Vec<_> = PARENTS
        .into_iter()
        .map(|(key, of)| (0, vec![int(key), text(of)]))
        .collect();
    for (key, of) in [(11, "one"), (12, "two"), (13, "three"), (21, "other")] {
        rows.push((1, vec![int(key), text(of)]));
    }
    for (key, child) in [(111, 11), (211, 21)] {
        rows.push((2, vec![int(key), int(child), text("leaf")]));
    }
    for (parent, child) in [(1, 11), (1, 12), (2, 12), (2, 21)] {
        rows.push((3, vec![int(parent), int(child)]));
    }
    rows
}

const PARENTS: [(i64, &str); 3] = [(1, "a"), (2, "b"), (3, "c")];

fn int(key: i64) -> Value {
    Value::Int(key)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What a struct of the matrix can do.
macro_rules! node {
    ($struct:ident, $number:literal, [$($value:ident),*], [$($wrap:ident)?], $own:expr, $below:expr) => {
        $crate::varied::varied!($struct, $number);

        impl $crate::real::Node for $struct {
            fn seen(&self) -> $crate::imagined::Seen {
                $crate::imagined::Seen {
                    values: vec![$($crate::models::cell(&self.$value)),*],
                    slots: vec![$($crate::real::seen_in(&self.$wrap))?],
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
                $(for held in $crate::real::Wrap::held_mut(&mut self.$wrap) {
                    $crate::real::Node::touch(held);
                })?
            }
        }
    };
}

/// The struct that has the relation, and what it is a handle of.
macro_rules! parent {
    ($struct:ident, $child:ident, $wrap:ident: $wrapper:ty, $relation:ident) => {
        impl $crate::real::Parent for $struct {
            type Child = $child;
            type Wrap = $wrapper;
            fn relation() -> sqlx_cascade::Relation<Self, $child> {
                Self::$relation
            }
            fn wrap(&mut self) -> &mut $wrapper {
                &mut self.$wrap
            }
        }
    };
}

/// What lies below a child.
macro_rules! leaf {
    ($child:ident, $key:ident) => {
        #[derive(Default, Relations)]
        #[table(name = "leaves", crate = "crate::varied", inherent = false)]
        pub(crate) struct Leaf {
            #[key(generated)]
            id: i64,
            #[one_to_one($child)]
            $key: i64,
            name: String,
        }

        $crate::models::node!(Leaf, 2, [id, $key, name], [], |_, _| (), |_| ());
    };
}

/// Parents that have children, which have leaves.
macro_rules! parents {
    ($module:ident, $wrapper:ident, $relation:ident, $child:ident, $key:ty) => {
        pub(crate) mod $module {
            use sqlx_cascade::{$wrapper, HasOne as Below, Relations};

            #[derive(Default, Relations)]
            #[table(name = "parents", crate = "crate::varied", inherent = false)]
            pub(crate) struct Parent {
                #[key(generated)]
                id: i64,
                name: String,
                #[$relation(cascade = "all, delete-orphan")]
                children: $wrapper<Child>,
            }

            #[derive(Default, Relations)]
            #[table(name = "children", crate = "crate::varied", inherent = false)]
            pub(crate) struct Child {
                #[key(generated)]
                id: i64,
                #[$child(Parent)]
                parent_id: $key,
                name: String,
                #[one_to_one(cascade = "all, delete-orphan")]
                leaf: sqlx_cascade::HasOne<Leaf>,
            }

            $crate::models::leaf!(Child, child_id);
            $crate::models::node!(Parent, 0, [id, name], [children], |_, _| (), |_| ());
            $crate::models::node!(
                Child, 1, [id, parent_id, name], [leaf], |child, key| child.parent_id = key.into(),
                |child| child.leaf = Below::from($crate::real::below::<Leaf>())
            );
            $crate::models::parent!(Parent, Child, children: $wrapper<Child>, CHILDREN);
        }
    };
}

parents!(one_to_one, HasOne, one_to_one, one_to_one, i64);
parents!(
    one_to_one_nullable,
    HasOne,
    one_to_one,
    one_to_one,
    Option<i64>
);
parents!(one_to_many, HasMany, one_to_many, many_to_one, i64);
parents!(
    one_to_many_nullable,
    HasMany,
    one_to_many,
    many_to_one,
    Option<i64>
);

/// Nodes that have nodes.
pub(crate) mod tree {
    use sqlx_cascade::{HasMany, Relations};

    #[derive(Default, Relations)]
    #[table(name = "nodes", crate = "crate::varied", inherent = false)]
    pub(crate) struct Node {
        #[key(generated)]
        id: i64,
        #[many_to_one(Node)]
        parent_id: Option<i64>,
        name: String,
        #[one_to_many]
        children: HasMany<Node>,
    }

    super::node!(
        Node,
        0,
        [id, parent_id, name],
        [children],
        |node, key| node.parent_id = key.into(),
        |node| node.children.push(crate::real::below::<Node>())
    );
    super::parent!(Node, Node, children: HasMany<Node>, CHILDREN);
}

/// Children that hold their parents, which have leaves.
macro_rules! holders {
    ($module:ident, $wrapper:ty) => {
        pub(crate) mod $module {
            use sqlx_cascade::{BelongsTo, HasOne, Relations};

            #[derive(Default, Relations)]
            #[table(name = "children", crate = "crate::varied", inherent = false)]
            pub(crate) struct Child {
                #[key(generated)]
                id: i64,
                #[many_to_one(column = "parent_id")]
                parent: $wrapper,
                name: String,
            }

            #[derive(Default, Relations)]
            #[table(name = "parents", crate = "crate::varied", inherent = false)]
            pub(crate) struct Parent {
                #[key(generated)]
                id: i64,
                name: String,
                #[one_to_one(cascade = "all, delete-orphan")]
                leaf: HasOne<Leaf>,
            }

            $crate::models::leaf!(Parent, parent_id);
            $crate::models::node!(Child, 0, [id, parent, name], [parent], |_, _| (), |_| ());
            $crate::models::node!(
                Parent, 1, [id, name], [leaf], |_, _| (),
                |parent| parent.leaf = $crate::real::below::<Leaf>().into()
            );
            $crate::models::parent!(Child, Parent, parent: $wrapper, PARENT);
        }
    };
}

holders!(many_to_one, BelongsTo<Parent>);
holders!(many_to_one_nullable, Option<BelongsTo<Parent>>);

/// Parents that are linked to children, which have leaves.
pub(crate) mod many_to_many {
    use sqlx_cascade::{HasOne, ManyToMany, Relations};

    #[derive(Default, Relations)]
    #[table(name = "parents", crate = "crate::varied", inherent = false)]
    pub(crate) struct Parent {
        #[key(generated)]
        id: i64,
        name: String,
        #[many_to_many(through = "links")]
        children: ManyToMany<Child>,
    }

    #[derive(Default, Relations)]
    #[table(name = "children", crate = "crate::varied", inherent = false)]
    pub(crate) struct Child {
        #[key(generated)]
        id: i64,
        name: String,
        #[one_to_one(cascade = "all, delete-orphan")]
        leaf: HasOne<Leaf>,
    }

    super::leaf!(Child, child_id);
    super::node!(Parent, 0, [id, name], [children], |_, _| (), |_| ());
    super::node!(Child, 1, [id, name], [leaf], |_, _| (), |child| child
        .leaf =
        crate::real::below::<Leaf>().into());
    super::parent!(Parent, Child, children: ManyToMany<Child>, CHILDREN);
}

use {leaf, node, parent};

impl Case {
    /// The memory of a program on its structs, and what the runtime is told about them.
    pub(crate) fn real(&self) -> (fn() -> Box<dyn Memory>, Tables) {
        macro_rules! of {
            ($module:ident, $parent:ident, $child:ident, $leaf:ident) => {{
                use $module::{$child, $leaf, $parent};
                let bases = [
                    <$parent as Derived>::TABLE,
                    <$child as Derived>::TABLE,
                    <$leaf as Derived>::TABLE,
                ];
                (Real::<$parent>::boxed as fn() -> Box<dyn Memory>, bases)
            }};
        }
        let (memory, bases) = match (self.kind, self.nullable) {
            (Shape::OneToOne, false) => of!(one_to_one, Parent, Child, Leaf),
            (Shape::OneToOne, true) => of!(one_to_one_nullable, Parent, Child, Leaf),
            (Shape::OneToMany, false) => of!(one_to_many, Parent, Child, Leaf),
            (Shape::OneToMany, true) => of!(one_to_many_nullable, Parent, Child, Leaf),
            (Shape::ManyToOne | Shape::OneToOneHeld, false) => {
                of!(many_to_one, Child, Parent, Leaf)
            }
            (Shape::ManyToOne | Shape::OneToOneHeld, true) => {
                of!(many_to_one_nullable, Child, Parent, Leaf)
            }
            (Shape::ManyToMany, _) => of!(many_to_many, Parent, Child, Leaf),
            (Shape::Tree, _) => {
                let nodes = <tree::Node as Derived>::TABLE;
                (
                    Real::<tree::Node>::boxed as fn() -> Box<dyn Memory>,
                    [nodes; 3],
                )
            }
        };
        (memory, tables(self, bases))
    }
}

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

impl<P: Entity<Key = i64>> Cell for BelongsTo<P> {
    fn cell(&self) -> Value {
        self.key().copied().cell()
    }
}

impl<P: Entity<Key = i64>> Cell for Option<BelongsTo<P>> {
    fn cell(&self) -> Value {
        self.as_ref().map_or(Value::Null, Cell::cell)
    }
}

impl Cell for String {
    fn cell(&self) -> Value {
        Value::Text(self.clone())
    }
}
