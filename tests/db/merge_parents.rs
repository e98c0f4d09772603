//! PUT of a `BelongsTo`: its key is copied like a column, and a parent that is held is merged, or new.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx_cascade::{BelongsTo, ErrorKind, Persistent, Relations};

use crate::support::{Base, Test, failed, on_every_database};

on_every_database![
    a_key_is_copied,
    no_target_is_copied,
    a_new_parent_is_inserted,
    a_parent_with_its_key_is_merged,
    a_parent_has_to_be_loaded,
    another_parent_is_refused,
    a_parent_where_there_was_none_is_refused,
    a_parent_without_merge_is_left_alone,
    a_natural_parent_is_new_or_the_same,
    a_patch_keeps_a_parent_that_is_new,
    a_patch_writes_the_key_only,
];

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "firms")]
struct Firm {
    #[key(generated)]
    id: i64,
    name: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "currencies")]
struct Currency {
    #[key]
    code: String,
    digits: i64,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "bills")]
struct Bill {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    firm: BelongsTo<Firm>,
    #[many_to_one]
    agent: Option<BelongsTo<Firm>>,
    #[many_to_one(cascade = "save-update")]
    bank: Option<BelongsTo<Firm>>,
    #[many_to_one]
    currency: Option<BelongsTo<Currency>>,
    text: String,
}

/// The firms 1 to 3, the currency `eur`, and a bill of the firm 1.
async fn bill<B: Base>(test: &Test<B>) -> Persistent<Bill> {
    test.create("
        CREATE TABLE firms (id $id, name TEXT NOT NULL);
        CREATE TABLE currencies (code TEXT PRIMARY KEY, digits BIGINT NOT NULL);
        CREATE TABLE bills (id $id, firm_id BIGINT NOT NULL REFERENCES firms (id), agent_id BIGINT REFERENCES firms (id), bank_id BIGINT REFERENCES firms (id), currency_id TEXT REFERENCES currencies (code), text TEXT NOT NULL);
    ").await;
    Firm::save_all(["a", "b", "c"].map(firm).into(), &test.pool)
        .await
        .unwrap();
    currency("eur", 2).save(&test.pool).await.unwrap();
    let bill = Bill {
        firm: BelongsTo::to(1),
        bank: Some(BelongsTo::to(3)),
        currency: Some(BelongsTo::to("eur".into())),
        text: "t".into(),
        ..Bill::default()
    };
    let bill = bill.save(&test.pool).await.unwrap();
    drop(test.sent());
    bill
}

fn firm(name: &str) -> Firm {
    Firm {
        name: name.into(),
        ..Firm::default()
    }
}

fn currency(code: &str, digits: i64) -> Currency {
    Currency {
        code: code.into(),
        digits,
    }
}

/// A parent in a payload.
fn held(id: i64, name: &str) -> BelongsTo<Firm> {
    BelongsTo::new(Firm {
        id,
        name: name.into(),
    })
}

async fn rows<B: Base>(test: &Test<B>) -> [Vec<String>; 3] {
    [
        test.rows("firms").await,
        test.rows("currencies").await,
        test.rows("bills").await,
    ]
}

async fn a_key_is_copied<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    let value = Bill {
        firm: BelongsTo::to(2),
        agent: Some(BelongsTo::to(3)),
        ..(*bill).clone()
    };
    bill.merge(value).unwrap();
    assert_eq!(bill.changed_columns(), ["firm_id", "agent_id"]);
    test.save_as_planned(&mut bill).await;
    assert_eq!(rows(&test).await[2], ["1|2|3|3|eur|t"]);
    drop(test.sent());
    let value = Bill {
        firm: BelongsTo::to(3),
        ..(*bill).clone()
    };
    Bill::merge(value, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT bills", "UPDATE bills"]);
    assert_eq!(rows(&test).await[2], ["1|3|3|3|eur|t"]);
}

async fn no_target_is_copied<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    bill.merge(Bill {
        bank: None,
        currency: None,
        ..(*bill).clone()
    })
    .unwrap();
    bill.save(&test.pool).await.unwrap();
    assert_eq!(rows(&test).await[2], ["1|1|-|-|-|t"]);
    bill.merge(Bill {
        firm: BelongsTo::default(),
        ..(*bill).clone()
    })
    .unwrap();
    let error = bill.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingRequired);
}

async fn a_new_parent_is_inserted<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    let value = Bill {
        firm: held(0, "new"),
        agent: Some(held(0, "other")),
        ..(*bill).clone()
    };
    bill.merge(value.clone()).unwrap();
    test.save_as_planned(&mut bill).await;
    assert_eq!(bill.firm.get().unwrap().name, "new");
    let [firms, _, bills] = rows(&test).await;
    assert_eq!(firms.len(), 5);
    assert_eq!(
        bills,
        [format!(
            "1|{}|{}|3|eur|t",
            bill.firm.key().unwrap(),
            bill.agent.as_ref().unwrap().key().unwrap()
        )]
    );
    // The one that it had isn't even read.
    drop(test.sent());
    Bill::merge(
        Bill {
            agent: None,
            ..value
        },
        &test.pool,
    )
    .await
    .unwrap();
    assert_eq!(test.sent()[0], "SELECT bills");
    assert!(!test.sent().contains(&"SELECT firms".to_owned()));
    assert_eq!(rows(&test).await[0].len(), 6);
}

async fn a_parent_with_its_key_is_merged<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    bill.load(Bill::FIRM, &test.pool).await.unwrap();
    let value = Bill {
        firm: held(1, "renamed"),
        ..(*bill).clone()
    };
    bill.merge(value).unwrap();
    drop(test.sent());
    test.save_as_planned(&mut bill).await;
    assert_eq!(test.sent(), ["UPDATE firms"]);
    assert_eq!(rows(&test).await[0], ["1|renamed", "2|b", "3|c"]);
    assert_eq!(bill.firm.key(), Some(&1));
    let value = Bill {
        firm: held(1, "again"),
        text: "u".into(),
        ..(*bill).clone()
    };
    drop(test.sent());
    Bill::merge(value, &test.pool).await.unwrap();
    assert_eq!(test.sent()[..2], ["SELECT bills", "SELECT firms"]);
    let [firms, _, bills] = rows(&test).await;
    assert_eq!(
        (firms[0].as_str(), bills[0].as_str()),
        ("1|again", "1|1|-|3|eur|u")
    );
}

async fn a_parent_has_to_be_loaded<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    let value = Bill {
        firm: held(1, "x"),
        text: "x".into(),
        ..(*bill).clone()
    };
    failed(bill.merge(value), ErrorKind::NotLoaded, "Bill.firm");
    assert!(bill.plan().unwrap().is_empty());
}

async fn another_parent_is_refused<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    let before = rows(&test).await;
    for _ in 0..2 {
        let value = Bill {
            firm: held(2, "stolen"),
            text: "x".into(),
            ..(*bill).clone()
        };
        failed(bill.merge(value.clone()), ErrorKind::NotOwned, "Bill.firm");
        assert!(bill.plan().unwrap().is_empty());
        failed(
            Bill::merge(value, &test.pool).await,
            ErrorKind::NotOwned,
            "Bill.firm",
        );
        // The same where the parent is loaded.
        bill.load(Bill::FIRM, &test.pool).await.unwrap();
    }
    assert_eq!(rows(&test).await, before);
}

async fn a_parent_where_there_was_none_is_refused<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    let value = Bill {
        agent: Some(held(2, "stolen")),
        ..(*bill).clone()
    };
    failed(bill.merge(value.clone()), ErrorKind::NotOwned, "Bill.agent");
    failed(
        Bill::merge(value, &test.pool).await,
        ErrorKind::NotOwned,
        "Bill.agent",
    );
}

async fn a_parent_without_merge_is_left_alone<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    bill.load(Bill::BANK, &test.pool).await.unwrap();
    let value = Bill {
        bank: Some(held(3, "x")),
        ..(*bill).clone()
    };
    bill.merge(value).unwrap();
    assert!(bill.plan().unwrap().is_empty());
}

async fn a_natural_parent_is_new_or_the_same<B: Base>(test: Test<B>) {
    let bill = bill(&test).await;
    let of = |code: &str, digits: i64| Bill {
        currency: Some(BelongsTo::new(currency(code, digits))),
        ..(*bill).clone()
    };
    let merged = Bill::merge(of("eur", 3), &test.pool).await.unwrap();
    assert_eq!(merged.currency.as_ref().unwrap().get().unwrap().digits, 3);
    Bill::merge(of("chf", 4), &test.pool).await.unwrap();
    let [_, currencies, bills] = rows(&test).await;
    assert_eq!(currencies, ["chf|4", "eur|3"]);
    assert_eq!(bills, ["1|1|-|3|chf|t"]);
}

async fn a_patch_keeps_a_parent_that_is_new<B: Base>(test: Test<B>) {
    let mut bill = bill(&test).await;
    bill.firm.set(firm("new"));
    bill.agent = Some(BelongsTo::new(firm("other")));
    bill.patch(json!({"text": "x"})).unwrap();
    bill.save(&test.pool).await.unwrap();
    let [firms, _, bills] = rows(&test).await;
    assert_eq!(firms.len(), 5);
    assert!(bills[0].ends_with("|3|eur|x"), "{bills:?}");
    assert_eq!(bill.firm.get().unwrap().name, "new");
}

async fn a_patch_writes_the_key_only<B: Base>(test: Test<B>) {
    bill(&test).await;
    let patched = Bill::patch(1, json!({"firm": 2, "agent": 3, "bank": null}), &test.pool)
        .await
        .unwrap();
    assert_eq!(
        (patched.firm.key(), patched.bank.is_none()),
        (Some(&2), true)
    );
    assert_eq!(rows(&test).await[2], ["1|2|3|-|eur|t"]);
    for (payload, path) in [
        (json!({"firm": {"id": 1, "name": "s3cret"}}), "Bill.firm"),
        (json!({"agent": {"name": "s3cret"}}), "Bill.agent"),
        (json!({"firm": null}), "Bill.firm"),
        (json!({"firm": "s3cret"}), "Bill.firm"),
    ] {
        failed(
            Bill::patch(1, payload, &test.pool).await,
            ErrorKind::InvalidPayload,
            path,
        );
    }
    let error = Bill::patch(1, json!({"firm": 99}), &test.pool)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation);
}
