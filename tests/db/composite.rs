//! Keys of several columns, and columns that two keys share.

use sqlx_cascade::{BelongsTo, ErrorKind, HasOne, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    a_new_child_gets_the_whole_key,
    a_child_is_replaced_released_and_deleted_by_the_whole_key,
    many_parents_are_found_by_whole_keys,
    a_child_moves_by_the_whole_key,
    a_removal_nulls_only_what_is_shared_with_nothing,
    a_move_within_a_tenant_leaves_the_shared_column,
    a_move_to_another_tenant_is_a_changed_key,
    deleting_releases_only_what_is_shared_with_nothing,
    a_chain_of_composite_keys_is_deleted_unloaded,
    a_target_with_another_shared_column_is_a_changed_key,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "orders")]
struct Order {
    #[key]
    region: String,
    #[key]
    number: i64,
    name: String,
    #[one_to_one]
    slip: HasOne<Slip>,
    #[one_to_one(cascade = "all, delete-orphan")]
    parcel: HasOne<Parcel>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "slips")]
struct Slip {
    #[key(generated)]
    id: i64,
    #[one_to_one(Order, column = "order_region, order_number")]
    order: Option<BelongsTo<Order>>,
    text: String,
}

/// Its key is its order's.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "parcels")]
struct Parcel {
    #[key(generated)]
    id: i64,
    #[one_to_one(Order, column = "order_region, order_number")]
    order: BelongsTo<Order>,
    weight: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    label: HasOne<Label>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "labels")]
struct Label {
    #[key(generated)]
    id: i64,
    #[one_to_one(Parcel)]
    parcel_id: i64,
}

const ORDERS: &str = "
    CREATE TABLE orders (region TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (region, number));
    CREATE TABLE slips (id $id, order_region TEXT, order_number BIGINT, text TEXT NOT NULL,
        UNIQUE (order_region, order_number), FOREIGN KEY (order_region, order_number) REFERENCES orders (region, number));
    CREATE TABLE parcels (id $id, order_region TEXT NOT NULL, order_number BIGINT NOT NULL, weight BIGINT NOT NULL,
        UNIQUE (order_region, order_number), FOREIGN KEY (order_region, order_number) REFERENCES orders (region, number));
    CREATE TABLE labels (id $id, parcel_id BIGINT NOT NULL UNIQUE REFERENCES parcels (id));
";

fn order(region: &str, number: i64) -> Order {
    let slip = Slip {
        text: format!("{region}{number}"),
        ..Slip::default()
    };
    let parcel = Parcel {
        weight: number,
        label: Label::default().into(),
        ..Parcel::default()
    };
    Order {
        region: region.into(),
        number,
        name: "o".into(),
        slip: slip.into(),
        parcel: parcel.into(),
    }
}

async fn a_new_child_gets_the_whole_key<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let order = order("eu", 7).save(&test.pool).await.unwrap();
    assert_eq!(test.rows("orders").await, ["eu|7|o"]);
    assert_eq!(test.rows("slips").await, ["1|eu|7|eu7"]);
    assert_eq!(test.rows("parcels").await, ["1|eu|7|7"]);
    assert_eq!(order.key(), ("eu".to_owned(), 7));
    let slip = order.slip.get().unwrap();
    assert_eq!(slip.order, Some(BelongsTo::to(("eu".to_owned(), 7))));
    let found = Order::find(("eu".into(), 7))
        .with(Order::SLIP)
        .with(Order::PARCEL.then(Parcel::LABEL));
    assert_eq!(found.one(&test.pool).await.unwrap(), order);
}

async fn a_child_is_replaced_released_and_deleted_by_the_whole_key<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order("eu", 1).save(&test.pool).await.unwrap();
    let mut order = order("eu", 2).save(&test.pool).await.unwrap();
    order.slip.set(Slip {
        text: "new".into(),
        ..Slip::default()
    });
    order.parcel.remove();
    let report = order.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "released 1 slips",
            "deleted 1 labels",
            "deleted 1 parcels",
            "inserted 1 slips"
        ]
    );
    assert_eq!(
        test.rows("slips").await,
        ["1|eu|1|eu1", "2|-|-|eu2", "3|eu|2|new"]
    );
    assert_eq!(test.rows("parcels").await, ["1|eu|1|1"]);
    order.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("orders").await, ["eu|1|o"]);
    assert_eq!(
        test.rows("slips").await,
        ["1|eu|1|eu1", "2|-|-|eu2", "3|-|-|new"]
    );
}

async fn many_parents_are_found_by_whole_keys<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let orders = (0..300)
        .map(|number| order(if number % 2 == 0 { "eu" } else { "us" }, number / 2))
        .collect();
    let orders = Order::save_all(orders, &test.pool).await.unwrap();
    let keys = orders.iter().map(sqlx_cascade::Persistent::key);
    let found = Order::find_many(keys)
        .with(Order::SLIP)
        .with(Order::PARCEL.then(Parcel::LABEL));
    assert_eq!(found.all(&test.pool).await.unwrap(), orders);
    sqlx_cascade::Persistent::delete_all(orders, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("parcels").await, NONE);
    assert_eq!(test.rows("orders").await, NONE);
}

async fn a_child_moves_by_the_whole_key<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut a = order("eu", 1).save(&test.pool).await.unwrap();
    let mut b = Order {
        parcel: HasOne::empty(),
        ..order("us", 1)
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.parcel.adopt(a.parcel.expunge().unwrap());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 1 parcels"]);
    assert_eq!(test.rows("parcels").await, ["1|us|1|1"]);
    assert_eq!(
        b.parcel.get().unwrap().order.key(),
        Some(&("us".to_owned(), 1))
    );
}

/// Everything of a tenant has the tenant in its key.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "desks")]
struct Desk {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[one_to_one]
    lamp: HasOne<Lamp>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lamps")]
struct Lamp {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[one_to_one(Desk, column = "tenant_id, desk_id")]
    desk: Option<BelongsTo<Desk>>,
    watt: i64,
}

const DESKS: &str = "
    CREATE TABLE desks (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));
    CREATE TABLE lamps (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, desk_id BIGINT, watt BIGINT NOT NULL,
        PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, desk_id), FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id));
";

fn desk(tenant_id: i64, id: i64) -> Desk {
    let lamp = Lamp {
        tenant_id,
        id: 10 + id,
        watt: 40,
        ..Lamp::default()
    };
    Desk {
        tenant_id,
        id,
        lamp: lamp.into(),
    }
}

async fn a_removal_nulls_only_what_is_shared_with_nothing<B: Base>(test: Test<B>) {
    test.create(DESKS).await;
    let mut desk = desk(1, 2).save(&test.pool).await.unwrap();
    assert_eq!(test.rows("lamps").await, ["1|12|2|40"]);
    assert_eq!(desk.lamp.get().unwrap().desk, Some(BelongsTo::to((1, 2))));
    desk.lamp.remove();
    let report = test.save_as_planned(&mut desk).await;
    assert_eq!(changes(&report), ["released 1 lamps"]);
    assert_eq!(report.changes()[0].columns, ["desk_id"]);
    assert_eq!(test.rows("lamps").await, ["1|12|-|40"]);
}

async fn a_move_within_a_tenant_leaves_the_shared_column<B: Base>(test: Test<B>) {
    test.create(DESKS).await;
    let mut a = desk(1, 2).save(&test.pool).await.unwrap();
    let mut b = Desk {
        lamp: HasOne::empty(),
        ..desk(1, 3)
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.lamp.adopt(a.lamp.expunge().unwrap());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 1 lamps"]);
    assert_eq!(report.changes()[0].columns, ["desk_id"]);
    assert_eq!(test.rows("lamps").await, ["1|12|3|40"]);
    let lamp = b.lamp.get().unwrap();
    assert_eq!(
        (lamp.tenant_id, &lamp.desk),
        (1, &Some(BelongsTo::to((1, 3))))
    );
}

async fn a_move_to_another_tenant_is_a_changed_key<B: Base>(test: Test<B>) {
    test.create(DESKS).await;
    let mut a = desk(1, 2).save(&test.pool).await.unwrap();
    let mut b = Desk {
        lamp: HasOne::empty(),
        ..desk(2, 2)
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.lamp.adopt(a.lamp.expunge().unwrap());
    drop(test.sent());
    failed(
        b.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Desk.lamp.tenant_id",
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("lamps").await, ["1|12|2|40"]);
}

async fn deleting_releases_only_what_is_shared_with_nothing<B: Base>(test: Test<B>) {
    test.create(DESKS).await;
    desk(1, 2).save(&test.pool).await.unwrap();
    desk(2, 2).save(&test.pool).await.unwrap();
    Desk::delete_by_key((1, 2), &test.pool).await.unwrap();
    assert_eq!(test.rows("lamps").await, ["1|12|-|40", "2|12|2|40"]);
}

async fn a_chain_of_composite_keys_is_deleted_unloaded<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order("eu", 1).save(&test.pool).await.unwrap();
    order("us", 1).save(&test.pool).await.unwrap();
    Order::delete_by_key(("eu".into(), 1), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("orders").await, ["us|1|o"]);
    assert_eq!(test.rows("slips").await, ["1|-|-|eu1", "2|us|1|us1"]);
    assert_eq!(test.rows("labels").await, ["2|2"]);
}

async fn a_target_with_another_shared_column_is_a_changed_key<B: Base>(test: Test<B>) {
    test.create(DESKS).await;
    desk(1, 2).save(&test.pool).await.unwrap();
    desk(2, 2).save(&test.pool).await.unwrap();
    let lamp = Lamp {
        tenant_id: 1,
        id: 30,
        desk: Some(BelongsTo::to((2, 2))),
        watt: 9,
    };
    failed(
        lamp.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Lamp.desk",
    );
    let mut lamp = Lamp::find((1, 12)).one(&test.pool).await.unwrap();
    lamp.desk = Some(BelongsTo::to((2, 2)));
    failed(
        lamp.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Lamp.desk",
    );
    lamp.desk = None;
    test.save_as_planned(&mut lamp).await;
    lamp.desk = Some(BelongsTo::to((1, 2)));
    test.save_as_planned(&mut lamp).await;
    assert_eq!(test.rows("lamps").await, ["1|12|2|40", "2|12|2|40"]);
}
