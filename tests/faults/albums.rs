//! A root whose version is that of all below it.

use sqlx::Pool;
use sqlx_cascade::{Db, Error, HasMany, Persistent, Relations};

use crate::home::{Family, Home, Kind};
use crate::operation::{Memory, Writes, is_above, pending, plain, refresh};

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "albums")]
pub(crate) struct Album {
    #[key(generated)]
    id: i64,
    name: String,
    #[version(aggregate)]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    photos: HasMany<Photo>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "photos")]
pub(crate) struct Photo {
    #[key(generated)]
    id: i64,
    #[many_to_one(Album)]
    album_id: i64,
    title: String,
}

/// The first album has two photos, the second one.
pub(crate) const ALBUMS: Family = Family {
    schema: "
CREATE TABLE albums (id $id, name TEXT NOT NULL, version BIGINT NOT NULL);
CREATE TABLE photos (id $id, album_id BIGINT NOT NULL REFERENCES albums (id), title TEXT NOT NULL);",
    tables: &["photos", "albums"],
    links: &[],
    empty: "",
    seed: "
INSERT INTO albums (name, version) VALUES ('sea', 1), ('sky', 1);
INSERT INTO photos (album_id, title) VALUES (1, 'one'), (1, 'two'), (2, 'three');",
    rows: "
SELECT line FROM (
  SELECT 1 AS nr, id, 'albums ' || id || ' ' || name || ' v' || version AS line FROM albums
  UNION ALL SELECT 2, id, 'photos ' || id || ' of ' || album_id || ' ' || title FROM photos
  UNION ALL SELECT 3, 0, 'notes ' || note FROM notes
) AS rows_of_all ORDER BY nr, id, line",
    content: "
SELECT line FROM (
  SELECT 1 AS nr, 'albums ' || name || ' v' || version AS line FROM albums
  UNION ALL SELECT 2, 'photos of ' || a.name || ' ' || title FROM photos LEFT JOIN albums a ON a.id = album_id
  UNION ALL SELECT 3, 'notes ' || note FROM notes
) AS rows_of_all ORDER BY nr, line",
};

/// An operation on albums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    /// A photo of each that is changed, new, and gone.
    Change,
    /// A save of one more photo, nothing loaded.
    Push,
    /// A save of another list, nothing loaded.
    Replace,
    /// A save of both albums, with a photo that moves.
    Move,
    Detach,
    Merge,
    Delete,
}

pub(crate) const ALL: &[Operation] = &[
    Operation::Change,
    Operation::Push,
    Operation::Replace,
    Operation::Move,
    Operation::Detach,
    Operation::Merge,
    Operation::Delete,
];

pub(crate) struct Handles(Vec<Persistent<Album>>);

impl Memory for Handles {
    type Snapshot = (Vec<Album>, Vec<String>);

    fn snapshot(&self) -> Self::Snapshot {
        let albums = self.0.iter().map(|album| (**album).clone());
        (albums.collect(), self.pending())
    }

    fn pending(&self) -> Vec<String> {
        pending(&self.0)
    }

    fn has_values(&self) -> bool {
        false
    }

    async fn agrees<DB: Kind>(&self, home: &Home<DB>) {
        for album in &self.0 {
            assert!(album.plan().expect("a plan").is_empty(), "{album:?}");
            let there = &albums(&[album.id], &home.observer).await[0];
            assert_eq!((&there.name, there.version), (&album.name, album.version));
            let known: Vec<&Photo> = album.photos.known().collect();
            let all = there.photos.iter();
            let mut same: Vec<&Photo> = all.filter(|photo| known.contains(photo)).collect();
            assert_eq!(same.len(), known.len(), "{known:?}");
            if album.photos.is_loaded() {
                same = there.photos.iter().collect();
            }
            assert_eq!(same.len(), known.len(), "{known:?}");
        }
    }
}

async fn albums<DB: Kind>(keys: &[i64], pool: &Pool<DB>) -> Vec<Persistent<Album>> {
    let find = Album::find_many(keys.iter().copied()).with(Album::PHOTOS);
    find.all(pool).await.expect("the albums")
}

fn photo(title: &str) -> Photo {
    Photo {
        title: title.into(),
        ..Photo::default()
    }
}

impl Writes for Operation {
    type Memory = Handles;

    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Handles {
        let mut all = match self {
            Self::Merge => Vec::new(),
            Self::Push | Self::Replace => {
                let found = Album::find_many([1]).all(pool).await;
                found.expect("the album")
            }
            Self::Move => albums(&[1, 2], pool).await,
            Self::Change | Self::Detach | Self::Delete => albums(&[1], pool).await,
        };
        match self {
            Self::Change => {
                all[0].photos[0].title = "uno".into();
                all[0].photos.remove(1);
                all[0].photos.push(photo("new"));
            }
            Self::Push => all[0].photos.push(photo("pushed")),
            Self::Replace => all[0].photos.replace([photo("other")]),
            Self::Move => {
                let moved = all[0].photos.expunge(0);
                all[1].photos.adopt(moved);
            }
            Self::Detach | Self::Merge | Self::Delete => {}
        }
        Handles(all)
    }

    async fn run<D: Db>(self, Handles(all): &mut Handles, db: D) -> Result<(), Error> {
        match self {
            Self::Change | Self::Push | Self::Replace => drop(all[0].save(db).await?),
            Self::Move => drop(Persistent::save_all(all, db).await?),
            Self::Detach => {
                if let Some(album) = all.first_mut() {
                    album.detach(Album::PHOTOS, db).await?;
                }
            }
            Self::Merge => {
                let value = Album {
                    id: 1,
                    name: "sea".into(),
                    photos: vec![photo("merged")].into(),
                    ..Album::default()
                };
                *all = vec![Album::merge(value, db).await?];
            }
            Self::Delete => {
                let deleted = all.remove(0).delete(db).await;
                deleted.inspect_err(|error| {
                    all.extend(error.take_entity::<Persistent<Album>>());
                })?;
            }
        }
        Ok(())
    }

    async fn redo<DB: Kind>(self, memory: &mut Handles, pool: &Pool<DB>) {
        let done = match self {
            // What was deleted is new, and the handle is gone.
            Self::Delete => {
                *memory = self.memory(pool).await;
                self.run(memory, pool).await
            }
            Self::Merge => Persistent::save_all(&mut memory.0, pool).await.map(drop),
            _ => self.run(memory, pool).await,
        };
        done.expect("what was rolled back, once more");
    }

    async fn refresh<DB: Kind>(self, memory: &mut Handles, pool: &Pool<DB>, happened: bool) {
        refresh(&mut memory.0, pool, !happened || !self.consumes()).await;
        if !happened {
            *memory = self.memory(pool).await;
        } else if self == Self::Detach {
            // Once more it would raise the version once more.
            memory.0.clear();
        }
    }

    fn consumes(self) -> bool {
        self == Self::Delete
    }

    fn is_alone(self) -> bool {
        false
    }

    fn is_path(self, path: &str, table: &str) -> bool {
        let row = if table == "albums" {
            "Album"
        } else {
            "Album.photos"
        };
        is_above(&plain(path), row)
    }
}
