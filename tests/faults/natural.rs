//! Keys that the application assigns: what is not loaded is read first, in the same transaction.

use sqlx_cascade::{ErrorKind, HasOne, Persistent, Relations};

use crate::dropped::{When, polled};
use crate::home::{Home, Kind, on_each};

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "folders")]
struct Folder {
    #[key]
    path: String,
    title: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    label: HasOne<Label>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "labels")]
struct Label {
    #[key]
    name: String,
    #[one_to_one(Folder)]
    folder_path: String,
    text: String,
}

const TABLES: &str = "
CREATE TABLE folders (path TEXT PRIMARY KEY, title TEXT NOT NULL);
CREATE TABLE labels (name TEXT PRIMARY KEY, folder_path TEXT NOT NULL UNIQUE REFERENCES folders (path), text TEXT NOT NULL);";

const SEED: &str = "
DELETE FROM labels; DELETE FROM folders;
INSERT INTO folders VALUES ('a', 'old'), ('b', 'old');
INSERT INTO labels VALUES ('red', 'a', 'old'), ('blue', 'b', 'old');";

async fn rows<DB: Kind>(home: &Home<DB>) -> Vec<String> {
    let sql = "SELECT path || ' ' || title || ' ' || COALESCE(name || ' ' || text, 'none') FROM folders LEFT JOIN labels ON folder_path = path ORDER BY path";
    home.texts(sql).await
}

fn label(name: &str) -> Label {
    Label {
        name: name.to_owned(),
        text: "new".to_owned(),
        ..Label::default()
    }
}

/// Another label, where the one that is there isn't loaded.
async fn relabelled<DB: Kind>(home: &Home<DB>, name: &str) -> Persistent<Folder> {
    let found = Folder::find("a".to_owned()).one(&home.pool).await;
    let mut folder = found.expect("the folder");
    folder.title = "new".into();
    folder.label.set(label(name));
    folder
}

on_each!(
    a_future_that_is_dropped_leaves_nothing,
    a_key_of_somebody_else_is_refused
);

async fn a_future_that_is_dropped_leaves_nothing<DB: Kind>(mut home: Home<DB>) {
    home.run(TABLES).await;
    home.pool = DB::slow_pool(&home.place).await;
    // The label that is there is written anew, another one takes its place.
    for name in ["red", "green"] {
        let after = [format!("a new {name} new"), "b old blue old".to_owned()];
        for when in [When::Waiting, When::Woken] {
            for times in 0.. {
                home.run(SEED).await;
                let before = rows(&home).await;
                let mut folder = relabelled(&home, name).await;
                let was = (*folder).clone();
                if let Some(done) = polled(folder.save(&home.pool), times, when).await {
                    done.expect("the save without a fault");
                    assert_eq!(rows(&home).await, after);
                    break;
                }
                home.usable().await;
                assert_eq!(*folder, was);
                let there = rows(&home).await;
                assert!(
                    there == before || there == after,
                    "{name} {when:?} after {times} polls: {there:?}"
                );
                if let Err(error) = folder.save(&home.pool).await {
                    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
                    folder.refresh(&home.pool).await.expect("a refresh");
                    if there == before {
                        folder = relabelled(&home, name).await;
                    }
                    folder
                        .save(&home.pool)
                        .await
                        .expect("a save after the refresh");
                } else {
                    assert_eq!(there, before, "{name} {when:?} after {times} polls");
                }
                assert_eq!(rows(&home).await, after);
            }
        }
    }
}

async fn a_key_of_somebody_else_is_refused<DB: Kind>(home: Home<DB>) {
    home.run(TABLES).await;
    home.run(SEED).await;
    let before = rows(&home).await;
    let mut folder = relabelled(&home, "blue").await;
    let was = (*folder).clone();
    let error = folder.save(&home.pool).await.expect_err("b's label");
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::UniqueViolation, "Folder.label"),
        "{error}"
    );
    assert_eq!((rows(&home).await, &*folder), (before.clone(), &was));

    let put = Folder {
        path: "a".into(),
        title: "new".into(),
        label: label("blue").into(),
    };
    let error = Folder::merge(put, &home.pool).await.expect_err("b's label");
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::UniqueViolation, "Folder.label"),
        "{error}"
    );
    assert_eq!(rows(&home).await, before);
    home.usable().await;
}
