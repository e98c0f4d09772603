//! Lists in all shapes: composite, shared and natural keys, two owners, long chains, diamonds.

use sqlx_cascade::{ErrorKind, HasMany, HasOne, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, locking, on_every_database};

on_every_database![
    composite_keys,
    composite_keys_are_cleared_and_deleted_without_loading,
    a_tenant_in_every_key,
    a_tenant_that_would_change_is_refused,
    a_removal_under_a_shared_column_nulls_the_rest,
    natural_keys,
    a_natural_key_that_leaves_and_enters_is_one_update,
    natural_keys_under_a_whole_operation,
    a_natural_key_of_one_that_stays,
    a_child_that_is_named_by_its_parent_and_a_number,
    a_child_with_two_owners,
    a_child_of_two_owners_leaves_one_for_another,
    six_lists_one_below_the_other,
    a_row_moves_at_the_bottom_of_six,
    two_relations_with_different_cascades,
    a_diamond,
    a_diamond_is_cleared,
    lists_and_single_children_mixed,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "orders")]
struct Order {
    #[key]
    tenant: i32,
    #[key]
    number: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    lines: HasMany<Line>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lines")]
struct Line {
    #[key(generated)]
    id: i64,
    #[many_to_one(Order, column = "order_tenant, order_number")]
    order: sqlx_cascade::BelongsTo<Order>,
    text: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    notes: HasMany<Note>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "notes")]
struct Note {
    #[key(generated)]
    id: i64,
    #[many_to_one(Line)]
    line_id: i64,
}

const ORDERS: &str = "
    CREATE TABLE orders (tenant INT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (tenant, number));
    CREATE TABLE lines (id $id, order_tenant INT NOT NULL, order_number TEXT NOT NULL, text TEXT NOT NULL, FOREIGN KEY (order_tenant, order_number) REFERENCES orders (tenant, number));
    CREATE TABLE notes (id $id, line_id BIGINT NOT NULL REFERENCES lines (id));
";

fn line(text: &str) -> Line {
    Line {
        text: text.into(),
        notes: vec![Note::default()].into(),
        ..Line::default()
    }
}

fn order(tenant: i32, number: &str, texts: &[&str]) -> Order {
    Order {
        tenant,
        number: number.into(),
        lines: texts.iter().map(|text| line(text)).collect(),
    }
}

async fn composite_keys<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let values = vec![
        order(1, "a", &["1", "2"]),
        order(1, "b", &["3"]),
        order(2, "a", &["4"]),
    ];
    let mut orders = Order::save_all(values, &test.pool).await.unwrap();
    assert_eq!(
        test.steps(),
        ["INSERT orders", "INSERT lines", "INSERT notes"]
    );
    assert_eq!(
        test.rows("lines").await,
        ["1|1|a|1", "2|1|a|2", "3|1|b|3", "4|2|a|4"]
    );
    let mut found = Order::find_many([
        (2, "a".to_owned()),
        (1, "a".to_owned()),
        (1, "b".to_owned()),
    ])
    .with(Order::LINES.then(Line::NOTES))
    .all(&test.pool)
    .await
    .unwrap();
    assert_eq!(found[1], orders[0]);
    found[1].lines[0].text.push('!');
    found[1].lines.remove(1);
    found[2].lines.push(line("new"));
    let moved = orders[2].lines.expunge(0);
    orders[1].lines.adopt(moved);
    let report = Persistent::save_all(&mut found, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 1 notes",
            "deleted 1 lines",
            "updated 1 lines",
            "inserted 1 lines",
            "inserted 1 notes"
        ]
    );
    let report = test.save_as_planned(&mut orders[1]).await;
    assert_eq!(changes(&report), ["moved 1 lines"]);
    assert_eq!(
        test.rows("lines").await,
        ["1|1|a|1!", "3|1|b|3", "4|1|b|4", "5|1|b|new"]
    );
    let key = orders[1].lines[1].order.key();
    assert_eq!(key, Some(&(1, "b".to_owned())));
}

async fn composite_keys_are_cleared_and_deleted_without_loading<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let values = vec![
        order(1, "a", &["1", "2"]),
        order(1, "b", &["3"]),
        order(2, "a", &["4"]),
    ];
    Order::save_all(values, &test.pool).await.unwrap();
    let mut a = Order::find((1, "a".to_owned()))
        .one(&test.pool)
        .await
        .unwrap();
    a.lines.clear();
    drop(test.sent());
    let changes = test.save_much_as_planned(&mut a).await;
    assert_eq!(changes, ["deleted 2 notes", "deleted 2 lines"]);
    assert_eq!(
        test.sent(),
        locking::<B>(&["LOCK orders", "DELETE notes", "DELETE lines"])
    );
    Order::delete_by_key((2, "a".to_owned()), &test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.sent(),
        ["DELETE notes", "DELETE lines", "DELETE orders"]
    );
    assert_eq!(test.rows("lines").await, ["3|1|b|3"]);
    assert_eq!(test.rows("notes").await, ["3|3"]);
    assert_eq!(test.rows("orders").await, ["1|a", "1|b"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "projects")]
struct Project {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    tasks: HasMany<Task>,
    #[one_to_many]
    ideas: HasMany<Idea>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tasks")]
struct Task {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[many_to_one(Project, column = "tenant_id, project_id")]
    project: sqlx_cascade::BelongsTo<Project>,
    #[one_to_many(cascade = "all, delete-orphan")]
    steps: HasMany<Step>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "steps")]
struct Step {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[many_to_one(Task, column = "tenant_id, task_id")]
    task: sqlx_cascade::BelongsTo<Task>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "ideas")]
struct Idea {
    #[key]
    tenant_id: i64,
    #[key]
    id: i64,
    #[many_to_one(Project, column = "tenant_id, project_id")]
    project: Option<sqlx_cascade::BelongsTo<Project>>,
}

const PROJECTS: &str = "
    CREATE TABLE projects (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));
    CREATE TABLE tasks (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, project_id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id));
    CREATE TABLE steps (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, task_id BIGINT NOT NULL, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id));
    CREATE TABLE ideas (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, project_id BIGINT, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id));
";

fn task(id: i64) -> Task {
    let step = |number: i64| Step {
        id: id * 10 + number,
        ..Step::default()
    };
    Task {
        id,
        steps: [1, 2].map(step).into_iter().collect(),
        ..Task::default()
    }
}

fn project(tenant_id: i64, id: i64, tasks: &[i64]) -> Project {
    let idea = |id: &i64| Idea {
        id: *id,
        ..Idea::default()
    };
    Project {
        tenant_id,
        id,
        tasks: tasks.iter().map(|id| task(*id)).collect(),
        ideas: tasks.iter().map(idea).collect(),
    }
}

async fn a_tenant_in_every_key<B: Base>(test: Test<B>) {
    test.create(PROJECTS).await;
    let values = vec![
        project(1, 1, &[1, 2]),
        project(2, 1, &[1]),
        project(1, 2, &[]),
    ];
    let mut projects = Project::save_all(values, &test.pool).await.unwrap();
    assert_eq!(test.rows("tasks").await, ["1|1|1", "1|2|1", "2|1|1"]);
    assert_eq!(
        test.rows("steps").await,
        ["1|11|1", "1|12|1", "1|21|2", "1|22|2", "2|11|1", "2|12|1"]
    );
    assert_eq!(projects[0].tasks[0].steps[1].tenant_id, 1);
    let moved = projects[0].tasks.expunge(0);
    projects[2].tasks.adopt(moved);
    let report = test.save_as_planned(&mut projects[2]).await;
    assert_eq!(changes(&report), ["moved 1 tasks"]);
    assert_eq!(test.rows("tasks").await, ["1|1|2", "1|2|1", "2|1|1"]);
    projects[2].tasks[0].steps.remove(0);
    projects[2].tasks.push(task(3));
    test.save_much_as_planned(&mut projects[2]).await;
    assert_eq!(
        test.rows("steps").await,
        [
            "1|12|1", "1|21|2", "1|22|2", "1|31|3", "1|32|3", "2|11|1", "2|12|1"
        ]
    );
    drop(test.sent());
    Project::delete_by_key((1, 1), &test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        [
            "DELETE steps",
            "DELETE tasks",
            "UPDATE ideas",
            "DELETE projects"
        ]
    );
    assert_eq!(test.rows("tasks").await, ["1|1|2", "1|3|2", "2|1|1"]);
    assert_eq!(test.rows("ideas").await, ["1|1|-", "1|2|-", "2|1|1"]);
    let mut other = Project::find((1, 2)).one(&test.pool).await.unwrap();
    other.tasks.replace([task(4)]);
    other.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("tasks").await, ["1|4|2", "2|1|1"]);
    assert_eq!(
        test.rows("steps").await,
        ["1|41|4", "1|42|4", "2|11|1", "2|12|1"]
    );
}

async fn a_tenant_that_would_change_is_refused<B: Base>(test: Test<B>) {
    test.create(PROJECTS).await;
    let values = vec![project(1, 1, &[1]), project(2, 1, &[2])];
    let mut projects = Project::save_all(values, &test.pool).await.unwrap();
    let moved = projects[0].tasks.expunge(0);
    projects[1].tasks.adopt(moved);
    drop(test.sent());
    failed(
        projects[1].save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Project.tasks[1].tenant_id",
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("tasks").await, ["1|1|1", "2|2|1"]);
}

async fn a_removal_under_a_shared_column_nulls_the_rest<B: Base>(test: Test<B>) {
    test.create(PROJECTS).await;
    let mut project = project(1, 1, &[1, 2, 3]).save(&test.pool).await.unwrap();
    project.ideas.remove(1);
    let report = test.save_as_planned(&mut project).await;
    assert_eq!(changes(&report), ["released 1 ideas"]);
    assert_eq!(report.changes()[0].columns, ["project_id"]);
    assert_eq!(test.rows("ideas").await, ["1|1|1", "1|2|-", "1|3|1"]);
    project.ideas.clear();
    test.save_much_as_planned(&mut project).await;
    assert_eq!(test.rows("ideas").await, ["1|1|-", "1|2|-", "1|3|-"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shops")]
struct Shop {
    #[key]
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    wares: HasMany<Ware>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "wares")]
struct Ware {
    #[key]
    code: String,
    #[many_to_one(Shop)]
    shop: String,
    price: i32,
    #[one_to_many(cascade = "all, delete-orphan")]
    stock: HasMany<Stock>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "stock")]
struct Stock {
    #[key(generated)]
    id: i64,
    #[many_to_one(Ware)]
    ware: String,
}

const SHOPS: &str = "
    CREATE TABLE shops (name TEXT NOT NULL PRIMARY KEY);
    CREATE TABLE wares (code TEXT NOT NULL PRIMARY KEY, shop TEXT NOT NULL REFERENCES shops (name), price INT NOT NULL);
    CREATE TABLE stock (id $id, ware TEXT NOT NULL REFERENCES wares (code));
";

fn ware(code: &str, price: i32) -> Ware {
    Ware {
        code: code.into(),
        price,
        stock: vec![Stock::default()].into(),
        ..Ware::default()
    }
}

async fn shop<B: Base>(test: &Test<B>) -> Persistent<Shop> {
    test.create(SHOPS).await;
    let shop = Shop {
        name: "s".into(),
        wares: vec![ware("b", 2), ware("a", 1), ware("c", 3)].into(),
    };
    let shop = shop.save(&test.pool).await.unwrap();
    drop(test.sent());
    shop
}

async fn natural_keys<B: Base>(test: Test<B>) {
    let mut shop = shop(&test).await;
    assert_eq!(test.rows("wares").await, ["a|s|1", "b|s|2", "c|s|3"]);
    assert_eq!(test.rows("stock").await, ["1|b", "2|a", "3|c"]);
    shop.wares[0].price = 20;
    shop.wares.remove(1);
    shop.wares.push(ware("d", 4));
    let changes = test.save_much_as_planned(&mut shop).await;
    assert_eq!(
        changes,
        [
            "deleted 1 stock",
            "deleted 1 wares",
            "updated 1 wares",
            "inserted 1 wares",
            "inserted 1 stock"
        ]
    );
    assert_eq!(test.rows("wares").await, ["b|s|20", "c|s|3", "d|s|4"]);
    let found = Shop::find("s".to_owned()).with(Shop::WARES.then(Ware::STOCK));
    assert_eq!(found.one(&test.pool).await.unwrap(), shop);
}

async fn a_natural_key_that_leaves_and_enters_is_one_update<B: Base>(test: Test<B>) {
    let mut shop = shop(&test).await;
    test.create("CREATE TABLE pins (code TEXT NOT NULL REFERENCES wares (code))")
        .await;
    test.execute("INSERT INTO pins VALUES ('b')").await;
    shop.wares.remove(0);
    shop.wares.push(ware("b", 22));
    let changes = test.save_much_as_planned(&mut shop).await;
    assert_eq!(
        changes,
        ["deleted 1 stock", "updated 1 wares", "inserted 1 stock"]
    );
    assert_eq!(test.rows("wares").await, ["a|s|1", "b|s|22", "c|s|3"]);
    assert_eq!(test.rows("stock").await, ["2|a", "3|c", "4|b"]);
    // All of them at once, and some others.
    let all = shop.wares.clone();
    test.execute("DELETE FROM pins").await;
    shop.wares.retain(|_| false);
    for ware in &all {
        shop.wares.push(Ware {
            price: ware.price * 10,
            stock: HasMany::default(),
            ..ware.clone()
        });
    }
    shop.wares.remove(0);
    shop.wares.push(ware("e", 5));
    shop.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("wares").await, ["b|s|220", "c|s|30", "e|s|5"]);
    assert_eq!(test.rows("stock").await.len(), 1);
}

async fn natural_keys_under_a_whole_operation<B: Base>(test: Test<B>) {
    shop(&test).await;
    let mut shop = Shop::find("s".to_owned()).one(&test.pool).await.unwrap();
    shop.wares.replace([ware("b", 22), ware("x", 9)]);
    drop(test.sent());
    shop.save(&test.pool).await.unwrap();
    let sent = test.steps();
    assert_eq!(sent[0], "SELECT wares");
    assert!(sent.len() <= 7, "{sent:?}");
    assert_eq!(test.rows("wares").await, ["b|s|22", "x|s|9"]);
    assert_eq!(test.rows("stock").await.len(), 2);
    shop.wares = HasMany::from(vec![ware("x", 1), ware("a", 2)]);
    shop.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("wares").await, ["a|s|2", "x|s|1"]);
    assert!(shop.save(&test.pool).await.unwrap().is_empty());
    shop.wares.clear();
    shop.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("wares").await, NONE);
    assert_eq!(test.rows("stock").await, NONE);
}

async fn a_natural_key_of_one_that_stays<B: Base>(test: Test<B>) {
    let mut shop = shop(&test).await;
    shop.wares.push(ware("a", 9));
    failed(
        shop.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Shop.wares[3]",
    );
    let mut unloaded = Shop::find("s".to_owned()).one(&test.pool).await.unwrap();
    unloaded.wares.push(ware("a", 9));
    failed(
        unloaded.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "Shop.wares[0]",
    );
    assert_eq!(test.rows("wares").await, ["a|s|1", "b|s|2", "c|s|3"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "invoices")]
struct Invoice {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "number")]
    items: HasMany<Item>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "items")]
struct Item {
    #[key]
    #[many_to_one(Invoice)]
    invoice_id: i64,
    #[key]
    number: i32,
    text: String,
}

async fn a_child_that_is_named_by_its_parent_and_a_number<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE invoices (id $id, filler TEXT);
         CREATE TABLE items (invoice_id BIGINT NOT NULL REFERENCES invoices (id), number INT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (invoice_id, number));",
    )
    .await;
    let item = |number: i32, text: &str| Item {
        number,
        text: text.into(),
        ..Item::default()
    };
    let invoice = || Invoice {
        items: vec![item(1, "a"), item(2, "b"), item(3, "c")].into(),
        ..Invoice::default()
    };
    let mut invoices = Invoice::save_all(vec![invoice(), invoice()], &test.pool)
        .await
        .unwrap();
    let (first, second) = invoices.split_at_mut(1);
    let (first, second) = (&mut first[0], &mut second[0]);
    assert_eq!(test.rows("items").await[3..], ["2|1|a", "2|2|b", "2|3|c"]);
    // Renumbered: what was 2 and 3 are other rows with other texts.
    let left = first.items.remove(0);
    assert_eq!(left.text, "a");
    first.items.retain(|_| false);
    first.items.extend([item(1, "b"), item(2, "c")]);
    let changes = test.save_much_as_planned(first).await;
    assert_eq!(changes, ["deleted 1 items", "updated 2 items"]);
    assert_eq!(test.rows("items").await[..2], ["1|1|b", "1|2|c"]);
    // A move would change the key.
    second.items.adopt(first.items.expunge(0));
    failed(
        second.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Invoice.items[3].invoice_id",
    );
    let mut unloaded = Invoice::find(1).one(&test.pool).await.unwrap();
    unloaded.items.replace([item(2, "x"), item(7, "y")]);
    unloaded.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("items").await[..2], ["1|2|x", "1|7|y"]);
    Invoice::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("items").await, ["2|1|a", "2|2|b", "2|3|c"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "authors")]
struct Author {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "houses")]
struct House {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    books: HasMany<Book>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "books")]
struct Book {
    #[key(generated)]
    id: i64,
    #[many_to_one(Author)]
    author_id: Option<i64>,
    #[many_to_one(House)]
    house_id: Option<i64>,
}

const BOOKS: &str = "
    CREATE TABLE authors (id $id, filler TEXT);
    CREATE TABLE houses (id $id, filler TEXT);
    CREATE TABLE books (id $id, author_id BIGINT REFERENCES authors (id), house_id BIGINT REFERENCES houses (id));
    INSERT INTO authors (filler) VALUES ('a'), ('b');
    INSERT INTO houses (filler) VALUES ('x');
    INSERT INTO books (author_id, house_id) VALUES (1, 1), (1, 1), (1, NULL), (NULL, 1);
";

async fn a_child_with_two_owners<B: Base>(test: Test<B>) {
    test.create(BOOKS).await;
    let find = Author::find(1).with(Author::BOOKS);
    let mut author = find.one(&test.pool).await.unwrap();
    author.books.remove(0);
    test.save_as_planned(&mut author).await;
    assert_eq!(test.rows("books").await, ["2|1|1", "3|1|-", "4|-|1"]);
    let mut house = House::find(1).one(&test.pool).await.unwrap();
    house.books.clear();
    house.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, ["3|1|-"]);
    author.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("books").await, NONE);
    assert_eq!(test.rows("authors").await, ["2|b"]);
}

async fn a_child_of_two_owners_leaves_one_for_another<B: Base>(test: Test<B>) {
    test.create(BOOKS).await;
    let find = Author::find_many([1, 2]).with(Author::BOOKS);
    let mut authors = find.all(&test.pool).await.unwrap();
    let book = authors[0].books.expunge(0);
    authors[1].books.adopt(book);
    test.save_as_planned(&mut authors[1]).await;
    assert_eq!(test.rows("books").await[0], "1|2|1", "the house keeps it");
    // From the author to the house: the author lets go.
    let mut house = House::find(1).one(&test.pool).await.unwrap();
    house.books.adopt(authors[0].books.expunge(1));
    test.save_as_planned(&mut house).await;
    assert_eq!(test.rows("books").await[2], "3|-|1");
}

macro_rules! chain {
    ($($table:literal $struct:ident $key:ident $parent:ident $field:ident $child:ident $constant:ident),*) => { $(
        #[derive(Debug, Default, Clone, PartialEq, Relations)]
        #[table(name = $table)]
        struct $struct {
            #[key(generated)]
            id: i64,
            #[many_to_one($parent)]
            $key: i64,
            #[one_to_many(cascade = "all, delete-orphan")]
            $field: HasMany<$child>,
        }
    )* };
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "l1")]
struct L1 {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    l2: HasMany<L2>,
}
chain!("l2" L2 l1_id L1 l3 L3 L3, "l3" L3 l2_id L2 l4 L4 L4, "l4" L4 l3_id L3 l5 L5 L5, "l5" L5 l4_id L4 l6 L6 L6);
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "l6")]
struct L6 {
    #[key(generated)]
    id: i64,
    #[many_to_one(L5)]
    l5_id: i64,
    text: String,
}

const CHAIN: &str = "
    CREATE TABLE l1 (id $id, filler TEXT);
    CREATE TABLE l2 (id $id, l1_id BIGINT NOT NULL REFERENCES l1 (id));
    CREATE TABLE l3 (id $id, l2_id BIGINT NOT NULL REFERENCES l2 (id));
    CREATE TABLE l4 (id $id, l3_id BIGINT NOT NULL REFERENCES l3 (id));
    CREATE TABLE l5 (id $id, l4_id BIGINT NOT NULL REFERENCES l4 (id));
    CREATE TABLE l6 (id $id, l5_id BIGINT NOT NULL REFERENCES l5 (id), text TEXT NOT NULL);
";

/// Two rows below each, six levels.
fn six() -> L1 {
    fn two<T: Clone + Send + Sync + 'static>(value: T) -> HasMany<T> {
        vec![value.clone(), value].into()
    }
    let l5 = L5 {
        l6: two(L6::default()),
        ..L5::default()
    };
    let l4 = L4 {
        l5: two(l5),
        ..L4::default()
    };
    let l3 = L3 {
        l4: two(l4),
        ..L3::default()
    };
    let l2 = L2 {
        l3: two(l3),
        ..L2::default()
    };
    L1 {
        l2: two(l2),
        ..L1::default()
    }
}

async fn counts<B: Base>(test: &Test<B>) -> [usize; 6] {
    let mut counts = [0; 6];
    for (count, table) in counts.iter_mut().zip(["l1", "l2", "l3", "l4", "l5", "l6"]) {
        *count = test.rows(table).await.len();
    }
    counts
}

async fn six_lists_one_below_the_other<B: Base>(test: Test<B>) {
    test.create(CHAIN).await;
    let mut root = six().save(&test.pool).await.unwrap();
    assert_eq!(test.steps().len(), 6);
    assert_eq!(counts(&test).await, [1, 2, 4, 8, 16, 32]);
    let path = L1::L2.then(L2::L3).then(L3::L4).then(L4::L5).then(L5::L6);
    let found = L1::find(1).with(path).one(&test.pool).await.unwrap();
    assert_eq!(found, root);
    assert_eq!(test.sent().len(), 6);
    root.l2[0].l3[1].l4[0].l5[1].l6[0].text = "changed".into();
    root.l2[1].l3[0].l4.remove(0);
    let changes = test.save_much_as_planned(&mut root).await;
    assert_eq!(
        changes,
        [
            "deleted 4 l6",
            "deleted 2 l5",
            "deleted 1 l4",
            "updated 1 l6"
        ]
    );
    assert_eq!(counts(&test).await, [1, 2, 4, 7, 14, 28]);
    let mut unloaded = L1::find(1).one(&test.pool).await.unwrap();
    unloaded.l2.clear();
    drop(test.sent());
    unloaded.save(&test.pool).await.unwrap();
    assert_eq!(test.sent().len(), 5 + usize::from(B::LOCKS));
    assert_eq!(counts(&test).await, [1, 0, 0, 0, 0, 0]);
}

async fn a_row_moves_at_the_bottom_of_six<B: Base>(test: Test<B>) {
    test.create(CHAIN).await;
    let mut root = six().save(&test.pool).await.unwrap();
    let l6 = root.l2[0].l3[0].l4[0].l5[0].l6.expunge(0);
    root.l2[1].l3[1].l4[1].l5[1].l6.adopt(l6);
    let l4 = root.l2[0].l3[0].l4.expunge(1);
    root.l2[1].l3[0].l4.adopt(l4);
    root.l2.remove(0);
    let changes = test.save_much_as_planned(&mut root).await;
    assert_eq!(
        changes,
        [
            "moved 1 l4",
            "moved 1 l6",
            "deleted 11 l6",
            "deleted 6 l5",
            "deleted 3 l4",
            "deleted 2 l3",
            "deleted 1 l2"
        ]
    );
    assert_eq!(counts(&test).await, [1, 1, 2, 5, 10, 21]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "clubs")]
struct Club {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = member_of)]
    members: HasMany<Person>,
    #[one_to_many(back_populates = guest_of)]
    guests: HasMany<Person>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "persons")]
struct Person {
    #[key(generated)]
    id: i64,
    #[many_to_one(Club)]
    member_of: Option<i64>,
    #[many_to_one(Club)]
    guest_of: Option<i64>,
}

async fn two_relations_with_different_cascades<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE clubs (id $id, filler TEXT);
         CREATE TABLE persons (id $id, member_of BIGINT REFERENCES clubs (id), guest_of BIGINT REFERENCES clubs (id));",
    )
    .await;
    let club = Club {
        members: vec![Person::default(), Person::default()].into(),
        guests: vec![Person::default(), Person::default()].into(),
        ..Club::default()
    };
    let mut club = club.save(&test.pool).await.unwrap();
    club.members.remove(0);
    club.guests.remove(0);
    let guest = club.guests.expunge(0);
    club.members.adopt(guest);
    let report = test.save_as_planned(&mut club).await;
    assert_eq!(
        changes(&report),
        ["moved 1 persons", "released 1 persons", "deleted 1 persons"]
    );
    assert_eq!(test.rows("persons").await, ["2|1|-", "3|-|-", "4|1|-"]);
    let member = club.members.expunge(0);
    club.guests.adopt(member);
    club.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("persons").await, ["2|-|1", "3|-|-", "4|1|-"]);
    // Someone who is both goes with the members.
    test.execute("UPDATE persons SET member_of = 1, guest_of = 1 WHERE id = 3")
        .await;
    drop(test.sent());
    Club::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        ["DELETE persons", "UPDATE persons", "DELETE clubs"]
    );
    assert_eq!(test.rows("persons").await, ["2|-|-"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tops")]
struct Top {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    lefts: HasMany<Left>,
    #[one_to_many(cascade = "all, delete-orphan")]
    rights: HasMany<Right>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lefts")]
struct Left {
    #[key(generated)]
    id: i64,
    #[many_to_one(Top)]
    top_id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    bottoms: HasMany<Bottom>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "rights")]
struct Right {
    #[key(generated)]
    id: i64,
    #[many_to_one(Top)]
    top_id: i64,
    #[one_to_many]
    bottoms: HasMany<Bottom>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "bottoms")]
struct Bottom {
    #[key(generated)]
    id: i64,
    #[many_to_one(Left)]
    left_id: Option<i64>,
    #[many_to_one(Right)]
    right_id: Option<i64>,
}

const DIAMOND: &str = "
    CREATE TABLE tops (id $id, filler TEXT);
    CREATE TABLE lefts (id $id, top_id BIGINT NOT NULL REFERENCES tops (id));
    CREATE TABLE rights (id $id, top_id BIGINT NOT NULL REFERENCES tops (id));
    CREATE TABLE bottoms (id $id, left_id BIGINT REFERENCES lefts (id), right_id BIGINT REFERENCES rights (id));
";

async fn top<B: Base>(test: &Test<B>) -> Persistent<Top> {
    test.create(DIAMOND).await;
    let left = Left {
        bottoms: vec![Bottom::default(), Bottom::default()].into(),
        ..Left::default()
    };
    let right = Right {
        bottoms: vec![Bottom::default()].into(),
        ..Right::default()
    };
    let top = Top {
        lefts: vec![left].into(),
        rights: vec![right].into(),
        ..Top::default()
    };
    let top = top.save(&test.pool).await.unwrap();
    test.execute("UPDATE bottoms SET right_id = 1 WHERE id = 2")
        .await;
    drop(test.sent());
    top
}

async fn a_diamond<B: Base>(test: Test<B>) {
    let top = top(&test).await;
    assert_eq!(test.rows("bottoms").await, ["1|1|-", "2|1|1", "3|-|1"]);
    top.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        [
            "DELETE bottoms",
            "DELETE lefts",
            "UPDATE bottoms",
            "DELETE rights",
            "DELETE tops"
        ]
    );
    assert_eq!(test.rows("bottoms").await, ["3|-|-"]);
}

async fn a_diamond_is_cleared<B: Base>(test: Test<B>) {
    let mut top = top(&test).await;
    // From the left, which goes, to the right, which stays.
    let bottom = top.lefts[0].bottoms.expunge(0);
    top.rights[0].bottoms.adopt(bottom);
    top.lefts.clear();
    top.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("bottoms").await, ["1|-|1", "3|-|1"]);
    top.rights.clear();
    test.save_much_as_planned(&mut top).await;
    assert_eq!(test.rows("bottoms").await, ["1|-|-", "3|-|-"]);
    assert_eq!(test.rows("rights").await, NONE);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cars")]
struct Car {
    #[key(generated)]
    id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    engine: HasOne<Engine>,
    #[one_to_many(cascade = "all, delete-orphan")]
    wheels: HasMany<Wheel>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "engines")]
struct Engine {
    #[key(generated)]
    id: i64,
    #[one_to_one(Car)]
    car_id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    bolts: HasMany<Bolt>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "wheels")]
struct Wheel {
    #[key(generated)]
    id: i64,
    #[many_to_one(Car)]
    car_id: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    tyre: HasOne<Tyre>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tyres")]
struct Tyre {
    #[key(generated)]
    id: i64,
    #[one_to_one(Wheel)]
    wheel_id: i64,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "bolts")]
struct Bolt {
    #[key(generated)]
    id: i64,
    #[many_to_one(Engine)]
    engine_id: i64,
}

async fn lists_and_single_children_mixed<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE cars (id $id, filler TEXT);
         CREATE TABLE engines (id $id, car_id BIGINT NOT NULL UNIQUE REFERENCES cars (id));
         CREATE TABLE wheels (id $id, car_id BIGINT NOT NULL REFERENCES cars (id));
         CREATE TABLE tyres (id $id, wheel_id BIGINT NOT NULL UNIQUE REFERENCES wheels (id));
         CREATE TABLE bolts (id $id, engine_id BIGINT NOT NULL REFERENCES engines (id));",
    )
    .await;
    let wheel = || Wheel {
        tyre: Tyre::default().into(),
        ..Wheel::default()
    };
    let engine = || Engine {
        bolts: vec![Bolt::default(), Bolt::default()].into(),
        ..Engine::default()
    };
    let car = || Car {
        engine: engine().into(),
        wheels: (0..4).map(|_| wheel()).collect(),
        ..Car::default()
    };
    let mut cars = Car::save_all(vec![car(), car()], &test.pool).await.unwrap();
    assert_eq!(test.steps().len(), 5);
    // New tyres all round, where the old ones still are; one wheel goes to the other car.
    for wheel in &mut cars[0].wheels {
        wheel.tyre.set(Tyre::default());
    }
    let wheel = cars[0].wheels.expunge(3);
    cars[1].wheels.adopt(wheel);
    let bolt = cars[1].engine.get_mut().unwrap().bolts.expunge(0);
    cars[0].engine.get_mut().unwrap().bolts.adopt(bolt);
    cars[1].engine.set(Engine::default());
    let report = Persistent::save_all(&mut cars, &test.pool).await.unwrap();
    let report = changes(&report);
    for change in [
        "moved 1 bolts",
        "moved 1 wheels",
        "deleted 4 tyres",
        "deleted 1 bolts",
        "deleted 1 engines",
        "inserted 1 engines",
        "inserted 4 tyres",
    ] {
        assert!(report.contains(&change.into()), "{change}: {report:?}");
    }
    assert_eq!(test.rows("engines").await, ["1|1", "3|2"]);
    assert_eq!(test.rows("bolts").await, ["1|1", "2|1", "3|1"]);
    assert_eq!(test.rows("tyres").await.len(), 8);
    assert_eq!(test.rows("wheels").await[3], "4|2");
    drop(test.sent());
    Car::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.sent().len(), 5);
    assert_eq!(test.rows("tyres").await.len(), 5);
}
