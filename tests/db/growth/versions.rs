//! Rows with versions below a root whose version is that of all of them.

use sqlx_cascade::{HasMany, Persistent, Relations};

use super::{did, grows};
use crate::support::{Base, Test, on_every_database};

on_every_database![versions];

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "albums")]
struct Album {
    #[key(generated)]
    id: i64,
    #[version(aggregate)]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    photos: HasMany<Photo>,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "photos")]
struct Photo {
    #[key(generated)]
    id: i64,
    #[many_to_one(Album)]
    album_id: i64,
    title: String,
    #[version]
    version: i32,
}

const SCHEMA: &str = "
    CREATE TABLE albums (id $id, version BIGINT NOT NULL);
    CREATE TABLE photos (id $id, album_id BIGINT NOT NULL REFERENCES albums (id), title TEXT NOT NULL, version INT NOT NULL);
";

async fn saved<B: Base>(test: &Test<B>, size: usize) -> Persistent<Album> {
    let album = Album {
        photos: (0..size).map(|_| Photo::default()).collect(),
        ..Album::default()
    };
    album.save(&test.pool).await.unwrap()
}

async fn versions<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "change", async |test: &Test<B>, size| {
        let mut album = saved(test, size).await;
        for photo in &mut album.photos {
            photo.title = "other".into();
        }
        drop(test.sent());
        let report = album.save(&test.pool).await.unwrap();
        did(&report, size, &["updated 1 albums", "updated n photos"]);
        assert_eq!(album.version, 2);
        assert!(album.photos.iter().all(|photo| photo.version == 2));
    })
    .await;
    grows(&test, "remove", async |test: &Test<B>, size| {
        let mut album = saved(test, size).await;
        album.photos.retain(|_| false);
        drop(test.sent());
        let report = album.save(&test.pool).await.unwrap();
        did(&report, size, &["deleted n photos", "updated 1 albums"]);
        assert_eq!(album.version, 2);
    })
    .await;
    grows(&test, "move", async |test: &Test<B>, size| {
        let mut both = [saved(test, size).await, saved(test, 1).await];
        for _ in 0..size {
            let photo = both[0].photos.expunge(0);
            both[1].photos.adopt(photo);
        }
        drop(test.sent());
        let report = Persistent::save_all(&mut both, &test.pool).await.unwrap();
        did(&report, size, &["moved n photos", "updated 2 albums"]);
        assert!(both.iter().all(|album| album.version == 2));
        assert!(
            both[1]
                .photos
                .iter()
                .skip(1)
                .all(|photo| photo.version == 2)
        );
    })
    .await;
    grows(&test, "many roots", async |test: &Test<B>, size| {
        let albums = (0..size).map(|_| Album::default()).collect();
        let mut albums = Album::save_all(albums, &test.pool).await.unwrap();
        for album in &mut albums {
            album.photos.push(Photo::default());
        }
        drop(test.sent());
        let report = Persistent::save_all(&mut albums, &test.pool).await.unwrap();
        did(&report, size, &["updated n albums", "inserted n photos"]);
        assert!(albums.iter().all(|album| album.version == 2));
    })
    .await;
    grows(&test, "detach", async |test: &Test<B>, size| {
        let mut album = saved(test, size).await;
        drop(test.sent());
        let report = album.detach(Album::PHOTOS, &test.pool).await.unwrap();
        did(&report, size, &["updated 1 albums", "deleted n photos"]);
        assert_eq!(album.version, 2);
    })
    .await;
    grows(&test, "merge", async |test: &Test<B>, size| {
        let mut value = Album::clone(&*saved(test, size).await);
        for photo in &mut value.photos {
            photo.title = "other".into();
        }
        drop(test.sent());
        let album = Album::merge(value, &test.pool).await.unwrap();
        assert!(album.version == 2 && album.photos.iter().all(|photo| photo.version == 2));
    })
    .await;
    grows(&test, "delete", async |test: &Test<B>, size| {
        let album = saved(test, size).await;
        drop(test.sent());
        album.delete(&test.pool).await.unwrap();
    })
    .await;
}
