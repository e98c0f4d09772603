//! One row that is held twice in a save.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, Persistent, Relations, save_together};

use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    a_change_in_one_place_is_written_once,
    changes_that_are_alike_are_written_once,
    changes_that_differ_are_a_contradiction,
    a_row_that_moves_twice_is_a_contradiction,
    a_row_that_is_removed_and_changed_is_a_contradiction,
    a_row_that_is_removed_twice_goes_once,
    a_target_that_many_hold_is_written_once,
];

const SCHEMA: &str = "
    CREATE TABLE authors (id $id, name TEXT NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE books (id $id, author_id BIGINT NOT NULL REFERENCES authors (id), title TEXT NOT NULL);
";

#[derive(Debug, Default, Relations)]
#[table(name = "authors")]
struct Author {
    #[key(generated)]
    id: i64,
    name: String,
    #[version]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    author: BelongsTo<Author>,
    title: String,
}

fn book(title: &str) -> Book {
    Book {
        title: title.into(),
        ..Book::default()
    }
}

/// Two handles of an author with two books.
async fn twice<B: Base>(test: &Test<B>) -> [Persistent<Author>; 2] {
    test.create(SCHEMA).await;
    let author = Author {
        name: "ada".into(),
        books: vec![book("one"), book("two")].into(),
        ..Author::default()
    };
    author.save(&test.pool).await.unwrap();
    let found = Author::find_many([1, 1])
        .with(Author::BOOKS)
        .all(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    found.try_into().unwrap()
}

async fn a_change_in_one_place_is_written_once<B: Base>(test: Test<B>) {
    let [mut first, mut second] = twice(&test).await;
    second.name = "augusta".into();
    Persistent::save_all([&mut first, &mut second], &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["UPDATE authors"]);
    assert_eq!(test.rows("authors").await, ["1|augusta|2"]);
}

async fn changes_that_are_alike_are_written_once<B: Base>(test: Test<B>) {
    let [mut first, mut second] = twice(&test).await;
    for author in [&mut first, &mut second] {
        author.name = "augusta".into();
        author.books[1].title = "three".into();
    }
    let report = Persistent::save_all([&mut first, &mut second], &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["UPDATE authors", "UPDATE books"]);
    assert!(report.changes().iter().all(|change| change.rows == Some(1)));
    assert_eq!(test.rows("authors").await, ["1|augusta|2"]);
    assert_eq!(test.rows("books").await, ["1|1|one", "2|1|three"]);
    assert_eq!((first.version, second.version), (2, 2));
    second.name = "grace".into();
    second.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("authors").await, ["1|grace|3"]);
}

async fn changes_that_differ_are_a_contradiction<B: Base>(test: Test<B>) {
    let [mut first, mut second] = twice(&test).await;
    first.books[0].title = "three".into();
    second.books[0].title = "four".into();
    let saved = Persistent::save_all([&mut first, &mut second], &test.pool).await;
    failed(saved, ErrorKind::Contradiction, "Author[1].books[0]");
    assert_eq!(test.sent(), NONE);
    first.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, ["1|1|three", "2|1|two"]);
}

async fn a_row_that_moves_twice_is_a_contradiction<B: Base>(test: Test<B>) {
    let [mut first, mut second] = twice(&test).await;
    let mut grace = Author::default().save(&test.pool).await.unwrap();
    let mut edith = Author::default().save(&test.pool).await.unwrap();
    grace.books.adopt(first.books.expunge(0));
    edith.books.adopt(second.books.expunge(0));
    drop(test.sent());
    let saved = Persistent::save_all([&mut grace, &mut edith], &test.pool).await;
    failed(saved, ErrorKind::Contradiction, "Author[1].books[0]");
    assert_eq!(test.sent(), NONE);
}

async fn a_row_that_is_removed_and_changed_is_a_contradiction<B: Base>(test: Test<B>) {
    let [mut first, mut second] = twice(&test).await;
    first.books.remove(0);
    second.books[0].title = "three".into();
    let saved = Persistent::save_all([&mut first, &mut second], &test.pool).await;
    failed(saved, ErrorKind::Contradiction, "Author[1].books[0]");
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("books").await, ["1|1|one", "2|1|two"]);
}

async fn a_row_that_is_removed_twice_goes_once<B: Base>(test: Test<B>) {
    let [mut first, mut second] = twice(&test).await;
    first.books.remove(0);
    second.books.remove(0);
    Persistent::save_all([&mut first, &mut second], &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["DELETE books"]);
    assert_eq!(test.rows("books").await, ["2|1|two"]);
}

async fn a_target_that_many_hold_is_written_once<B: Base>(test: Test<B>) {
    twice(&test).await;
    let mut books = Book::find_many([1, 2])
        .with(Book::AUTHOR)
        .all(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    for book in &mut books {
        book.author.get_mut().unwrap().name = "augusta".into();
    }
    let [mut first, mut second]: [_; 2] = books.try_into().unwrap();
    save_together((&mut first, &mut second), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["UPDATE authors"]);
    assert_eq!(test.rows("authors").await, ["1|augusta|2"]);
    first.author.get_mut().unwrap().name = "ada".into();
    second.author.get_mut().unwrap().name = "grace".into();
    let saved = save_together((&mut first, &mut second), &test.pool).await;
    failed(saved, ErrorKind::Contradiction, "Book[1].author");
}
