//! `BelongsTo` with `single_parent`: a target goes with the last row that refers to it.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, HasOne, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    deleting_the_last_child_deletes_its_target,
    deleting_a_child_spares_a_target_that_another_refers_to,
    deleting_all_children_deletes_their_targets,
    repointing_deletes_what_is_left_alone,
    repointing_spares_what_another_refers_to,
    repointed_away_from_by_two,
    what_one_lets_go_and_another_takes_stays,
    with_delete_alone_what_is_let_go_stays,
    letting_go_deletes,
    children_that_leave_take_their_targets,
    a_child_that_enters_takes_over_the_target,
    a_target_that_something_else_refers_to,
    a_one_to_one_target,
    a_target_that_has_the_children_back,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shelves")]
struct Shelf {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    id: i64,
    #[many_to_one(Shelf)]
    shelf_id: Option<i64>,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    text: Option<BelongsTo<Text>>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "texts")]
struct Text {
    #[key(generated)]
    id: i64,
    words: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    index: HasOne<Index>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "indices")]
struct Index {
    #[key(generated)]
    id: i64,
    #[one_to_one(Text)]
    text_id: i64,
}

const BOOKS: &str = "
    CREATE TABLE shelves (id $id, filler TEXT);
    CREATE TABLE texts (id $id, words TEXT NOT NULL);
    CREATE TABLE indices (id $id, text_id BIGINT NOT NULL UNIQUE REFERENCES texts (id));
    CREATE TABLE books (id $id, shelf_id BIGINT REFERENCES shelves (id), text_id BIGINT REFERENCES texts (id));
";

/// Books 1 and 2 share a text.
const THERE: &str = "
    INSERT INTO shelves (filler) VALUES (NULL);
    INSERT INTO texts (words) VALUES ('a'), ('b');
    INSERT INTO indices (text_id) VALUES (1), (2);
    INSERT INTO books (shelf_id, text_id) VALUES (1, 1), (1, 1), (1, 2), (1, NULL);
";

async fn there<B: Base>(test: &Test<B>) {
    test.create(BOOKS).await;
    test.execute(THERE).await;
}

async fn alone<B: Base>(test: &Test<B>, id: i64) -> Persistent<Book> {
    let book = Book::find(id).one(&test.pool).await.unwrap();
    drop(test.sent());
    book
}

async fn loaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<Book> {
    let book = Book::find(id)
        .with(Book::TEXT)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    book
}

fn text(words: &str) -> BelongsTo<Text> {
    BelongsTo::new(Text {
        words: words.into(),
        index: Index::default().into(),
        ..Text::default()
    })
}

impl<B: Base> Test<B> {
    async fn texts(&self) -> [Vec<String>; 3] {
        [
            self.rows("books").await,
            self.rows("texts").await,
            self.rows("indices").await,
        ]
    }
}

async fn deleting_the_last_child_deletes_its_target<B: Base>(test: Test<B>) {
    there(&test).await;
    let book = loaded(&test, 3).await;
    let book = book.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [vec!["1|1|1", "2|1|1", "4|1|-"], vec!["1|a"], vec!["1|1"]]
    );
    // What comes back is new throughout: its target is inserted again.
    let book = book.save(&test.pool).await.unwrap();
    assert_eq!(book.text.as_ref().unwrap().get().unwrap().words, "b");
    assert_eq!(test.rows("texts").await, ["1|a", "3|b"]);
    let report = Book::delete_by_key(book.id, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report)
            .into_iter()
            .filter(|change| !change.contains(" 0 "))
            .collect::<Vec<_>>(),
        ["deleted 1 books", "deleted 1 texts"]
    );
    let report = Book::delete_by_key(4, &test.pool).await.unwrap();
    assert_eq!(changes(&report)[0], "deleted 1 books");
    assert_eq!(test.rows("texts").await, ["1|a"]);
}

async fn deleting_a_child_spares_a_target_that_another_refers_to<B: Base>(test: Test<B>) {
    there(&test).await;
    alone(&test, 1).await.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("texts").await, ["1|a", "2|b"]);
    Book::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [vec!["3|1|2", "4|1|-"], vec!["2|b"], vec!["2|2"]]
    );
}

async fn deleting_all_children_deletes_their_targets<B: Base>(test: Test<B>) {
    there(&test).await;
    let books = Book::find_many([1, 2, 3, 4]).all(&test.pool).await.unwrap();
    drop(test.sent());
    Persistent::delete_all(books, &test.pool).await.unwrap();
    assert_eq!(test.texts().await, [NONE, NONE, NONE]);
    test.execute("INSERT INTO texts (id, words) VALUES (7, 'g'); INSERT INTO books (shelf_id, text_id) VALUES (1, 7), (1, 7)")
        .await;
    Shelf::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.texts().await, [NONE, NONE, NONE]);
}

async fn repointing_deletes_what_is_left_alone<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut book = alone(&test, 3).await;
    book.text = Some(text("new"));
    let report = book.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "inserted 1 texts",
            "updated 1 books",
            "inserted 1 indices",
            "deleted 1 indices",
            "deleted 1 texts"
        ],
        "the new one goes in, the owner is repointed, the old one goes out"
    );
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|1", "2|1|1", "3|1|3", "4|1|-"],
            vec!["1|a", "3|new"],
            vec!["1|1", "3|3"]
        ]
    );
    let mut book = loaded(&test, 3).await;
    book.text.as_mut().unwrap().set_key(1);
    book.save(&test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|1", "2|1|1", "3|1|1", "4|1|-"],
            vec!["1|a"],
            vec!["1|1"]
        ]
    );
}

async fn repointing_spares_what_another_refers_to<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut book = loaded(&test, 1).await;
    book.text = Some(text("new"));
    book.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("texts").await, ["1|a", "2|b", "3|new"]);
    assert_eq!(
        test.rows("books").await,
        ["1|1|3", "2|1|1", "3|1|2", "4|1|-"]
    );
    let mut book = alone(&test, 4).await;
    book.text = Some(BelongsTo::to(1));
    let report = test.save_as_planned(&mut book).await;
    assert_eq!(
        changes(&report),
        ["updated 1 books"],
        "it let go of nothing"
    );
}

async fn repointed_away_from_by_two<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut books = Book::find_many([1, 2]).all(&test.pool).await.unwrap();
    books[0].text = Some(BelongsTo::to(2));
    books[1].text = Some(text("new"));
    Persistent::save_all(&mut books, &test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|2", "2|1|3", "3|1|2", "4|1|-"],
            vec!["2|b", "3|new"],
            vec!["2|2", "3|3"]
        ]
    );
}

async fn what_one_lets_go_and_another_takes_stays<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut books = Book::find_many([3, 4]).all(&test.pool).await.unwrap();
    books[0].text = None;
    books[1].text = Some(BelongsTo::to(2));
    Persistent::save_all(&mut books, &test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|1", "2|1|1", "3|1|-", "4|1|2"],
            vec!["1|a", "2|b"],
            vec!["1|1", "2|2"]
        ]
    );
}

mod kept {
    use sqlx_cascade::{BelongsTo, Relations};

    use super::Text;

    #[derive(Debug, Default, Relations)]
    #[table(name = "books")]
    pub(super) struct Book {
        #[key(generated)]
        pub(super) id: i64,
        #[many_to_one(cascade = "all", single_parent)]
        pub(super) text: Option<BelongsTo<Text>>,
    }
}

async fn with_delete_alone_what_is_let_go_stays<B: Base>(test: Test<B>) {
    use kept::Book;
    there(&test).await;
    let mut book = Book::find(3).one(&test.pool).await.unwrap();
    book.text = None;
    let report = test.save_as_planned(&mut book).await;
    assert_eq!(changes(&report), ["updated 1 books"]);
    assert_eq!(test.rows("texts").await, ["1|a", "2|b"]);
    book.text = Some(BelongsTo::to(2));
    book.save(&test.pool).await.unwrap();
    book.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("texts").await, ["1|a"]);
}

async fn letting_go_deletes<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut book = loaded(&test, 3).await;
    let old = book.text.take();
    assert_eq!(old.unwrap().get().unwrap().words, "b");
    book.save(&test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|1", "2|1|1", "3|1|-", "4|1|-"],
            vec!["1|a"],
            vec!["1|1"]
        ]
    );
}

async fn children_that_leave_take_their_targets<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut shelf = Shelf::find(1)
        .with(Shelf::BOOKS)
        .one(&test.pool)
        .await
        .unwrap();
    shelf.books.remove(2);
    shelf.books.remove(0);
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [vec!["2|1|1", "4|1|-"], vec!["1|a"], vec!["1|1"]]
    );
    let mut shelf = Shelf::find(1).one(&test.pool).await.unwrap();
    shelf.books.clear();
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.texts().await, [NONE, NONE, NONE]);
}

async fn a_child_that_enters_takes_over_the_target<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut shelf = Shelf::find(1)
        .with(Shelf::BOOKS)
        .one(&test.pool)
        .await
        .unwrap();
    let book = shelf.books.remove(2);
    assert_eq!(book.text.as_ref().unwrap().key(), Some(&2));
    shelf.books.push(Book {
        text: Some(BelongsTo::to(2)),
        ..Book::default()
    });
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|1", "2|1|1", "4|1|-", "5|1|2"],
            vec!["1|a", "2|b"],
            vec!["1|1", "2|2"]
        ]
    );
}

async fn a_target_that_something_else_refers_to<B: Base>(test: Test<B>) {
    there(&test).await;
    test.create("CREATE TABLE marks (text_id BIGINT NOT NULL REFERENCES texts (id))")
        .await;
    test.execute("INSERT INTO marks VALUES (2)").await;
    let mut book = alone(&test, 3).await;
    book.text = None;
    let error = book.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
    let result = book.delete(&test.pool).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
    assert_eq!(
        test.texts().await,
        [
            vec!["1|1|1", "2|1|1", "3|1|2", "4|1|-"],
            vec!["1|a", "2|b"],
            vec!["1|1", "2|2"]
        ]
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "books")]
struct Owned {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan", single_parent)]
    text: BelongsTo<Text>,
}

async fn a_one_to_one_target<B: Base>(test: Test<B>) {
    test.create(&BOOKS.replace(
        "text_id BIGINT REFERENCES",
        "text_id BIGINT NOT NULL UNIQUE REFERENCES",
    ))
    .await;
    let owned = |words: &str| Owned {
        text: text(words),
        ..Owned::default()
    };
    let mut a = owned("a").save(&test.pool).await.unwrap();
    let b = owned("b").save(&test.pool).await.unwrap();
    a.text.set_key(2);
    failed(
        a.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Owned",
    );
    a.text = text("c");
    a.save(&test.pool).await.unwrap();
    assert_eq!(
        test.texts().await,
        [
            vec!["1|-|3", "2|-|2"],
            vec!["2|b", "3|c"],
            vec!["2|2", "3|3"]
        ]
    );
    b.delete(&test.pool).await.unwrap();
    let b = Owned {
        text: BelongsTo::to(2),
        ..Owned::default()
    };
    let error = b.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation);
    assert_eq!(test.rows("texts").await, ["3|c"]);
}

#[derive(Debug, Default, Relations)]
#[table(name = "trips")]
struct Trip {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    guests: HasMany<Guest>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "guests")]
struct Guest {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    trip: BelongsTo<Trip>,
}

/// Either side deletes the other: a trip goes with its last guest, and guests go with their trip.
async fn a_target_that_has_the_children_back<B: Base>(test: Test<B>) {
    test.create(
        "
        CREATE TABLE trips (id $id, name TEXT NOT NULL);
        CREATE TABLE guests (id $id, trip_id BIGINT NOT NULL REFERENCES trips (id));
    ",
    )
    .await;
    test.execute("INSERT INTO trips (name) VALUES ('a'), ('b'); INSERT INTO guests (trip_id) VALUES (1), (1), (2), (2)")
        .await;
    Guest::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("trips").await, ["1|a", "2|b"]);
    let mut guest = Guest::find(2).one(&test.pool).await.unwrap();
    guest.trip = BelongsTo::to(2);
    guest.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("trips").await,
        ["2|b"],
        "nobody is on it any more"
    );
    assert_eq!(test.rows("guests").await, ["2|2", "3|2", "4|2"]);
    let find = Trip::find(2).with(Trip::GUESTS);
    let mut trip = find.one(&test.pool).await.unwrap();
    trip.guests.remove(0);
    trip.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("guests").await, ["3|2", "4|2"]);
    drop(test.sent());
    trip.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE guests", "DELETE trips"]);
    assert_eq!(test.rows("guests").await, NONE);
    assert_eq!(test.rows("trips").await, NONE);
    test.execute("INSERT INTO trips (id, name) VALUES (7, 'c'); INSERT INTO guests (id, trip_id) VALUES (7, 7)")
        .await;
    let guest = Guest::find(7).one(&test.pool).await.unwrap();
    guest.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("guests").await, NONE);
    assert_eq!(test.rows("trips").await, NONE);
}
