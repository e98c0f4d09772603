//! Another client comes between any two messages of an operation.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sqlx::Postgres;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx_cascade::Persistent;

use crate::models::{Mood, User, user};
use crate::place::{Place, client, texts};
use crate::proxy::Proxy;
use crate::way::{Nameless, Way as _};

/// A user, two clients that know all types, and an operation of the first.
async fn two_clients(operation: impl AsyncFnOnce(&PgPool, &PgPool, Persistent<User>)) {
    let Some(place) = Place::open().await else {
        return;
    };
    // No answer comes through it while a future is polled.
    let proxy = Proxy::<Postgres>::new(place.untracked(), PgPoolOptions::new()).await;
    let (pool, rival) = (proxy.pool.clone(), client(place.untracked()));
    let ada = user("ada").save(Nameless::on(&pool)).await.unwrap();
    for pool in [&pool, &rival] {
        let found = User::find(ada.id).with(User::POSTS);
        found.one(Nameless::on(pool)).await.unwrap();
    }
    operation(&pool, &rival, ada).await;
}

#[tokio::test]
async fn a_read_gets_its_own_rows() {
    two_clients(async |pool, rival, ada| {
        let found = User::find(ada.id).with(User::POSTS);
        let found = interrupted(rival, found.one(Nameless::on(pool))).await;
        let found = found.unwrap();
        assert_eq!((found.name.as_str(), found.mood), ("ada", Mood::Busy));
        assert_eq!(found.posts.len(), 2);
    })
    .await;
}

/// It is one statement, and a transaction by itself elsewhere.
#[tokio::test]
async fn a_save_executes_what_it_prepared() {
    two_clients(async |pool, rival, mut ada| {
        ada.mood = Mood::Calm;
        let saved = interrupted(rival, ada.save(Nameless::on(pool))).await;
        assert_eq!(saved.unwrap().changes().len(), 1);
        let found = User::find(ada.id).one(Nameless::on(pool)).await.unwrap();
        assert_eq!((found.name.as_str(), found.mood), ("ada", Mood::Calm));
    })
    .await;
}

/// So is what changes several tables.
#[tokio::test]
async fn several_steps_are_executed_as_they_were_prepared() {
    two_clients(async |pool, rival, mut ada| {
        ada.mood = Mood::Calm;
        ada.posts.remove(1);
        ada.posts[0].title = "Looms".into();
        let saved = interrupted(rival, ada.save(Nameless::on(pool))).await;
        assert_eq!(saved.unwrap().changes().len(), 3);
    })
    .await;
}

/// Runs an operation up to where it waits, again and again, and lets another client write each time.
async fn interrupted<T>(rival: &PgPool, operation: impl Future<Output = T>) -> T {
    let mut operation = pin!(operation);
    let mut context = Context::from_waker(Waker::noop());
    let mut waits = 0;
    loop {
        if let Poll::Ready(done) = operation.as_mut().poll(&mut context) {
            // It begins, prepares, executes and commits at least.
            assert!(waits >= 4, "it waited {waits} times");
            return done;
        }
        waits += 1;
        // The answer comes, and nobody reads it yet: the pooler may give the connection away.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut grace = user("grace");
        grace.posts.remove(0);
        let mut grace = grace.save(Nameless::on(rival)).await.unwrap();
        grace.mood = Mood::Calm;
        grace.save(Nameless::on(rival)).await.unwrap();
        grace.delete(Nameless::on(rival)).await.unwrap();
    }
}

/// What was begun is undone before the connection is used again.
#[tokio::test]
async fn a_read_that_is_dropped_leaves_nothing_open() {
    two_clients(async |pool, rival, ada| {
        let mut context = Context::from_waker(Waker::noop());
        let mut waits = 0;
        loop {
            let found = User::find(ada.id).with(User::POSTS);
            let mut reading = found.one(Nameless::on(pool));
            let mut is_done = false;
            for _ in 0..=waits {
                is_done = is_done || reading.as_mut().poll(&mut context).is_ready();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            drop(reading);
            for pool in [pool, rival] {
                let found = User::find(ada.id).with(User::POSTS);
                let found = found.one(Nameless::on(pool)).await.unwrap();
                assert_eq!(found.posts.len(), 2, "after {waits}");
            }
            if is_done {
                break;
            }
            waits += 1;
        }
        assert!(waits >= 4, "it waited {waits} times");
        let idle = "SELECT count(*)::text FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'idle in transaction'";
        let mut connection = rival.acquire().await.unwrap();
        assert_eq!(texts(&mut connection, idle).await, ["0"]);
    })
    .await;
}
