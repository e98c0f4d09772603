//! Shops with wares: every kind of relation, which several files use.

use serde::{Deserialize, Serialize};
use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Persistent, Relations};

use super::{did, grows};
use crate::support::{Base, Test};

#[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "shops")]
pub(super) struct Shop {
    #[key(generated)]
    pub(super) id: i64,
    pub(super) name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(super) wares: HasMany<Ware>,
    #[one_to_many]
    pub(super) bills: HasMany<Bill>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "wares")]
pub(super) struct Ware {
    #[key(generated)]
    pub(super) id: i64,
    #[many_to_one(Shop)]
    pub(super) shop_id: i64,
    pub(super) name: String,
    pub(super) price: Option<i64>,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(super) label: HasOne<Label>,
    #[many_to_many(through = "ware_tags", cascade = "save-update, merge, refresh-expire")]
    pub(super) tags: ManyToMany<Tag>,
    #[many_to_one(cascade = "save-update, merge, refresh-expire")]
    pub(super) maker: Option<BelongsTo<Maker>>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "labels")]
pub(super) struct Label {
    #[key(generated)]
    pub(super) id: i64,
    #[one_to_one(Ware)]
    pub(super) ware_id: i64,
    pub(super) text: String,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "bills")]
pub(super) struct Bill {
    #[key(generated)]
    pub(super) id: i64,
    #[many_to_one(Shop)]
    pub(super) shop_id: Option<i64>,
    pub(super) total: i64,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "tags")]
pub(super) struct Tag {
    #[key(generated)]
    pub(super) id: i64,
    pub(super) name: String,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "makers")]
pub(super) struct Maker {
    #[key(generated)]
    pub(super) id: i64,
    pub(super) name: String,
}

pub(super) const SCHEMA: &str = "
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

pub(super) fn ware(number: usize) -> Ware {
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

pub(super) fn shop(size: usize) -> Shop {
    Shop {
        name: "shop".into(),
        wares: (0..size).map(ware).collect(),
        bills: (0..size).map(|_| Bill::default()).collect(),
        ..Shop::default()
    }
}

pub(super) async fn saved<B: Base>(test: &Test<B>, size: usize) -> Persistent<Shop> {
    shop(size).save(&test.pool).await.expect("a shop")
}

pub(super) async fn unloaded<B: Base>(test: &Test<B>, size: usize) -> Persistent<Shop> {
    let shop = saved(test, size).await;
    let found = Shop::find(shop.id).one(&test.pool).await;
    found.expect("the shop")
}

/// The same for a save of a shop, all of which is loaded or nothing, after a change in memory. `n` in what it does is the number of rows.
pub(super) async fn save_grows<B: Base>(
    test: &Test<B>,
    name: &str,
    is_loaded: bool,
    expected: &[&str],
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
        let report = shop.save(&test.pool).await.unwrap();
        did(&report, size, expected);
        assert!(
            shop.plan().unwrap().is_empty(),
            "{name} leaves nothing to save"
        );
    })
    .await;
}
