//! Depth and size: a tree of 10,000 nodes, 1,000 deep, on threads of 2 MiB, in a debug build too.

use std::time::{Duration, Instant};

use sqlx_cascade::{ErrorKind, Persistent};

use crate::support::{Base, NONE, Test, changes, on_every_database};
use crate::trees::{Node, node};

on_every_database![
    a_deep_tree_lives,
    a_deep_tree_is_loaded_level_by_level,
    a_deep_tree_is_loaded_by_one_query_and_attached,
    a_tree_is_merged,
    a_mistake_at_the_bottom_merges_nothing,
    a_tree_is_refreshed,
    a_chain_of_five_thousand_that_is_not_loaded,
    a_wide_list_of_ten_thousand,
];

/// The same table, with an index.
const NODES: &str = "
    CREATE TABLE nodes (id $id, parent_id BIGINT REFERENCES nodes (id), name TEXT NOT NULL);
    CREATE INDEX below ON nodes (parent_id);
";

const DEPTH: usize = 1_000;
const NODES_PER_LEVEL: usize = 10;

/// What any one operation may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// 10,000 nodes: a spine of 1,000 with nine leaves at each node of it.
fn tree() -> Node {
    spine(DEPTH)
}

fn spine(depth: usize) -> Node {
    let leaves = || (1..NODES_PER_LEVEL).map(|_| node("leaf", Vec::new()));
    let mut spine = node("spine", leaves().collect());
    for _ in 1..depth {
        spine = node("spine", std::iter::once(spine).chain(leaves()).collect());
    }
    spine
}

/// Goes down the spine.
fn down(node: &mut Node, levels: usize) -> &mut Node {
    (0..levels).fold(node, |node, _| node.children.get_mut(0).unwrap())
}

/// In a time that grows with the rows, not with their square.
async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let done = work.await;
    let taken = start.elapsed();
    println!("{what}: {taken:?}");
    assert!(taken < PATIENCE, "{what} took {taken:?}");
    done
}

async fn a_deep_tree_lives<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let value = tree();
    assert!(value.clone() == value);
    let mut root = timed("insert", value.save(&test.pool)).await.unwrap();
    let sent = test.sent();
    let levels = if B::LISTS { DEPTH } else { 0 };
    assert!(sent.len() <= 10 * levels + 2, "{}", sent.len());
    assert!(
        timed("nothing", root.save(&test.pool))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(test.sent(), NONE);
    // A change at the bottom.
    let bottom = down(&mut root, DEPTH - 1);
    assert_eq!(bottom.children.len(), NODES_PER_LEVEL - 1);
    bottom.name = "bottom".into();
    bottom.children[3].name = "below".into();
    bottom.children.push(node("new", Vec::new()));
    let plan = root.plan().unwrap();
    let report = timed("change", root.save(&test.pool)).await.unwrap();
    assert_eq!(plan.changes(), report.changes());
    assert_eq!(changes(&report), ["updated 2 nodes", "inserted 1 nodes"]);
    // Half of the spine moves to the top, and the rest below it.
    let mut half = down(&mut root, DEPTH / 2 - 1).children.expunge(0);
    let rest = root.children.expunge(0);
    half.children.adopt(rest);
    root.children.adopt(half);
    drop(test.sent());
    let report = timed("move", root.save(&test.pool)).await.unwrap();
    assert_eq!(changes(&report), ["moved 2 nodes"]);
    assert_eq!(test.sent(), ["UPDATE nodes"]);
    // All below one is removed.
    let half = root.children.get_mut(NODES_PER_LEVEL - 1).unwrap();
    let rest = half.children.remove(NODES_PER_LEVEL);
    assert_eq!(rest.children.len(), NODES_PER_LEVEL);
    drop(test.sent());
    let report = timed("remove", root.save(&test.pool)).await.unwrap();
    assert_eq!(report.changes().len(), 1);
    test.a_tree_went("nodes", true);
    let value = timed("delete", root.delete(&test.pool)).await.unwrap();
    test.a_tree_went("nodes", true);
    assert_eq!(test.rows("nodes").await, NONE);
    drop(value);
    let root = tree().save(&test.pool).await.unwrap();
    let loaded = format!("{:?}", down(&mut root.into_inner(), DEPTH - 1));
    assert!(loaded.contains("leaf"));
}

async fn a_deep_tree_is_loaded_level_by_level<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let saved = tree().save(&test.pool).await.unwrap();
    // Each level as roots of its own, one query per level; a `then` of 1,000 parts is nothing that anybody writes.
    let start = Instant::now();
    let mut level = vec![Node::find(saved.key()).one(&test.pool).await.unwrap()];
    drop(test.sent());
    let mut count = 0;
    for depth in 0..DEPTH {
        sqlx_cascade::load(&mut level, Node::CHILDREN, &test.pool)
            .await
            .unwrap();
        count += level.len();
        let below = level.iter_mut().flat_map(|node| {
            let many = node.children.len();
            (0..many)
                .map(|_| node.children.expunge(0))
                .collect::<Vec<_>>()
        });
        let below = below.map(|node| node.into_persistent().unwrap());
        level = below.collect();
        assert!(!level.is_empty(), "at {depth}");
    }
    count += level.len();
    assert_eq!(count, DEPTH * NODES_PER_LEVEL);
    assert_eq!(test.sent().len(), DEPTH);
    println!("load: {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
}

async fn a_deep_tree_is_loaded_by_one_query_and_attached<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let saved = tree().save(&test.pool).await.unwrap();
    drop(test.sent());
    // All rows by one query, put together from below: the children of each node have greater keys or smaller ones, so by their parents.
    let start = Instant::now();
    let keys = test.rows("nodes").await;
    let keys = keys
        .iter()
        .map(|row| row.split('|').next().unwrap().parse::<i64>().unwrap());
    let rows = Node::find_many(keys).all(&test.pool).await.unwrap();
    let mut nodes: std::collections::HashMap<i64, Vec<Persistent<Node>>> =
        std::collections::HashMap::new();
    let mut root = None;
    for row in rows {
        match row.parent_id {
            None => root = Some(row),
            Some(parent) => nodes.entry(parent).or_default().push(row),
        }
    }
    // From the bottom of the spine upwards.
    let mut spine = Vec::new();
    let mut next = root.unwrap();
    loop {
        let Some(mut children) = nodes.remove(&next.id) else {
            spine.push((next, Vec::new()));
            break;
        };
        children.sort_by_key(|child| child.name != "spine");
        if children[0].name == "spine" {
            let below = children.remove(0);
            spine.push((std::mem::replace(&mut next, below), children));
        } else {
            spine.push((next, children));
            break;
        }
    }
    assert_eq!(spine.len(), DEPTH);
    let mut below: Option<Persistent<Node>> = None;
    while let Some((mut node, leaves)) = spine.pop() {
        node.children
            .attach(below.into_iter().chain(leaves).collect());
        below = Some(node);
    }
    let mut root = below.unwrap();
    println!("attached: {:?}", start.elapsed());
    assert!(
        timed("nothing", root.save(&test.pool))
            .await
            .unwrap()
            .is_empty()
    );
    down(&mut root, DEPTH - 1).name = "bottom".into();
    let report = timed("change", root.save(&test.pool)).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 nodes"]);
    drop(saved);
    drop(root);
}

async fn a_tree_is_merged<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut root = tree().save(&test.pool).await.unwrap();
    // At the bottom a column differs, and there are a child that is new, one that leaves, and another order.
    let mut payload = (*root).clone();
    let bottom = down(&mut payload, DEPTH - 1);
    bottom.name = "merged".into();
    drop(bottom.children.remove(0));
    bottom.children.push(node("new", Vec::new()));
    let start = Instant::now();
    root.merge(payload).unwrap();
    println!("merge: {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
    let report = timed("merged", root.save(&test.pool)).await.unwrap();
    assert_eq!(
        changes(&report),
        ["deleted 1 nodes", "updated 1 nodes", "inserted 1 nodes"]
    );
    // By the function of the struct, which reads a level by a query.
    let mut payload = (*root).clone();
    down(&mut payload, DEPTH - 1).name = "again".into();
    drop(test.sent());
    let mut root = timed("merge", Node::merge(payload, &test.pool))
        .await
        .unwrap();
    let sent = test.sent();
    assert!(sent.len() <= DEPTH + 4, "{}", sent.len());
    assert_eq!(
        sent.iter()
            .filter(|text| text.starts_with("UPDATE"))
            .count(),
        1
    );
    assert_eq!(down(&mut root, DEPTH - 1).name, "again");
}

async fn a_mistake_at_the_bottom_merges_nothing<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut root = tree().save(&test.pool).await.unwrap();
    let before = (*root).clone();
    let mut payload = before.clone();
    payload.name = "changed".into();
    payload.children.clear();
    payload.children.push(before.children[0].clone());
    let bottom = down(&mut payload, DEPTH - 1);
    bottom.children.get_mut(3).unwrap().id = i64::MAX;
    let error = root.merge(payload).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOwned);
    let path = format!("Node{}.children[3]", ".children[0]".repeat(DEPTH - 1));
    assert_eq!(error.path(), path);
    assert!(*root == before);
    assert!(root.save(&test.pool).await.unwrap().is_empty());
}

async fn a_tree_is_refreshed<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut root = tree().save(&test.pool).await.unwrap();
    down(&mut root, DEPTH - 1).name = "unsaved".into();
    drop(test.sent());
    timed("refresh", root.refresh(&test.pool)).await.unwrap();
    // One query per level, and one for what is below the last.
    assert_eq!(test.sent().len(), DEPTH + 2);
    assert_eq!(down(&mut root, DEPTH - 1).name, "spine");
}

async fn a_chain_of_five_thousand_that_is_not_loaded<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let number =
        "WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < 5000)";
    let unlimited = if B::SERVICE == "mysql" {
        "/*M! SET STATEMENT max_recursive_iterations = 5000 FOR */ "
    } else {
        ""
    };
    test.execute(&format!(
        "{unlimited}INSERT INTO nodes (id, parent_id, name) {number} SELECT i, CASE WHEN i > 1 THEN i - 1 END, 'x' FROM number"
    ))
    .await;
    // Without statistics, PostgreSQL reads the whole table for each level.
    if B::SERVICE == "postgres" {
        test.execute("ANALYZE nodes").await;
    }
    let mut tenth = Node::find(10).one(&test.pool).await.unwrap();
    tenth.children.clear();
    drop(test.sent());
    let report = timed("clear", tenth.save(&test.pool)).await.unwrap();
    assert_eq!(changes(&report), ["deleted 4990 nodes"]);
    test.a_tree_went("nodes", false);
    let report = timed("delete", Node::delete_by_key(1, &test.pool))
        .await
        .unwrap();
    assert_eq!(changes(&report), ["deleted 10 nodes"]);
    test.a_tree_went("nodes", true);
    assert_eq!(test.rows("nodes").await, NONE);
}

async fn a_wide_list_of_ten_thousand<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let wide = node("a", (0..10_000).map(|_| node("x", Vec::new())).collect());
    let mut a = timed("insert", wide.save(&test.pool)).await.unwrap();
    let mut b = node("b", Vec::new()).save(&test.pool).await.unwrap();
    for child in &mut a.children {
        child.name.push('!');
    }
    let report = timed("update", a.save(&test.pool)).await.unwrap();
    assert_eq!(changes(&report), ["updated 10000 nodes"]);
    let start = Instant::now();
    for _ in 0..10_000 {
        b.children.adopt(a.children.expunge(0));
    }
    println!("expunge and adopt: {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
    let both = Persistent::save_all([&mut a, &mut b], &test.pool);
    let report = timed("move", both).await.unwrap();
    assert_eq!(changes(&report), ["moved 10000 nodes"]);
    let start = Instant::now();
    for _ in 0..10_000 {
        a.children.adopt(b.children.expunge(0));
    }
    for _ in 0..10_000 {
        b.children.adopt(a.children.expunge(0));
    }
    println!("there and back: {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
    assert!(
        timed("nothing", b.save(&test.pool))
            .await
            .unwrap()
            .is_empty()
    );
    let mut found = timed(
        "load",
        Node::find(b.key()).with(Node::CHILDREN).one(&test.pool),
    )
    .await
    .unwrap();
    let rows = Node::find_many(b.children.iter().map(|child| child.id));
    let rows = timed("find", rows.all(&test.pool)).await.unwrap();
    let start = Instant::now();
    found.children.attach(rows);
    println!("attach: {:?}", start.elapsed());
    assert_eq!(found.children.len(), 10_000);
    assert!(
        timed("nothing", found.save(&test.pool))
            .await
            .unwrap()
            .is_empty()
    );
    timed("refresh", found.refresh(&test.pool)).await.unwrap();
    let payload = (*found).clone();
    let start = Instant::now();
    found.merge(payload).unwrap();
    println!("merge: {:?}", start.elapsed());
    assert!(start.elapsed() < PATIENCE);
    found.children.retain(|child| child.id % 2 == 0);
    let report = timed("retain", found.save(&test.pool)).await.unwrap();
    assert_eq!(changes(&report), ["deleted 5000 nodes"]);
    let report = {
        let new: Vec<Node> = (0..5_000).map(|_| node("y", Vec::new())).collect();
        found.children.replace(new);
        timed("replace", found.save(&test.pool)).await.unwrap()
    };
    assert_eq!(
        changes(&report),
        ["deleted 5000 nodes", "inserted 5000 nodes"]
    );
    timed("delete", found.delete(&test.pool)).await.unwrap();
    assert_eq!(test.rows("nodes").await.len(), 1);
}
