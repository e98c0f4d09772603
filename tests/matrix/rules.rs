//! What doesn't compile: the rule functions that the compiler calls, against the interpreter's, over every combination of options, nullability and
//! `on_delete`. What only tokens show (`delete` on a shared target, `viewonly` with a write token) is the derive's, and in `tests/ui`.

use std::panic::catch_unwind;

use sqlx_cascade::__private::{ForeignKey, OnDelete, PassiveDeletes, rules};
use sqlx_cascade::{Entity, HasMany, HasOne, Relations};

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

/// Which rules the compiler would complain about.
fn complaints(
    number: usize,
    options: &Options,
    nullable: bool,
    on_delete: Option<OnDelete>,
) -> Vec<Rule> {
    let relations = Parent::TABLE.relations.iter();
    let relations = relations.map(|of| relation(of, options)).collect();
    let key = |of: &ForeignKey| ForeignKey {
        nullable,
        on_delete,
        ..*of
    };
    let keys = Child::TABLE.foreign_keys.iter().map(key).collect();
    let parent = of(Parent::TABLE, relations, Vec::new());
    let child = of(Child::TABLE, Vec::new(), keys);
    let complaints: [(Rule, &(dyn Fn() + std::panic::RefUnwindSafe)); 3] = [
        (Rule::Removal, &|| rules::removal(parent, number, child)),
        (Rule::SetNull, &|| {
            if on_delete == Some(OnDelete::SetNull) {
                rules::set_null(child, number);
            }
        }),
        (Rule::Passive, &|| {
            if !matches!(
                parent.relations[number].passive_deletes,
                PassiveDeletes::No | PassiveDeletes::All
            ) {
                rules::passive_deletes(parent, number, child);
            }
        }),
    ];
    complaints
        .into_iter()
        .filter_map(|(rule, complain)| catch_unwind(complain).is_err().then_some(rule))
        .collect()
}

/// The name of a combination, where the compiler and the interpreter say different things of it.
fn disagreement(shape: Shape, attribute: &str, nullable: bool, number: usize) -> Option<String> {
    let options = Options::parse(attribute);
    let (declared, on_delete) = ON_DELETE[number];
    let relation = usize::from(shape == Shape::OneToMany);
    let expected = refused(&options, &shape.foreign_key(nullable, on_delete));
    let found = complaints(relation, &options, nullable, declared);
    (expected != found).then(|| {
        format!(
            "{shape:?} [{attribute}] nullable: {nullable}, {declared:?}: {expected:?}, {found:?}\n"
        )
    })
}

#[test]
fn what_does_not_compile() {
    let mut disagreements = String::new();
    for shape in [Shape::OneToOne, Shape::OneToMany] {
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
