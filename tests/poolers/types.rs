//! A type that sqlx meets for the first time on a connection: it asks for it between the preparation of a statement and its execution, by a plain
//! query, with which the server forgets a statement without a name.

use sqlx::postgres::PgPool;
use sqlx_cascade::{BelongsTo, Unnamed};

use crate::models::{Desk, Drawer, Mood, Owner, Rank, Stage, User, user};
use crate::place::{Place, client};

/// A user and a desk, in a database whose types this client doesn't know.
async fn new_client() -> Option<(Place, PgPool)> {
    let place = Place::open().await?;
    let other = client(place.untracked());
    user("ada").save(Unnamed(&other)).await.unwrap();
    let desk = Desk {
        id: 1,
        owner: BelongsTo::new(owner("ada")),
        drawers: vec![drawer(1)].into(),
    };
    desk.save(Unnamed(&other)).await.unwrap();
    let new = client(place.untracked());
    Some((place, new))
}

fn owner(name: &str) -> Owner {
    Owner {
        name: name.into(),
        ..Owner::default()
    }
}

fn drawer(number: i64) -> Drawer {
    Drawer {
        number,
        ..Drawer::default()
    }
}

#[tokio::test]
async fn in_a_read() {
    let Some((_place, pool)) = new_client().await else {
        return;
    };
    let found = User::find(1).with(User::POSTS);
    let found = found.one(Unnamed(&pool)).await.unwrap();
    assert_eq!((found.mood, found.posts.len()), (Mood::Busy, 2));
}

/// It is read level by level, and each has another type.
#[tokio::test]
async fn in_a_transaction_of_the_callers() {
    let Some((_place, pool)) = new_client().await else {
        return;
    };
    let mut transaction = pool.begin().await.unwrap();
    let found = User::find(1).with(User::POSTS).for_update();
    let found = found.one(Unnamed(&mut transaction)).await.unwrap();
    assert_eq!((found.mood, found.posts.len()), (Mood::Busy, 2));
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn in_a_load_and_a_refresh() {
    let Some((place, pool)) = new_client().await else {
        return;
    };
    let mut found = User::find(1).one(Unnamed(&pool)).await.unwrap();
    let another = client(place.untracked());
    found.refresh(Unnamed(&another)).await.unwrap();
    found.load(User::POSTS, Unnamed(&another)).await.unwrap();
    assert_eq!((found.mood, found.posts.len()), (Mood::Busy, 2));
}

#[tokio::test]
async fn in_what_an_insert_gives_back() {
    let Some((_place, pool)) = new_client().await else {
        return;
    };
    let saved = owner("grace").save(Unnamed(&pool)).await.unwrap();
    assert_eq!(saved.rank, Rank::Junior);
}

/// The value that is merged is used up when the type is met.
#[tokio::test]
async fn in_a_row_that_a_merge_inserts() {
    let Some((place, pool)) = new_client().await else {
        return;
    };
    let desk = Desk {
        id: 1,
        owner: BelongsTo::new(owner("grace")),
        ..Desk::default()
    };
    let desk = Desk::merge(desk, Unnamed(&pool)).await.unwrap();
    assert_eq!(desk.owner.get().unwrap().rank, Rank::Junior);
    let owners = place.texts("SELECT name FROM owners ORDER BY id").await;
    assert_eq!(owners, ["ada", "grace"]);
}

#[tokio::test]
async fn in_rows_that_a_patch_needs() {
    let Some((_place, pool)) = new_client().await else {
        return;
    };
    let patch = serde_json::json!({ "posts": [{ "id": 1, "title": "Looms" }] });
    let patched = User::patch(1, patch, Unnamed(&pool)).await.unwrap();
    assert_eq!(patched.posts[0].title, "Looms");
}

/// Whose keys may be those of rows that enter.
#[tokio::test]
async fn in_rows_that_a_save_replaces_unseen() {
    let Some((place, pool)) = new_client().await else {
        return;
    };
    let other = client(place.untracked());
    let mut desk = Desk::find(1).one(Unnamed(&other)).await.unwrap();
    let printed = Drawer {
        stage: Stage::Printed,
        ..drawer(2)
    };
    desk.drawers.replace([drawer(1), printed]);
    desk.save(Unnamed(&pool)).await.unwrap();
    let drawers = "SELECT number || ' ' || stage FROM drawers ORDER BY number";
    assert_eq!(place.texts(drawers).await, ["1 draft", "2 printed"]);
}
