//! How a patch finds the key of a child: by the struct's own serde attributes, whatever they make of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, HasOne, Persistent, Relations};

use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    a_key_that_is_written_as_text,
    a_key_of_the_only_child,
    a_key_without_a_default,
    a_natural_key,
    a_composite_key,
    a_key_that_refers_to_another,
    a_key_that_a_payload_can_not_have,
    a_child_with_its_parent_s_key,
    a_flattened_struct,
    a_relation_that_is_not_serialised_is_refused,
    a_relation_without_merge_is_left_alone,
    a_pending_child_without_its_parent_is_no_matter,
];

/// Sixty-four bits, which JavaScript can't read as a number.
mod text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands out references"
    )]
    pub(super) fn serialize<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("n{number}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text
            .strip_prefix('n')
            .and_then(|number| number.parse().ok());
        number.ok_or_else(|| D::Error::custom("expected a number behind an n"))
    }
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "shelves")]
struct Shelf {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    #[serde(rename = "ID", with = "text")]
    id: i64,
    #[many_to_one(Shelf)]
    #[serde(skip)]
    shelf_id: i64,
    title: String,
    pages: i64,
}

const SHELVES: &str = "
    CREATE TABLE shelves (id $id, filler TEXT);
    CREATE TABLE books (id $id, shelf_id BIGINT NOT NULL REFERENCES shelves (id), title TEXT NOT NULL, pages BIGINT NOT NULL);
";

async fn shelf<B: Base>(test: &Test<B>, titles: &[&str]) -> Persistent<Shelf> {
    test.create(SHELVES).await;
    let book = |title: &&str| Book {
        title: (*title).into(),
        pages: 9,
        ..Book::default()
    };
    let shelf = Shelf {
        books: titles.iter().map(book).collect(),
        ..Shelf::default()
    };
    shelf.save(&test.pool).await.unwrap()
}

async fn a_key_that_is_written_as_text<B: Base>(test: Test<B>) {
    let mut shelf = shelf(&test, &["a", "b"]).await;
    let payload = json!({"books": [{"ID": "n2", "title": "x"}, {"title": "new"}, {"ID": "n0"}]});
    shelf.patch(payload).unwrap();
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, ["2|1|x|9", "3|1|new|0", "4|1||0"]);
    failed(
        shelf.patch(json!({"books": [{"ID": "n1"}]})),
        ErrorKind::NotOwned,
        "Shelf.books[0]",
    );
    failed(
        shelf.patch(json!({"books": [{"ID": 2}]})),
        ErrorKind::InvalidPayload,
        "Shelf.books[0].ID",
    );
    // Another name is none of the key's.
    shelf
        .patch(json!({"books": [{"id": "n2", "title": "y"}]}))
        .unwrap();
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, ["5|1|y|0"]);
}

async fn a_key_of_the_only_child<B: Base>(test: Test<B>) {
    let mut shelf = shelf(&test, &["a"]).await;
    shelf
        .patch(json!({"books": [{"ID": "n1", "title": "x"}]}))
        .unwrap();
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, ["1|1|x|9"]);
    shelf.patch(json!({"books": [{"title": "y"}]})).unwrap();
    shelf.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, ["2|1|y|0"]);
}

/// A key that the application assigns, and that has no default.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
struct Code(String);

#[derive(Debug, Serialize, Deserialize, Relations)]
#[table(name = "racks")]
struct Rack {
    #[key]
    code: Code,
    #[one_to_many(cascade = "all, delete-orphan")]
    #[serde(default)]
    slots: HasMany<Slot>,
}

#[derive(Debug, Serialize, Deserialize, Relations)]
#[table(name = "slots")]
struct Slot {
    #[key]
    code: Code,
    #[many_to_one(Rack)]
    #[serde(default = "nowhere")]
    rack_code: Code,
    load: i64,
    #[serde(default)]
    note: Option<String>,
}

fn nowhere() -> Code {
    Code(String::new())
}

fn slot(code: &str) -> Slot {
    Slot {
        code: Code(code.into()),
        rack_code: nowhere(),
        load: 1,
        note: Some("n".into()),
    }
}

async fn rack<B: Base>(test: &Test<B>, codes: &[&str]) -> Persistent<Rack> {
    test.create("
        CREATE TABLE racks (code TEXT PRIMARY KEY);
        CREATE TABLE slots (code TEXT PRIMARY KEY, rack_code TEXT NOT NULL REFERENCES racks (code), load BIGINT NOT NULL, note TEXT);
    ").await;
    let rack = Rack {
        code: Code("r".into()),
        slots: codes.iter().map(|code| slot(code)).collect(),
    };
    rack.save(&test.pool).await.unwrap()
}

async fn a_key_without_a_default<B: Base>(test: Test<B>) {
    let mut rack = rack(&test, &["a1"]).await;
    rack.patch(json!({"slots": [{"code": "a1", "load": 2}]}))
        .unwrap();
    rack.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("slots").await, ["a1|r|2|n"]);
    // What has no key is nobody's, also where there is only one that it could be.
    failed(
        rack.patch(json!({"slots": [{"load": 3}]})),
        ErrorKind::InvalidPayload,
        "Rack.slots[0]",
    );
}

async fn a_natural_key<B: Base>(test: Test<B>) {
    let mut rack = rack(&test, &["a1", "b1"]).await;
    // An unknown natural key is an insert, and takes nothing over from a sibling.
    rack.patch(json!({"slots": [{"code": "c1", "load": 5}, {"code": "b1", "note": null}]}))
        .unwrap();
    test.save_as_planned(&mut rack).await;
    assert_eq!(test.rows("slots").await, ["b1|r|1|-", "c1|r|5|-"]);
    failed(
        rack.patch(json!({"slots": [{"code": "d1"}]})),
        ErrorKind::InvalidPayload,
        "Rack.slots[0]",
    );
    let twice = json!({"slots": [{"code": "d1", "load": 1}, {"code": "d1", "load": 2}]});
    failed(
        rack.patch(twice),
        ErrorKind::InvalidPayload,
        "Rack.slots[1]",
    );
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "orders")]
struct Order {
    #[key]
    tenant: i64,
    #[key]
    number: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    lines: HasMany<Line>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "lines")]
struct Line {
    #[key]
    tenant: i64,
    #[key]
    order_number: i64,
    #[key]
    place: i64,
    #[many_to_one(Order, column = "tenant, order_number")]
    order: BelongsTo<Order>,
    amount: i64,
    text: String,
}

async fn a_composite_key<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE orders (tenant BIGINT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (tenant, number));
        CREATE TABLE lines (tenant BIGINT NOT NULL, order_number BIGINT NOT NULL, place BIGINT NOT NULL, amount BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant, order_number, place), FOREIGN KEY (tenant, order_number) REFERENCES orders (tenant, number));
    ").await;
    let line = |place: i64| Line {
        place,
        amount: 1,
        text: "t".into(),
        ..Line::default()
    };
    let order = |number: i64| Order {
        tenant: 1,
        number,
        lines: HasMany::from(vec![line(1), line(2)]),
    };
    Order::save_all(vec![order(1), order(2)], &test.pool)
        .await
        .unwrap();
    // The key to the owner is the owner's, also where the payload says another.
    let payload =
        json!({"lines": [{"place": 3, "amount": 3}, {"place": 2, "amount": 5, "order": [1, 2]}]});
    let order = Order::patch((1, 1), payload, &test.pool).await.unwrap();
    assert_eq!(
        order
            .lines
            .iter()
            .map(|line| line.place)
            .collect::<Vec<_>>(),
        [3, 2]
    );
    assert_eq!(
        test.rows("lines").await,
        ["1|1|2|5|t", "1|1|3|3|", "1|2|1|1|t", "1|2|2|1|t"]
    );
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "products")]
struct Product {
    #[key]
    id: i64,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "carts")]
struct Cart {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    items: HasMany<Item>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "items")]
struct Item {
    #[key]
    #[many_to_one(Cart)]
    cart_id: i64,
    #[key]
    #[many_to_one(Product)]
    #[serde(rename = "product")]
    product_id: i64,
    amount: i64,
    note: String,
}

async fn a_key_that_refers_to_another<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE products (id BIGINT PRIMARY KEY);
        CREATE TABLE carts (id $id, filler TEXT);
        CREATE TABLE items (cart_id BIGINT NOT NULL REFERENCES carts (id), product_id BIGINT NOT NULL REFERENCES products (id), amount BIGINT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (cart_id, product_id));
    ").await;
    Product::save_all([1, 2, 3].map(|id| Product { id }).into(), &test.pool)
        .await
        .unwrap();
    let item = |product: i64| Item {
        product_id: product,
        amount: 1,
        note: "n".into(),
        ..Item::default()
    };
    let cart = Cart {
        items: HasMany::from(vec![item(1), item(2)]),
        ..Cart::default()
    };
    let mut cart = cart.save(&test.pool).await.unwrap();
    cart.patch(json!({"items": [{"product": 3, "amount": 3}, {"product": 2, "amount": 2}]}))
        .unwrap();
    test.save_as_planned(&mut cart).await;
    assert_eq!(test.rows("items").await, ["1|2|2|n", "1|3|3|"]);
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "homes")]
struct Home {
    #[key(generated)]
    #[serde(skip_deserializing)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    door: HasOne<Door>,
    #[one_to_many(cascade = "all, delete-orphan")]
    rooms: HasMany<Room>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "doors")]
struct Door {
    #[key(generated)]
    #[serde(skip_deserializing)]
    id: i64,
    #[one_to_one(Home)]
    home_id: i64,
    colour: String,
    width: i64,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "rooms")]
struct Room {
    #[key(generated)]
    #[serde(skip)]
    id: i64,
    #[many_to_one(Home)]
    home_id: i64,
    name: String,
}

async fn a_key_that_a_payload_can_not_have<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE homes (id $id, filler TEXT);
        CREATE TABLE doors (id $id, home_id BIGINT NOT NULL UNIQUE REFERENCES homes (id), colour TEXT NOT NULL, width BIGINT NOT NULL);
        CREATE TABLE rooms (id $id, home_id BIGINT NOT NULL REFERENCES homes (id), name TEXT NOT NULL);
    ").await;
    let home = Home {
        door: Door {
            colour: "red".into(),
            width: 9,
            ..Door::default()
        }
        .into(),
        rooms: HasMany::from(vec![Room {
            name: "a".into(),
            ..Room::default()
        }]),
        ..Home::default()
    };
    home.save(&test.pool).await.unwrap();
    // There is only one door, which needs no key.
    Home::patch(1, json!({"door": {"colour": "blue"}}), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("doors").await, ["1|1|blue|9"]);
    // No room can be named: these are all.
    Home::patch(
        1,
        json!({"rooms": [{"name": "b"}, {"id": 1, "name": "c"}]}),
        &test.pool,
    )
    .await
    .unwrap();
    assert_eq!(test.rows("rooms").await, ["2|1|b", "3|1|c"]);
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "people")]
struct Person {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    address: HasOne<Address>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "addresses")]
struct Address {
    #[key]
    #[one_to_one(Person)]
    person_id: i64,
    street: String,
    city: String,
}

async fn a_child_with_its_parent_s_key<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE people (id $id, filler TEXT);
        CREATE TABLE addresses (person_id BIGINT PRIMARY KEY REFERENCES people (id), street TEXT NOT NULL, city TEXT NOT NULL);
    ").await;
    let person = || Person {
        address: Address {
            street: "s".into(),
            city: "c".into(),
            ..Address::default()
        }
        .into(),
        ..Person::default()
    };
    Person::save_all(vec![person(), person()], &test.pool)
        .await
        .unwrap();
    for payload in [
        json!({"address": {"street": "t"}}),
        json!({"address": {"person_id": 2, "street": "u"}}),
    ] {
        Person::patch(1, payload, &test.pool).await.unwrap();
    }
    assert_eq!(test.rows("addresses").await, ["1|u|c", "2|s|c"]);
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "boxes")]
struct Crate {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    things: HasMany<Thing>,
    #[one_to_many(cascade = "all, delete-orphan")]
    #[serde(skip_serializing)]
    hidden: HasMany<Hidden>,
    #[one_to_many(cascade = "save-update", on_remove = "deny", passive_deletes = "all")]
    seen: HasMany<Seen>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "things")]
struct Thing {
    #[key(generated)]
    id: i64,
    #[many_to_one(Crate, on_delete = "cascade")]
    crate_id: i64,
    name: String,
    #[column(json)]
    #[serde(flatten)]
    rest: std::collections::BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "hiddens")]
struct Hidden {
    #[key(generated)]
    id: i64,
    #[many_to_one(Crate)]
    crate_id: i64,
    name: String,
    size: i64,
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "seens")]
struct Seen {
    #[key(generated)]
    id: i64,
    #[many_to_one(Crate)]
    crate_id: i64,
    name: String,
}

async fn boxed<B: Base>(test: &Test<B>) -> Persistent<Crate> {
    test.create("
        CREATE TABLE boxes (id $id, filler TEXT);
        CREATE TABLE things (id $id, crate_id BIGINT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE, name TEXT NOT NULL, rest JSON NOT NULL);
        CREATE TABLE hiddens (id $id, crate_id BIGINT NOT NULL REFERENCES boxes (id), name TEXT NOT NULL, size BIGINT NOT NULL);
        CREATE TABLE seens (id $id, crate_id BIGINT NOT NULL REFERENCES boxes (id), name TEXT NOT NULL);
    ").await;
    let rest = [("a".to_owned(), json!(1)), ("b".to_owned(), json!(2))];
    let of = Crate {
        things: HasMany::from(vec![Thing {
            name: "t".into(),
            rest: rest.into(),
            ..Thing::default()
        }]),
        hidden: HasMany::from(vec![Hidden {
            name: "h".into(),
            size: 4,
            ..Hidden::default()
        }]),
        seen: HasMany::from(vec![Seen {
            name: "s".into(),
            ..Seen::default()
        }]),
        ..Crate::default()
    };
    let saved = of.save(&test.pool).await.unwrap();
    drop(test.sent());
    saved
}

async fn a_flattened_struct<B: Base>(test: Test<B>) {
    boxed(&test).await;
    let payload = json!({"things": [{"id": 1, "b": 3, "c": 4}]});
    let patched = Crate::patch(1, payload, &test.pool).await.unwrap();
    assert_eq!(
        json!(patched.things[0].rest),
        json!({"a": 1, "b": 3, "c": 4})
    );
    assert_eq!(patched.things[0].name, "t");
}

async fn a_relation_that_is_not_serialised_is_refused<B: Base>(test: Test<B>) {
    let mut loaded = boxed(&test).await;
    let payload = json!({"hidden": [{"id": 1, "name": "x"}]});
    let result = Crate::patch(1, payload.clone(), &test.pool).await;
    failed(result, ErrorKind::NotLoaded, "Crate.hidden");
    // The size that it leaves out would be lost.
    failed(
        loaded.patch(payload),
        ErrorKind::InvalidPayload,
        "Crate.hidden[0]",
    );
    assert_eq!(test.rows("hiddens").await, ["1|1|h|4"]);
}

async fn a_relation_without_merge_is_left_alone<B: Base>(test: Test<B>) {
    let mut loaded = boxed(&test).await;
    let payload = json!({"seen": [{"id": 99, "name": "x"}, {"name": "y"}]});
    let patched = Crate::patch(1, payload.clone(), &test.pool).await.unwrap();
    assert!(patched.seen.is_not_loaded());
    assert_eq!(test.sent(), ["SELECT boxes"]);
    loaded.patch(payload).unwrap();
    assert!(loaded.plan().unwrap().is_empty());
    assert_eq!(test.rows("seens").await, ["1|1|s"]);
}

async fn a_pending_child_without_its_parent_is_no_matter<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE products (id BIGINT PRIMARY KEY);
        CREATE TABLE carts (id $id, filler TEXT);
        CREATE TABLE items (cart_id BIGINT NOT NULL REFERENCES carts (id), product_id BIGINT NOT NULL REFERENCES products (id), amount BIGINT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (cart_id, product_id));
    ").await;
    let cart = Cart {
        items: HasMany::empty(),
        ..Cart::default()
    };
    let mut cart = cart.save(&test.pool).await.unwrap();
    cart.items.push(Item {
        note: "a".into(),
        ..Item::default()
    });
    // A child without its parent is nothing that a payload has to know of.
    cart.patch(json!({})).unwrap();
    cart.patch(json!({"items": []})).unwrap();
    assert!(cart.plan().unwrap().is_empty());
    assert_eq!(test.rows("items").await, NONE);
    let error = Cart::patch(1, json!({"items": [{"product": null}]}), &test.pool)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::InvalidPayload, "Cart.items[0].product")
    );
}
