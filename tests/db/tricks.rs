//! What makes statements few and quick, and what guarantees that it is right: each with what would break it.

use std::collections::BTreeSet;

use sqlx::{Postgres, Row as _, Sqlite};
use sqlx_cascade::{ErrorKind, HasMany, HasOne, ManyToMany, Persistent, Relations};

use crate::support::{Test, run};

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "notes")]
struct Note {
    #[key(generated)]
    id: i64,
    text: String,
}

fn notes(count: usize) -> Vec<Note> {
    let note = |number| Note {
        text: format!("note {number}"),
        ..Note::default()
    };
    (0..count).map(note).collect()
}

/// Saves ten notes beside two that are there; each handle has the key of its row. What was sent.
async fn ten_notes(test: &Test<Sqlite>) -> Vec<String> {
    drop(test.statements());
    let saved = Note::save_all(notes(10), &test.pool).await.unwrap();
    let mut sent = test.statements();
    sent.retain(|text| !text.starts_with("PRAGMA"));
    let rows: BTreeSet<String> = test.rows("notes").await.into_iter().collect();
    for note in &saved {
        let row = format!("{}|{}", note.id, note.text);
        assert!(rows.contains(&row), "{row} in {rows:?}");
    }
    let keys: BTreeSet<i64> = saved.iter().map(|note| note.id).collect();
    assert_eq!(keys.len(), 10);
    sent
}

const PLAIN: [&str; 4] = [
    "BEGIN IMMEDIATE",
    "INSERT INTO \"notes\" (\"text\") VALUES (?) RETURNING \"id\"",
    "INSERT INTO \"notes\" (\"text\") SELECT * FROM (VALUES (?), (?), (?), (?), (?), (?), (?), (?), (?), (?), (?), (?), (?), (?), (?), (?)) LIMIT ? + 0",
    "COMMIT",
];

/// The first row says its key, the others follow it.
#[tokio::test]
async fn the_keys_of_many_rows_are_computed() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);")
            .await;
        test.execute("INSERT INTO notes VALUES (1, 'one'), (40, 'forty')")
            .await;
        assert_eq!(ten_notes(&test).await, PLAIN);
        assert_eq!(test.rows("notes").await[2], "41|note 0");
    })
    .await;
}

/// Keys of rows that are gone aren't given again: the next one doesn't follow the largest that there is.
#[tokio::test]
async fn the_keys_of_autoincrement_are_computed() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);",
        )
        .await;
        test.execute("INSERT INTO notes VALUES (1, 'one'), (40, 'forty')")
            .await;
        test.execute("DELETE FROM notes").await;
        assert_eq!(ten_notes(&test).await, PLAIN);
        assert_eq!(test.rows("notes").await[0], "41|note 0");
    })
    .await;
}

/// What isn't as it was taken to be is undone, and done once more with all keys given back.
fn is_done_twice(sent: &[String]) {
    assert_eq!(sent[..3], PLAIN[..3]);
    assert!(sent.contains(&"ROLLBACK".to_owned()), "{sent:#?}");
    let mut inserts = sent.iter().filter(|text| text.starts_with("INSERT"));
    let last = inserts.next_back().expect("an insert");
    assert!(last.ends_with(" RETURNING \"id\""), "{sent:#?}");
    assert_eq!(sent.last().map(String::as_str), Some("COMMIT"));
}

#[tokio::test]
async fn a_trigger_that_takes_keys_in_between_is_noticed() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);")
            .await;
        test.execute(
            "CREATE TRIGGER again AFTER INSERT ON notes WHEN new.text = 'note 4'
            BEGIN INSERT INTO notes (text) VALUES ('between'); END",
        )
        .await;
        is_done_twice(&ten_notes(&test).await);
        assert_eq!(test.rows("notes").await.len(), 11);
    })
    .await;
}

/// A key that is no rowid: SQLite reports one all the same where the table has it, and none of this table where it hasn't.
#[tokio::test]
async fn a_key_that_is_no_rowid_is_noticed() {
    let schemas = [
        "CREATE TABLE notes (id INT PRIMARY KEY DEFAULT (random()), text TEXT NOT NULL);",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY DEFAULT (random()), text TEXT NOT NULL) WITHOUT ROWID;",
    ];
    for schema in schemas {
        run::<Sqlite, _>(async |test: Test<Sqlite>| {
            test.create(schema).await;
            drop(test.statements());
            let saved = Note::save_all(notes(10), &test.pool).await;
            // Which of several random keys is whose, nobody can tell.
            let found: BTreeSet<String> = test.rows("notes").await.into_iter().collect();
            match saved {
                Ok(saved) => {
                    for note in saved {
                        assert!(found.contains(&format!("{}|{}", note.id, note.text)));
                    }
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                    assert!(found.is_empty());
                }
            }
        })
        .await;
    }
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "odd VALUES (x)")]
struct Odd {
    #[key(generated)]
    id: i64,
    #[column(name = "a RETURNING b")]
    text: String,
}

/// A list that is longer than its rows stands in a text with names in it.
#[tokio::test]
async fn names_are_no_part_of_the_text_around_a_list() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create("CREATE TABLE \"odd VALUES (x)\" (id INTEGER PRIMARY KEY, \"a RETURNING b\" TEXT NOT NULL);").await;
        let odd = |number: i64| Odd { text: number.to_string(), ..Odd::default() };
        for count in [3, 10] {
            let saved = Odd::save_all((0..count).map(odd).collect::<Vec<_>>(), &test.pool).await.unwrap();
            let keys = saved.iter().map(|odd| odd.id);
            let found = Odd::find_many(keys).all(&test.pool).await.unwrap();
            assert_eq!(found, saved);
        }
    })
    .await;
}

#[tokio::test]
async fn random_keys_under_the_largest_rowid_are_refused() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);")
            .await;
        test.execute("INSERT INTO notes VALUES (9223372036854775807, 'last')")
            .await;
        let error = Note::save_all(notes(10), &test.pool).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(test.rows("notes").await, ["9223372036854775807|last"]);
    })
    .await;
}

/// The row that isn't there is found by what comes back before the COMMIT; what came after it in the message is undone.
#[tokio::test]
async fn what_is_stale_undoes_what_was_sent_with_it() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);")
            .await;
        let mut saved = Note::save_all(notes(2), &test.pool).await.unwrap();
        test.execute("DELETE FROM notes WHERE id = 1").await;
        for note in &mut saved {
            note.text.push('!');
        }
        saved.push(Note::default().save(&test.pool).await.unwrap());
        let error = Persistent::save_all(&mut saved, &test.pool)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stale);
        assert_eq!(test.rows("notes").await, ["2|note 1", "3|"]);
        test.execute("INSERT INTO notes VALUES (1, 'note 0')").await;
        Persistent::save_all(&mut saved, &test.pool).await.unwrap();
        assert_eq!(test.rows("notes").await, ["1|note 0!", "2|note 1!", "3|"]);
    })
    .await;
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "people")]
struct Person {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    card: HasOne<Card>,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "rank desc")]
    letters: HasMany<Letter>,
    #[many_to_many(through = "people_notes", source = "person_id", target = "note_id")]
    notes: ManyToMany<Note>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cards")]
struct Card {
    #[key(generated)]
    id: i64,
    #[one_to_one(Person)]
    person_id: i64,
    text: String,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "letters")]
struct Letter {
    #[key(generated)]
    id: i64,
    #[many_to_one(Person)]
    person_id: i64,
    rank: i64,
}

const PEOPLE: &str = "
    CREATE TABLE notes (id $id, text TEXT NOT NULL);
    CREATE TABLE people (id $id, name TEXT NOT NULL);
    CREATE TABLE cards (id $id, person_id BIGINT NOT NULL UNIQUE REFERENCES people (id), text TEXT NOT NULL);
    CREATE TABLE letters (id $id, person_id BIGINT NOT NULL REFERENCES people (id), rank BIGINT NOT NULL);
    CREATE TABLE people_notes (person_id BIGINT NOT NULL REFERENCES people (id), note_id BIGINT NOT NULL REFERENCES notes (id), PRIMARY KEY (person_id, note_id));
";

fn person(name: &str, letters: i64) -> Person {
    let letter = |number: i64| Letter {
        rank: number * 7 % letters,
        ..Letter::default()
    };
    let mut person = Person {
        name: name.into(),
        card: HasOne::from(Card::default()),
        letters: (0..letters).map(letter).collect(),
        notes: ManyToMany::empty(),
        ..Person::default()
    };
    person.notes.push(Note::default());
    person
}

/// A plan that was made for one row is taken for every other row, instead of a new one each time.
#[tokio::test]
async fn postgres_keeps_the_plans_of_single_rows() {
    run::<Postgres, _>(async |test: Test<Postgres>| {
        test.create(PEOPLE).await;
        let mut connection = test.pool.acquire().await.unwrap();
        for number in 0..12 {
            let ada = person("ada", 1).save(&mut *connection).await.unwrap();
            let mut ada = Person::find(ada.id)
                .with((Person::CARD, Person::LETTERS))
                .one(&mut *connection)
                .await
                .unwrap();
            ada.name = format!("ada {number}");
            ada.card.set(Card::default());
            ada.save(&mut *connection).await.unwrap();
            ada.delete(&mut *connection).await.unwrap();
        }
        let plans = "SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements
            WHERE statement LIKE '%people%' AND statement NOT LIKE '%pg_prepared_statements%'";
        let plans = sqlx::query(plans)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        assert!(plans.len() >= 4, "{}", plans.len());
        for plan in plans {
            let (text, kept, new): (String, i64, i64) = (plan.get(0), plan.get(1), plan.get(2));
            assert!(kept >= 5 && new <= 6, "{kept} kept, {new} new: {text}");
        }
    })
    .await;
}

/// A key that is narrower than its field is cast: a statement that can't be undone gives back nothing that can't be read.
#[tokio::test]
async fn a_narrow_key_is_read() {
    run::<Postgres, _>(async |test: Test<Postgres>| {
        test.create("CREATE TABLE notes (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, text text NOT NULL);")
            .await;
        let one = Note::save_all(notes(1), &test.pool).await.unwrap();
        let several = Note::save_all(notes(2), &test.pool).await.unwrap();
        assert_eq!((one[0].id, several[0].id, several[1].id), (1, 2, 3));
        assert_eq!(
            test.rows("notes").await,
            ["1|note 0", "2|note 0", "3|note 1"]
        );
    })
    .await;
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shops")]
struct Shop {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    shelves: HasMany<Shelf>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shelves")]
struct Shelf {
    #[key(generated)]
    id: i64,
    #[many_to_one(Shop)]
    shop_id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    jars: HasMany<Jar>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "jars")]
struct Jar {
    #[key(generated)]
    id: i64,
    #[many_to_one(Shelf)]
    shelf_id: i64,
    label: Option<String>,
}

const SHOPS: &str = "
    CREATE TABLE shops (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
    CREATE TABLE shelves (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shops);
    CREATE TABLE jars (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, shelf_id bigint NOT NULL REFERENCES shelves ON DELETE RESTRICT, label text);
";

fn shop() -> Shop {
    let jar = |label: Option<&str>| Jar {
        label: label.map(str::to_owned),
        ..Jar::default()
    };
    let shelf = |jars: Vec<Jar>| Shelf {
        jars: jars.into(),
        ..Shelf::default()
    };
    let shelves = vec![
        shelf(vec![jar(None), jar(Some("mint"))]),
        shelf(vec![]),
        shelf(vec![jar(None)]),
    ];
    Shop {
        shelves: shelves.into(),
        ..Shop::default()
    }
}

/// What goes is found by the keys that the statement itself has just deleted, so nobody can have moved it away in between. The constraint that
/// restricts it is checked when all of them are gone.
#[tokio::test]
async fn what_is_deleted_leads_to_what_is_below() {
    run::<Postgres, _>(async |test: Test<Postgres>| {
        test.create(SHOPS).await;
        let shops = Shop::save_all(vec![shop(), shop()], &test.pool).await.unwrap();
        drop(test.statements());
        Shop::delete_by_key(shops[0].id, &test.pool).await.unwrap();
        let sent = test.statements();
        assert_eq!(sent.len(), 1, "{sent:?}");
        let is_found = sent[0].contains("IN (SELECT \"id\" FROM s1)") && !sent[0].contains("FOR UPDATE");
        assert!(is_found, "{}", sent[0]);
        assert_eq!(test.rows("shelves").await, ["4|2", "5|2", "6|2"]);
        assert_eq!(test.rows("jars").await, ["4|4|-", "5|4|mint", "6|6|-"]);

        // What a trigger keeps keeps what is below it, and so the statement doesn't last; nor do the same steps one by one.
        test.execute("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
            .await;
        test.execute("CREATE TRIGGER kept BEFORE DELETE ON shelves FOR EACH ROW WHEN (OLD.id = 4) EXECUTE FUNCTION keep()")
            .await;
        let kept = Shop::delete_by_key(shops[1].id, &test.pool).await;
        assert_eq!(kept.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
        assert_eq!(test.rows("shelves").await, ["4|2", "5|2", "6|2"]);
        assert_eq!(test.rows("jars").await, ["4|4|-", "5|4|mint", "6|6|-"]);
    })
    .await;
}

/// NULL in an array is None, and a relation without rows is no array: each row has its own.
#[tokio::test]
async fn columns_of_many_rows_are_arrays() {
    run::<Postgres, _>(async |test: Test<Postgres>| {
        test.create(SHOPS).await;
        let empty = Shop {
            shelves: Vec::new().into(),
            ..Shop::default()
        };
        let shops = Shop::save_all(vec![shop(), empty, shop()], &test.pool)
            .await
            .unwrap();
        let keys = shops.iter().map(|shop| shop.id);
        drop(test.statements());
        let found = Shop::find_many(keys).with(Shop::SHELVES.then(Shelf::JARS));
        let found = found.all(&test.pool).await.unwrap();
        let sent = test.statements();
        assert!(
            sent.len() == 1 && sent[0].contains("array_agg("),
            "{sent:?}"
        );
        assert_eq!(found, shops);
    })
    .await;
}

/// Several processes read a UNION: the rows of an arm stay in their order.
#[tokio::test]
async fn the_arms_of_a_union_keep_their_order() {
    run::<Postgres, _>(async |test: Test<Postgres>| {
        test.create(PEOPLE).await;
        let ada = person("ada", 5000).save(&test.pool).await.unwrap();
        let bob = person("bob", 5000).save(&test.pool).await.unwrap();
        let mut connection = test.pool.acquire().await.unwrap();
        for setting in [
            "SET parallel_setup_cost = 0",
            "SET parallel_tuple_cost = 0",
            "SET min_parallel_table_scan_size = 0",
            "SET min_parallel_index_scan_size = 0",
            "SET max_parallel_workers_per_gather = 4",
        ] {
            sqlx::raw_sql(setting)
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        for keys in [vec![ada.id], vec![bob.id, ada.id]] {
            let people = Person::find_many(keys.clone()).with((
                Person::LETTERS,
                Person::CARD,
                Person::NOTES,
            ));
            let people = people.all(&mut *connection).await.unwrap();
            assert_eq!(
                people.iter().map(|person| person.id).collect::<Vec<_>>(),
                keys
            );
            for person in &people {
                let ranks: Vec<i64> = person.letters.iter().map(|letter| letter.rank).collect();
                assert!(ranks.iter().eq((0..5000).rev().collect::<Vec<_>>().iter()));
                assert!(
                    person
                        .letters
                        .iter()
                        .all(|letter| letter.person_id == person.id)
                );
            }
        }
    })
    .await;
}

/// The statements of a read are as of one time, unless a transaction is what makes them so: one of sqlx, or one that was begun by a text.
#[tokio::test]
async fn a_message_of_statements_reads_as_of_one_time() {
    run::<Sqlite, _>(async |test: Test<Sqlite>| {
        test.create(PEOPLE).await;
        let ada = person("ada", 3).save(&test.pool).await.unwrap();
        let find = || Person::find(ada.id).with((Person::LETTERS, Person::CARD, Person::NOTES));
        let sent = || {
            let mut sent = test.statements();
            sent.retain(|text| !text.starts_with("PRAGMA"));
            let ends = [sent.first(), sent.last()].map(|text| text.cloned().unwrap());
            ends.map(|text| text.split(' ').next().unwrap_or_default().to_owned())
        };
        drop(test.statements());
        assert_eq!(find().one(&test.pool).await.unwrap().letters.len(), 3);
        assert_eq!(sent(), ["BEGIN", "COMMIT"]);
        let mut transaction = test.pool.begin().await.unwrap();
        drop(test.statements());
        assert_eq!(find().one(&mut transaction).await.unwrap().letters.len(), 3);
        assert_eq!(sent(), ["SELECT", "SELECT"]);
        transaction.rollback().await.unwrap();
        let mut connection = test.pool.acquire().await.unwrap();
        sqlx::raw_sql("BEGIN; DELETE FROM letters")
            .execute(&mut *connection)
            .await
            .unwrap();
        assert!(
            find()
                .one(&mut *connection)
                .await
                .unwrap()
                .letters
                .is_empty()
        );
        sqlx::raw_sql("ROLLBACK")
            .execute(&mut *connection)
            .await
            .unwrap();
        assert_eq!(find().one(&mut *connection).await.unwrap().letters.len(), 3);
    })
    .await;
}

crate::support::on_every_database![rows_that_are_asked_for_twice];

async fn rows_that_are_asked_for_twice<B: crate::support::Base>(test: Test<B>) {
    test.create(PEOPLE).await;
    let ada = person("ada", 3).save(&test.pool).await.unwrap();
    let bob = person("bob", 2).save(&test.pool).await.unwrap();
    let all = (Person::LETTERS, Person::CARD, Person::NOTES);
    let keys = [bob.id, ada.id, 99, bob.id];
    let found = Person::find_many(keys)
        .with(all)
        .all(&test.pool)
        .await
        .unwrap();
    let one = |id| Person::find(id).with(all).one(&test.pool);
    let (ada, bob) = (one(ada.id).await.unwrap(), one(bob.id).await.unwrap());
    assert_eq!(found, [bob, ada, one(keys[0]).await.unwrap()]);
    assert_eq!(found[0].letters.len(), 2);
    assert_eq!(found[1].letters.len(), 3);
    assert_eq!(found[2].notes.iter().count(), 1);
}
