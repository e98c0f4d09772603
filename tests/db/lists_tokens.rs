//! Each sensible set of tokens on a list: what becomes of rows that leave, and of those under a parent that is deleted.

use sqlx_cascade::{ErrorKind, HasMany};

use crate::support::{Base, NONE, Test, changes, failed, locking, on_every_database};

on_every_database![
    default_releases,
    all_deletes_with_the_parent_and_releases_orphans,
    all_delete_orphan_deletes,
    delete_orphan_without_all,
    save_update_alone_releases,
    delete_without_orphan_on_a_not_null_key_denies,
    without_save_update_nothing_is_written,
    none_writes_nothing,
    passive_deletes_leaves_children_to_the_database,
    passive_deletes_of_a_nullable_key_releases_by_the_constraint,
    passive_all_never_touches_the_children,
    statements_run_from_the_first_key_that_does_not_cascade,
];

macro_rules! parks {
    ($module:ident, $key:ty, [$($option:tt)*], [$($on_delete:tt)*]) => {
        #[allow(dead_code, reason = "not each set of tokens needs all of them")]
        mod $module {
            use sqlx_cascade::{HasMany, Persistent, Relations};

            use crate::support::{Base, Test};

            #[derive(Debug, Default, Clone, PartialEq, Relations)]
            #[table(name = "parks")]
            pub(super) struct Park {
                #[key(generated)]
                pub(super) id: i64,
                pub(super) name: String,
                #[one_to_many($($option)*)]
                pub(super) trees: HasMany<Tree>,
            }

            #[derive(Debug, Default, Clone, PartialEq, Relations)]
            #[table(name = "trees")]
            pub(super) struct Tree {
                #[key(generated)]
                pub(super) id: i64,
                #[many_to_one(Park $($on_delete)*)]
                pub(super) park_id: $key,
                pub(super) name: String,
                #[one_to_many(cascade = "all, delete-orphan")]
                pub(super) leaves: HasMany<Leaf>,
            }

            #[derive(Debug, Default, Clone, PartialEq, Relations)]
            #[table(name = "leaves")]
            pub(super) struct Leaf {
                #[key(generated)]
                pub(super) id: i64,
                #[many_to_one(Tree)]
                pub(super) tree_id: i64,
            }

            pub(super) fn tree(name: &str) -> Tree {
                Tree {
                    name: name.into(),
                    ..Tree::default()
                }
            }

            /// The second park has two trees, 2 and 3, with a leaf each.
            pub(super) async fn loaded<B: Base>(test: &Test<B>) -> Persistent<Park> {
                let park = Park::find(2).with(Park::TREES).one(&test.pool).await.unwrap();
                drop(test.sent());
                park
            }

            pub(super) async fn unloaded<B: Base>(test: &Test<B>) -> Persistent<Park> {
                let park = Park::find(2).one(&test.pool).await.unwrap();
                drop(test.sent());
                park
            }
        }
    };
}

parks!(default, Option<i64>, [], []);
parks!(all, Option<i64>, [cascade = "all"], []);
parks!(orphan, i64, [cascade = "all, delete-orphan"], []);
parks!(
    orphan_only,
    i64,
    [cascade = "save-update, delete, delete-orphan"],
    []
);
parks!(saved, Option<i64>, [cascade = "save-update"], []);
parks!(
    denied,
    i64,
    [cascade = "save-update, delete", on_remove = "deny"],
    []
);
parks!(unsaved, Option<i64>, [cascade = "merge, delete"], []);
parks!(none, Option<i64>, [cascade = "none"], []);
parks!(passive, i64, [cascade = "all, delete-orphan", passive_deletes], [, on_delete = "cascade"]);
parks!(passive_null, Option<i64>, [passive_deletes], [, on_delete = "set null"]);
parks!(passive_all, Option<i64>, [passive_deletes = "all"], []);

/// Two parks: 1 has the tree 1, 2 has the trees 2 and 3; each tree has a leaf.
async fn parks<B: Base>(test: &Test<B>, tree: &str, leaf: &str) {
    test.create(&format!(
        "CREATE TABLE parks (id $id, name TEXT NOT NULL);
         CREATE TABLE trees (id $id, park_id BIGINT {tree}, name TEXT NOT NULL);
         CREATE TABLE leaves (id $id, tree_id BIGINT NOT NULL REFERENCES trees (id) {leaf});
         INSERT INTO parks (name) VALUES ('a'), ('b');
         INSERT INTO trees (park_id, name) VALUES (1, '1'), (2, '2'), (2, '3');
         INSERT INTO leaves (tree_id) VALUES (1), (2), (3);"
    ))
    .await;
}

const REFERENCES: &str = "REFERENCES parks (id)";

/// What releases rows: removed by name, all of them, with the parent.
macro_rules! releases {
    ($module:ident, $test:expr) => {{
        use $module::{Park, loaded, tree, unloaded};
        let test = $test;
        parks(test, REFERENCES, "").await;
        let mut park = loaded(test).await;
        park.trees.remove(0);
        park.trees.push(tree("new"));
        let report = test.save_as_planned(&mut park).await;
        assert_eq!(changes(&report), ["released 1 trees", "inserted 1 trees"]);
        assert_eq!(
            test.rows("trees").await,
            ["1|1|1", "2|-|2", "3|2|3", "4|2|new"]
        );
        let mut park = unloaded(test).await;
        park.trees.clear();
        let changed = test.save_much_as_planned(&mut park).await;
        assert_eq!(changed, ["released 2 trees"]);
        assert_eq!(test.sent(), locking::<B>(&["LOCK parks", "UPDATE trees"]));
        assert_eq!(
            test.rows("trees").await,
            ["1|1|1", "2|-|2", "3|-|3", "4|-|new"]
        );
        let park = Park::find(1).one(&test.pool).await.unwrap();
        (park, ())
    }};
}

async fn default_releases<B: Base>(test: Test<B>) {
    let (park, ()) = releases!(default, &test);
    drop(test.sent());
    park.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE trees", "DELETE parks"]);
    assert_eq!(test.rows("trees").await[0], "1|-|1");
    assert_eq!(test.rows("leaves").await, ["1|1", "2|2", "3|3"]);
}

async fn all_deletes_with_the_parent_and_releases_orphans<B: Base>(test: Test<B>) {
    let (park, ()) = releases!(all, &test);
    drop(test.sent());
    park.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        ["DELETE leaves", "DELETE trees", "DELETE parks"]
    );
    assert_eq!(test.rows("trees").await, ["2|-|2", "3|-|3", "4|-|new"]);
    assert_eq!(test.rows("leaves").await, ["2|2", "3|3"]);
}

async fn save_update_alone_releases<B: Base>(test: Test<B>) {
    let (park, ()) = releases!(saved, &test);
    park.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("trees").await[0], "1|-|1");
    assert_eq!(test.rows("leaves").await.len(), 3);
}

/// What deletes rows: removed by name, all of them, with the parent.
macro_rules! deletes {
    ($module:ident, $test:expr) => {{
        use $module::{Park, loaded, tree, unloaded};
        let test = $test;
        parks(test, "NOT NULL REFERENCES parks (id)", "").await;
        let mut park = loaded(test).await;
        park.trees.remove(0);
        park.trees.push(tree("new"));
        let changed = test.save_much_as_planned(&mut park).await;
        assert_eq!(
            changed,
            ["deleted 1 leaves", "deleted 1 trees", "inserted 1 trees"]
        );
        assert_eq!(test.rows("trees").await, ["1|1|1", "3|2|3", "4|2|new"]);
        let mut park = unloaded(test).await;
        park.trees.replace([tree("newer")]);
        let changed = test.save_much_as_planned(&mut park).await;
        assert_eq!(
            changed,
            ["deleted 1 leaves", "deleted 2 trees", "inserted 1 trees"]
        );
        assert_eq!(test.rows("trees").await, ["1|1|1", "5|2|newer"]);
        drop(test.sent());
        Park::delete_by_key(1, &test.pool).await.unwrap();
        assert_eq!(
            test.sent(),
            ["DELETE leaves", "DELETE trees", "DELETE parks"]
        );
        assert_eq!(test.rows("trees").await, ["5|2|newer"]);
        assert_eq!(test.rows("leaves").await, NONE);
    }};
}

async fn all_delete_orphan_deletes<B: Base>(test: Test<B>) {
    deletes!(orphan, &test);
}

async fn delete_orphan_without_all<B: Base>(test: Test<B>) {
    deletes!(orphan_only, &test);
    // Without `refresh-expire` the list stays as it is.
    let mut park = orphan_only::loaded(&test).await;
    park.trees[0].name = "mine".into();
    test.execute("UPDATE trees SET name = 'theirs'; UPDATE parks SET name = 'theirs'")
        .await;
    park.refresh(&test.pool).await.unwrap();
    assert_eq!(park.name, "theirs");
    assert_eq!(park.trees[0].name, "mine");
    assert_eq!(
        changes(&test.save_as_planned(&mut park).await),
        ["updated 1 trees"]
    );
    // Without `expunge` it doesn't travel.
    assert!(park.expunge().trees.is_not_loaded());
}

async fn delete_without_orphan_on_a_not_null_key_denies<B: Base>(test: Test<B>) {
    use denied::{Park, loaded, tree, unloaded};
    parks(&test, "NOT NULL REFERENCES parks (id)", "").await;
    let mut park = loaded(&test).await;
    park.trees.retain(|tree| tree.id == 2);
    failed(
        park.save(&test.pool).await,
        ErrorKind::RemovalDenied,
        "Park.trees",
    );
    let mut park = unloaded(&test).await;
    park.trees = HasMany::empty();
    failed(
        park.save(&test.pool).await,
        ErrorKind::NotLoaded,
        "Park.trees",
    );
    let mut park = unloaded(&test).await;
    park.trees.push(tree("new"));
    test.save_as_planned(&mut park).await;
    assert_eq!(
        test.rows("trees").await,
        ["1|1|1", "2|2|2", "3|2|3", "4|2|new"]
    );
    Park::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(test.rows("trees").await, ["1|1|1"]);
    assert_eq!(test.rows("leaves").await, ["1|1"]);
}

async fn without_save_update_nothing_is_written<B: Base>(test: Test<B>) {
    use unsaved::{Park, loaded, tree, unloaded};
    parks(&test, REFERENCES, "").await;
    let mut park = loaded(&test).await;
    park.name = "changed".into();
    park.trees[0].name = "changed".into();
    let report = test.save_as_planned(&mut park).await;
    assert_eq!(changes(&report), ["updated 1 parks"]);
    assert_eq!(park.trees[0].name, "changed");
    park.trees.push(tree("new"));
    drop(test.sent());
    failed(
        park.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Park.trees",
    );
    assert_eq!(test.sent(), NONE);
    let expunged = {
        let mut park = loaded(&test).await;
        park.trees.remove(0);
        failed(
            park.save(&test.pool).await,
            ErrorKind::NotCascaded,
            "Park.trees",
        );
        let mut park = loaded(&test).await;
        park.trees.expunge(0)
    };
    let mut park = Park::find(1).one(&test.pool).await.unwrap();
    park.trees.adopt(expunged);
    failed(
        park.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Park.trees",
    );
    let mut park = unloaded(&test).await;
    park.trees.clear();
    failed(
        park.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Park.trees",
    );
    assert_eq!(test.rows("trees").await, ["1|1|1", "2|2|2", "3|2|3"]);
    Park::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(test.rows("trees").await, ["1|1|1"]);
}

async fn none_writes_nothing<B: Base>(test: Test<B>) {
    use none::{Park, loaded, tree};
    parks(&test, REFERENCES, "").await;
    let mut park = loaded(&test).await;
    park.trees.push(tree("new"));
    failed(
        park.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Park.trees",
    );
    let value = Park {
        trees: vec![tree("new")].into(),
        ..Park::default()
    };
    failed(
        value.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Park.trees",
    );
    let value = Park {
        trees: HasMany::empty(),
        ..Park::default()
    };
    value.save(&test.pool).await.unwrap();
    let park = loaded(&test).await;
    let park = park.delete(&test.pool).await.unwrap();
    assert!(park.trees.is_not_loaded(), "the rows survive");
    assert_eq!(test.rows("trees").await, ["1|1|1", "2|-|2", "3|-|3"]);
}

async fn passive_deletes_leaves_children_to_the_database<B: Base>(test: Test<B>) {
    use passive::{Park, loaded, unloaded};
    parks(
        &test,
        "NOT NULL REFERENCES parks (id) ON DELETE CASCADE",
        "ON DELETE CASCADE",
    )
    .await;
    let mut park = loaded(&test).await;
    park.trees.remove(0);
    let changed = test.save_much_as_planned(&mut park).await;
    assert_eq!(changed, ["deleted 1 leaves", "deleted 1 trees"]);
    let mut park = unloaded(&test).await;
    park.trees.clear();
    let changed = test.save_much_as_planned(&mut park).await;
    assert_eq!(changed, ["deleted 1 leaves", "deleted 1 trees"]);
    test.execute("DELETE FROM leaves").await;
    drop(test.sent());
    let report = Park::delete_by_key(1, &test.pool).await.unwrap();
    // What is below the trees has no constraint that the structs know of.
    assert_eq!(test.sent(), ["DELETE leaves", "DELETE parks"]);
    assert_eq!(changes(&report), ["deleted 1 parks"]);
    assert_eq!(test.rows("trees").await, NONE);
}

async fn passive_deletes_of_a_nullable_key_releases_by_the_constraint<B: Base>(test: Test<B>) {
    use passive_null::{Park, loaded};
    parks(&test, "REFERENCES parks (id) ON DELETE SET NULL", "").await;
    let park = loaded(&test).await;
    let park: Park = park.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE parks"]);
    assert!(park.trees.is_not_loaded());
    assert_eq!(test.rows("trees").await, ["1|1|1", "2|-|2", "3|-|3"]);
    assert_eq!(test.rows("leaves").await.len(), 3);
}

async fn passive_all_never_touches_the_children<B: Base>(test: Test<B>) {
    use passive_all::{Park, loaded};
    parks(&test, "", "").await;
    let mut park = loaded(&test).await;
    park.trees.remove(0);
    let changed = test.save_much_as_planned(&mut park).await;
    assert_eq!(changed, ["released 1 trees"], "a removal is no delete");
    drop(test.sent());
    let park: Park = park.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE parks"]);
    assert!(park.trees.is_not_loaded());
    assert_eq!(test.rows("trees").await, ["1|1|1", "2|-|2", "3|2|3"]);
}

mod mixed {
    use sqlx_cascade::{HasMany, Relations};

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "parks")]
    pub(super) struct Park {
        #[key(generated)]
        id: i64,
        pub(super) name: String,
        #[one_to_many(cascade = "all, delete-orphan", passive_deletes)]
        pub(super) trees: HasMany<Tree>,
    }

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "trees")]
    pub(super) struct Tree {
        #[key(generated)]
        id: i64,
        #[many_to_one(Park, on_delete = "cascade")]
        park_id: i64,
        pub(super) name: String,
        #[one_to_many(cascade = "all, delete-orphan")]
        leaves: HasMany<Leaf>,
    }

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "leaves")]
    pub(super) struct Leaf {
        #[key(generated)]
        id: i64,
        #[many_to_one(Tree, on_delete = "cascade")]
        tree_id: i64,
        #[one_to_many(cascade = "all, delete-orphan")]
        mites: HasMany<Mite>,
    }

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "mites")]
    pub(super) struct Mite {
        #[key(generated)]
        id: i64,
        #[many_to_one(Leaf)]
        leaf_id: i64,
    }
}

async fn statements_run_from_the_first_key_that_does_not_cascade<B: Base>(test: Test<B>) {
    parks(
        &test,
        "NOT NULL REFERENCES parks (id) ON DELETE CASCADE",
        "ON DELETE CASCADE",
    )
    .await;
    test.create(
        "CREATE TABLE mites (id $id, leaf_id BIGINT NOT NULL REFERENCES leaves (id));
         INSERT INTO mites (leaf_id) VALUES (1), (2), (3), (3);",
    )
    .await;
    let report = mixed::Park::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE mites", "DELETE parks"]);
    assert_eq!(changes(&report), ["deleted 3 mites", "deleted 1 parks"]);
    assert_eq!(test.rows("mites").await, ["1|1"]);
    assert_eq!(test.rows("trees").await, ["1|1|1"]);
}
