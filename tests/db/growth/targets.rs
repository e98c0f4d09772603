//! Targets that go with the last row that refers to them.

use sqlx_cascade::{BelongsTo, ManyToMany, Persistent, Relations};

use super::{did, grows};
use crate::support::{Base, NONE, Test, on_every_database};

on_every_database![held_targets, linked_targets];

#[derive(Debug, Default, Relations)]
#[table(name = "pages")]
struct Page {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    cover: Option<BelongsTo<Cover>>,
    #[many_to_many(through = "page_notes", cascade = "all, delete-orphan", single_parent)]
    notes: ManyToMany<Note>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "covers")]
struct Cover {
    #[key(generated)]
    id: i64,
    art: String,
}

#[derive(Debug, Default, Relations)]
#[table(name = "notes")]
struct Note {
    #[key(generated)]
    id: i64,
    text: String,
}

const SCHEMA: &str = "
    CREATE TABLE covers (id $id, art TEXT NOT NULL);
    CREATE TABLE notes (id $id, text TEXT NOT NULL);
    CREATE TABLE pages (id $id, cover_id BIGINT REFERENCES covers (id));
    CREATE TABLE page_notes (page_id BIGINT NOT NULL REFERENCES pages (id), note_id BIGINT NOT NULL REFERENCES notes (id),
        PRIMARY KEY (page_id, note_id));
";

fn page(notes: usize) -> Page {
    let mut page = Page {
        cover: Some(BelongsTo::new(Cover::default())),
        notes: ManyToMany::empty(),
        ..Page::default()
    };
    for _ in 0..notes {
        page.notes.push(Note::default());
    }
    page
}

async fn pages<B: Base>(test: &Test<B>, size: usize) -> Vec<Persistent<Page>> {
    let pages = (0..size).map(|_| page(1)).collect();
    Page::save_all(pages, &test.pool).await.unwrap()
}

async fn noted<B: Base>(test: &Test<B>, size: usize) -> Persistent<Page> {
    let id = page(size).save(&test.pool).await.unwrap().id;
    Page::find(id).one(&test.pool).await.unwrap()
}

async fn held_targets<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "let go", async |test: &Test<B>, size| {
        let mut pages = pages(test, size).await;
        for page in &mut pages {
            page.cover = None;
        }
        drop(test.sent());
        let report = Persistent::save_all(&mut pages, &test.pool).await.unwrap();
        did(&report, size, &["updated n pages", "deleted n covers"]);
    })
    .await;
    assert_eq!(test.rows("covers").await, NONE);
    grows(&test, "exchange", async |test: &Test<B>, size| {
        let mut pages = pages(test, size).await;
        for page in &mut pages {
            page.cover = Some(BelongsTo::new(Cover::default()));
        }
        drop(test.sent());
        let report = Persistent::save_all(&mut pages, &test.pool).await.unwrap();
        did(
            &report,
            size,
            &["inserted n covers", "updated n pages", "deleted n covers"],
        );
    })
    .await;
    grows(&test, "delete_all", async |test: &Test<B>, size| {
        let pages = pages(test, size).await;
        drop(test.sent());
        Persistent::delete_all(pages, &test.pool).await.unwrap();
    })
    .await;
    assert_eq!(test.rows("covers").await.len(), 1_011);
}

async fn linked_targets<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let gone = ["unlinked n page_notes", "deleted n notes"];
    grows(&test, "remove", async |test: &Test<B>, size| {
        let mut pages = pages(test, size).await;
        for page in &mut pages {
            page.notes.remove(0);
        }
        drop(test.sent());
        let report = Persistent::save_all(&mut pages, &test.pool).await.unwrap();
        did(&report, size, &gone);
    })
    .await;
    grows(&test, "clear unseen", async |test: &Test<B>, size| {
        let mut page = noted(test, size).await;
        page.notes.clear();
        drop(test.sent());
        let report = page.save(&test.pool).await.unwrap();
        did(&report, size, &gone);
    })
    .await;
    grows(&test, "detach", async |test: &Test<B>, size| {
        let mut page = noted(test, size).await;
        drop(test.sent());
        let report = page.detach(Page::NOTES, &test.pool).await.unwrap();
        did(&report, size, &gone);
    })
    .await;
    grows(&test, "delete", async |test: &Test<B>, size| {
        let page = noted(test, size).await;
        drop(test.sent());
        page.delete(&test.pool).await.unwrap();
    })
    .await;
    assert_eq!(test.rows("notes").await, NONE);
    assert_eq!(test.rows("page_notes").await, NONE);
}
