//! The statements of an operation are the same for 1, 10 and 1,000 rows; on SQLite, whose lists are sent in pieces, there are at most ⌈rows / 256⌉ + 8 of
//! each.

mod circles;
mod keys;
mod links;
mod operations;
mod places;
mod saves;
mod shops;
mod targets;
mod trees;
mod versions;

use std::collections::BTreeMap;

use sqlx_cascade::Report;

use crate::lists_models::most;
use crate::support::{Base, Test, changes};

/// Runs an operation on 1, 10 and 1,000 rows. It drops what was sent while it made itself ready.
async fn grows<B: Base>(test: &Test<B>, name: &str, operation: impl AsyncFn(&Test<B>, usize)) {
    grows_by(test, 1, name, operation).await;
}

/// The same, where so many rows of one table stand for each that is asked for.
async fn grows_by<B: Base>(
    test: &Test<B>,
    each: usize,
    name: &str,
    operation: impl AsyncFn(&Test<B>, usize),
) {
    let mut first: Option<Vec<String>> = None;
    for size in [1, 10, 1_000] {
        drop(test.sent());
        operation(test, size).await;
        let mut sent = test.sent();
        if B::LISTS {
            for statement in &mut sent {
                // Lists of other sizes are other texts.
                statement.truncate(statement.find(" WHERE ").unwrap_or(statement.len()));
            }
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for statement in &sent {
                *counts.entry(statement).or_default() += 1;
            }
            let most = most::<B>(each * size);
            let many = counts.values().all(|count| *count <= most);
            assert!(many, "{name} of {size}: {counts:?}");
            sent.dedup();
        }
        assert!(!sent.is_empty(), "{name} of {size} sends nothing");
        let expected = first.get_or_insert_with(|| sent.clone());
        assert_eq!(expected, &sent, "{name} of {size}");
    }
}

/// What an operation on so many rows did; `n` stands for their number.
#[track_caller]
fn did(report: &Report, size: usize, expected: &[&str]) {
    let expected = expected
        .iter()
        .map(|change| change.replace(" n ", &format!(" {size} ")));
    assert_eq!(changes(report), expected.collect::<Vec<_>>());
}
