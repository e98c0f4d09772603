//! Many-to-many with `single_parent`: a target goes with its last link.

use sqlx_cascade::{ErrorKind, HasMany, ManyToMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    an_unlinked_target_is_deleted,
    a_target_that_is_linked_elsewhere_stays,
    all_links_leave,
    set_keys_deletes_what_is_left_alone,
    what_moves_to_another_source_stays,
    the_last_two_links_leave_together,
    a_target_that_is_deleted_takes_what_is_below,
    deleting_the_source_deletes_its_targets,
    deleting_all_sources_deletes_shared_targets,
    with_delete_alone_an_unlinked_target_stays,
    detaching_deletes_what_is_left_alone,
    a_target_that_something_else_refers_to,
    replacing_inserts_first,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "notebooks")]
struct Notebook {
    #[key(generated)]
    id: i64,
    #[many_to_many(through = "pages", cascade = "all, delete-orphan", single_parent)]
    notes: ManyToMany<Note>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "notes")]
struct Note {
    #[key(generated)]
    id: i64,
    text: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    lines: HasMany<Line>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lines")]
struct Line {
    #[key(generated)]
    id: i64,
    #[many_to_one(Note)]
    note_id: i64,
}

const NOTES: &str = "
    CREATE TABLE notebooks (id $id, filler TEXT);
    CREATE TABLE notes (id $id, text TEXT NOT NULL);
    CREATE TABLE lines (id $id, note_id BIGINT NOT NULL REFERENCES notes (id));
    CREATE TABLE pages (notebook_id BIGINT NOT NULL REFERENCES notebooks (id), note_id BIGINT NOT NULL REFERENCES notes (id), PRIMARY KEY (notebook_id, note_id));
";

/// Note 2 is in both notebooks.
const THERE: &str = "
    INSERT INTO notebooks (filler) VALUES (NULL), (NULL);
    INSERT INTO notes (text) VALUES ('a'), ('b'), ('c');
    INSERT INTO lines (note_id) VALUES (1), (2), (2), (3);
    INSERT INTO pages VALUES (1, 1), (1, 2), (2, 2), (2, 3);
";

async fn there<B: Base>(test: &Test<B>) {
    test.create(NOTES).await;
    test.execute(THERE).await;
}

async fn loaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<Notebook> {
    let found = Notebook::find(id).with(Notebook::NOTES).one(&test.pool);
    let found = found.await.unwrap();
    drop(test.sent());
    found
}

async fn alone<B: Base>(test: &Test<B>, id: i64) -> Persistent<Notebook> {
    let found = Notebook::find(id).one(&test.pool).await.unwrap();
    drop(test.sent());
    found
}

fn note(text: &str) -> Note {
    Note {
        text: text.into(),
        ..Note::default()
    }
}

impl<B: Base> Test<B> {
    async fn notes(&self) -> [Vec<String>; 3] {
        [
            self.rows("notes").await,
            self.rows("lines").await,
            self.rows("pages").await,
        ]
    }
}

/// What is sent, but for what only reads.
fn written(sent: Vec<String>) -> Vec<String> {
    let written = |text: &String| {
        ["INSERT ", "UPDATE ", "DELETE "]
            .iter()
            .any(|verb| text.starts_with(verb))
    };
    sent.into_iter().filter(written).collect()
}

async fn an_unlinked_target_is_deleted<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = loaded(&test, 1).await;
    let note = a.notes.remove(0);
    assert_eq!(note.text, "a");
    let report = a.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 1 pages", "deleted 1 lines", "deleted 1 notes"]
    );
    assert_eq!(
        written(test.kinds()),
        ["DELETE pages", "DELETE lines", "DELETE notes"]
    );
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c"],
            vec!["2|2", "3|2", "4|3"],
            vec!["1|2", "2|2", "2|3"]
        ]
    );
    let mut b = alone(&test, 2).await;
    b.notes.remove_key(&3);
    b.notes.remove_key(&99);
    b.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [vec!["2|b"], vec!["2|2", "3|2"], vec!["1|2", "2|2"]]
    );
}

async fn a_target_that_is_linked_elsewhere_stays<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = loaded(&test, 1).await;
    a.notes.remove(1);
    let report = a.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["unlinked 1 pages"]);
    assert_eq!(
        test.notes().await,
        [
            vec!["1|a", "2|b", "3|c"],
            vec!["1|1", "2|2", "3|2", "4|3"],
            vec!["1|1", "2|2", "2|3"]
        ]
    );
    // Now it is the only one.
    let mut b = alone(&test, 2).await;
    b.notes.remove_key(&2);
    b.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [vec!["1|a", "3|c"], vec!["1|1", "4|3"], vec!["1|1", "2|3"]]
    );
}

async fn all_links_leave<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = alone(&test, 1).await;
    a.notes.clear();
    a.notes.push(note("d"));
    a.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c", "4|d"],
            vec!["2|2", "3|2", "4|3"],
            vec!["1|4", "2|2", "2|3"]
        ]
    );
    let mut b = loaded(&test, 2).await;
    b.notes = ManyToMany::empty();
    b.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [vec!["4|d".to_owned()], vec![], vec!["1|4".to_owned()]]
    );
}

async fn set_keys_deletes_what_is_left_alone<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = alone(&test, 1).await;
    a.notes.set_keys([3]);
    a.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c"],
            vec!["2|2", "3|2", "4|3"],
            vec!["1|3", "2|2", "2|3"]
        ]
    );
    let mut b = loaded(&test, 2).await;
    b.notes.set_keys([3]);
    b.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [vec!["3|c"], vec!["4|3"], vec!["1|3", "2|3"]]
    );
}

/// What no link refers to for a moment is linked at the end of the save.
async fn what_moves_to_another_source_stays<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = loaded(&test, 1).await;
    let mut b = loaded(&test, 2).await;
    a.notes.remove_key(&1);
    b.notes.add_key(1);
    b.notes.remove_key(&3);
    a.notes.add_key(3);
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["unlinked 2 pages", "linked 2 pages"]);
    assert_eq!(
        test.notes().await,
        [
            vec!["1|a", "2|b", "3|c"],
            vec!["1|1", "2|2", "3|2", "4|3"],
            vec!["1|2", "1|3", "2|1", "2|2"]
        ]
    );
    a.notes.set_keys([1, 2]);
    b.notes.set_keys([3]);
    Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.notes().await,
        [
            vec!["1|a", "2|b", "3|c"],
            vec!["1|1", "2|2", "3|2", "4|3"],
            vec!["1|1", "1|2", "2|3"]
        ]
    );
}

async fn the_last_two_links_leave_together<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = loaded(&test, 1).await;
    let mut b = loaded(&test, 2).await;
    a.notes.remove_key(&2);
    b.notes.remove_key(&2);
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 2 pages", "deleted 2 lines", "deleted 1 notes"]
    );
    assert_eq!(
        test.notes().await,
        [vec!["1|a", "3|c"], vec!["1|1", "4|3"], vec!["1|1", "2|3"]]
    );
}

async fn a_target_that_is_deleted_takes_what_is_below<B: Base>(test: Test<B>) {
    there(&test).await;
    let path = Notebook::NOTES.then(Note::LINES);
    let mut a = Notebook::find(1).with(path).one(&test.pool).await.unwrap();
    let first = a.notes.iter_mut().next().unwrap();
    first.text = "unsaved".into();
    first.lines.push(Line::default());
    let note = a.notes.remove(0);
    a.save(&test.pool).await.unwrap();
    assert_eq!(test.notes().await[1], ["2|2", "3|2", "4|3"]);
    // The value is new, with all that is below it.
    a.notes.push(note);
    a.save(&test.pool).await.unwrap();
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c", "4|unsaved"],
            vec!["2|2", "3|2", "4|3", "5|4", "6|4"],
            vec!["1|2", "1|4", "2|2", "2|3"]
        ]
    );
}

async fn deleting_the_source_deletes_its_targets<B: Base>(test: Test<B>) {
    there(&test).await;
    let a = loaded(&test, 1).await;
    let a = a.delete(&test.pool).await.unwrap();
    assert_eq!(
        written(test.kinds()),
        [
            "DELETE pages",
            "DELETE notebooks",
            "DELETE lines",
            "DELETE notes"
        ]
    );
    assert_eq!(test.rows("notebooks").await, ["2|-"]);
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c"],
            vec!["2|2", "3|2", "4|3"],
            vec!["2|2", "2|3"]
        ]
    );
    // What comes back is new throughout.
    assert_eq!(
        a.notes.iter().map(|note| note.id).collect::<Vec<_>>(),
        [1, 2]
    );
    let a = a.save(&test.pool).await.unwrap();
    assert_eq!(test.notes().await[2], ["2|2", "2|3", "3|4", "3|5"], "{a:?}");
}

async fn deleting_all_sources_deletes_shared_targets<B: Base>(test: Test<B>) {
    there(&test).await;
    let both = Notebook::find_many([1, 2]).all(&test.pool).await.unwrap();
    drop(test.sent());
    Persistent::delete_all(both, &test.pool).await.unwrap();
    assert_eq!(
        written(test.kinds()),
        [
            "DELETE pages",
            "DELETE notebooks",
            "DELETE lines",
            "DELETE notes"
        ]
    );
    assert_eq!(test.rows("notebooks").await, NONE);
    assert_eq!(test.notes().await, [NONE, NONE, NONE]);
}

mod kept {
    use sqlx_cascade::{ManyToMany, Relations};

    use super::Note;

    #[derive(Debug, Default, Relations)]
    #[table(name = "notebooks")]
    pub(super) struct Notebook {
        #[key(generated)]
        pub(super) id: i64,
        #[many_to_many(through = "pages", cascade = "all", single_parent)]
        pub(super) notes: ManyToMany<Note>,
    }
}

async fn with_delete_alone_an_unlinked_target_stays<B: Base>(test: Test<B>) {
    use kept::Notebook;
    there(&test).await;
    let mut a = Notebook::find(1)
        .with(Notebook::NOTES)
        .one(&test.pool)
        .await
        .unwrap();
    a.notes.remove(0);
    drop(test.sent());
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(changes(&report), ["unlinked 1 pages"]);
    assert_eq!(test.sent(), ["DELETE pages"]);
    a.notes.add_key(1);
    a.save(&test.pool).await.unwrap();
    assert_eq!(test.notes().await[0].len(), 3);
    let report = Notebook::delete_by_key(a.id, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "unlinked 2 pages",
            "deleted 1 notebooks",
            "deleted 1 lines",
            "deleted 1 notes"
        ]
    );
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c"],
            vec!["2|2", "3|2", "4|3"],
            vec!["2|2", "2|3"]
        ]
    );
}

async fn detaching_deletes_what_is_left_alone<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = alone(&test, 1).await;
    let report = a.detach(Notebook::NOTES, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 2 pages", "deleted 1 lines", "deleted 1 notes"]
    );
    assert!(a.notes.is_empty());
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c"],
            vec!["2|2", "3|2", "4|3"],
            vec!["2|2", "2|3"]
        ]
    );
}

async fn a_target_that_something_else_refers_to<B: Base>(test: Test<B>) {
    there(&test).await;
    test.create("CREATE TABLE marks (note_id BIGINT NOT NULL REFERENCES notes (id))")
        .await;
    test.execute("INSERT INTO marks VALUES (1)").await;
    let mut a = loaded(&test, 1).await;
    a.notes.remove(0);
    for _ in 0..2 {
        let error = a.save(&test.pool).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
        assert_eq!(
            test.notes().await[2],
            ["1|1", "1|2", "2|2", "2|3"],
            "nothing is done"
        );
    }
    test.execute("DELETE FROM marks").await;
    a.save(&test.pool).await.unwrap();
    assert_eq!(test.notes().await[0], ["2|b", "3|c"]);
}

async fn replacing_inserts_first<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = loaded(&test, 1).await;
    a.notes.remove(0);
    a.notes.push(note("d"));
    a.save(&test.pool).await.unwrap();
    let sent = written(test.kinds());
    let place = |what: &str| sent.iter().position(|sent| sent == what);
    assert!(place("INSERT notes") < place("DELETE notes"), "{sent:?}");
    assert_eq!(
        test.notes().await,
        [
            vec!["2|b", "3|c", "4|d"],
            vec!["2|2", "3|2", "4|3"],
            vec!["1|2", "1|4", "2|2", "2|3"]
        ]
    );
}
