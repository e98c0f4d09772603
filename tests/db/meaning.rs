//! What `docs/meaning.md` says of held parents, and no other scenario holds.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    another_parent_than_the_collections_is_refused,
    a_parent_goes_with_the_last_that_refers_to_it,
];

#[derive(Debug, Default, Relations)]
#[table(name = "authors")]
struct Author {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    id: i64,
    title: String,
    #[many_to_one]
    author: BelongsTo<Author>,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    cover: Option<BelongsTo<Cover>>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "covers")]
struct Cover {
    #[key(generated)]
    id: i64,
    art: String,
}

const SCHEMA: &str = "
    CREATE TABLE authors (id $id, name TEXT NOT NULL);
    CREATE TABLE covers (id $id, art TEXT NOT NULL);
    CREATE TABLE books (id $id, title TEXT NOT NULL, author_id BIGINT NOT NULL REFERENCES authors (id), cover_id BIGINT REFERENCES covers (id));
";

/// An author and two books, which share a cover.
async fn library<B: Base>(test: &Test<B>) -> [Persistent<Book>; 2] {
    test.create(SCHEMA).await;
    test.execute(
        "INSERT INTO authors (name) VALUES ('ada');
        INSERT INTO covers (art) VALUES ('red'), ('blue');
        INSERT INTO books (title, author_id, cover_id) VALUES ('one', 1, 1), ('two', 1, 1);",
    )
    .await;
    let books = Book::find_many([1, 2]).all(&test.pool).await.unwrap();
    drop(test.sent());
    books.try_into().unwrap()
}

async fn another_parent_than_the_collections_is_refused<B: Base>(test: Test<B>) {
    library(&test).await;
    test.execute("INSERT INTO authors (name) VALUES ('grace')")
        .await;
    let found = Author::find(1).with(Author::BOOKS).one(&test.pool).await;
    let mut author = found.unwrap();
    drop(test.sent());
    author.books[1].author.set_key(2);
    let saved = author.save(&test.pool).await;
    failed(saved, ErrorKind::KeyChanged, "Author.books[1].author");
    assert_eq!(test.sent(), NONE);
}

async fn a_parent_goes_with_the_last_that_refers_to_it<B: Base>(test: Test<B>) {
    let [mut book, mut other] = library(&test).await;
    let green = Cover {
        art: "green".into(),
        ..Cover::default()
    };
    book.cover = Some(BelongsTo::new(green));
    book.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("covers").await, ["1|red", "2|blue", "3|green"]);
    other.cover = None;
    other.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("covers").await, ["2|blue", "3|green"]);
    book.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("covers").await, ["2|blue"]);
}
