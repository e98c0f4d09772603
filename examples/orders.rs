//! Orders, lines and products, on SQLite in memory: `cargo run --example orders`.
//!
//! A line belongs to a product, an order has a version that every change below it raises, and a transaction of the library tells the structs
//! when it is rolled back.

use sqlx::SqlitePool;
use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, Persistent, Relations, Transaction};

#[derive(Default, Relations)]
#[table(name = "orders")]
struct Order {
    #[key(generated)]
    id: i64,
    customer: String,
    #[version(aggregate)] // raised by a change of the order or of any of its lines
    version: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    lines: HasMany<Line>,
}

#[derive(Default, Relations)]
#[table(name = "lines")]
struct Line {
    #[key(generated)]
    id: i64,
    #[many_to_one(Order, on_delete = "cascade")]
    order_id: i64,
    #[many_to_one] // the column product_id; a product is shared, and stays when its lines go
    product: BelongsTo<Product>,
    pieces: i64,
}

#[derive(Default, Relations)]
#[table(name = "products")]
struct Product {
    #[key]
    id: i64,
    name: String,
}

const SCHEMA: &str = "
    CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, customer TEXT NOT NULL, version INTEGER NOT NULL);
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE lines (id INTEGER PRIMARY KEY AUTOINCREMENT, pieces INTEGER NOT NULL CHECK (pieces > 0),
        order_id INTEGER NOT NULL REFERENCES orders ON DELETE CASCADE,
        product_id INTEGER NOT NULL REFERENCES products);";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = &SqlitePool::connect("sqlite::memory:").await?;
    sqlx::raw_sql(SCHEMA).execute(pool).await?;
    let product = |id, name: &str| Product {
        id,
        name: name.into(),
    };
    Product::save_all(vec![product(7, "screw"), product(8, "nut")], pool).await?;

    println!("an order of products that are there, by their keys, and of one that is new");
    let lines = vec![
        line(BelongsTo::to(7), 100),
        line(BelongsTo::to(8), 50),
        line(BelongsTo::new(product(9, "washer")), 10),
    ];
    let order = Order {
        customer: "Ada".into(),
        lines: lines.into(),
        ..Order::default()
    };
    let id = order.save(pool).await?.key();
    print(pool).await?;

    println!("\nread with its lines and their products");
    let mut order = Order::find(id)
        .with(Order::LINES.then(Line::PRODUCT))
        .one(pool)
        .await?;
    for line in &order.lines {
        let product = line.product.get().expect("the key is NOT NULL");
        println!("  {} × {}", line.pieces, product.name);
    }

    println!(
        "\ntwo writers have read version 1: the first changes a line, and the second removes another, too late"
    );
    let mut late: Persistent<Order> = Order::find(id).with(Order::LINES).one(pool).await?;
    order.lines[0].pieces = 200;
    println!("{}", order.save(pool).await?);
    late.lines.remove(1);
    let error = late.save(pool).await.expect_err("the order has moved on");
    println!("  {error}");
    assert_eq!(error.kind(), ErrorKind::Stale);
    assert_eq!(print(pool).await?, [(7, 200, 2), (8, 50, 2), (9, 10, 2)]);

    println!("\na transaction around an order and plain SQL is rolled back");
    let mut transaction = Transaction::begin(pool).await?;
    order.lines.remove(2);
    order.lines[0].pieces = 300;
    println!("{}", order.save(&mut transaction).await?);
    sqlx::query("DELETE FROM products WHERE id = 9")
        .execute(&mut *transaction)
        .await?;
    transaction.rollback().await?;
    assert_eq!(print(pool).await?, [(7, 200, 2), (8, 50, 2), (9, 10, 2)]);

    println!("\nthe order knows: what it had written is unsaved again, and saved now");
    println!("{}", order.save(pool).await?);
    assert_eq!(print(pool).await?, [(7, 300, 3), (8, 50, 3)]);
    assert_eq!(order.version, 3);

    println!("\na product that a line refers to can't be deleted, and comes back in the error");
    let screw = Product::find(7).one(pool).await?;
    let error = screw.delete(pool).await.err().expect("lines refer to it");
    println!("  {error}");
    let screw: Persistent<Product> = error.take_entity().expect("what was to be deleted");
    assert_eq!(
        (error.kind(), screw.name.as_str()),
        (ErrorKind::ForeignKeyViolation, "screw")
    );
    Ok(())
}

fn line(product: BelongsTo<Product>, pieces: i64) -> Line {
    Line {
        product,
        pieces,
        ..Line::default()
    }
}

/// Prints the lines, each with its order's version.
async fn print(pool: &SqlitePool) -> sqlx::Result<Vec<(i64, i64, i64)>> {
    let lines = "SELECT product_id, pieces, version FROM lines JOIN orders ON orders.id = order_id ORDER BY lines.id";
    let lines: Vec<(i64, i64, i64)> = sqlx::query_as(lines).fetch_all(pool).await?;
    for (product, pieces, version) in &lines {
        println!("  product {product}, {pieces} pieces, version of the order {version}");
    }
    Ok(lines)
}
