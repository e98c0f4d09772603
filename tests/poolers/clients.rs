//! More clients than connections, all of them busy with graphs of their own.

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx_cascade::{Transaction, load, save_together};
use tokio::task::LocalSet;

use crate::models::{CONTENT, Mood, User, post, user};
use crate::place::{Place, client};
use crate::way::{Nameless, Plain, Way};

const CLIENTS: usize = 8;

/// How often each does all of it.
const ROUNDS: usize = 4;

#[tokio::test]
async fn without_names_where_nothing_is_tracked() {
    let Some(place) = Place::open().await else {
        return;
    };
    all::<Nameless>(&place, place.untracked()).await;
}

#[tokio::test]
async fn without_names_where_statements_are_tracked() {
    let Some(place) = Place::open().await else {
        return;
    };
    let Some(tracked) = place.tracked() else {
        return;
    };
    all::<Nameless>(&place, tracked).await;
}

#[tokio::test]
async fn with_names_where_statements_are_tracked() {
    let Some(place) = Place::open().await else {
        return;
    };
    let Some(tracked) = place.tracked() else {
        return;
    };
    all::<Plain>(&place, tracked).await;
}

/// What all of them did is there, and nothing else.
async fn all<W: Way>(place: &Place, options: PgConnectOptions) {
    let local = LocalSet::new();
    let names = |number| (0..ROUNDS).map(move |round| format!("{number}-{round}"));
    for number in 0..CLIENTS {
        let pool = client(options.clone());
        local.spawn_local(async move {
            for name in names(number) {
                one::<W>(&pool, &name).await;
            }
        });
    }
    local.await;
    let mut lines: Vec<String> = (0..CLIENTS)
        .flat_map(names)
        .flat_map(|name| left(&name))
        .collect();
    lines.sort();
    assert_eq!(place.texts(CONTENT).await, lines);
}

/// What a round of one client leaves.
fn left(name: &str) -> Vec<String> {
    vec![
        format!("{name} is calm"),
        format!("{name} tagged Notes of {name}"),
        format!("{name} wrote Machines, draft"),
        format!("{name} wrote Notes, draft"),
        format!("friend of {name} is busy"),
        format!("friend of {name} tagged Notes of friend of {name}"),
        format!("friend of {name} wrote Looms, draft"),
        format!("friend of {name} wrote Notes, draft"),
        format!("tag of {name}"),
        format!("tag of friend of {name}"),
        format!("tag of passer-by of {name}"),
    ]
}

/// All operations, on graphs of one client.
async fn one<W: Way>(pool: &PgPool, name: &str) {
    let saved = user(name).save(W::on(pool)).await.unwrap();
    let mut friend = user(&format!("friend of {name}"));
    friend.posts.remove(1);
    let mut friend = friend.save(W::on(pool)).await.unwrap();

    let tree = (User::POSTS.then(crate::models::Post::TAGS),);
    let mut found = User::find(saved.id)
        .with(tree)
        .one(W::on(pool))
        .await
        .unwrap();
    assert_eq!((found.name.as_str(), found.mood), (name, Mood::Busy));
    let titles: Vec<_> = found.posts.iter().map(|post| &*post.title).collect();
    assert_eq!(titles, ["Engines", "Notes"]);
    assert!(found.posts[1].tags.contains_key(&format!("of {name}")));

    // Two graphs change, and a row moves between them.
    let moving = found.posts.expunge(0);
    friend.posts.adopt(moving);
    found.posts.push(post("Machines"));
    save_together((&mut found, &mut friend), W::on(pool))
        .await
        .unwrap();
    friend.posts.known_mut().last().unwrap().title = "Looms".into();
    friend.save(W::on(pool)).await.unwrap();

    put_and_patch::<W>(pool, found.id, name).await;
    within::<W>(pool, found.id, name).await;
    found.refresh(W::on(pool)).await.unwrap();
    assert_eq!((found.name.as_str(), found.mood), (name, Mood::Calm));

    let passer_by = user(&format!("passer-by of {name}"));
    let passer_by = passer_by.save(W::on(pool)).await.unwrap();
    let mut both = User::find_many([found.id, passer_by.id])
        .all(W::on(pool))
        .await
        .unwrap();
    load(&mut both, User::POSTS, W::on(pool)).await.unwrap();
    assert!(both.iter().all(|user| user.posts.len() == 2));
    let mut passer_by = passer_by;
    passer_by.detach(User::POSTS, W::on(pool)).await.unwrap();
    User::delete_by_key(passer_by.id, W::on(pool))
        .await
        .unwrap();
    let gone = User::find(passer_by.id).optional(W::on(pool)).await;
    assert!(gone.unwrap().is_none());
}

/// A payload in place of the row, and one laid over it.
async fn put_and_patch<W: Way>(pool: &PgPool, id: i64, name: &str) {
    let put = User {
        id,
        name: name.into(),
        ..User::default()
    };
    let put = User::merge(put, W::on(pool)).await.unwrap();
    assert_eq!(put.mood, Mood::Calm);
    let patch = json!({ "mood": "Busy" });
    let patched = User::patch(id, patch, W::on(pool)).await.unwrap();
    assert_eq!((patched.name.as_str(), patched.mood), (name, Mood::Busy));
}

/// Transactions of ours and of sqlx, one that is undone and one that lasts.
async fn within<W: Way>(pool: &PgPool, id: i64, name: &str) {
    let mut transaction = Transaction::begin(pool).await.unwrap();
    let lost = user(&format!("nobody of {name}"));
    let lost = lost.save(W::on(&mut transaction)).await.unwrap();
    let mut found = User::find(id).one(W::on(&mut transaction)).await.unwrap();
    found.mood = Mood::Calm;
    found.save(W::on(&mut transaction)).await.unwrap();
    transaction.rollback().await.unwrap();
    // The handle knows it.
    assert_eq!(found.changed_columns(), ["mood"]);
    let absent = User::find(lost.id).optional(W::on(pool)).await;
    assert!(absent.unwrap().is_none());

    let mut transaction = pool.begin().await.unwrap();
    found.save(W::on(&mut transaction)).await.unwrap();
    // What fails in it is undone alone.
    let twin = user(name).save(W::on(&mut transaction)).await;
    assert!(twin.is_err());
    let locked = User::find(id).for_update();
    let locked = locked.one(W::on(&mut transaction)).await.unwrap();
    assert_eq!(locked.mood, Mood::Calm);
    transaction.commit().await.unwrap();
}
