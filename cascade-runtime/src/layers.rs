//! What ARCHITECTURE.md says of the layers of a save is true.

use std::fs;
use std::path::{Path, PathBuf};

/// The graph, the plan, the values and the texts are made without waiting for anything.
#[test]
fn pure_layers_see_no_connection() {
    for layer in ["graph", "plan", "settle", "sql", "values"] {
        for file in files(layer) {
            for word in ["async ", ".await", "Connection", "Pool"] {
                assert!(
                    !text(&file).contains(word),
                    "{} has `{word}`",
                    file.display()
                );
            }
        }
    }
}

/// A text of our own reaches sqlx from one place.
#[test]
fn one_module_vouches_for_texts() {
    let mut vouching = Vec::new();
    for file in all(&source()) {
        if text(&file).contains(concat!("Assert", "SqlSafe")) {
            vouching.push(file);
        }
    }
    assert_eq!(vouching, [source().join("sql.rs")]);
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).expect("the source can be read")
}

/// The files of a module.
fn files(module: &str) -> Vec<PathBuf> {
    let mut files = vec![source().join(module).with_extension("rs")];
    files.extend(all(&source().join(module)));
    files
}

/// The files in a folder and below it; none where there is no folder.
fn all(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries
        .map(|entry| entry.path())
        .partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| all(folder));
    files.into_iter().chain(below).collect()
}
