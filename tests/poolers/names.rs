//! What is left on the connections of the server.

use sqlx::Connection as _;
use sqlx::postgres::PgPool;

use crate::models::{User, user};
use crate::place::{Place, client, texts};
use crate::way::{Nameless, Plain, Way};

/// The first statement of each client has the same name.
#[tokio::test]
async fn with_names_the_second_client_fails() {
    let Some(place) = Place::open().await else {
        return;
    };
    let (first, second) = (client(place.untracked()), client(place.untracked()));
    let ada = user("ada").save(&first).await.unwrap();
    let error = User::find(ada.id).one(&second).await.unwrap_err();
    assert_eq!(error.code(), Some("42P05"), "{error}");
    // Without names it doesn't, on the same connections of the server.
    let third = client(place.untracked());
    let found = User::find(ada.id).one(Nameless::on(&third)).await.unwrap();
    assert_eq!(found.name, "ada");
}

#[tokio::test]
async fn nothing_is_left_prepared() {
    let Some(place) = Place::open().await else {
        return;
    };
    let pool = client(place.untracked());
    everything::<Nameless>(&pool, "ada").await;
    assert_eq!(prepared(&place).await, ["0", "0"]);
    everything::<Plain>(&pool, "grace").await;
    assert_ne!(prepared(&place).await, ["0", "0"]);
}

/// Operations of each kind, on a pool, a connection and in transactions.
async fn everything<W: Way>(pool: &PgPool, name: &str) {
    let mut saved = user(name).save(W::on(pool)).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let found = User::find(saved.id).with(User::POSTS);
    found.one(W::on(&mut connection)).await.unwrap();
    saved.name.push('!');
    saved.save(W::on(&mut *connection)).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    saved.refresh(W::on(&mut transaction)).await.unwrap();
    saved.name.push('!');
    saved.save(W::on(&mut transaction)).await.unwrap();
    transaction.commit().await.unwrap();
    drop(connection);
    let put = User::clone(&saved);
    User::merge(put, W::on(pool)).await.unwrap();
    saved.delete(W::on(pool)).await.unwrap();
}

/// How many statements are prepared on each of the two connections that the pooler has.
async fn prepared(place: &Place) -> Vec<String> {
    let mut counts = Vec::new();
    let (one, other) = (client(place.untracked()), client(place.untracked()));
    // Both at a time: neither gets the other's.
    let mut one = one.begin().await.unwrap();
    let mut other = other.begin().await.unwrap();
    for connection in [&mut one, &mut other] {
        let count = "SELECT count(*)::text FROM pg_prepared_statements";
        counts.extend(texts(connection, count).await);
    }
    counts
}
