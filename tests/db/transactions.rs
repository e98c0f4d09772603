//! `sqlx_cascade::Transaction`: the handles that are saved in it know how it ended.

use sqlx_cascade::{
    Db, Error, ErrorKind, HasMany, Persistent, Relations, Transaction, save_together,
};

use crate::support::{Base, NONE, Test, failed, locking, on_every_database};

on_every_database![
    what_is_committed_is_there,
    an_insert_that_is_rolled_back_is_new_again,
    an_update_that_is_rolled_back_is_changed_again,
    a_removal_that_is_rolled_back_is_pending_again,
    a_removal_after_the_save_is_pending_after_a_rollback,
    a_move_that_is_rolled_back_moves_again,
    a_clear_that_is_rolled_back_clears_again,
    several_saves_in_one_transaction_are_undone_together,
    dropping_rolls_back,
    a_commit_that_fails_rolls_back,
    a_row_that_never_was_is_not_found,
    a_commit_settles_the_handles_for_good,
    a_detach_that_is_rolled_back_leaves_the_relation_partial,
    a_refresh_inside_is_undone_too,
    a_second_transaction_starts_from_what_is_true,
    own_sql_runs_inside,
    a_function_saves_twice_in_it,
    graphs_of_different_types_are_saved_as_one,
];

const SCHEMA: &str = "
    CREATE TABLE owners (id $id, name TEXT NOT NULL);
    CREATE TABLE items (id $id, owner_id BIGINT NOT NULL REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED,
        label TEXT NOT NULL, version INTEGER NOT NULL);
";

#[derive(Debug, Clone, Default, PartialEq, Relations)]
#[table(name = "owners")]
struct Owner {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    items: HasMany<Item>,
}

#[derive(Debug, Clone, Default, PartialEq, Relations)]
#[table(name = "items")]
struct Item {
    #[key(generated)]
    id: i64,
    #[many_to_one(Owner)]
    owner_id: i64,
    label: String,
    #[version]
    version: i32,
}

fn item(label: &str) -> Item {
    Item {
        label: label.into(),
        ..Item::default()
    }
}

fn owner(name: &str, labels: &[&str]) -> Owner {
    Owner {
        name: name.into(),
        items: labels.iter().map(|label| item(label)).collect(),
        ..Owner::default()
    }
}

async fn saved<B: Base>(test: &Test<B>, name: &str, labels: &[&str]) -> Persistent<Owner> {
    let owner = owner(name, labels).save(&test.pool).await.unwrap();
    drop(test.sent());
    owner
}

async fn what_is_committed_is_there<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &["a"]).save(&mut transaction).await.unwrap();
    ada.items.push(item("b"));
    ada.save(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    drop(test.sent());
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("owners").await, ["1|ada"]);
    assert_eq!(test.rows("items").await, ["1|1|a|1", "2|1|b|1"]);
}

async fn an_insert_that_is_rolled_back_is_new_again<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &["a", "b"])
        .save(&mut transaction)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(test.rows("owners").await, NONE);
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT owners", "INSERT items"]);
    assert_eq!(test.rows("owners").await.len(), 1);
    let rows = test.rows("items").await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.ends_with("|1")), "{rows:?}");
    ada.items[0].label = "c".into();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(ada.items[0].version, 2);
}

async fn an_update_that_is_rolled_back_is_changed_again<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a"]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    ada.name = "augusta".into();
    ada.items[0].label = "b".into();
    ada.save(&mut transaction).await.unwrap();
    assert_eq!(ada.changed_columns(), NONE);
    transaction.rollback().await.unwrap();
    assert_eq!(ada.changed_columns(), ["name"]);
    assert_eq!(test.rows("items").await, ["1|1|a|1"]);
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE owners", "UPDATE items"]);
    assert_eq!(test.rows("owners").await, ["1|augusta"]);
    assert_eq!(test.rows("items").await, ["1|1|b|2"]);
    assert_eq!(ada.items[0].version, 2);
}

async fn a_removal_that_is_rolled_back_is_pending_again<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a", "b"]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    ada.items.remove(0);
    ada.save(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(test.rows("items").await, ["1|1|a|1", "2|1|b|1"]);
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE items"]);
    assert_eq!(test.rows("items").await, ["2|1|b|1"]);
}

async fn a_removal_after_the_save_is_pending_after_a_rollback<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a", "b"]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    ada.items.push(item("c"));
    ada.items[1].label = "bb".into();
    ada.save(&mut transaction).await.unwrap();
    ada.items.remove(2); // never was
    ada.items.remove(0);
    transaction.rollback().await.unwrap();
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE items", "UPDATE items"]);
    assert_eq!(test.rows("items").await, ["2|1|bb|2"]);
}

async fn a_move_that_is_rolled_back_moves_again<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a"]).await;
    let mut grace = saved(&test, "grace", &[]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    grace.items.adopt(ada.items.expunge(0));
    save_together((&mut ada, &mut grace), &mut transaction)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(test.rows("items").await, ["1|1|a|1"]);
    drop(test.sent());
    grace.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE items"]);
    assert_eq!(test.rows("items").await, ["1|2|a|2"]);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
}

async fn a_clear_that_is_rolled_back_clears_again<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    saved(&test, "ada", &["a", "b"]).await;
    let mut ada = Owner::find(1).one(&test.pool).await.unwrap();
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    ada.items.replace([item("c")]);
    ada.save(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(test.rows("items").await, ["1|1|a|1", "2|1|b|1"]);
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        locking::<B>(&["LOCK owners", "DELETE items", "INSERT items"])
    );
    assert_eq!(test.rows("items").await.len(), 1);
}

async fn several_saves_in_one_transaction_are_undone_together<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a"]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    for label in ["b", "c", "d"] {
        ada.items[0].label = label.into();
        ada.save(&mut transaction).await.unwrap();
    }
    assert_eq!(ada.items[0].version, 4);
    transaction.rollback().await.unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("items").await, ["1|1|d|2"]);
    assert_eq!(ada.items[0].version, 2);
}

async fn dropping_rolls_back<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &[]).save(&mut transaction).await.unwrap();
    drop(transaction);
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("owners").await.len(), 1);
}

async fn a_commit_that_fails_rolls_back<B: Base>(test: Test<B>) {
    // Nothing is checked at a commit.
    if B::SERVICE == "mysql" {
        return;
    }
    test.create(SCHEMA).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &[]).save(&mut transaction).await.unwrap();
    let mut lost = Item {
        owner_id: 77,
        ..item("lost")
    };
    lost = match lost.save(&mut transaction).await {
        Ok(lost) => lost.into_inner(),
        Err(error) => error.take_entity().unwrap(),
    };
    failed(
        transaction.commit().await,
        ErrorKind::ForeignKeyViolation,
        "",
    );
    assert_eq!(test.rows("owners").await, NONE);
    assert_eq!(lost.label, "lost");
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT owners"]);
    assert_eq!(test.rows("owners").await.len(), 1);
    assert_eq!(test.rows("items").await, NONE);
}

async fn a_row_that_never_was_is_not_found<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &["a"]).save(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    // Another row has the key that it had.
    test.execute("INSERT INTO owners (id, name) VALUES (1, 'grace')")
        .await;
    failed(ada.refresh(&test.pool).await, ErrorKind::NotFound, "Owner");
    failed(
        ada.load(Owner::ITEMS, &test.pool).await,
        ErrorKind::NotFound,
        "Owner",
    );
    failed(
        ada.detach(Owner::ITEMS, &test.pool).await,
        ErrorKind::NotFound,
        "Owner",
    );
    let error = failed(ada.delete(&test.pool).await, ErrorKind::NotFound, "Owner");
    assert_eq!(test.rows("owners").await, ["1|grace"]);
    assert!(error.take_entity::<Persistent<Owner>>().is_some());
}

async fn a_commit_settles_the_handles_for_good<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut first = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &["a"]).save(&mut first).await.unwrap();
    first.commit().await.unwrap();
    let mut second = Transaction::begin(&test.pool).await.unwrap();
    ada.name = "augusta".into();
    ada.save(&mut second).await.unwrap();
    second.rollback().await.unwrap();
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE owners"]);
    assert_eq!(test.rows("owners").await, ["1|augusta"]);
}

async fn a_detach_that_is_rolled_back_leaves_the_relation_partial<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a"]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    ada.detach(Owner::ITEMS, &mut transaction).await.unwrap();
    assert!(ada.items.is_empty());
    transaction.rollback().await.unwrap();
    assert!(ada.items.is_partial());
    ada.load(Owner::ITEMS, &test.pool).await.unwrap();
    assert_eq!(ada.items[0].label, "a");
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("items").await, ["1|1|a|1"]);
}

async fn a_second_transaction_starts_from_what_is_true<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut first = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = owner("ada", &["a"]).save(&mut first).await.unwrap();
    first.rollback().await.unwrap();
    let mut second = Transaction::begin(&test.pool).await.unwrap();
    ada.save(&mut second).await.unwrap();
    second.rollback().await.unwrap();
    let mut third = Transaction::begin(&test.pool).await.unwrap();
    ada.save(&mut third).await.unwrap();
    third.commit().await.unwrap();
    assert_eq!(test.rows("owners").await.len(), 1);
    assert_eq!(test.rows("items").await.len(), 1);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
}

async fn own_sql_runs_inside<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &[]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let found = Owner::find(1)
        .for_update()
        .one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(found.name, "ada");
    ada.name = "augusta".into();
    ada.save(&mut transaction).await.unwrap();
    assert_eq!(
        Owner::find(1).one(&mut transaction).await.unwrap().name,
        "augusta"
    );
    transaction.rollback().await.unwrap();
    assert_eq!(Owner::find(1).one(&test.pool).await.unwrap().name, "ada");
}

async fn a_function_saves_twice_in_it<B: Base>(test: Test<B>) {
    async fn both(mut db: impl Db) -> Result<(Persistent<Owner>, Persistent<Owner>), Error> {
        let ada = owner("ada", &["a"]).save(&mut db).await?;
        let grace = owner("grace", &["b"]).save(&mut db).await?;
        Ok((ada, grace))
    }
    test.create(SCHEMA).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let (mut ada, mut grace) = both(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    drop(test.sent());
    save_together((&mut ada, &mut grace), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["INSERT owners", "INSERT items"]);
    assert_eq!(test.rows("owners").await.len(), 2);
}

async fn graphs_of_different_types_are_saved_as_one<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut ada = saved(&test, "ada", &["a"]).await;
    let mut found = Item::find(1).one(&test.pool).await.unwrap();
    let mut others = Owner::find_many([1]).all(&test.pool).await.unwrap();
    found.label = "b".into();
    ada.name = "augusta".into();
    others[0].name = "grace".into();
    others.clear();
    test.commits();
    drop(test.sent());
    let report = save_together((&mut ada, vec![&mut found]), &test.pool)
        .await
        .unwrap();
    assert_eq!(report.changes().len(), 2);
    assert_eq!(test.commits(), 1);
    assert_eq!(test.sent(), ["UPDATE owners", "UPDATE items"]);
    assert_eq!(test.rows("owners").await, ["1|augusta"]);
    assert_eq!(test.rows("items").await, ["1|1|b|2"]);
}

async fn a_refresh_inside_is_undone_too<B: Base>(test: Test<B>) {
    test.create(SCHEMA).await;
    let mut grace = saved(&test, "grace", &["g"]).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    let mut ada = Owner {
        name: "ada".into(),
        ..Owner::default()
    };
    ada.name.push('!');
    let mut ada = ada.save(&mut transaction).await.unwrap();
    grace.name = "edith".into();
    grace.save(&mut transaction).await.unwrap();
    ada.refresh(&mut transaction).await.unwrap();
    grace.refresh(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(grace.changed_columns(), ["name"]);
    failed(ada.refresh(&test.pool).await, ErrorKind::NotFound, "Owner");
    drop(test.sent());
    ada.save(&test.pool).await.unwrap();
    grace.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT owners", "UPDATE owners"]);
    assert_eq!(test.rows("items").await, ["1|1|g|1"]);
}
