//! Trees of one table: a list of nodes below a node.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, locking, on_every_database};

on_every_database![
    four_levels_are_saved_and_loaded,
    changes_at_every_level,
    a_subtree_moves,
    a_subtree_moves_out_of_one_that_leaves,
    a_subtree_moves_under_its_own_descendant,
    a_node_changes_places_with_its_parent,
    a_subtree_is_removed,
    the_children_of_a_node_that_is_not_loaded_are_replaced,
    a_grandchild_survives_a_replacement_of_the_children,
    a_tree_is_deleted_without_loading,
    a_loaded_tree_is_deleted,
    a_cycle_in_the_data_is_deleted,
    several_roots_are_deleted,
    a_root_and_one_below_it_are_deleted_together,
    nodes_below_another_are_removed_with_it,
    a_tree_that_releases,
    a_tree_with_versions,
    a_tree_that_holds_its_parents,
    a_tree_with_leaves_in_another_table,
    a_detached_subtree,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "nodes")]
pub(crate) struct Node {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Node)]
    pub(crate) parent_id: Option<i64>,
    pub(crate) name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) children: HasMany<Node>,
}

pub(crate) const NODES: &str =
    "CREATE TABLE nodes (id $id, parent_id BIGINT REFERENCES nodes (id), name TEXT NOT NULL);";

pub(crate) fn node(name: &str, children: Vec<Node>) -> Node {
    Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    }
}

/// Two children at each of `depth` levels: `r`, `r1`, `r2`, `r11` and so on.
fn binary(name: &str, depth: usize) -> Node {
    let below = |number: i32| binary(&format!("{name}{number}"), depth - 1);
    let children = if depth == 1 {
        Vec::new()
    } else {
        [1, 2].map(below).into()
    };
    node(name, children)
}

fn names(node: &Node) -> Vec<&str> {
    node.children
        .iter()
        .map(|node| node.name.as_str())
        .collect()
}

/// The names of the nodes with that of each one's parent.
async fn shape<B: Base>(test: &Test<B>) -> Vec<String> {
    let rows = test.rows("nodes").await;
    let parts: Vec<Vec<&str>> = rows.iter().map(|row| row.split('|').collect()).collect();
    let name = |id: &str| {
        let found = parts.iter().find(|parts| parts[0] == id);
        found.map_or("-", |parts| parts[2])
    };
    let mut shape: Vec<String> = parts
        .iter()
        .map(|parts| format!("{} in {}", parts[2], name(parts[1])))
        .collect();
    shape.sort();
    shape
}

async fn four_levels_are_saved_and_loaded<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let tree = binary("r", 4).save(&test.pool).await.unwrap();
    assert_eq!(test.steps(), ["INSERT nodes"]);
    assert_eq!(test.rows("nodes").await.len(), 15);
    assert_eq!(
        shape(&test).await[..5],
        [
            "r in -",
            "r1 in r",
            "r11 in r1",
            "r111 in r11",
            "r112 in r11"
        ]
    );
    assert_eq!(tree.children[1].parent_id, Some(tree.id));
    assert_eq!(
        tree.children[1].children[0].parent_id,
        Some(tree.children[1].id)
    );
    let path = Node::CHILDREN
        .then(Node::CHILDREN)
        .then(Node::CHILDREN)
        .then(Node::CHILDREN);
    let found = Node::find(tree.id).with(path);
    assert_eq!(found.one(&test.pool).await.unwrap(), tree);
    assert_eq!(test.sent().len(), 5);
}

async fn changes_at_every_level<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = binary("r", 4).save(&test.pool).await.unwrap();
    let before = test.rows("nodes").await.len();
    drop(test.sent());
    tree.name.push('!');
    tree.children[0].name.push('!');
    tree.children[0].children[1].children[0].name.push('!');
    tree.children[1]
        .children
        .push(node("new", vec![node("newer", vec![])]));
    tree.children[1].children.remove(0);
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes[..2], ["deleted 3 nodes", "updated 3 nodes"]);
    let shape = shape(&test).await;
    for there in [
        "r! in -",
        "r1! in r!",
        "r121! in r12",
        "newer in new",
        "new in r2",
    ] {
        assert!(shape.iter().any(|node| node == there), "{shape:?}");
    }
    assert_eq!(shape.len(), before - 3 + 2);
}

async fn a_subtree_moves<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = binary("r", 3).save(&test.pool).await.unwrap();
    let mut other = node("o", vec![]).save(&test.pool).await.unwrap();
    let subtree = tree.children[0].children.expunge(1);
    tree.children[1].children[0].children.adopt(subtree);
    drop(test.sent());
    let report = test.save_as_planned(&mut tree).await;
    assert_eq!(changes(&report), ["moved 1 nodes"]);
    assert_eq!(test.sent(), ["UPDATE nodes"]);
    other.children.adopt(tree.children.expunge(1));
    test.save_as_planned(&mut other).await;
    assert!(tree.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(
        shape(&test).await,
        [
            "o in -",
            "r in -",
            "r1 in r",
            "r11 in r1",
            "r12 in r21",
            "r2 in o",
            "r21 in r2",
            "r22 in r2"
        ]
    );
    // Up to the top, as a root of its own.
    let mut root = other.children.expunge(0).into_persistent().unwrap();
    root.parent_id = None;
    test.save_as_planned(&mut root).await;
    assert!(shape(&test).await.contains(&"r2 in -".into()));
}

async fn a_subtree_moves_out_of_one_that_leaves<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = binary("r", 4).save(&test.pool).await.unwrap();
    let saved = tree.children[0].children[0].children.expunge(0);
    tree.children[1].children.adopt(saved);
    tree.children.remove(0);
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes, ["moved 1 nodes", "deleted 6 nodes"]);
    assert_eq!(
        shape(&test).await,
        [
            "r in -",
            "r111 in r2",
            "r2 in r",
            "r21 in r2",
            "r211 in r21",
            "r212 in r21",
            "r22 in r2",
            "r221 in r22",
            "r222 in r22"
        ]
    );
}

async fn a_subtree_moves_under_its_own_descendant<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = node("r", vec![node("a", vec![node("b", vec![])])])
        .save(&test.pool)
        .await
        .unwrap();
    // r > a > b becomes r > b > a.
    let mut a = tree.children.expunge(0);
    let mut b = a.children.expunge(0);
    b.children.adopt(a);
    tree.children.adopt(b);
    let report = test.save_as_planned(&mut tree).await;
    assert_eq!(changes(&report), ["moved 2 nodes"]);
    assert_eq!(shape(&test).await, ["a in b", "b in r", "r in -"]);
    assert_eq!(
        tree.children[0].children[0].parent_id,
        Some(tree.children[0].id)
    );
    assert!(tree.save(&test.pool).await.unwrap().is_empty());
}

async fn a_node_changes_places_with_its_parent<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = node(
        "r",
        vec![node("a", vec![node("b", vec![]), node("c", vec![])])],
    )
    .save(&test.pool)
    .await
    .unwrap();
    // `b` takes the place of `a`, which leaves; `c` stays below it.
    let mut b = tree.children[0].children.expunge(0);
    let c = tree.children[0].children.expunge(0);
    b.children.adopt(c);
    tree.children.remove(0);
    tree.children.adopt(b);
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes, ["moved 2 nodes", "deleted 1 nodes"]);
    assert_eq!(shape(&test).await, ["b in r", "c in b", "r in -"]);
}

async fn a_subtree_is_removed<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    binary("r", 4).save(&test.pool).await.unwrap();
    let mut tree = Node::find(1)
        .with(Node::CHILDREN)
        .one(&test.pool)
        .await
        .unwrap();
    let removed = tree.children.remove(0);
    assert!(removed.children.is_not_loaded());
    drop(test.sent());
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes, ["deleted 7 nodes"]);
    test.a_tree_went("nodes", true);
    assert_eq!(shape(&test).await.len(), 8);
    let kept = tree.children[0].id;
    failed(
        Node::find(2 + 3 - kept).one(&test.pool).await,
        ErrorKind::NotFound,
        "Node",
    );
}

async fn the_children_of_a_node_that_is_not_loaded_are_replaced<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    binary("r", 4).save(&test.pool).await.unwrap();
    let mut tree = Node::find(1).one(&test.pool).await.unwrap();
    tree.children
        .replace([node("new", vec![node("newer", vec![])])]);
    drop(test.sent());
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes[0], "deleted 14 nodes");
    let removed: &[&str] = match B::SERVICE {
        "mysql" => &["LOCK nodes", "TRACE"],
        _ => &locking::<B>(&["LOCK nodes", "LOCK nodes", "DELETE nodes"]),
    };
    assert_eq!(test.sent()[..removed.len()], removed[..]);
    assert_eq!(shape(&test).await, ["new in r", "newer in new", "r in -"]);
    tree.children.clear();
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes, ["deleted 2 nodes"]);
    assert_eq!(shape(&test).await, ["r in -"]);
}

async fn a_grandchild_survives_a_replacement_of_the_children<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = binary("r", 4).save(&test.pool).await.unwrap();
    let saved = tree.children[0].children.expunge(0);
    let mut new = node("new", vec![]);
    new.children.adopt(saved);
    tree.children.replace([new]);
    tree.save(&test.pool).await.unwrap();
    assert_eq!(
        shape(&test).await,
        [
            "new in r",
            "r in -",
            "r11 in new",
            "r111 in r11",
            "r112 in r11"
        ]
    );
    // The same below a child that stays, while the rest of the list goes.
    let kept = tree.children[0].children.expunge(0);
    tree.children.clear();
    tree.children.adopt(kept);
    tree.save(&test.pool).await.unwrap();
    assert_eq!(
        shape(&test).await,
        ["r in -", "r11 in r", "r111 in r11", "r112 in r11"]
    );
}

async fn a_tree_is_deleted_without_loading<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let tree = binary("r", 5).save(&test.pool).await.unwrap();
    let other = binary("o", 2).save(&test.pool).await.unwrap();
    drop(test.sent());
    let report = Node::delete_by_key(tree.key(), &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 31 nodes"]);
    test.a_tree_went("nodes", true);
    assert_eq!(shape(&test).await, ["o in -", "o1 in o", "o2 in o"]);
    drop(other);
}

async fn a_loaded_tree_is_deleted<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let tree = binary("r", 4).save(&test.pool).await.unwrap();
    drop(test.sent());
    let value = tree.delete(&test.pool).await.unwrap();
    test.a_tree_went("nodes", true);
    assert_eq!(test.rows("nodes").await, NONE);
    assert_eq!(names(&value.children[1]), ["r21", "r22"]);
    value.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await.len(), 15);
}

async fn a_cycle_in_the_data_is_deleted<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = binary("r", 4).save(&test.pool).await.unwrap();
    let leaf = tree.children[1].children[1].children[1].id;
    test.execute(&format!(
        "UPDATE nodes SET parent_id = {leaf} WHERE name = 'r'"
    ))
    .await;
    test.execute("INSERT INTO nodes (name) VALUES ('self'); UPDATE nodes SET parent_id = id WHERE name = 'self'")
        .await;
    // Removed from below, the cycle takes all of it along.
    let child = tree.children[0].id;
    Node::delete_by_key(child, &test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await.len(), 9);
    let own = tree.children[1].id;
    Node::delete_by_key(own, &test.pool).await.unwrap();
    assert_eq!(shape(&test).await, ["self in self"]);
    let own = Node::find_many(1..=16).all(&test.pool).await.unwrap();
    Persistent::delete_all(own, &test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await, NONE);
    tree.name = "x".into();
    failed(tree.save(&test.pool).await, ErrorKind::Stale, "Node");
}

async fn several_roots_are_deleted<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let trees = vec![binary("a", 3), binary("b", 3), binary("c", 2)];
    let mut trees = Node::save_all(trees, &test.pool).await.unwrap();
    let kept = trees.remove(2);
    drop(test.sent());
    Persistent::delete_all(trees, &test.pool).await.unwrap();
    test.a_tree_went("nodes", true);
    assert_eq!(shape(&test).await, ["c in -", "c1 in c", "c2 in c"]);
    drop(kept);
}

async fn a_root_and_one_below_it_are_deleted_together<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let tree = binary("r", 3).save(&test.pool).await.unwrap();
    let keys = [
        tree.key(),
        tree.children[0].id,
        tree.children[0].children[1].id,
    ];
    let nodes = Node::find_many([keys[2], keys[0], keys[1]])
        .all(&test.pool)
        .await
        .unwrap();
    let deleted = Persistent::delete_all(nodes, &test.pool).await.unwrap();
    assert_eq!(deleted.len(), 3);
    assert_eq!(test.rows("nodes").await, NONE);
}

async fn nodes_below_another_are_removed_with_it<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let mut tree = binary("r", 4).save(&test.pool).await.unwrap();
    tree.children[0].children[0].children.remove(1);
    tree.children[0].children.remove(0);
    tree.children.remove(0);
    tree.children[0].children.clear();
    tree.save(&test.pool).await.unwrap();
    assert_eq!(shape(&test).await, ["r in -", "r2 in r"]);
    assert!(tree.save(&test.pool).await.unwrap().is_empty());
}

mod released {
    use super::{HasMany, Relations};

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "nodes")]
    pub(super) struct Node {
        #[key(generated)]
        pub(super) id: i64,
        #[many_to_one(Node)]
        parent_id: Option<i64>,
        name: String,
        #[one_to_many]
        pub(super) children: HasMany<Node>,
    }
}

async fn a_tree_that_releases<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    binary("r", 4).save(&test.pool).await.unwrap();
    let path = released::Node::CHILDREN.then(released::Node::CHILDREN);
    let mut tree = released::Node::find(1)
        .with(path)
        .one(&test.pool)
        .await
        .unwrap();
    tree.children[0].children.remove(0);
    tree.children[1].children.clear();
    let changes = test.save_much_as_planned(&mut tree).await;
    assert_eq!(changes, ["released 3 nodes"]);
    let children = tree.children[0].id;
    drop(test.sent());
    tree.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE nodes", "DELETE nodes"]);
    let shape = shape(&test).await;
    assert_eq!(shape.len(), 14);
    for root in ["r1 in -", "r2 in -", "r11 in -", "r21 in -", "r22 in -"] {
        assert!(shape.iter().any(|node| node == root), "{shape:?}");
    }
    assert!(shape.contains(&"r12 in r1".into()));
    released::Node::delete_by_key(children, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("nodes").await.len(), 13);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "folders")]
struct Folder {
    #[key(generated)]
    id: i64,
    #[many_to_one(Folder)]
    parent_id: Option<i64>,
    name: String,
    #[version]
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    folders: HasMany<Folder>,
    #[one_to_many(cascade = "all, delete-orphan")]
    files: HasMany<File>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "files")]
struct File {
    #[key(generated)]
    id: i64,
    #[many_to_one(Folder)]
    folder_id: i64,
    name: String,
}

const FOLDERS: &str = "
    CREATE TABLE folders (id $id, parent_id BIGINT REFERENCES folders (id), name TEXT NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE files (id $id, folder_id BIGINT NOT NULL REFERENCES folders (id), name TEXT NOT NULL);
";

fn folder(name: &str, folders: Vec<Folder>) -> Folder {
    let file = |number: i32| File {
        name: format!("{name}.{number}"),
        ..File::default()
    };
    Folder {
        name: name.into(),
        folders: folders.into(),
        files: [1, 2].map(file).into_iter().collect(),
        ..Folder::default()
    }
}

async fn a_tree_with_versions<B: Base>(test: Test<B>) {
    test.create(FOLDERS).await;
    let value = folder("r", vec![folder("a", vec![folder("b", vec![])])]);
    let mut root = value.save(&test.pool).await.unwrap();
    root.folders[0].folders[0].name = "changed".into();
    test.save_as_planned(&mut root).await;
    assert_eq!(root.folders[0].folders[0].version, 2);
    // A row of the tree that somebody else has changed isn't removed by name.
    test.execute("UPDATE folders SET version = 9 WHERE name = 'a'")
        .await;
    root.folders.remove(0);
    failed(
        root.save(&test.pool).await,
        ErrorKind::Stale,
        "Folder.folders",
    );
    assert_eq!(test.rows("folders").await.len(), 3);
    let mut root = Folder::find(root.key())
        .with(Folder::FOLDERS)
        .one(&test.pool)
        .await
        .unwrap();
    root.folders.remove(0);
    root.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("folders").await.len(), 1);
    assert_eq!(test.rows("files").await.len(), 2);
    test.execute("UPDATE folders SET version = 9").await;
    failed(root.delete(&test.pool).await, ErrorKind::Stale, "Folder");
}

async fn a_tree_with_leaves_in_another_table<B: Base>(test: Test<B>) {
    test.create(FOLDERS).await;
    let value = folder(
        "r",
        vec![
            folder("a", vec![folder("aa", vec![]), folder("ab", vec![])]),
            folder("b", vec![folder("ba", vec![])]),
        ],
    );
    let mut root = value.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("files").await.len(), 12);
    let file = root.folders[0].folders[0].files.expunge(0);
    root.folders[1].files.adopt(file);
    let moved = root.folders[0].folders.expunge(1);
    root.folders[1].folders.adopt(moved);
    root.folders.remove(0);
    drop(test.sent());
    let report = root.save(&test.pool).await.unwrap();
    let sent = test.steps();
    assert_eq!(
        changes(&report),
        [
            "moved 1 folders",
            "moved 1 files",
            "deleted 3 files",
            "deleted 2 folders"
        ]
    );
    let letting_go = if B::SERVICE == "mysql" { 2 } else { 0 };
    assert!(
        sent.len() <= 5 + usize::from(B::LOCKS) + letting_go,
        "{sent:?}"
    );
    let folders = test.rows("folders").await;
    assert_eq!(folders.len(), 4, "{folders:?}");
    assert_eq!(test.rows("files").await.len(), 9);
    drop(test.sent());
    Folder::delete_by_key(root.key(), &test.pool).await.unwrap();
    let sent = test.steps();
    if B::SERVICE == "mysql" {
        let steps = [
            "TRACE",
            "SELECT folders",
            "DELETE files",
            "UPDATE folders",
            "DELETE folders",
        ];
        assert_eq!(sent, steps);
    } else {
        let steps = [
            "SELECT folders",
            "LOCK folders",
            "DELETE files",
            "DELETE folders",
        ];
        assert_eq!(sent, locking::<B>(&steps));
    }
    assert_eq!(test.rows("folders").await, NONE);
    assert_eq!(test.rows("files").await, NONE);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "nodes")]
struct Member {
    #[key(generated)]
    id: i64,
    #[many_to_one(column = "parent_id")]
    parent: Option<BelongsTo<Member>>,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    members: HasMany<Member>,
}

async fn a_tree_that_holds_its_parents<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let member = |name: &str, members: Vec<Member>| Member {
        name: name.into(),
        members: members.into(),
        ..Member::default()
    };
    let value = member(
        "r",
        vec![member("a", vec![member("b", vec![])]), member("c", vec![])],
    );
    let mut root = value.save(&test.pool).await.unwrap();
    assert_eq!(shape(&test).await, ["a in r", "b in a", "c in r", "r in -"]);
    let key = root.members[0]
        .parent
        .as_ref()
        .and_then(|parent| parent.key());
    assert_eq!(key, Some(&root.id));
    let b = root.members[0].members.expunge(0);
    root.members[1].members.adopt(b);
    test.save_as_planned(&mut root).await;
    assert_eq!(shape(&test).await, ["a in r", "b in c", "c in r", "r in -"]);
    let c = root.members[1].id;
    let key = root.members[1].members[0].parent.as_ref();
    assert_eq!(key.and_then(|parent| parent.key()), Some(&c));
    // From below: a new member brings its parent.
    let below = Member {
        parent: Some(BelongsTo::new(member("top", vec![]))),
        ..member("below", vec![member("bottom", vec![])])
    };
    below.save(&test.pool).await.unwrap();
    let shape = shape(&test).await;
    for there in ["top in -", "below in top", "bottom in below"] {
        assert!(shape.iter().any(|node| node == there), "{shape:?}");
    }
    root.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("nodes").await.len(), 3);
}

async fn a_detached_subtree<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    binary("r", 4).save(&test.pool).await.unwrap();
    let mut tree = Node::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    let report = tree.detach(Node::CHILDREN, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 14 nodes"]);
    test.a_tree_went("nodes", true);
    assert!(tree.children.is_loaded() && tree.children.is_empty());
    assert_eq!(shape(&test).await, ["r in -"]);
}
