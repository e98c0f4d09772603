//! Places under declared unique sets: rows that leave before rows that enter, shifts, swaps and rotations.

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    a_row_takes_the_value_of_one_that_leaves,
    a_new_row_takes_the_value_that_another_gives_up,
    values_that_can_be_null_are_exchanged,
    a_chain_of_values_moves_up,
    values_that_cannot_be_null_are_not_exchanged,
    a_deferrable_set_is_exchanged_by_one_statement,
    places_in_a_list_rotate,
    places_of_different_lists_do_not_meet,
    a_thousand_places_shift,
    a_value_is_taken_from_another_parent,
];

const SCHEMA: &str = "
    CREATE TABLE lists (id $id);
    CREATE TABLE entries (id $id, list_id BIGINT NOT NULL REFERENCES lists (id), position BIGINT, code TEXT NOT NULL UNIQUE,
        UNIQUE (list_id, position));
";

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
    #[column(unique)]
    code: String,
}

fn entry(position: i64, code: &str) -> Entry {
    Entry {
        position: Some(position),
        code: code.into(),
        ..Entry::default()
    }
}

async fn list<B: Base>(test: &Test<B>, codes: &[&str]) -> Persistent<List> {
    let entries = (1..).zip(codes).map(|(place, code)| entry(place, code));
    let list = List {
        entries: entries.collect(),
        ..List::default()
    };
    let list = list.save(&test.pool).await.unwrap();
    drop(test.sent());
    list
}

fn place(list: &mut Persistent<List>, places: &[i64]) {
    for (entry, place) in list.entries.iter_mut().zip(places) {
        entry.position = Some(*place);
    }
}

async fn a_row_takes_the_value_of_one_that_leaves<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut list = list(&test, &["a", "b"]).await;
    list.entries.remove(0);
    list.entries[0].code = "a".into();
    list.entries[0].position = Some(1);
    test.save_as_planned(&mut list).await;
    assert_eq!(test.sent(), ["DELETE entries", "UPDATE entries"]);
    assert_eq!(test.rows("entries").await, ["2|1|1|a"]);
}

async fn a_new_row_takes_the_value_that_another_gives_up<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut list = list(&test, &["a"]).await;
    list.entries[0].code = "b".into();
    list.entries[0].position = Some(2);
    list.entries.push(entry(1, "a"));
    test.save_as_planned(&mut list).await;
    assert_eq!(test.sent(), ["UPDATE entries", "INSERT entries"]);
    assert_eq!(test.rows("entries").await, ["1|1|2|b", "2|1|1|a"]);
}

async fn values_that_can_be_null_are_exchanged<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut list = list(&test, &["a", "b", "c"]).await;
    place(&mut list, &[2, 1, 3]);
    let report = test.save_as_planned(&mut list).await;
    assert_eq!(test.sent(), ["UPDATE entries", "UPDATE entries"]);
    assert_eq!(report.changes().len(), 1);
    assert_eq!(
        test.rows("entries").await,
        ["1|1|2|a", "2|1|1|b", "3|1|3|c"]
    );
}

async fn a_chain_of_values_moves_up<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut list = list(&test, &["a", "b", "c"]).await;
    for (entry, code) in list.entries.iter_mut().zip(["b", "c", "d"]) {
        entry.code = code.into();
    }
    // A value that is NOT NULL goes row by row, the last first.
    test.save_as_planned(&mut list).await;
    assert_eq!(test.sent(), ["UPDATE entries"; 3]);
    assert_eq!(
        test.rows("entries").await,
        ["1|1|1|b", "2|1|2|c", "3|1|3|d"]
    );
}

async fn values_that_cannot_be_null_are_not_exchanged<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut list = list(&test, &["a", "b"]).await;
    list.entries[0].code = "b".into();
    list.entries[1].code = "a".into();
    let error = failed(
        list.save(&test.pool).await,
        ErrorKind::Contradiction,
        "List.entries[0]",
    );
    assert!(error.to_string().contains("deferrable"), "{error}");
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("entries").await, ["1|1|1|a", "2|1|2|b"]);
    list.entries[0].code = "c".into();
    list.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("entries").await, ["1|1|1|c", "2|1|2|a"]);
}

async fn a_deferrable_set_is_exchanged_by_one_statement<B: Base>(test: Test<B>) {
    #[derive(Debug, Default, Relations)]
    #[table(name = "seats", unique_deferrable = "row, number")]
    struct Seat {
        #[key(generated)]
        id: i64,
        row: i64,
        number: i64,
    }
    // SQLite has no unique constraint that can be deferred.
    if B::SERVICE != "postgres" {
        return;
    }
    test.create("CREATE TABLE seats (id $id, row BIGINT NOT NULL, number BIGINT NOT NULL, UNIQUE (row, number) DEFERRABLE);").await;
    let seats = (1..4).map(|number| Seat {
        row: 1,
        number,
        ..Seat::default()
    });
    let mut seats = Seat::save_all(seats.collect(), &test.pool).await.unwrap();
    drop(test.sent());
    for (seat, number) in seats.iter_mut().zip([2, 3, 1]) {
        seat.number = number;
    }
    Persistent::save_all(&mut seats, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE seats"]);
    assert_eq!(test.rows("seats").await, ["1|1|2", "2|1|3", "3|1|1"]);
}

async fn places_in_a_list_rotate<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut list = list(&test, &["a", "b", "c", "d"]).await;
    place(&mut list, &[2, 3, 4, 1]);
    test.save_as_planned(&mut list).await;
    assert_eq!(test.sent(), ["UPDATE entries"; 2]);
    let list = List::find(1)
        .with(List::ENTRIES)
        .one(&test.pool)
        .await
        .unwrap();
    let codes: Vec<&str> = list
        .entries
        .iter()
        .map(|entry| entry.code.as_str())
        .collect();
    assert_eq!(codes, ["d", "a", "b", "c"]);
}

async fn places_of_different_lists_do_not_meet<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut first = list(&test, &["a", "b"]).await;
    let mut second = list(&test, &["c", "d"]).await;
    place(&mut first, &[3, 1]);
    place(&mut second, &[2, 3]);
    let both = [&mut first, &mut second];
    Persistent::save_all(both, &test.pool).await.unwrap();
    assert_eq!(
        test.rows("entries").await,
        ["1|1|3|a", "2|1|1|b", "3|2|2|c", "4|2|3|d"]
    );
}

async fn a_thousand_places_shift<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let codes: Vec<String> = (1..=1000).map(|code| code.to_string()).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let mut list = list(&test, &codes).await;
    let places: Vec<i64> = (2..=1001).collect();
    place(&mut list, &places);
    list.entries.push(entry(1, "new"));
    list.save(&test.pool).await.unwrap();
    let sent = test.sent();
    let bound = if B::SERVICE == "postgres" { 3 } else { 3 * 12 };
    assert!(sent.len() <= bound, "{} statements", sent.len());
    let rows = test.rows("entries").await;
    assert!(rows.contains(&"1001|1|1|new".to_owned()) && rows.contains(&"1|1|2|1".to_owned()));
}

async fn a_value_is_taken_from_another_parent<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut first = list(&test, &["a"]).await;
    let mut second = list(&test, &["b"]).await;
    first.entries.remove(0);
    second.entries.push(entry(2, "a"));
    // The one that enters stands first: the other leaves before it all the same.
    let both = [&mut second, &mut first];
    Persistent::save_all(both, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE entries", "INSERT entries"]);
    assert_eq!(test.rows("entries").await, ["2|2|1|b", "3|2|2|a"]);
}
