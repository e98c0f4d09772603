//! What doesn't compile: the rule functions that the compiler calls, against the interpreter's, over every combination of options, nullability and
//! `on_delete`. What only tokens show (`delete` on a shared target, `viewonly` with a write token) is the derive's, and in `tests/ui`: of a held parent
//! and of links that leaves few rules to two structs together.

use std::panic::catch_unwind;

use sqlx_cascade::__private::Table;
use sqlx_cascade::__private::{ForeignKey, OnDelete, PassiveDeletes, rules};
use sqlx_cascade::{BelongsTo, Entity, HasMany, HasOne, ManyToMany, Relations};

use crate::model::refused::{Rule, refused};
use crate::model::schema::{self, Options};
use crate::models::{Case, Shape};
use crate::varied::{of, relation};

/// Attributes: the token sets with each option that they can have.
const ATTRIBUTES: [&str; 19] = [
    "",
    "cascade = \"all\"",
    "cascade = \"all, delete-orphan\"",
    "cascade = \"save-update\"",
    "cascade = \"save-update, delete\"",
    "cascade = \"save-update, delete, delete-orphan\"",
    "cascade = \"none\"",
    "cascade = \"merge\"",
    "cascade = \"delete\"",
    "cascade = \"save-update, merge, refresh-expire\"",
    "cascade = \"save-update, merge, expunge\"",
    "passive_deletes",
    "passive_deletes = \"all\"",
    "cascade = \"all\", passive_deletes",
    "cascade = \"all, delete-orphan\", passive_deletes",
    "on_remove = \"deny\"",
    "cascade = \"all\", on_remove = \"deny\"",
    "on_remove = \"deny\", passive_deletes = \"all\"",
    "viewonly",
];

const ON_DELETE: [(Option<OnDelete>, schema::OnDelete); 5] = [
    (None, schema::OnDelete::NoAction),
    (Some(OnDelete::NoAction), schema::OnDelete::NoAction),
    (Some(OnDelete::Restrict), schema::OnDelete::Restrict),
    (Some(OnDelete::Cascade), schema::OnDelete::Cascade),
    (Some(OnDelete::SetNull), schema::OnDelete::SetNull),
];

#[derive(Default, Relations)]
#[table(name = "parents")]
struct Parent {
    #[key(generated)]
    id: i64,
    #[one_to_one(back_populates = one_id)]
    one: HasOne<Child>,
    #[one_to_many(back_populates = many_id)]
    many: HasMany<Child>,
}

#[derive(Default, Relations)]
#[table(name = "children")]
struct Child {
    #[key(generated)]
    id: i64,
    #[one_to_one(Parent)]
    one_id: Option<i64>,
    #[many_to_one(Parent)]
    many_id: Option<i64>,
}

#[derive(Default, Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)]
    id: i64,
    #[many_to_one(Node)]
    parent_id: Option<i64>,
    #[one_to_many]
    children: HasMany<Node>,
}

#[derive(Default, Relations)]
#[table(name = "pairs")]
struct Pair {
    #[key]
    a: i64,
    #[key]
    b: i64,
}

/// Holds parents with keys of one column and of two, and links to both.
#[derive(Default, Relations)]
#[table(name = "holders")]
struct Holder {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    many: Option<BelongsTo<Parent>>,
    #[one_to_one]
    one: Option<BelongsTo<Parent>>,
    #[many_to_one(column = "pair_a, pair_b")]
    pair: Option<BelongsTo<Pair>>,
    #[many_to_many(through = "holder_parents")]
    parents: ManyToMany<Parent>,
    #[many_to_many(through = "holder_pairs", target = "pair_a, pair_b")]
    pairs: ManyToMany<Pair>,
}

/// Foreign keys with another nullability and another constraint.
fn keys(of: &Table, nullable: bool, on_delete: Option<OnDelete>) -> Vec<ForeignKey> {
    let key = |of: &ForeignKey| ForeignKey {
        nullable,
        on_delete,
        ..*of
    };
    of.foreign_keys.iter().map(key).collect()
}

fn complains(rule: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    catch_unwind(rule).is_err()
}

/// Which rules the compiler would complain about.
fn complaints(
    shape: Shape,
    options: &Options,
    nullable: bool,
    on_delete: Option<OnDelete>,
) -> Vec<Rule> {
    let (parent, child, number) = match shape {
        Shape::Tree => (Node::TABLE, Node::TABLE, 0),
        shape => (
            Parent::TABLE,
            Child::TABLE,
            usize::from(shape == Shape::OneToMany),
        ),
    };
    let relations = parent.relations.iter();
    let relations = relations.map(|of| relation(of, options)).collect();
    let parent = of(parent, relations, Vec::new());
    let child = of(child, Vec::new(), keys(child, nullable, on_delete));
    let mut found = Vec::new();
    if complains(|| rules::removal(parent, number, child)) {
        found.push(Rule::Removal);
    }
    if on_delete == Some(OnDelete::SetNull) && complains(|| rules::set_null(child, number)) {
        found.push(Rule::SetNull);
    }
    let is_passive = !matches!(
        parent.relations[number].passive_deletes,
        PassiveDeletes::No | PassiveDeletes::All
    );
    if is_passive && complains(|| rules::passive_deletes(parent, number, child)) {
        found.push(Rule::Passive);
    }
    found
}

/// The name of a combination, where the compiler and the interpreter say different things of it.
fn disagreement(shape: Shape, attribute: &str, nullable: bool, number: usize) -> Option<String> {
    let options = Options::parse(attribute);
    let (declared, on_delete) = ON_DELETE[number];
    let expected = refused(&options, &shape.foreign_key(nullable, on_delete));
    let found = complaints(shape, &options, nullable, declared);
    (expected != found).then(|| {
        format!(
            "{shape:?} [{attribute}] nullable: {nullable}, {declared:?}: {expected:?}, {found:?}\n"
        )
    })
}

#[test]
fn what_does_not_compile() {
    let mut disagreements = String::new();
    for shape in [Shape::OneToOne, Shape::OneToMany, Shape::Tree] {
        for attribute in ATTRIBUTES {
            for nullable in [false, true] {
                disagreements.extend(
                    (0..ON_DELETE.len())
                        .filter_map(|number| disagreement(shape, attribute, nullable, number)),
                );
            }
        }
    }
    assert!(disagreements.is_empty(), "\n{disagreements}");
}

/// A held parent is nobody's child: of two structs together the key's constraint is looked at, and the number of its columns.
#[test]
fn what_does_not_compile_of_held_parents() {
    for (index, shape) in [Shape::ManyToOne, Shape::OneToOneHeld]
        .into_iter()
        .enumerate()
    {
        for nullable in [false, true] {
            for (declared, on_delete) in ON_DELETE {
                let key = shape.foreign_key(nullable, on_delete);
                let expected = refused(&Options::parse(""), &key).contains(&Rule::SetNull);
                let table = of(
                    Holder::TABLE,
                    Vec::new(),
                    keys(Holder::TABLE, nullable, declared),
                );
                let found = declared == Some(OnDelete::SetNull)
                    && complains(|| rules::set_null(table, index));
                assert_eq!(expected, found, "{shape:?} {nullable} {declared:?}");
            }
        }
    }
    let parents = [Parent::TABLE, Parent::TABLE, Pair::TABLE];
    for (index, declared) in parents.iter().enumerate() {
        for parent in [Parent::TABLE, Pair::TABLE] {
            let found = complains(|| rules::key_size(Holder::TABLE, index, parent));
            let is_as_many = declared.key.len() == parent.key.len();
            assert_eq!(!is_as_many, found, "{} to {}", index, parent.entity);
        }
    }
}

/// Links have as many columns for each side as its key has.
#[test]
fn what_does_not_compile_of_links() {
    let relations = Holder::TABLE.relations.iter();
    let links = relations.enumerate().filter(|(_, relation)| {
        let field = relation.field;
        field == "parents" || field == "pairs"
    });
    let mut count = 0;
    for (index, _) in links {
        for (of, columns) in [(Holder::TABLE, 1), (Parent::TABLE, 1), (Pair::TABLE, 2)] {
            for named in 0..4 {
                count += 1;
                let rule = || rules::link_size(Holder::TABLE, index, of, "target", named);
                assert_eq!(named != columns, complains(rule), "{} {named}", of.entity);
            }
        }
    }
    assert_eq!(count, 24);
}

#[test]
fn what_compiles() {
    let kinds = [
        crate::one_to_one::cases(),
        crate::one_to_many::cases(),
        crate::tree::cases(),
    ];
    for case in kinds.into_iter().flatten() {
        let Case {
            nullable,
            on_delete,
            ..
        } = case;
        let key = case.kind.foreign_key(nullable, on_delete);
        assert_eq!(refused(&case.options(), &key), [], "{}", case.name);
    }
}
