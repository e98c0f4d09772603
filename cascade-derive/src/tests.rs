//! Expansions: each `cases/*.rs` beside its `cases/*.out.rs`. `UPDATE_EXPECT=1` writes the outputs.

#![allow(clippy::indexing_slicing)]

use expect_test::expect_file;

/// What the derive emits for a struct, formatted, or why that is no Rust.
fn expansion(input: &str) -> String {
    let tokens = input.parse().map(super::expanded);
    let file = tokens
        .map_err(|error| error.to_string())
        .and_then(|tokens| syn::parse2(tokens).map_err(|error| error.to_string()));
    file.map_or_else(|error| error, |file| prettyplease::unparse(&file))
}

macro_rules! cases {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            let output = expansion(include_str!(concat!("../cases/", stringify!($name), ".rs")));
            expect_file![concat!("../cases/", stringify!($name), ".out.rs")].assert_eq(&output);
        }
    )* };
}
cases!(parent_with_a_child keys_in_columns_and_held all_kinds options_of_each_kind stand_ins);

/// `cargo xtask budget` reads what these print.
fn at_most(bound: usize, what: &str, source: &str) {
    let lines = expansion(source).lines().count();
    println!("expanded lines, {what}: {lines}, at most {bound}");
    assert!(lines <= bound, "{lines} lines for a struct of {what}");
}

#[test]
fn budget_expanded_lines() {
    let source = include_str!("../cases/parent_with_a_child.rs");
    at_most(130, "3 columns and 1 relation", source);
}

#[test]
fn budget_expanded_lines_of_all_kinds() {
    let source = include_str!("../cases/all_kinds.rs");
    at_most(190, "6 columns and 4 relations", source);
}

/// A token more or less anywhere gives errors or an expansion, but no panic: a panic has no place in the user's code.
#[test]
fn no_input_is_a_panic() {
    let flat = |input: &str| {
        input
            .split_inclusive(|c: char| !c.is_alphanumeric() && c != '_')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for input in [
        include_str!("../cases/parent_with_a_child.rs"),
        include_str!("../cases/keys_in_columns_and_held.rs"),
        include_str!("../cases/options_of_each_kind.rs"),
    ] {
        let words = flat(input);
        for position in 0..words.len() {
            let (before, after) = words.split_at(position);
            let (before, word, rest) = (before.concat(), &after[..1], after[1..].concat());
            for changed in [
                format!("{before}{rest}"),
                format!("{before}{0}{0}{rest}", word.concat()),
                format!("{before}, = \"\" 'a {}{rest}", word.concat()),
            ] {
                if let Ok(tokens) = changed.parse() {
                    drop(super::expanded(tokens));
                }
            }
        }
    }
}
