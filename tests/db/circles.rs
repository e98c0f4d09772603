//! Cascades that lead back to a table through another.

use sqlx_cascade::{BelongsTo, HasMany, Relations};

use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    a_circle_of_two_tables_is_deleted_without_loading,
    rows_that_refer_to_each_other_in_a_circle_are_deleted,
    a_circle_below_another_table_is_deleted,
    a_circle_of_mixed_keys_is_deleted,
    a_removal_takes_a_circle_along,
];

const SCHEMA: &str = "
    CREATE TABLE roots (id $id);
    CREATE TABLE folders (id $id, root_id BIGINT REFERENCES roots (id), file_id BIGINT, name TEXT NOT NULL);
    CREATE TABLE files (id $id, folder_id BIGINT NOT NULL REFERENCES folders (id), name TEXT NOT NULL);
    CREATE TABLE pages (id $id, file_id BIGINT NOT NULL REFERENCES files (id));
";

#[derive(Debug, Default, Relations)]
#[table(name = "roots")]
struct Root {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    folders: HasMany<Folder>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "folders")]
struct Folder {
    #[key(generated)]
    id: i64,
    #[many_to_one(Root)]
    root_id: Option<i64>,
    #[many_to_one(File)]
    file_id: Option<i64>,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    files: HasMany<File>,
}

/// An archive: a file that has folders.
#[derive(Debug, Default, Relations)]
#[table(name = "files")]
struct File {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    folder: BelongsTo<Folder>,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    folders: HasMany<Folder>,
    #[one_to_many(cascade = "all, delete-orphan")]
    pages: HasMany<Page>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "pages")]
struct Page {
    #[key(generated)]
    id: i64,
    #[many_to_one(File)]
    file_id: i64,
}

/// A folder in a file in a folder, as deep as that.
fn nested(depth: usize) -> Folder {
    let mut folder = Folder {
        name: "0".into(),
        ..Folder::default()
    };
    folder.files = HasMany::empty();
    for level in 1..depth {
        let file = File {
            name: level.to_string(),
            folders: vec![folder].into(),
            pages: vec![Page::default(), Page::default()].into(),
            ..File::default()
        };
        folder = Folder {
            name: level.to_string(),
            files: vec![file].into(),
            ..Folder::default()
        };
    }
    folder
}

async fn prepared<B: Base>(test: &Test<B>) {
    test.create(SCHEMA).await;
    test.create("CREATE INDEX files_of_a_folder ON files (folder_id);")
        .await;
}

async fn a_circle_of_two_tables_is_deleted_without_loading<B: Base>(test: Test<B>) {
    prepared(&test).await;
    nested(5).save(&test.pool).await.unwrap();
    nested(2).save(&test.pool).await.unwrap();
    drop(test.sent());
    let report = Folder::delete_by_key(1, &test.pool).await.unwrap();
    let sent = test.sent();
    // PostgreSQL locks before it looks.
    let statements = if B::SERVICE == "postgres" { 9 } else { 6 };
    assert_eq!(sent.len(), statements, "{sent:#?}");
    assert_eq!(
        changes(&report),
        ["deleted 8 pages", "deleted 4 files", "deleted 5 folders"]
    );
    assert_eq!(test.rows("folders").await, ["6|-|-|1", "7|-|5|0"]);
    assert_eq!(test.rows("files").await, ["5|6|1"]);
    assert_eq!(test.rows("pages").await.len(), 2);
}

async fn rows_that_refer_to_each_other_in_a_circle_are_deleted<B: Base>(test: Test<B>) {
    prepared(&test).await;
    nested(3).save(&test.pool).await.unwrap();
    nested(1).save(&test.pool).await.unwrap();
    test.execute("UPDATE folders SET file_id = 2 WHERE id = 1")
        .await;
    Folder::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(test.rows("folders").await, ["4|-|-|0"]);
    assert_eq!(test.rows("files").await, NONE);
    assert_eq!(test.rows("pages").await, NONE);
}

async fn a_circle_below_another_table_is_deleted<B: Base>(test: Test<B>) {
    prepared(&test).await;
    let roots = (0..2).map(|_| Root {
        folders: vec![nested(3), nested(2)].into(),
        ..Root::default()
    });
    let roots = Root::save_all(roots.collect(), &test.pool).await.unwrap();
    assert_eq!(test.rows("folders").await.len(), 10);
    let [first, _]: [_; 2] = roots.try_into().unwrap();
    first.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("roots").await, ["2"]);
    assert_eq!(test.rows("folders").await.len(), 5);
    assert_eq!(test.rows("files").await.len(), 3);
}

async fn a_removal_takes_a_circle_along<B: Base>(test: Test<B>) {
    prepared(&test).await;
    let mut root = Root {
        folders: vec![nested(3), nested(2)].into(),
        ..Root::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    root.folders.remove(0);
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("folders").await.len(), 2);
    root.folders.clear();
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("folders").await, NONE);
    assert_eq!(test.rows("files").await, NONE);
}

#[derive(Debug, Default, Relations)]
#[table(name = "boxes")]
struct Case {
    #[key]
    code: String,
    #[many_to_one(Thing, column = "thing_shelf, thing_place")]
    thing: Option<BelongsTo<Thing>>,
    #[one_to_many(cascade = "all, delete-orphan")]
    things: HasMany<Thing>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "things")]
struct Thing {
    #[key]
    shelf: i64,
    #[key]
    place: i64,
    #[many_to_one(Case, column = "box_code")]
    case: BelongsTo<Case>,
    #[one_to_many(cascade = "all, delete-orphan")]
    boxes: HasMany<Case>,
}

async fn a_circle_of_mixed_keys_is_deleted<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE boxes (code TEXT NOT NULL PRIMARY KEY, thing_shelf BIGINT, thing_place BIGINT);
         CREATE TABLE things (shelf BIGINT NOT NULL, place BIGINT NOT NULL, box_code TEXT NOT NULL REFERENCES boxes (code), PRIMARY KEY (shelf, place));",
    )
    .await;
    let inner = |code: &str| Case {
        code: code.into(),
        things: HasMany::empty(),
        ..Case::default()
    };
    let thing = |place, boxes: Vec<Case>| Thing {
        shelf: 1,
        place,
        boxes: boxes.into(),
        ..Thing::default()
    };
    let outer = |code: &str, places: [i64; 2]| Case {
        things: vec![
            thing(
                places[0],
                vec![inner(&format!("{code}a")), inner(&format!("{code}b"))],
            ),
            thing(places[1], vec![]),
        ]
        .into(),
        ..inner(code)
    };
    let first = outer("x", [1, 2]).save(&test.pool).await.unwrap();
    outer("y", [3, 4]).save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("boxes").await,
        ["xa|1|1", "xb|1|1", "x|-|-", "ya|1|3", "yb|1|3", "y|-|-"]
    );
    first.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("boxes").await, ["ya|1|3", "yb|1|3", "y|-|-"]);
    assert_eq!(test.rows("things").await, ["1|3|y", "1|4|y"]);
}
