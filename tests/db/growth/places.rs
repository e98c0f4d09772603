//! Places in a declared unique set.

use sqlx_cascade::{HasMany, Persistent, Relations};

use super::{did, grows, grows_by};
use crate::support::{Base, Test, on_every_database};

on_every_database![places];

#[derive(Debug, Default, Relations)]
#[table(name = "lists")]
struct List {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "position")]
    entries: HasMany<Entry>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "entries", unique = "list_id, position")]
struct Entry {
    #[key(generated)]
    id: i64,
    #[many_to_one(List)]
    list_id: i64,
    position: Option<i64>,
}

const SCHEMA: &str = "
    CREATE TABLE lists (id $id, filler TEXT);
    CREATE TABLE entries (id $id, list_id BIGINT NOT NULL REFERENCES lists (id), position BIGINT, UNIQUE (list_id, position));
";

fn place(number: usize) -> i64 {
    i64::try_from(number).expect("a place")
}

fn entry(number: usize) -> Entry {
    Entry {
        position: Some(place(number)),
        ..Entry::default()
    }
}

/// One more than so many, since a row alone takes nobody's place.
async fn saved<B: Base>(test: &Test<B>, size: usize) -> Persistent<List> {
    let list = List {
        entries: (0..=size).map(entry).collect(),
        ..List::default()
    };
    list.save(&test.pool).await.unwrap()
}

fn is_placed(list: &List) {
    assert!(list.entries.iter().all(|entry| entry.list_id == list.id));
    let mut there: Vec<i64> = list
        .entries
        .iter()
        .filter_map(|entry| entry.position)
        .collect();
    there.sort_unstable();
    assert!(there.iter().copied().eq(0..place(there.len())));
}

async fn places<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    // A place is given up first, then taken: each row is written twice.
    grows_by(&test, 2, "shift", async |test: &Test<B>, size| {
        let mut list = saved(test, size).await;
        for entry in &mut list.entries {
            entry.position = entry.position.map(|place| place + 1);
        }
        list.entries.push(entry(0));
        drop(test.sent());
        let report = list.save(&test.pool).await.unwrap();
        let updated = format!("updated {} entries", size + 1);
        did(&report, size, &[&updated, "inserted 1 entries"]);
        is_placed(&list);
    })
    .await;
    grows_by(&test, 2, "rotate", async |test: &Test<B>, size| {
        let mut list = saved(test, size).await;
        let end = place(size);
        for entry in &mut list.entries {
            entry.position = entry
                .position
                .map(|place| if place == end { 0 } else { place + 1 });
        }
        drop(test.sent());
        let report = list.save(&test.pool).await.unwrap();
        did(&report, size + 1, &["updated n entries"]);
        is_placed(&list);
    })
    .await;
    grows(
        &test,
        "places of rows that leave",
        async |test: &Test<B>, size| {
            let mut list = saved(test, size).await;
            list.entries.retain(|entry| entry.position == Some(0));
            list.entries.extend((1..=size).map(entry));
            drop(test.sent());
            let report = list.save(&test.pool).await.unwrap();
            did(&report, size, &["deleted n entries", "inserted n entries"]);
            is_placed(&list);
        },
    )
    .await;
}
