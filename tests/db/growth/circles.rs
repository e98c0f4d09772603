//! Tables whose cascades lead back to each other.

use sqlx_cascade::{HasMany, Persistent, Relations};

use super::{did, grows_by};
use crate::support::{Base, Test, on_every_database};

on_every_database![circles];

#[derive(Debug, Default, Relations)]
#[table(name = "shelves")]
struct Shelf {
    #[key(generated)]
    id: i64,
    #[many_to_one(Case)]
    case_id: Option<i64>,
    #[one_to_many(cascade = "all, delete-orphan")]
    cases: HasMany<Case>,
}

/// It stands on a shelf, and has shelves of its own.
#[derive(Debug, Default, Relations)]
#[table(name = "cases")]
struct Case {
    #[key(generated)]
    id: i64,
    #[many_to_one(Shelf)]
    shelf_id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    shelves: HasMany<Shelf>,
}

const SCHEMA: &str = "
    CREATE TABLE shelves (id $id, case_id BIGINT);
    CREATE TABLE cases (id $id, shelf_id BIGINT NOT NULL REFERENCES shelves (id));
    CREATE INDEX shelves_in_a_case ON shelves (case_id);
    CREATE INDEX cases_on_a_shelf ON cases (shelf_id);
";

/// So many cases on a shelf, in each a shelf with a case on it.
fn shelf(size: usize) -> Shelf {
    let inner = |_| Case {
        shelves: vec![Shelf {
            cases: vec![Case::default()].into(),
            ..Shelf::default()
        }]
        .into(),
        ..Case::default()
    };
    Shelf {
        cases: (0..size).map(inner).collect(),
        ..Shelf::default()
    }
}

async fn unseen<B: Base>(test: &Test<B>, size: usize) -> Persistent<Shelf> {
    let saved = shelf(size).save(&test.pool).await.unwrap();
    Shelf::find(saved.id).one(&test.pool).await.unwrap()
}

async fn circles<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows_by(&test, 2, "insert", async |test: &Test<B>, size| {
        shelf(size).save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "remove", async |test: &Test<B>, size| {
        let mut shelf = shelf(size).save(&test.pool).await.unwrap();
        shelf.cases.retain(|_| false);
        drop(test.sent());
        shelf.save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "clear unseen", async |test: &Test<B>, size| {
        let mut shelf = unseen(test, size).await;
        shelf.cases.clear();
        drop(test.sent());
        shelf.save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "detach", async |test: &Test<B>, size| {
        let mut shelf = unseen(test, size).await;
        drop(test.sent());
        let report = shelf.detach(Shelf::CASES, &test.pool).await.unwrap();
        let cases = format!("deleted {} cases", 2 * size);
        did(&report, size, &[&cases, "deleted n shelves"]);
    })
    .await;
    grows_by(&test, 2, "delete", async |test: &Test<B>, size| {
        let shelf = shelf(size).save(&test.pool).await.unwrap();
        drop(test.sent());
        shelf.delete(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "delete unseen", async |test: &Test<B>, size| {
        let id = unseen(test, size).await.id;
        drop(test.sent());
        Shelf::delete_by_key(id, &test.pool).await.unwrap();
    })
    .await;
    // Of each operation but the first a shelf is left, or nothing; of that one everything.
    assert_eq!(test.rows("cases").await.len(), 2 * 1_011);
    assert_eq!(test.rows("shelves").await.len(), 1_011 + 3 + 3 * 3);
}
