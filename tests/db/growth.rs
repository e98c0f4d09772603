//! The statements of an operation are the same for 1, 10 and 1,000 rows; on SQLite, whose lists are sent in pieces, there are at most ⌈rows / 256⌉ + 8 of
//! each.

use std::collections::BTreeMap;

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Persistent, Relations};

use crate::lists_models::most;
use crate::support::{Base, Test, on_every_database};
use crate::trees::{NODES, node};

on_every_database![
    new_rows,
    changed_rows,
    rows_that_leave,
    rows_that_move,
    deletes,
    reads,
    payloads,
    links_and_parents,
    nodes,
];

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "shops")]
struct Shop {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    wares: HasMany<Ware>,
    #[one_to_many]
    bills: HasMany<Bill>,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "wares")]
struct Ware {
    #[key(generated)]
    id: i64,
    #[many_to_one(Shop)]
    shop_id: i64,
    name: String,
    price: Option<i64>,
    #[one_to_one(cascade = "all, delete-orphan")]
    label: HasOne<Label>,
    #[many_to_many(through = "ware_tags")]
    tags: ManyToMany<Tag>,
    #[many_to_one]
    maker: Option<BelongsTo<Maker>>,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "labels")]
struct Label {
    #[key(generated)]
    id: i64,
    #[one_to_one(Ware)]
    ware_id: i64,
    text: String,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "bills")]
struct Bill {
    #[key(generated)]
    id: i64,
    #[many_to_one(Shop)]
    shop_id: Option<i64>,
    total: i64,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "tags")]
struct Tag {
    #[key(generated)]
    id: i64,
    name: String,
}

#[derive(Debug, Default, Clone, Relations)]
#[table(name = "makers")]
struct Maker {
    #[key(generated)]
    id: i64,
    name: String,
}

const SCHEMA: &str = "
    CREATE TABLE shops (id $id, name TEXT NOT NULL);
    CREATE TABLE makers (id $id, name TEXT NOT NULL);
    CREATE TABLE wares (id $id, shop_id BIGINT NOT NULL REFERENCES shops (id), name TEXT NOT NULL, price BIGINT,
        maker_id BIGINT REFERENCES makers (id));
    CREATE TABLE labels (id $id, ware_id BIGINT NOT NULL UNIQUE REFERENCES wares (id), text TEXT NOT NULL);
    CREATE TABLE bills (id $id, shop_id BIGINT REFERENCES shops (id), total BIGINT NOT NULL);
    CREATE TABLE tags (id $id, name TEXT NOT NULL);
    CREATE TABLE ware_tags (ware_id BIGINT NOT NULL REFERENCES wares (id), tag_id BIGINT NOT NULL REFERENCES tags (id),
        PRIMARY KEY (ware_id, tag_id));
";

fn ware(number: usize) -> Ware {
    let mut tags = ManyToMany::empty();
    tags.push(Tag::default());
    Ware {
        name: format!("ware {number}"),
        label: HasOne::from(Label {
            text: "old".into(),
            ..Label::default()
        }),
        tags,
        ..Ware::default()
    }
}

fn shop(size: usize) -> Shop {
    Shop {
        name: "shop".into(),
        wares: (0..size).map(ware).collect(),
        bills: (0..size).map(|_| Bill::default()).collect(),
        ..Shop::default()
    }
}

async fn saved<B: Base>(test: &Test<B>, size: usize) -> Persistent<Shop> {
    shop(size).save(&test.pool).await.expect("a shop")
}

async fn unloaded<B: Base>(test: &Test<B>, size: usize) -> Persistent<Shop> {
    let shop = saved(test, size).await;
    let found = Shop::find(shop.id).one(&test.pool).await;
    found.expect("the shop")
}

/// Runs an operation on 1, 10 and 1,000 rows. It drops what was sent while it made itself ready.
async fn grows<B: Base>(test: &Test<B>, name: &str, operation: impl AsyncFn(&Test<B>, usize)) {
    grows_by(test, 1, name, operation).await;
}

/// The same, where so many rows of one table stand for each that is asked for.
async fn grows_by<B: Base>(
    test: &Test<B>,
    each: usize,
    name: &str,
    operation: impl AsyncFn(&Test<B>, usize),
) {
    let mut first: Option<Vec<String>> = None;
    for size in [1, 10, 1_000] {
        drop(test.sent());
        operation(test, size).await;
        let mut sent = test.sent();
        if B::SERVICE == "sqlite" {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for statement in &sent {
                *counts.entry(statement).or_default() += 1;
            }
            let most = most::<B>(each * size);
            let many = counts.values().all(|count| *count <= most);
            assert!(many, "{name} of {size}: {counts:?}");
            sent.dedup();
        }
        assert!(!sent.is_empty(), "{name} of {size} sends nothing");
        let expected = first.get_or_insert_with(|| sent.clone());
        assert_eq!(expected, &sent, "{name} of {size}");
    }
}

/// The same for a save of a shop, all of which is loaded or nothing, after a change in memory.
async fn save_grows<B: Base>(
    test: &Test<B>,
    name: &str,
    is_loaded: bool,
    change: impl Fn(&mut Shop, usize),
) {
    grows(test, name, async |test: &Test<B>, size| {
        let mut shop = if is_loaded {
            saved(test, size).await
        } else {
            unloaded(test, size).await
        };
        change(&mut shop, size);
        drop(test.sent());
        shop.save(&test.pool).await.unwrap();
    })
    .await;
}

async fn new_rows<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "insert", async |test: &Test<B>, size| {
        drop(saved(test, size).await);
    })
    .await;
    grows(&test, "save_all", async |test: &Test<B>, size| {
        let shops = (0..size).map(|_| shop(1)).collect();
        Shop::save_all(shops, &test.pool).await.unwrap();
    })
    .await;
    grows(&test, "push", async |test: &Test<B>, size| {
        let mut shop = unloaded(test, 1).await;
        shop.wares.extend((0..size).map(ware));
        drop(test.sent());
        shop.save(&test.pool).await.unwrap();
    })
    .await;
}

async fn changed_rows<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    save_grows(&test, "one column", true, |shop, _| {
        for ware in &mut shop.wares {
            ware.price = Some(ware.id);
        }
    })
    .await;
    save_grows(&test, "columns by turns", true, |shop, _| {
        for (number, ware) in shop.wares.iter_mut().enumerate() {
            if number % 2 == 0 {
                ware.price = Some(1);
            } else {
                ware.name = "other".into();
            }
        }
    })
    .await;
    save_grows(&test, "replace one-to-one", true, |shop, _| {
        for ware in &mut shop.wares {
            ware.label.set(Label::default());
        }
    })
    .await;
}

async fn rows_that_leave<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    save_grows(&test, "remove by name", true, |shop, _| {
        shop.wares.retain(|_| false);
    })
    .await;
    save_grows(&test, "release by name", true, |shop, _| {
        shop.bills.retain(|_| false);
    })
    .await;
    save_grows(&test, "clear unseen", false, |shop, _| {
        shop.wares.clear();
        shop.bills.clear();
    })
    .await;
    save_grows(&test, "replace unseen", false, |shop, size| {
        shop.wares.replace((0..size).map(ware));
    })
    .await;
    grows(&test, "detach", async |test: &Test<B>, size| {
        let mut shop = unloaded(test, size).await;
        drop(test.sent());
        shop.detach(Shop::WARES, &test.pool).await.unwrap();
    })
    .await;
}

async fn rows_that_move<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "move", async |test: &Test<B>, size| {
        let mut from = saved(test, size).await;
        let mut to = unloaded(test, 1).await;
        for _ in 0..size {
            to.wares.adopt(from.wares.expunge(0));
            to.bills.adopt(from.bills.expunge(0));
        }
        drop(test.sent());
        to.save(&test.pool).await.unwrap();
    })
    .await;
    grows(&test, "move and change", async |test: &Test<B>, size| {
        let mut from = saved(test, size).await;
        let mut to = unloaded(test, 1).await;
        for _ in 0..size {
            let mut ware = from.wares.expunge(0);
            ware.price = Some(2);
            to.wares.adopt(ware);
        }
        drop(test.sent());
        sqlx_cascade::save_together((&mut to, &mut from), &test.pool)
            .await
            .unwrap();
    })
    .await;
}

async fn deletes<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "delete unloaded", async |test: &Test<B>, size| {
        let shop = unloaded(test, size).await;
        drop(test.sent());
        shop.delete(&test.pool).await.unwrap();
    })
    .await;
    grows(&test, "delete loaded", async |test: &Test<B>, size| {
        let shop = saved(test, size).await;
        drop(test.sent());
        shop.delete(&test.pool).await.unwrap();
    })
    .await;
    grows(&test, "delete_all", async |test: &Test<B>, size| {
        let shops = (0..size).map(|_| shop(1)).collect();
        let shops = Shop::save_all(shops, &test.pool).await.unwrap();
        drop(test.sent());
        Persistent::delete_all(shops, &test.pool).await.unwrap();
    })
    .await;
    grows(&test, "delete_by_key", async |test: &Test<B>, size| {
        let id = unloaded(test, size).await.id;
        drop(test.sent());
        Shop::delete_by_key(id, &test.pool).await.unwrap();
    })
    .await;
}

async fn reads<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "load several", async |test: &Test<B>, size| {
        let mut shop = unloaded(test, size).await;
        drop(test.sent());
        let relations = (
            Shop::WARES.then(Ware::LABEL),
            Shop::WARES.then(Ware::TAGS),
            Shop::BILLS,
        );
        shop.load(relations, &test.pool).await.unwrap();
        assert_eq!(
            (shop.wares.len(), shop.bills.len()),
            (size, size),
            "all of them"
        );
        assert!(shop.wares.iter().all(|ware| ware.tags.len() == 1));
        assert!(shop.wares.iter().all(|ware| ware.label.get().is_some()));
    })
    .await;
    grows(&test, "find_many", async |test: &Test<B>, size| {
        let shops = (0..size).map(|_| shop(1)).collect();
        let shops = Shop::save_all(shops, &test.pool).await.unwrap();
        let keys: Vec<i64> = shops.iter().map(|shop| shop.id).collect();
        drop(test.sent());
        let find = Shop::find_many(keys).with((Shop::WARES, Shop::BILLS));
        assert_eq!(find.all(&test.pool).await.unwrap().len(), size);
    })
    .await;
    grows(&test, "refresh", async |test: &Test<B>, size| {
        let mut shop = saved(test, size).await;
        drop(test.sent());
        shop.refresh(&test.pool).await.unwrap();
        assert_eq!(shop.wares.len(), size);
    })
    .await;
}

async fn payloads<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "merge", async |test: &Test<B>, size| {
        let shop = saved(test, size).await;
        let mut value = Shop::clone(&shop);
        value.bills = HasMany::default();
        for ware in &mut value.wares {
            ware.price = Some(3);
            ware.tags = ManyToMany::default();
            ware.label = HasOne::from(Label::default());
        }
        drop(test.sent());
        Shop::merge(value, &test.pool).await.unwrap();
    })
    .await;
}

async fn links_and_parents<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "link", async |test: &Test<B>, size| {
        let mut shop = saved(test, size).await;
        let tag = Tag::default().save(&test.pool).await.unwrap();
        for ware in &mut shop.wares {
            ware.tags.add(&tag);
        }
        drop(test.sent());
        shop.save(&test.pool).await.unwrap();
    })
    .await;
    save_grows(&test, "unlink", true, |shop, _| {
        for ware in &mut shop.wares {
            drop(ware.tags.remove(0));
        }
    })
    .await;
    save_grows(&test, "parents", true, |shop, _| {
        for ware in &mut shop.wares {
            ware.maker = Some(BelongsTo::new(Maker::default()));
        }
    })
    .await;
    grows(&test, "parents by key", async |test: &Test<B>, size| {
        let mut shop = saved(test, size).await;
        let maker = Maker::default().save(&test.pool).await.unwrap();
        for ware in &mut shop.wares {
            ware.maker = Some(BelongsTo::to(maker.id));
        }
        drop(test.sent());
        shop.save(&test.pool).await.unwrap();
    })
    .await;
}

async fn nodes<B: Base>(test: Test<B>) {
    test.create(NODES).await;
    let tree = |size: usize| {
        let below = |_| node("below", vec![node("leaf", Vec::new())]);
        node("root", (0..size).map(below).collect())
    };
    grows_by(&test, 2, "a tree", async |test: &Test<B>, size| {
        tree(size).save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "subtrees move", async |test: &Test<B>, size| {
        let mut from = tree(size).save(&test.pool).await.unwrap();
        let mut to = tree(1).save(&test.pool).await.unwrap();
        for _ in 0..size {
            to.children.adopt(from.children.expunge(0));
        }
        drop(test.sent());
        to.save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(&test, 2, "subtrees leave", async |test: &Test<B>, size| {
        let mut root = tree(size).save(&test.pool).await.unwrap();
        root.children.retain(|_| false);
        drop(test.sent());
        root.save(&test.pool).await.unwrap();
    })
    .await;
    grows_by(
        &test,
        2,
        "a tree is deleted",
        async |test: &Test<B>, size| {
            let root = tree(size).save(&test.pool).await.unwrap();
            drop(test.sent());
            root.delete(&test.pool).await.unwrap();
        },
    )
    .await;
}
