//! A tree of one table.

use sqlx_cascade::{Persistent, save_together};

use super::{did, grows_by};
use crate::support::{Base, Test, on_every_database};
use crate::trees::{NODES, Node, node};

on_every_database![saved_trees, deleted_trees, read_trees, whole_levels];

/// A root, so many nodes below it, and a leaf below each.
fn tree(size: usize) -> Node {
    let below = |_| node("below", vec![node("leaf", Vec::new())]);
    node("root", (0..size).map(below).collect())
}

async fn saved_trees<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    grows_by(&test, 2, "insert", async |test: &Test<B>, size| {
        tree(size).save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "move", async |test: &Test<B>, size| {
        let mut from = tree(size).save(&test.pool).await.unwrap();
        let mut to = tree(1).save(&test.pool).await.unwrap();
        for _ in 0..size {
            to.children.adopt(from.children.expunge(0));
        }
        drop(test.sent());
        let report = to.save(&test.pool).await.unwrap();
        did(&report, size, &["moved n nodes"]);
    })
    .await;
    grows_by(
        &test,
        2,
        "move out of what leaves",
        async |test: &Test<B>, size| {
            let mut root = tree(size).save(&test.pool).await.unwrap();
            let mut heir = node("heir", Vec::new());
            for below in &mut root.children {
                heir.children.adopt(below.children.expunge(0));
            }
            root.children.retain(|_| false);
            root.children.push(heir);
            drop(test.sent());
            let report = root.save(&test.pool).await.unwrap();
            did(
                &report,
                size,
                &["inserted 1 nodes", "moved n nodes", "deleted n nodes"],
            );
            assert_eq!(root.children[0].children.len(), size);
        },
    )
    .await;
    grows_by(&test, 2, "save_together", async |test: &Test<B>, size| {
        let mut first = tree(size).save(&test.pool).await.unwrap();
        let mut second = tree(1).save(&test.pool).await.unwrap();
        for below in &mut first.children {
            below.name = "other".into();
        }
        second.children.retain(|_| false);
        second.children.extend(tree(size).children.iter().cloned());
        drop(test.sent());
        let report = save_together((&mut first, &mut second), &test.pool).await;
        let report = report.unwrap();
        let inserted = format!("inserted {} nodes", 2 * size);
        did(
            &report,
            size,
            &["deleted 2 nodes", "updated n nodes", &inserted],
        );
    })
    .await;
}

async fn deleted_trees<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    grows_by(&test, 2, "remove", async |test: &Test<B>, size| {
        let mut root = tree(size).save(&test.pool).await.unwrap();
        root.children.retain(|_| false);
        drop(test.sent());
        let report = root.save(&test.pool).await.unwrap();
        did(&report, 2 * size, &["deleted n nodes"]);
    })
    .await;
    grows_by(&test, 2, "delete", async |test: &Test<B>, size| {
        let root = tree(size).save(&test.pool).await.unwrap();
        drop(test.sent());
        root.delete(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "delete_by_key", async |test: &Test<B>, size| {
        let root = tree(size).save(&test.pool).await.unwrap();
        drop(test.sent());
        let report = Node::delete_by_key(root.id, &test.pool).await.unwrap();
        did(&report, 2 * size + 1, &["deleted n nodes"]);
    })
    .await;
}

async fn read_trees<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    grows_by(&test, 2, "load", async |test: &Test<B>, size| {
        let saved = tree(size).save(&test.pool).await.unwrap();
        let mut root = Node::find(saved.id).one(&test.pool).await.unwrap();
        drop(test.sent());
        let levels = Node::CHILDREN.then(Node::CHILDREN);
        root.load(levels, &test.pool).await.unwrap();
        assert_eq!(root.children.len(), size);
        assert!(
            root.children
                .iter()
                .all(|below| below.children[0].name == "leaf")
        );
    })
    .await;
    grows_by(&test, 2, "refresh", async |test: &Test<B>, size| {
        let mut root = tree(size).save(&test.pool).await.unwrap();
        for below in &mut root.children {
            below.name = "other".into();
            below.children.remove(0);
        }
        drop(test.sent());
        root.refresh(&test.pool).await.unwrap();
        assert_eq!(root.children.len(), size);
        for below in &root.children {
            assert_eq!((&*below.name, &*below.children[0].name), ("below", "leaf"));
        }
    })
    .await;
}

async fn whole_levels<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    grows_by(&test, 2, "clear unseen", async |test: &Test<B>, size| {
        let mut root = unseen(test, size).await;
        root.children.clear();
        drop(test.sent());
        let report = root.save(&test.pool).await.unwrap();
        did(&report, 2 * size, &["deleted n nodes"]);
    })
    .await;
    grows_by(&test, 2, "replace unseen", async |test: &Test<B>, size| {
        let mut root = unseen(test, size).await;
        root.children.replace(tree(size).children.iter().cloned());
        drop(test.sent());
        let report = root.save(&test.pool).await.unwrap();
        did(&report, 2 * size, &["deleted n nodes", "inserted n nodes"]);
    })
    .await;
    grows_by(&test, 2, "detach", async |test: &Test<B>, size| {
        let mut root = unseen(test, size).await;
        drop(test.sent());
        let report = root.detach(Node::CHILDREN, &test.pool).await.unwrap();
        did(&report, 2 * size, &["deleted n nodes"]);
    })
    .await;
}

async fn unseen<B: Base>(test: &Test<B>, size: usize) -> Persistent<Node> {
    let root = tree(size).save(&test.pool).await.unwrap();
    Node::find(root.id).one(&test.pool).await.unwrap()
}
