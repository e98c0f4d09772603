//! Keys that the application gives: rows that take over the keys of those that leave.

use sqlx_cascade::{HasMany, Persistent, Relations};

use super::{did, grows};
use crate::support::{Base, Test, on_every_database};

on_every_database![natural_keys];

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "sheets")]
struct Sheet {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    lines: HasMany<Line>,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "lines")]
struct Line {
    #[key]
    code: String,
    #[many_to_one(Sheet)]
    sheet_id: i64,
    text: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    notes: HasMany<Note>,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "notes")]
struct Note {
    #[key(generated)]
    id: i64,
    #[many_to_one(Line)]
    line_code: String,
}

const SCHEMA: &str = "
    CREATE TABLE sheets (id $id, filler TEXT);
    CREATE TABLE lines (code TEXT PRIMARY KEY, sheet_id BIGINT NOT NULL REFERENCES sheets (id), text TEXT NOT NULL);
    CREATE TABLE notes (id $id, line_code TEXT NOT NULL REFERENCES lines (code));
";

fn lines(name: &str, size: usize, text: &str) -> Vec<Line> {
    let line = |number| Line {
        code: format!("{name} {number} of {size}"),
        text: text.into(),
        notes: vec![Note::default()].into(),
        ..Line::default()
    };
    (0..size).map(line).collect()
}

async fn saved<B: Base>(test: &Test<B>, name: &str, size: usize) -> Persistent<Sheet> {
    let sheet = Sheet {
        lines: lines(name, size, "old").into(),
        ..Sheet::default()
    };
    sheet.save(&test.pool).await.unwrap()
}

async fn unseen<B: Base>(test: &Test<B>, name: &str, size: usize) -> Persistent<Sheet> {
    let id = saved(test, name, size).await.id;
    Sheet::find(id).one(&test.pool).await.unwrap()
}

async fn natural_keys<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "clear unseen", async |test: &Test<B>, size| {
        let mut sheet = unseen(test, "clear", size).await;
        sheet.lines.clear();
        drop(test.sent());
        let report = sheet.save(&test.pool).await.unwrap();
        did(&report, size, &["deleted n notes", "deleted n lines"]);
    })
    .await;
    grows(&test, "other keys unseen", async |test: &Test<B>, size| {
        let mut sheet = unseen(test, "before", size).await;
        sheet.lines.replace(lines("after", size, "new"));
        drop(test.sent());
        let report = sheet.save(&test.pool).await.unwrap();
        did(
            &report,
            size,
            &[
                "deleted n notes",
                "deleted n lines",
                "inserted n lines",
                "inserted n notes",
            ],
        );
    })
    .await;
    grows(
        &test,
        "the same keys unseen",
        async |test: &Test<B>, size| {
            let mut sheet = unseen(test, "same", size).await;
            sheet.lines.replace(lines("same", size, "new"));
            drop(test.sent());
            let report = sheet.save(&test.pool).await.unwrap();
            did(
                &report,
                size,
                &["deleted n notes", "updated n lines", "inserted n notes"],
            );
        },
    )
    .await;
    grows(&test, "keys taken over", async |test: &Test<B>, size| {
        let mut sheet = saved(test, "taken", size).await;
        sheet.lines.retain(|_| false);
        sheet.lines.extend(lines("taken", size, "new"));
        drop(test.sent());
        let report = sheet.save(&test.pool).await.unwrap();
        did(
            &report,
            size,
            &["deleted n notes", "updated n lines", "inserted n notes"],
        );
        assert!(sheet.plan().unwrap().is_empty());
    })
    .await;
    grows(&test, "merge", async |test: &Test<B>, size| {
        let sheet = saved(test, "merged", size).await;
        let lines = lines("merged", size, "new").into();
        let value = Sheet {
            id: sheet.id,
            lines,
        };
        drop(test.sent());
        Sheet::merge(value, &test.pool).await.unwrap();
    })
    .await;
    let new = test.rows("lines").await;
    let new = new.iter().filter(|line| line.ends_with("|new")).count();
    assert_eq!(new, 4 * 1_011);
    assert_eq!(test.rows("notes").await.len(), 4 * 1_011);
}
