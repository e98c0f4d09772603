//! Deletes, reads and payloads of shops with wares.

use serde_json::json;
use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Persistent};

use super::links::tagged;
use super::shops::{Label, Maker, SCHEMA, Shop, Ware, saved, shop, unloaded, ware};
use super::{did, grows};
use crate::support::{Base, Test, on_every_database};

on_every_database![
    deletes, detaches, reads, loads, refreshes, payloads, patches,
];

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

async fn detaches<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "rows that go", async |test: &Test<B>, size| {
        let mut shop = unloaded(test, size).await;
        drop(test.sent());
        let report = shop.detach(Shop::WARES, &test.pool).await.unwrap();
        did(
            &report,
            size,
            &[
                "deleted n labels",
                "unlinked n ware_tags",
                "deleted n wares",
            ],
        );
    })
    .await;
    grows(&test, "rows that stay", async |test: &Test<B>, size| {
        let mut shop = unloaded(test, size).await;
        drop(test.sent());
        let report = shop.detach(Shop::BILLS, &test.pool).await.unwrap();
        did(&report, size, &["released n bills"]);
        assert!(shop.bills.is_loaded() && shop.bills.is_empty());
    })
    .await;
    grows(&test, "links", async |test: &Test<B>, size| {
        let mut ware = tagged(test, size).await;
        drop(test.sent());
        let report = ware.detach(Ware::TAGS, &test.pool).await.unwrap();
        did(&report, size, &["unlinked n ware_tags"]);
        assert_eq!(ware.tags.keys().count(), 0);
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
}

/// A shop whose wares have a maker each.
async fn made<B: Base>(test: &Test<B>, size: usize) -> Persistent<Shop> {
    let mut value = shop(size);
    for ware in &mut value.wares {
        ware.maker = Some(BelongsTo::new(Maker::default()));
    }
    value.save(&test.pool).await.unwrap()
}

/// Each ware has its maker, its tag and its label, as the database has them.
fn is_complete(shop: &Shop, size: usize) {
    assert_eq!(shop.wares.len(), size);
    for ware in &shop.wares {
        assert_eq!(ware.maker.as_ref().unwrap().get().unwrap().name, "");
        assert_eq!(ware.tags.iter().next().unwrap().name, "");
        assert_eq!(ware.label.get().unwrap().text, "old");
    }
}

async fn loads<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "held parents", async |test: &Test<B>, size| {
        let id = made(test, size).await.id;
        let mut shop = Shop::find(id).one(&test.pool).await.unwrap();
        drop(test.sent());
        let relations = (
            Shop::WARES.then(Ware::MAKER),
            Shop::WARES.then(Ware::TAGS),
            Shop::WARES.then(Ware::LABEL),
        );
        shop.load(relations, &test.pool).await.unwrap();
        is_complete(&shop, size);
    })
    .await;
    grows(&test, "many shops", async |test: &Test<B>, size| {
        let shops = (0..size).map(|_| shop(1)).collect();
        let shops = Shop::save_all(shops, &test.pool).await.unwrap();
        let keys = shops.iter().map(|shop| shop.id);
        let mut shops = Shop::find_many(keys).all(&test.pool).await.unwrap();
        drop(test.sent());
        let loaded = sqlx_cascade::load(&mut shops, Shop::WARES.then(Ware::TAGS), &test.pool);
        loaded.await.unwrap();
        assert!(shops.iter().all(|shop| shop.wares[0].tags.len() == 1));
    })
    .await;
    grows(&test, "the rest of a list", async |test: &Test<B>, size| {
        let all = saved(test, size + 1).await;
        let mut shop = Shop::find(all.id).one(&test.pool).await.unwrap();
        let first = Ware::find_many([all.wares[0].id]).all(&test.pool).await;
        shop.wares.attach(first.unwrap());
        drop(test.sent());
        shop.load(Shop::WARES, &test.pool).await.unwrap();
        assert_eq!(shop.wares.len(), size + 1);
    })
    .await;
}

async fn refreshes<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "refresh", async |test: &Test<B>, size| {
        let mut shop = made(test, size).await;
        for ware in &mut shop.wares {
            ware.maker.as_mut().unwrap().get_mut().unwrap().name = "other".into();
            ware.tags.iter_mut().next().unwrap().name = "other".into();
            ware.label.remove();
        }
        drop(test.sent());
        shop.refresh(&test.pool).await.unwrap();
        is_complete(&shop, size);
        assert!(shop.plan().unwrap().is_empty());
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
    grows(&test, "merge in memory", async |test: &Test<B>, size| {
        let mut shop = saved(test, size).await;
        let mut value = Shop::clone(&shop);
        for ware in &mut value.wares {
            ware.price = Some(3);
        }
        value.bills = HasMany::empty();
        value.wares.extend((0..size).map(ware));
        shop.merge(value).unwrap();
        drop(test.sent());
        let report = shop.save(&test.pool).await.unwrap();
        did(
            &report,
            size,
            &[
                "released n bills",
                "updated n wares",
                "inserted n wares",
                "inserted n labels",
                "inserted n tags",
                "linked n ware_tags",
            ],
        );
    })
    .await;
}

async fn patches<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let payload = |shop: &Shop| {
        let kept = shop.wares.iter().map(|ware| {
            let label = ware.label.get().unwrap().id;
            json!({ "id": ware.id, "price": 7, "label": { "id": label, "text": "new" }, "tags": [] })
        });
        let new = shop
            .wares
            .iter()
            .map(|_| json!({ "name": "new", "label": { "text": "new" } }));
        json!({ "wares": kept.chain(new).collect::<Vec<_>>(), "bills": [] })
    };
    let is_patched = |shop: &Persistent<Shop>, size: usize| {
        assert_eq!((shop.wares.len(), shop.bills.len()), (2 * size, 0));
        assert!(
            shop.wares
                .iter()
                .all(|ware| ware.label.get().unwrap().text == "new")
        );
        assert!(
            shop.wares
                .iter()
                .take(size)
                .all(|ware| ware.price == Some(7))
        );
        assert!(shop.plan().unwrap().is_empty());
    };
    grows(&test, "patch", async |test: &Test<B>, size| {
        let shop = saved(test, size).await;
        let payload = payload(&shop);
        drop(test.sent());
        let patched = Shop::patch(shop.id, payload, &test.pool).await;
        is_patched(&patched.unwrap(), size);
    })
    .await;
    grows(&test, "patch in memory", async |test: &Test<B>, size| {
        let mut shop = saved(test, size).await;
        let payload = payload(&shop);
        shop.patch(payload).unwrap();
        drop(test.sent());
        let report = shop.save(&test.pool).await.unwrap();
        did(
            &report,
            size,
            &[
                "released n bills",
                "unlinked n ware_tags",
                "updated n wares",
                "updated n labels",
                "inserted n wares",
                "inserted n labels",
            ],
        );
        is_patched(&shop, size);
    })
    .await;
}
