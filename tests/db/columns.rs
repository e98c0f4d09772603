//! Columns that are not what they seem: values that equal nothing, fields without a column, sqlx's own attributes, keys that the database calls equal.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    a_touched_nan_counts_as_changed,
    a_field_that_is_skipped_has_no_column,
    the_attributes_of_sqlx_are_honoured,
    a_key_in_another_case_is_an_error,
];

#[derive(Debug, Default, Relations)]
#[table(name = "readings")]
struct Reading {
    #[key(generated)]
    id: i64,
    name: String,
    value: Option<f64>,
    #[column(skip)]
    shown: Option<String>,
}

const READINGS: &str =
    "CREATE TABLE readings (id $id, name TEXT NOT NULL, value DOUBLE PRECISION);";

/// It equals nothing, itself neither. Untouched it is not compared.
async fn a_touched_nan_counts_as_changed<B: Base>(test: Test<B>) {
    // MySQL and MariaDB store no NaN.
    if B::SERVICE == "mysql" {
        return;
    }
    test.create(READINGS).await;
    let reading = Reading {
        name: "depth".into(),
        value: Some(f64::NAN),
        ..Reading::default()
    };
    let mut reading = reading.save(&test.pool).await.unwrap();
    drop(test.sent());
    reading.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE);
    assert_eq!(reading.changed_columns(), NONE);
    reading.name.push('s');
    assert_eq!(reading.changed_columns(), ["name", "value"]);
    let report = reading.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 readings"]);
    assert_eq!(test.sent(), ["UPDATE readings"]);
    reading.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE);
}

/// It is written nowhere, is its default in what is read, and changes nothing.
async fn a_field_that_is_skipped_has_no_column<B: Base>(test: Test<B>) {
    test.create(READINGS).await;
    let reading = Reading {
        name: "depth".into(),
        shown: Some("deep".into()),
        ..Reading::default()
    };
    let mut reading = reading.save(&test.pool).await.unwrap();
    assert_eq!(reading.shown.as_deref(), Some("deep"));
    assert_eq!(test.rows("readings").await, ["1|depth|-"]);
    drop(test.sent());
    reading.shown = None;
    reading.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE);
    reading.shown = Some("deep".into());
    reading.refresh(&test.pool).await.unwrap();
    let found = Reading::find(1).one(&test.pool).await.unwrap();
    assert_eq!((found.name.as_str(), &found.shown), ("depth", &None));
}

#[derive(Debug, Default, Relations)]
#[table(name = "letters")]
#[sqlx(rename_all = "camelCase")]
struct Letter {
    #[key(generated)]
    id: i64,
    sent_by: String,
    #[sqlx(rename = "mail")]
    address: String,
    #[sqlx(json)]
    lines: Vec<String>,
    #[sqlx(default)]
    page_count: i64,
    #[sqlx(skip)]
    is_open: bool,
}

async fn the_attributes_of_sqlx_are_honoured<B: Base>(test: Test<B>) {
    test.create("CREATE TABLE letters (id $id, \"sentBy\" TEXT NOT NULL, mail TEXT NOT NULL, lines JSON NOT NULL, \"pageCount\" BIGINT NOT NULL);").await;
    let letter = Letter {
        sent_by: "ada".into(),
        address: "a@b".into(),
        lines: vec!["dear".into()],
        page_count: 2,
        is_open: true,
        ..Letter::default()
    };
    letter.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("letters").await, ["1|ada|a@b|[\"dear\"]|2"]);
    let mut found = Letter::find(1).one(&test.pool).await.unwrap();
    assert_eq!((found.page_count, found.is_open), (2, false));
    assert_eq!(found.lines, ["dear"]);
    found.lines.push("friend".into());
    found.address.push('c');
    let report = found.save(&test.pool).await.unwrap();
    assert_eq!(report.changes()[0].columns, ["mail", "lines"]);
    let rows = test.rows("letters").await;
    // PostgreSQL shows a space after a comma.
    let row = rows[0].replace(", ", ",");
    assert_eq!(row, "1|ada|a@bc|[\"dear\",\"friend\"]|2");
}

#[derive(Debug, Default, Relations)]
#[table(name = "authors")]
struct Author {
    #[key]
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    id: i64,
    #[many_to_one(Author)]
    author: String,
}

/// The same from the other side.
#[derive(Debug, Default, Relations)]
#[table(name = "books")]
struct Held {
    #[key(generated)]
    id: i64,
    #[many_to_one(column = "author")]
    author: BelongsTo<Author>,
}

/// Under a collation that ignores case, a row is below a parent whose key is not its own: it is an error, never dropped.
async fn a_key_in_another_case_is_an_error<B: Base>(test: Test<B>) {
    let (collation, folded) = match B::SERVICE {
        "sqlite" => ("", "TEXT COLLATE NOCASE"),
        "mysql" => ("", "TEXT COLLATE utf8mb4_general_ci"),
        _ => {
            let collation = "CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);";
            (collation, "TEXT COLLATE folded")
        }
    };
    let tables = format!(
        "{collation}
        CREATE TABLE authors (name {folded} PRIMARY KEY);
        CREATE TABLE books (id $id, author {folded} NOT NULL REFERENCES authors (name));
        INSERT INTO authors (name) VALUES ('ada'), ('grace');
        INSERT INTO books (author) VALUES ('ada'), ('Grace');"
    );
    test.create(&tables).await;
    let ada = Author::find("ada".into()).with(Author::BOOKS);
    assert_eq!(ada.one(&test.pool).await.unwrap().books.len(), 1);
    let grace = Author::find("grace".into()).with(Author::BOOKS);
    let found = grace.one(&test.pool).await;
    failed(found, ErrorKind::KeyChanged, "Author.books");
    let both = Author::find_many(["ada".into(), "grace".into()]).with(Author::BOOKS);
    let found = both.all(&test.pool).await;
    failed(found, ErrorKind::KeyChanged, "Author.books");
    let book = |id| Held::find(id).with(Held::AUTHOR).one(&test.pool);
    assert_eq!(book(1).await.unwrap().author.get().unwrap().name, "ada");
    failed(book(2).await, ErrorKind::KeyChanged, "Held.author");
}
