//! Saves of shops with wares.

use sqlx_cascade::{HasOne, Persistent, save_together};

use super::shops::{
    Bill, Label, Maker, SCHEMA, Shop, Ware, save_grows, saved, shop, unloaded, ware,
};
use super::{did, grows};
use crate::support::{Base, Test, on_every_database};

on_every_database![
    new_rows,
    changed_rows,
    one_to_ones,
    rows_that_leave,
    rows_that_move,
    rows_that_were_found,
    graphs_together,
];

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
    save_grows(
        &test,
        "one column",
        true,
        &["updated n wares"],
        |shop, _| {
            for ware in &mut shop.wares {
                ware.price = Some(ware.id);
            }
        },
    )
    .await;
    save_grows(
        &test,
        "columns by turns",
        true,
        &["updated n wares"],
        |shop, _| {
            for (number, ware) in shop.wares.iter_mut().enumerate() {
                if number % 2 == 0 {
                    ware.price = Some(1);
                } else {
                    ware.name = "other".into();
                }
            }
        },
    )
    .await;
}

async fn rows_that_leave<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    save_grows(
        &test,
        "remove by name",
        true,
        &[
            "deleted n labels",
            "unlinked n ware_tags",
            "deleted n wares",
        ],
        |shop, _| {
            shop.wares.retain(|_| false);
        },
    )
    .await;
    save_grows(
        &test,
        "release by name",
        true,
        &["released n bills"],
        |shop, _| {
            shop.bills.retain(|_| false);
        },
    )
    .await;
    save_grows(
        &test,
        "clear unseen",
        false,
        &[
            "released n bills",
            "deleted n labels",
            "unlinked n ware_tags",
            "deleted n wares",
        ],
        |shop, _| {
            shop.wares.clear();
            shop.bills.clear();
        },
    )
    .await;
    save_grows(
        &test,
        "replace unseen",
        false,
        &[
            "deleted n labels",
            "unlinked n ware_tags",
            "deleted n wares",
            "inserted n wares",
            "inserted n labels",
            "inserted n tags",
            "linked n ware_tags",
        ],
        |shop, size| {
            shop.wares.replace((0..size).map(ware));
        },
    )
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
    grows(
        &test,
        "move out of what leaves",
        async |test: &Test<B>, size| {
            let mut shop = saved(test, size).await;
            for number in 0..size {
                let label = shop.wares[number].label.expunge().unwrap();
                let mut heir = ware(number);
                heir.label = HasOne::empty();
                heir.label.adopt(label);
                shop.wares.push(heir);
            }
            let mut number = 0;
            shop.wares.retain(|_| {
                number += 1;
                number > size
            });
            drop(test.sent());
            let report = shop.save(&test.pool).await.unwrap();
            did(
                &report,
                size,
                &[
                    "inserted n wares",
                    "moved n labels",
                    "unlinked n ware_tags",
                    "deleted n wares",
                    "inserted n tags",
                    "linked n ware_tags",
                ],
            );
            assert!(
                shop.wares
                    .iter()
                    .all(|ware| ware.label.get().unwrap().ware_id == ware.id)
            );
        },
    )
    .await;
}

async fn one_to_ones<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    save_grows(
        &test,
        "replace",
        true,
        &["deleted n labels", "inserted n labels"],
        |shop, _| {
            for ware in &mut shop.wares {
                ware.label.set(Label::default());
            }
        },
    )
    .await;
    save_grows(&test, "remove", true, &["deleted n labels"], |shop, _| {
        for ware in &mut shop.wares {
            ware.label.remove();
        }
    })
    .await;
    let unseen = async |test: &Test<B>, size, set: fn(&mut HasOne<Label>), expected: &[&str]| {
        let id = unloaded(test, size).await.id;
        let found = Shop::find(id).with(Shop::WARES).one(&test.pool).await;
        let mut shop = found.unwrap();
        for ware in &mut shop.wares {
            set(&mut ware.label);
        }
        drop(test.sent());
        let report = shop.save(&test.pool).await.unwrap();
        did(&report, size, expected);
    };
    grows(&test, "replace unseen", async |test: &Test<B>, size| {
        unseen(
            test,
            size,
            |label| *label = Label::default().into(),
            &["deleted n labels", "inserted n labels"],
        )
        .await;
    })
    .await;
    grows(&test, "remove unseen", async |test: &Test<B>, size| {
        unseen(
            test,
            size,
            |label| drop(label.remove()),
            &["deleted n labels"],
        )
        .await;
    })
    .await;
}

async fn rows_that_were_found<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "attach", async |test: &Test<B>, size| {
        let all = saved(test, size).await;
        let mut shop = Shop::find(all.id).one(&test.pool).await.unwrap();
        let keys = all.wares.iter().map(|ware| ware.id);
        let mut found = Ware::find_many(keys).all(&test.pool).await.unwrap();
        for ware in &mut found {
            ware.price = Some(5);
        }
        shop.wares.attach(found);
        drop(test.sent());
        let report = shop.save(&test.pool).await.unwrap();
        did(&report, size, &["updated n wares"]);
        assert!(shop.wares.is_partial() && shop.wares.known().count() == size);
    })
    .await;
}

async fn graphs_together<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    grows(&test, "save_together", async |test: &Test<B>, size| {
        let makers = (0..size).map(|_| Maker::default()).collect();
        let mut makers = Maker::save_all(makers, &test.pool).await.unwrap();
        let mut shop = saved(test, size).await;
        let mut new: Vec<Persistent<Shop>> = Vec::new();
        new.push(unloaded(test, 1).await);
        for maker in &mut makers {
            maker.name = "other".into();
        }
        for ware in &mut shop.wares {
            ware.price = Some(6);
            ware.label.remove();
        }
        new[0].bills.extend((0..size).map(|_| Bill::default()));
        drop(test.sent());
        let makers: Vec<&mut Persistent<Maker>> = makers.iter_mut().collect();
        let graphs = (&mut shop, makers, &mut new[0]);
        let report = save_together(graphs, &test.pool).await.unwrap();
        did(
            &report,
            size,
            &[
                "deleted n labels",
                "updated n makers",
                "updated n wares",
                "inserted n bills",
            ],
        );
    })
    .await;
}
