//! `on_remove = "deny"`, `required`, `viewonly` and `passive_deletes`.

use sqlx_cascade::{ErrorKind, HasOne, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

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
    passive_deletes_leaves_the_subtree_to_the_database,
    statements_run_from_the_first_key_that_does_not_cascade,
    passive_deletes_of_a_nullable_key_leaves_the_release_to_the_database,
    passive_all_never_touches_the_children,
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
    let address = Address { town: "york".into(), ..Address::default() };
    let invoice = Invoice { total: 3, ..Invoice::default() };
    Order { name: "first".into(), invoice: invoice.into(), address: address.into(), ..Order::default() }
}

async fn a_denied_removal_is_an_error_before_any_sql<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut order = order().save(&test.pool).await.unwrap();
    drop(test.sent());
    order.invoice.remove();
    failed(order.plan(), ErrorKind::RemovalDenied, "Order.invoice");
    let error = failed(order.save(&test.pool).await, ErrorKind::RemovalDenied, "Order.invoice");
    assert_eq!(error.entity(), Some("Invoice"));
    order.invoice.set(Invoice::default());
    failed(order.save(&test.pool).await, ErrorKind::RemovalDenied, "Order.invoice");
    failed(order.detach(Order::INVOICE, &test.pool).await, ErrorKind::RemovalDenied, "Order.invoice");
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("invoices").await, ["1|1|3"]);
}

async fn denied_whole_operations_need_what_is_loaded<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    let mut order = Order::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    order.invoice.set(Invoice::default());
    failed(order.save(&test.pool).await, ErrorKind::NotLoaded, "Order.invoice");
    order.invoice = HasOne::empty();
    failed(order.save(&test.pool).await, ErrorKind::NotLoaded, "Order.invoice");
    order.invoice = HasOne::default();
    assert!(order.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn moving_is_no_removal<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut a = order().save(&test.pool).await.unwrap();
    let mut b = Order { invoice: HasOne::empty(), ..order() }.save(&test.pool).await.unwrap();
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
        let error = failed(order.save(&test.pool).await, ErrorKind::MissingRequired, "Order.address");
        assert_eq!(error.entity(), Some("Address"));
    }
    assert_eq!(test.sent(), NONE);
}

async fn a_required_child_can_be_replaced_not_removed<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let mut order = order().save(&test.pool).await.unwrap();
    drop(test.sent());
    order.address.remove();
    failed(order.save(&test.pool).await, ErrorKind::MissingRequired, "Order.address");
    failed(order.detach(Order::ADDRESS, &test.pool).await, ErrorKind::MissingRequired, "Order.address");
    assert_eq!(test.sent(), NONE);
    order.address.set(Address { town: "bath".into(), ..Address::default() });
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
    failed(order.save(&test.pool).await, ErrorKind::MissingRequired, "Order.address");
    order.address.adopt(address);
    assert!(order.save(&test.pool).await.unwrap().is_empty());
}

async fn viewonly_is_read_and_never_written<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    test.execute("INSERT INTO views (seen_id, text) VALUES (1, 'seen')").await;
    let mut order = Order::find(1).with(Order::VIEW).one(&test.pool).await.unwrap();
    drop(test.sent());
    assert_eq!(order.view.get().unwrap().text, "seen");
    order.view.get_mut().unwrap().text = "changed".into();
    assert!(order.save(&test.pool).await.unwrap().is_empty());
    order.view.remove();
    failed(order.save(&test.pool).await, ErrorKind::NotCascaded, "Order.view");
    failed(order.detach(Order::VIEW, &test.pool).await, ErrorKind::NotCascaded, "Order.view");
    assert_eq!(test.sent(), NONE);
    let new = Order { view: View::default().into(), ..self::order() };
    failed(new.save(&test.pool).await, ErrorKind::NotCascaded, "Order.view");
    assert_eq!(test.rows("views").await, ["1|1|seen"]);
}

async fn deleting_leaves_what_is_viewonly<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    order().save(&test.pool).await.unwrap();
    test.execute("INSERT INTO views (seen_id, text) VALUES (1, 'seen')").await;
    let order = Order::find(1).with(Order::VIEW).one(&test.pool).await.unwrap();
    let value = order.delete(&test.pool).await.unwrap();
    assert!(value.view.is_not_loaded());
    assert_eq!(test.rows("views").await, ["1|1|seen"]);
}

#[derive(Debug, Default, Relations)]
#[table(name = "tops")]
struct Top {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
    middle: HasOne<Middle>,
    #[one_to_one(passive_deletes)]
    free: HasOne<Free>,
    #[one_to_one(passive_deletes = "all")]
    stray: HasOne<Stray>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "middles")]
struct Middle {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top, on_delete = "cascade")]
    top_id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    bottom: HasOne<Bottom>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "bottoms")]
struct Bottom {
    #[key(generated)]
    id: i64,
    #[one_to_one(Middle)]
    middle_id: i64,
}

#[derive(Debug, Default, Relations)]
#[table(name = "frees")]
struct Free {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top, on_delete = "set null")]
    top_id: Option<i64>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "strays")]
struct Stray {
    #[key(generated)]
    id: i64,
    #[one_to_one(Top)]
    top_id: Option<i64>,
}

const TOPS: &str = "
    CREATE TABLE tops (id $id, name TEXT NOT NULL);
    CREATE TABLE middles (id $id, top_id BIGINT NOT NULL UNIQUE REFERENCES tops (id) ON DELETE CASCADE);
    CREATE TABLE bottoms (id $id, middle_id BIGINT NOT NULL UNIQUE REFERENCES middles (id) ON DELETE $bottom);
    CREATE TABLE frees (id $id, top_id BIGINT UNIQUE REFERENCES tops (id) ON DELETE SET NULL);
    CREATE TABLE strays (id $id, top_id BIGINT UNIQUE);
    INSERT INTO tops (name) VALUES ('a');
    INSERT INTO middles (top_id) VALUES (1);
    INSERT INTO bottoms (middle_id) VALUES (1);
    INSERT INTO frees (top_id) VALUES (1);
    INSERT INTO strays (top_id) VALUES (1);
";

/// `Middle` with a key below it that cascades in the database too.
mod cascading {
    use sqlx_cascade::{HasOne, Relations};

    #[derive(Debug, Default, Relations)]
    #[table(name = "tops")]
    pub(super) struct Top {
        #[key(generated)]
        id: i64,
        #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
        middle: HasOne<Middle>,
    }

    #[derive(Debug, Default, Relations)]
    #[table(name = "middles")]
    struct Middle {
        #[key(generated)]
        id: i64,
        #[one_to_one(Top, on_delete = "cascade")]
        top_id: i64,
        #[one_to_one(cascade = "all, delete-orphan")]
        bottom: HasOne<Bottom>,
    }

    #[derive(Debug, Default, Relations)]
    #[table(name = "bottoms")]
    struct Bottom {
        #[key(generated)]
        id: i64,
        #[one_to_one(Middle, on_delete = "cascade")]
        middle_id: i64,
    }
}

async fn passive_deletes_leaves_the_subtree_to_the_database<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "CASCADE")).await;
    let report = cascading::Top::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 tops"]);
    assert_eq!(test.sent(), ["DELETE tops"]);
    assert_eq!(test.rows("middles").await, NONE);
    assert_eq!(test.rows("bottoms").await, NONE);
}

async fn statements_run_from_the_first_key_that_does_not_cascade<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "RESTRICT")).await;
    let report = Top::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 bottoms", "deleted 1 tops"]);
    assert_eq!(test.sent(), ["DELETE bottoms", "DELETE tops"]);
    assert_eq!(test.rows("middles").await, NONE);
}

async fn passive_deletes_of_a_nullable_key_leaves_the_release_to_the_database<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "RESTRICT")).await;
    Top::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("frees").await, ["1|-"]);
}

async fn passive_all_never_touches_the_children<B: Base>(test: Test<B>) {
    test.create(&TOPS.replace("$bottom", "RESTRICT")).await;
    let top = Top::find(1).with(Top::STRAY).one(&test.pool).await.unwrap();
    let value = top.delete(&test.pool).await.unwrap();
    assert!(value.stray.is_not_loaded());
    assert_eq!(test.rows("strays").await, ["1|1"]);
}
