//! `on_remove = "deny"`, `required` and `viewonly`.

use sqlx_cascade::{ErrorKind, HasOne, Relations};

use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    a_denied_removal_is_an_error_before_any_sql,
    denied_whole_operations_need_what_is_loaded,
    moving_is_no_removal,
    deleting_is_no_removal,
    a_new_parent_needs_its_required_child,
    a_required_child_can_be_replaced_not_removed,
    a_required_child_that_is_not_loaded_is_fine,
    moving_a_required_child_away_leaves_it_missing,
    viewonly_is_read_and_never_written,
    deleting_leaves_what_is_viewonly,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "orders")]
struct Order {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "save-update, delete", on_remove = "deny")]
    invoice: HasOne<Invoice>,
    #[one_to_one(cascade = "all, delete-orphan", required)]
    address: HasOne<Address>,
    #[one_to_one(viewonly, back_populates = seen_id)]
    view: HasOne<View>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "invoices")]
struct Invoice {
    #[key(generated)]
    id: i64,
    #[one_to_one(Order)]
    order_id: i64,
    total: i64,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "addresses")]
struct Address {
    #[key(generated)]
    id: i64,
    #[one_to_one(Order)]
    order_id: i64,
    town: String,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "views")]
struct View {
    #[key(generated)]
    id: i64,
    #[one_to_one(Order)]
    seen_id: Option<i64>,
    text: String,
}

const ORDERS: &str = "
    CREATE TABLE orders (id $id, name TEXT NOT NULL);
    CREATE TABLE invoices (id $id, order_id BIGINT NOT NULL UNIQUE REFERENCES orders (id), total BIGINT NOT NULL);
    CREATE TABLE addresses (id $id, order_id BIGINT NOT NULL UNIQUE REFERENCES orders (id), town TEXT NOT NULL);
    CREATE TABLE views (id $id, seen_id BIGINT UNIQUE, text TEXT NOT NULL);
";

fn order() -> Order {
    let address = Address {
        town: "york".into(),
        ..Address::default()
    };
    let invoice = Invoice {
        total: 3,
        ..Invoice::default()
    };
    Order {
        name: "first".into(),
        invoice: invoice.into(),
        address: address.into(),
        ..Order::default()
    }
}

async fn a_denied_removal_is_an_error_before_any_sql<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut order = order().save(&test.pool).await.unwrap();
    drop(test.sent());
    order.invoice.remove();
    failed(order.plan(), ErrorKind::RemovalDenied, "Order.invoice");
    let error = failed(
        order.save(&test.pool).await,
        ErrorKind::RemovalDenied,
        "Order.invoice",
    );
    assert_eq!(error.entity(), Some("Invoice"));
    order.invoice.set(Invoice::default());
    failed(
        order.save(&test.pool).await,
        ErrorKind::RemovalDenied,
        "Order.invoice",
    );
    failed(
        order.detach(Order::INVOICE, &test.pool).await,
        ErrorKind::RemovalDenied,
        "Order.invoice",
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("invoices").await, ["1|1|3"]);
}

async fn denied_whole_operations_need_what_is_loaded<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    let mut order = Order::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    order.invoice.set(Invoice::default());
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotLoaded,
        "Order.invoice",
    );
    order.invoice = HasOne::empty();
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotLoaded,
        "Order.invoice",
    );
    order.invoice = HasOne::default();
    assert!(order.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn moving_is_no_removal<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut a = order().save(&test.pool).await.unwrap();
    let mut b = Order {
        invoice: HasOne::empty(),
        ..order()
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.invoice.adopt(a.invoice.expunge().unwrap());
    b.save(&test.pool).await.unwrap();
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("invoices").await, ["1|2|3"]);
}

async fn deleting_is_no_removal<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let order = order().save(&test.pool).await.unwrap();
    order.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("orders").await, NONE);
    assert_eq!(test.rows("invoices").await, NONE);
}

async fn a_new_parent_needs_its_required_child<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    for address in [HasOne::default(), HasOne::empty()] {
        let order = Order { address, ..order() };
        let error = failed(
            order.save(&test.pool).await,
            ErrorKind::MissingRequired,
            "Order.address",
        );
        assert_eq!(error.entity(), Some("Address"));
    }
    assert_eq!(test.sent(), NONE);
}

async fn a_required_child_can_be_replaced_not_removed<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut order = order().save(&test.pool).await.unwrap();
    drop(test.sent());
    order.address.remove();
    failed(
        order.save(&test.pool).await,
        ErrorKind::MissingRequired,
        "Order.address",
    );
    failed(
        order.detach(Order::ADDRESS, &test.pool).await,
        ErrorKind::MissingRequired,
        "Order.address",
    );
    assert_eq!(test.sent(), NONE);
    order.address.set(Address {
        town: "bath".into(),
        ..Address::default()
    });
    test.save_as_planned(&mut order).await;
    assert_eq!(test.rows("addresses").await, ["2|1|bath"]);
}

async fn a_required_child_that_is_not_loaded_is_fine<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    let mut order = Order::find(1).one(&test.pool).await.unwrap();
    order.name = "second".into();
    order.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("orders").await, ["1|second"]);
}

async fn moving_a_required_child_away_leaves_it_missing<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut order = order().save(&test.pool).await.unwrap();
    let address = order.address.expunge().unwrap();
    failed(
        order.save(&test.pool).await,
        ErrorKind::MissingRequired,
        "Order.address",
    );
    order.address.adopt(address);
    assert!(order.save(&test.pool).await.unwrap().is_empty());
}

async fn viewonly_is_read_and_never_written<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    test.execute("INSERT INTO views (seen_id, text) VALUES (1, 'seen')")
        .await;
    let mut order = Order::find(1)
        .with(Order::VIEW)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    assert_eq!(order.view.get().unwrap().text, "seen");
    order.view.get_mut().unwrap().text = "changed".into();
    assert!(order.save(&test.pool).await.unwrap().is_empty());
    order.view.remove();
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    failed(
        order.detach(Order::VIEW, &test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    assert_eq!(test.sent(), NONE);
    let new = Order {
        view: View::default().into(),
        ..self::order()
    };
    failed(
        new.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    assert_eq!(test.rows("views").await, ["1|1|seen"]);
}

async fn deleting_leaves_what_is_viewonly<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    test.execute("INSERT INTO views (seen_id, text) VALUES (1, 'seen')")
        .await;
    let order = Order::find(1)
        .with(Order::VIEW)
        .one(&test.pool)
        .await
        .unwrap();
    let value = order.delete(&test.pool).await.unwrap();
    assert!(value.view.is_not_loaded());
    assert_eq!(test.rows("views").await, ["1|1|seen"]);
}
