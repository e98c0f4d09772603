//! Links and held parents of wares.

use sqlx_cascade::{BelongsTo, ManyToMany, Persistent};

use super::shops::{Maker, SCHEMA, Shop, Tag, Ware, save_grows, saved, shop};
use super::{did, grows};
use crate::support::{Base, Test, on_every_database};

on_every_database![links, whole_links, parents];

/// A ware with so many tags, nothing of it loaded.
pub(super) async fn tagged<B: Base>(test: &Test<B>, size: usize) -> Persistent<Ware> {
    let mut value = shop(1);
    let tags = &mut value.wares.iter_mut().next().unwrap().tags;
    *tags = ManyToMany::empty();
    for _ in 0..size {
        tags.push(Tag::default());
    }
    let shop = value.save(&test.pool).await.unwrap();
    let found = Ware::find(shop.wares[0].id).one(&test.pool).await;
    found.unwrap()
}

async fn links<B: Base>(test: Test<B>) {
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
    save_grows(
        &test,
        "unlink",
        true,
        &["unlinked n ware_tags"],
        |shop, _| {
            for ware in &mut shop.wares {
                drop(ware.tags.remove(0));
            }
        },
    )
    .await;
}

async fn whole_links<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "clear unseen", async |test: &Test<B>, size| {
        let mut ware = tagged(test, size).await;
        ware.tags.clear();
        drop(test.sent());
        let report = ware.save(&test.pool).await.unwrap();
        did(&report, size, &["unlinked n ware_tags"]);
    })
    .await;
    grows(&test, "by key", async |test: &Test<B>, size| {
        let mut ware = tagged(test, 1).await;
        let tags = (0..size).map(|_| Tag::default()).collect();
        let tags = Tag::save_all(tags, &test.pool).await.unwrap();
        for tag in &tags {
            ware.tags.add_key(tag.id);
        }
        drop(test.sent());
        let report = ware.save(&test.pool).await.unwrap();
        did(&report, size, &["linked n ware_tags"]);
        for tag in &tags {
            ware.tags.remove_key(&tag.id);
        }
        let report = ware.save(&test.pool).await.unwrap();
        did(&report, size, &["unlinked n ware_tags"]);
    })
    .await;
    grows(&test, "set_keys", async |test: &Test<B>, size| {
        let mut ware = tagged(test, size).await;
        let tags = (0..size).map(|_| Tag::default()).collect();
        let tags = Tag::save_all(tags, &test.pool).await.unwrap();
        ware.tags.set_keys(tags.iter().map(|tag| tag.id));
        drop(test.sent());
        let report = ware.save(&test.pool).await.unwrap();
        did(
            &report,
            size,
            &["unlinked n ware_tags", "linked n ware_tags"],
        );
    })
    .await;
    grows(&test, "set_keys of many", async |test: &Test<B>, size| {
        let id = saved(test, size).await.id;
        let found = Shop::find(id).with(Shop::WARES).one(&test.pool).await;
        let mut shop = found.unwrap();
        let tag = Tag::default().save(&test.pool).await.unwrap();
        for ware in &mut shop.wares {
            ware.tags.set_keys([tag.id]);
        }
        drop(test.sent());
        let report = shop.save(&test.pool).await.unwrap();
        did(
            &report,
            size,
            &["unlinked n ware_tags", "linked n ware_tags"],
        );
    })
    .await;
}

async fn parents<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    save_grows(
        &test,
        "parents",
        true,
        &["inserted n makers", "updated n wares"],
        |shop, _| {
            for ware in &mut shop.wares {
                ware.maker = Some(BelongsTo::new(Maker::default()));
            }
        },
    )
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
