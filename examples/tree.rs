//! A tree of one table, on SQLite in memory: `cargo run --example tree`.
//!
//! Folders that are in folders: built by one save, moved with all that is below, deleted without being read.

use sqlx::SqlitePool;
use sqlx_cascade::{ChangeKind, HasMany, Persistent, Relations};

#[derive(Default, Relations)]
#[table(name = "folders")]
struct Folder {
    #[key(generated)]
    id: i64,
    name: String,
    #[many_to_one(Folder)]
    parent_id: Option<i64>, // NULL at the top
    #[one_to_many(cascade = "all, delete-orphan", order_by = "name")]
    folders: HasMany<Folder>,
}

const SCHEMA: &str = "
    CREATE TABLE folders (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
        parent_id INTEGER REFERENCES folders);";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = &SqlitePool::connect("sqlite::memory:").await?;
    sqlx::raw_sql(SCHEMA).execute(pool).await?;

    println!("a tree is a value, and saved by one call: a statement per level");
    let home = folder(
        "home",
        [
            folder("music", [folder("bach", []), folder("ravel", [])]),
            folder("pictures", [folder("2025", [folder("summer", [])])]),
        ],
    );
    let home = home.save(pool).await?.key();
    assert_eq!(print(pool).await?, 7);

    println!("\na level is read where it is asked for, by one query for all folders of the level");
    let mut home = Folder::find(home)
        .with(Folder::FOLDERS.then(Folder::FOLDERS))
        .one(pool)
        .await?;
    for folder in &home.folders {
        println!("  {} has {} folders", folder.name, folder.folders.len());
    }
    assert!(home.folders[1].folders[0].folders.is_not_loaded());

    println!("\n2025 moves from pictures into music, with what is below it: one UPDATE");
    let moved = home.folders[1].folders.expunge(0);
    home.folders[0].folders.adopt(moved);
    let report = home.save(pool).await?;
    println!("{report}");
    assert_eq!(report.changes()[0].kind, ChangeKind::Moved);
    assert_eq!(print(pool).await?, 7);

    println!("\nin one save: summer is kept, and everything else below music goes");
    let three = Folder::FOLDERS.then(Folder::FOLDERS).then(Folder::FOLDERS);
    home.load(three, pool).await?;
    let music = &mut home.folders[0];
    let of_2025 = |folder: &Folder| folder.name == "2025";
    let index = music.folders.iter().position(of_2025).expect("it is there");
    let summer = music.folders[index].folders.expunge(0);
    music.folders.clear();
    music.folders.adopt(summer);
    println!("{}", home.save(pool).await?);
    assert_eq!(print(pool).await?, 4);

    println!("\na row of one's own query is the root of its subtree");
    let mut pictures: Persistent<Folder> =
        sqlx::query_as("SELECT * FROM folders WHERE name = 'pictures'")
            .fetch_one(pool)
            .await?;
    let year = folder("2026", [folder("winter", [])]);
    pictures.folders.push(year); // what was there already isn't read
    println!("{}", pictures.save(pool).await?);
    assert_eq!(print(pool).await?, 6);

    println!("\nthe root is deleted by its key: nothing is loaded, and the whole tree goes");
    println!("{}", Folder::delete_by_key(home.key(), pool).await?);
    assert_eq!(print(pool).await?, 0);
    Ok(())
}

fn folder<const N: usize>(name: &str, folders: [Folder; N]) -> Folder {
    Folder {
        name: name.into(),
        folders: Vec::from(folders).into(),
        ..Folder::default()
    }
}

/// Prints the rows as a tree, and counts them.
async fn print(pool: &SqlitePool) -> sqlx::Result<usize> {
    let tree = "WITH RECURSIVE tree (id, path, line) AS (
            SELECT id, name, name FROM folders WHERE parent_id IS NULL
            UNION ALL
            SELECT folders.id, path || '/' || name, printf('%.*c%s', 2 * (length(path) - length(replace(path, '/', '')) + 1), ' ', name)
            FROM folders JOIN tree ON folders.parent_id = tree.id)
        SELECT line FROM tree ORDER BY path";
    let lines: Vec<String> = sqlx::query_scalar(tree).fetch_all(pool).await?;
    for line in &lines {
        println!("  {line}");
    }
    Ok(lines.len())
}
