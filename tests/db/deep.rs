//! Depth: a chain of 1,000 rows is saved, loaded, cloned, compared and dropped on a thread of 2 MiB, in a debug build too.

use sqlx_cascade::{HasOne, Relations};

use crate::support::{Base, Test, on_every_database};

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "links")]
struct Link {
    #[key(generated)]
    id: i64,
    #[one_to_one(Link, on_delete = "cascade")]
    previous_id: Option<i64>,
    #[one_to_one(cascade = "all, delete-orphan")]
    next: HasOne<Link>,
}

const LINKS: &str = "CREATE TABLE links (id $id, previous_id BIGINT UNIQUE REFERENCES links (id) ON DELETE CASCADE);";

/// The depth of the chain.
const DEPTH: usize = 1_000;

on_every_database![
    a_deep_chain_is_saved_and_deleted,
    a_chain_that_is_not_loaded_is_deleted
];

fn chain() -> Link {
    let mut link = Link::default();
    for _ in 1..DEPTH {
        link = Link {
            next: link.into(),
            ..Link::default()
        };
    }
    link
}

async fn a_deep_chain_is_saved_and_deleted<B: Base>(test: Test<B>) {
    test.create(LINKS).await;
    let link = chain().save(&test.pool).await.unwrap();
    assert_eq!(test.rows("links").await.len(), DEPTH);
    drop(test.sent());
    let deleted = link.delete(&test.pool).await.unwrap();
    test.a_tree_went("links", true);
    assert_eq!(test.rows("links").await.len(), 0);
    assert!(deleted.next.get().is_some());
    drop(deleted);
}

async fn a_chain_that_is_not_loaded_is_deleted<B: Base>(test: Test<B>) {
    test.create(LINKS).await;
    let id = chain().save(&test.pool).await.unwrap().key();
    drop(test.sent());
    Link::delete_by_key(id, &test.pool).await.unwrap();
    test.a_tree_went("links", true);
    assert_eq!(test.rows("links").await.len(), 0);
}
