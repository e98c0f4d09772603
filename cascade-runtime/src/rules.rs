//! Rules about types and about two structs, which no tokens of one struct show.
//!
//! The derive calls each in a constant of its own, at the word that the rule is about: a function here that panics is an error of
//! the compiler there. A struct that the derive found mistakes in is `broken`, and nothing is said about it.

use crate::meta::{Column, ForeignKey, Kind, OnDelete, PassiveDeletes, RelationDef, Table};
use crate::text::{Text, same};

/// Some database stores the column's type, of which `ty` is the name.
#[track_caller]
pub const fn column(table: &Table, index: usize, ty: &str) {
    let column = &table.columns[index];
    if !column.codec.is_stored() {
        refuse(&[
            "`",
            table.entity,
            ".",
            column.field,
            "`: `",
            ty,
            "` is no column type of any enabled database\n",
            "write a type that sqlx can encode and decode, store it as JSON with `#[column(json)]`, or leave the field out with `#[column(skip)]`",
        ]);
    }
}

/// A `BelongsTo` names as many columns as the parent's key has.
#[track_caller]
pub const fn key_size(table: &Table, index: usize, parent: &Table) {
    let key = &table.foreign_keys[index];
    if parent.broken || key.parts.len() == parent.key.len() {
        return;
    }
    let (count, example) = key_columns(parent);
    refuse(&[
        "`",
        table.entity,
        ".",
        key.field,
        "`: the key of `",
        parent.entity,
        "` has ",
        count,
        ": name as many here, in its order: `column = ",
        example,
        "`",
    ]);
}

/// `on_delete = "set null"` has a column that accepts NULL.
#[track_caller]
pub const fn set_null(table: &Table, index: usize) {
    let key = &table.foreign_keys[index];
    if can_be_null(key) {
        return;
    }
    let ways = if is_locked(key) {
        "` is part of the primary key, or shared with another foreign key: write `on_delete = \"cascade\"` or `\"restrict\"`"
    } else {
        "` is NOT NULL: make the field's type an `Option`, or write `on_delete = \"cascade\"` or `\"restrict\"`"
    };
    refuse(&[
        "`",
        table.entity,
        ".",
        key.field,
        "`: the database can't set it NULL, for `",
        key.field,
        ways,
    ]);
}

/// The child has one foreign key to the parent.
#[track_caller]
pub const fn foreign_key(table: &Table, index: usize, child: &Table) {
    let relation = &table.relations[index];
    if table.broken || child.broken {
        return;
    }
    match count(table, child) {
        0 => refuse(&[
            "`",
            table.entity,
            ".",
            relation.field,
            "`: `",
            child.entity,
            "` has no foreign key to `",
            table.entity,
            "`\n",
            "write `#[",
            counterpart(relation.kind),
            "(",
            table.entity,
            ")]` on the field of `",
            child.entity,
            "` that holds the key",
        ]),
        1 => {}
        _ => {
            let (first, second) = (key_to(table, child, 0), key_to(table, child, 1));
            refuse(&[
                "`",
                table.entity,
                ".",
                relation.field,
                "`: `",
                child.entity,
                "` has several foreign keys to `",
                table.entity,
                "`\n",
                "say which: `back_populates = ",
                first,
                "` or `back_populates = ",
                second,
                "`",
            ]);
        }
    }
}

/// `back_populates` names a foreign key of the child to the parent.
#[track_caller]
pub const fn back_populates(table: &Table, index: usize, child: &Table) {
    let relation = &table.relations[index];
    let Some(named) = relation.back_populates else {
        return;
    };
    if table.broken || child.broken || find(table, relation, child).is_some() {
        return;
    }
    if count(table, child) == 0 {
        refuse(&[
            "`",
            table.entity,
            ".",
            relation.field,
            "`: `",
            child.entity,
            ".",
            named,
            "` is no foreign key to `",
            table.entity,
            "`\n",
            "write `#[",
            counterpart(relation.kind),
            "(",
            table.entity,
            ")]` on it",
        ]);
    }
    refuse(&[
        "`",
        table.entity,
        ".",
        relation.field,
        "`: `",
        child.entity,
        "` has no foreign key `",
        named,
        "` to `",
        table.entity,
        "`\n",
        "write `back_populates = ",
        key_to(table, child, 0),
        "`",
    ]);
}

/// A relation to one child has a foreign key that says one too, a relation to many has one that says many.
#[track_caller]
pub const fn cardinality(table: &Table, index: usize, child: &Table) {
    let relation = &table.relations[index];
    let Some(key) = key_of(table, relation, child) else {
        return;
    };
    let (says, instead, constraint) = match (relation.kind, key.unique) {
        (Kind::OneToOne, false) => (
            "`one_to_one` has one child, and `many_to_one` on `",
            "` says many",
            ", with a UNIQUE constraint in the database; or `#[one_to_many]` here, on a `HasMany`",
        ),
        (Kind::OneToMany, true) => (
            "`one_to_many` has many children, and `one_to_one` on `",
            "` says one",
            ", with no UNIQUE constraint in the database; or `#[one_to_one]` here, on a `HasOne`",
        ),
        _ => return,
    };
    refuse(&[
        "`",
        table.entity,
        ".",
        relation.field,
        "`: ",
        says,
        child.entity,
        ".",
        key.field,
        instead,
        "\n",
        "write `#[",
        counterpart(relation.kind),
        "(",
        table.entity,
        ")]` there",
        constraint,
    ]);
}

/// `order_by` names a column of the rows that the relation holds.
#[track_caller]
pub const fn order_by(table: &Table, index: usize, target: &Table) {
    let relation = &table.relations[index];
    let Some(order) = &relation.order_by else {
        return;
    };
    if target.broken || has_column(target, order.column) {
        return;
    }
    refuse_with_columns(
        &[
            "`",
            table.entity,
            ".",
            relation.field,
            "`: `",
            target.entity,
            "` has no column \"",
            order.column,
            "\"\nits columns are ",
        ],
        target.columns,
    );
}

/// The links of a `many_to_many` name as many columns as the key of that `side` has.
#[track_caller]
pub const fn link_size(table: &Table, index: usize, of: &Table, side: &str, count: usize) {
    if table.broken || of.broken || of.key.len() == count {
        return;
    }
    let (wanted, example) = key_columns(of);
    refuse(&[
        "`",
        table.entity,
        ".",
        table.relations[index].field,
        "`: the key of `",
        of.entity,
        "` has ",
        wanted,
        ": name as many columns of the links, in its order: `",
        side,
        " = ",
        example,
        "`",
    ]);
}

/// Removing a child, and deleting the parent, leave no row that the database can't have.
#[track_caller]
pub const fn removal(table: &Table, index: usize, child: &Table) {
    let relation = &table.relations[index];
    let Some(key) = key_of(table, relation, child) else {
        return;
    };
    if relation.viewonly || can_be_null(key) {
        return;
    }
    let removes = relation.cascade.delete_orphan || relation.deny;
    let deletes =
        relation.cascade.delete || matches!(relation.passive_deletes, PassiveDeletes::All);
    let what = match (removes, deletes) {
        (true, true) => return,
        (false, true) => "a child that is removed would have to stay without its parent",
        (true, false) if matches!(relation.kind, Kind::OneToMany) => {
            "when the parent is deleted, its children would have to stay without it"
        }
        (true, false) => "when the parent is deleted, its child would have to stay without it",
        (false, false) => {
            "a child that is removed, or whose parent is deleted, would have to stay without it"
        }
    };
    let why = if is_locked(key) {
        "` is in a key"
    } else {
        "` is NOT NULL"
    };
    let ways: &[&str] = match (removes, deletes) {
        (false, true) => &[
            "- `delete-orphan` in the cascade deletes it\n",
            "- `on_remove = \"deny\"` refuses the removal\n",
        ],
        (true, false) => &[
            "- `delete` in the cascade deletes it\n",
            "- `passive_deletes = \"all\"` leaves it to the database\n",
        ],
        _ => &[
            "- `cascade = \"all, delete-orphan\"` deletes it\n",
            "- `on_remove = \"deny\"` refuses the removal, with `delete` in the cascade or `passive_deletes = \"all\"` for the deletion\n",
        ],
    };
    let null = if is_locked(key) {
        [
            "- a foreign key of its own, an `Option` outside of keys, lets it stay with NULL",
            "",
            "",
        ]
    } else {
        [
            "- `Option` as the type of `",
            key.field,
            "` lets it stay, with NULL",
        ]
    };
    refuse(&[
        "`",
        table.entity,
        ".",
        relation.field,
        "`: ",
        what,
        ", and `",
        child.entity,
        ".",
        key.field,
        why,
        "; write one of\n",
        ways[0],
        ways[1],
        null[0],
        null[1],
        null[2],
    ]);
}

/// `passive_deletes` has a constraint that deletes or releases.
#[track_caller]
pub const fn passive_deletes(table: &Table, index: usize, child: &Table) {
    let relation = &table.relations[index];
    let Some(key) = key_of(table, relation, child) else {
        return;
    };
    let (wanted, example) = match (key.on_delete, relation.cascade.delete) {
        (Some(OnDelete::Cascade), _) | (Some(OnDelete::SetNull), false) => return,
        (_, true) => ("`on_delete = \"cascade\"`", "cascade"),
        (_, false) => ("`on_delete = \"cascade\"` or `\"set null\"`", "set null"),
    };
    refuse(&[
        "`",
        table.entity,
        ".",
        relation.field,
        if matches!(relation.kind, Kind::OneToMany) {
            "`: `passive_deletes` leaves the children to a constraint with "
        } else {
            "`: `passive_deletes` leaves the child to a constraint with "
        },
        wanted,
        ", and that of `",
        child.entity,
        ".",
        key.field,
        "` has another, or none\n",
        "write `#[",
        counterpart(relation.kind),
        "(",
        table.entity,
        ", on_delete = \"",
        example,
        "\")]` there, or leave `passive_deletes` out",
    ]);
}

/// The attribute of the child's foreign key.
const fn counterpart(kind: Kind) -> &'static str {
    match kind {
        Kind::OneToOne => "one_to_one",
        _ => "many_to_one",
    }
}

/// How many columns a key has, and how a string names as many.
const fn key_columns(table: &Table) -> (&'static str, &'static str) {
    match table.key.len() {
        1 => ("one column", "\"a\""),
        2 => ("2 columns", "\"a, b\""),
        3 => ("3 columns", "\"a, b, c\""),
        _ => ("several columns", "\"a, b, c, ..\""),
    }
}

/// Whether a struct has a column of this name.
const fn has_column(table: &Table, name: &str) -> bool {
    let mut index = 0;
    while index < table.columns.len() {
        if same(table.columns[index].name, name) {
            return true;
        }
        index += 1;
    }
    false
}

/// The foreign key behind a relation, where no other rule has something to say.
const fn key_of(
    table: &Table,
    relation: &RelationDef,
    child: &Table,
) -> Option<&'static ForeignKey> {
    if table.broken
        || child.broken
        || (relation.back_populates.is_none() && count(table, child) != 1)
    {
        return None;
    }
    find(table, relation, child)
}

/// The first foreign key of the child to the parent that the relation can mean.
const fn find(table: &Table, relation: &RelationDef, child: &Table) -> Option<&'static ForeignKey> {
    let keys = child.foreign_keys;
    let mut index = 0;
    while index < keys.len() {
        let named = match relation.back_populates {
            Some(field) => same(field, keys[index].field),
            None => true,
        };
        if named && same(keys[index].target_ident, table.ident) {
            return Some(&keys[index]);
        }
        index += 1;
    }
    None
}

/// How many foreign keys the child has to the parent.
const fn count(table: &Table, child: &Table) -> usize {
    let mut count = 0;
    let mut index = 0;
    while index < child.foreign_keys.len() {
        if same(child.foreign_keys[index].target_ident, table.ident) {
            count += 1;
        }
        index += 1;
    }
    count
}

/// The field of the child's foreign key to the parent, by number.
const fn key_to(table: &Table, child: &Table, mut number: usize) -> &'static str {
    let mut index = 0;
    while index < child.foreign_keys.len() {
        let key = &child.foreign_keys[index];
        if same(key.target_ident, table.ident) {
            if number == 0 {
                return key.field;
            }
            number -= 1;
        }
        index += 1;
    }
    ""
}

/// Some column of a foreign key can be set NULL: it accepts NULL, and belongs to that foreign key alone.
const fn can_be_null(key: &ForeignKey) -> bool {
    key.nullable && !is_locked(key)
}

/// Every column of a foreign key is in the struct's own key, or in another foreign key too.
const fn is_locked(key: &ForeignKey) -> bool {
    let mut index = 0;
    while index < key.parts.len() {
        if !key.parts[index].shared {
            return false;
        }
        index += 1;
    }
    true
}

/// Stops the compiler with a message that ends with the names of columns, as far as there is room.
#[track_caller]
const fn refuse_with_columns(message: &[&str], columns: &[Column]) -> ! {
    let mut parts = [""; 128];
    let mut length = 0;
    while length < message.len() {
        parts[length] = message[length];
        length += 1;
    }
    let mut index = 0;
    while index < columns.len() && length + 3 <= parts.len() {
        parts[length] = if index == 0 { "`" } else { ", `" };
        parts[length + 1] = columns[index].name;
        parts[length + 2] = "`";
        length += 3;
        index += 1;
    }
    refuse(&parts);
}

/// Stops the compiler with a message, underlined where the derive called the rule.
#[track_caller]
const fn refuse(message: &[&str]) -> ! {
    panic!("{}", Text::of(message).as_str())
}
