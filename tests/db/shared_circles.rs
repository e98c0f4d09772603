//! Targets with `single_parent` that are reached by several ways, and such that lead back to rows of their own table.

use sqlx_cascade::{BelongsTo, HasMany, ManyToMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, on_every_database};

on_every_database![
    a_target_by_two_ways,
    a_target_of_two_relations,
    a_chain_of_targets,
    a_chain_is_let_go,
    a_ring_of_targets,
    parts_of_parts,
    parts_that_are_unlinked,
    children_of_targets_of_children,
    a_tree_from_its_leaves,
    the_statements_of_a_chain,
];

#[derive(Debug, Default, Relations)]
#[table(name = "deals")]
struct Deal {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    bid: BelongsTo<Bid>,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    offer: BelongsTo<Offer>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "bids")]
struct Bid {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    paper: BelongsTo<Paper>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "offers")]
struct Offer {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    terms: BelongsTo<Terms>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "terms")]
struct Terms {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    paper: BelongsTo<Paper>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "papers")]
struct Paper {
    #[key(generated)]
    id: i64,
    text: String,
}

const DEALS: &str = "
    CREATE TABLE papers (id $id, text TEXT NOT NULL);
    CREATE TABLE terms (id $id, paper_id BIGINT NOT NULL REFERENCES papers (id));
    CREATE TABLE offers (id $id, terms_id BIGINT NOT NULL REFERENCES terms (id));
    CREATE TABLE bids (id $id, paper_id BIGINT NOT NULL REFERENCES papers (id));
    CREATE TABLE deals (id $id, bid_id BIGINT NOT NULL REFERENCES bids (id), offer_id BIGINT NOT NULL REFERENCES offers (id));
    INSERT INTO papers (text) VALUES ('a'), ('b'), ('c');
    INSERT INTO terms (paper_id) VALUES (1), (2);
    INSERT INTO offers (terms_id) VALUES (1), (2);
    INSERT INTO bids (paper_id) VALUES (1), (3);
    INSERT INTO deals (bid_id, offer_id) VALUES (1, 1), (2, 2);
";

/// The longer way to a paper is through terms: what refers to it has gone when it goes.
async fn a_target_by_two_ways<B: Base>(test: Test<B>) {
    test.create(DEALS).await;
    Deal::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("deals").await, ["2|2|2"]);
    assert_eq!(test.rows("bids").await, ["2|3"]);
    assert_eq!(test.rows("offers").await, ["2|2"]);
    assert_eq!(test.rows("terms").await, ["2|2"]);
    assert_eq!(test.rows("papers").await, ["2|b", "3|c"]);
    test.execute("INSERT INTO bids (id, paper_id) VALUES (9, 3)")
        .await;
    let deal = Deal::find(2).one(&test.pool).await.unwrap();
    deal.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("bids").await, ["9|3"]);
    assert_eq!(test.rows("terms").await, NONE);
    assert_eq!(test.rows("papers").await, ["3|c"]);
}

#[derive(Debug, Default, Relations)]
#[table(name = "people")]
struct Person {
    #[key(generated)]
    id: i64,
    #[one_to_many(back_populates = author_id, cascade = "all, delete-orphan")]
    written: HasMany<Post>,
    #[one_to_many(back_populates = reader_id, cascade = "all, delete-orphan")]
    read: HasMany<Post>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)]
    id: i64,
    #[many_to_one(Person)]
    author_id: Option<i64>,
    #[many_to_one(Person)]
    reader_id: Option<i64>,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    paper: Option<BelongsTo<Paper>>,
}

async fn a_target_of_two_relations<B: Base>(test: Test<B>) {
    test.create(
        "
        CREATE TABLE people (id $id, filler TEXT);
        CREATE TABLE papers (id $id, text TEXT NOT NULL);
        CREATE TABLE posts (id $id, author_id BIGINT REFERENCES people (id), reader_id BIGINT REFERENCES people (id), paper_id BIGINT REFERENCES papers (id));
        INSERT INTO people (filler) VALUES (NULL), (NULL);
        INSERT INTO papers (text) VALUES ('a'), ('b'), ('c'), ('d');
        INSERT INTO posts (author_id, reader_id, paper_id) VALUES (1, 2, 1), (2, 1, 2), (1, 1, 3), (2, NULL, 4), (2, NULL, 1);
    ",
    )
    .await;
    Person::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["4|2|-|4", "5|2|-|1"]);
    assert_eq!(test.rows("papers").await, ["1|a", "4|d"]);
}

#[derive(Debug, Default, Relations)]
#[table(name = "stops")]
struct Stop {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    next: Option<BelongsTo<Stop>>,
    #[one_to_many(cascade = "all, delete-orphan")]
    signs: HasMany<Sign>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "signs")]
struct Sign {
    #[key(generated)]
    id: i64,
    #[many_to_one(Stop)]
    stop_id: i64,
}

/// Two lines of stops, 1 to 4 and 5 to 6, and a ring of 7 to 9.
const STOPS: &str = "
    CREATE TABLE stops (id $id, next_id BIGINT REFERENCES stops (id));
    CREATE TABLE signs (id $id, stop_id BIGINT NOT NULL REFERENCES stops (id));
    INSERT INTO stops (next_id) VALUES (NULL), (NULL), (NULL), (NULL), (NULL), (NULL), (NULL), (NULL), (NULL);
    UPDATE stops SET next_id = id + 1 WHERE id NOT IN (4, 6, 9);
    UPDATE stops SET next_id = 7 WHERE id = 9;
    INSERT INTO signs (stop_id) VALUES (1), (4), (4), (6), (8);
";

async fn a_chain_of_targets<B: Base>(test: Test<B>) {
    test.create(STOPS).await;
    Stop::delete_by_key(1, &test.pool).await.unwrap();
    let others = ["5|6", "6|-", "7|8", "8|9", "9|7"];
    assert_eq!(test.rows("stops").await, others);
    assert_eq!(test.rows("signs").await, ["4|6", "5|8"]);
    // Another line ends where this one does.
    test.execute("INSERT INTO stops (id, next_id) VALUES (10, 11 - 6), (11, 10)")
        .await;
    test.execute("INSERT INTO stops (id, next_id) VALUES (12, 5)")
        .await;
    Stop::delete_by_key(11, &test.pool).await.unwrap();
    assert_eq!(test.rows("stops").await, [&["12|5"], &others[..]].concat());
    let both = Stop::find_many([12, 5]).all(&test.pool).await.unwrap();
    Persistent::delete_all(both, &test.pool).await.unwrap();
    assert_eq!(test.rows("stops").await, ["7|8", "8|9", "9|7"]);
    assert_eq!(test.rows("signs").await, ["5|8"]);
}

async fn a_chain_is_let_go<B: Base>(test: Test<B>) {
    test.create(STOPS).await;
    let mut first = Stop::find(1).one(&test.pool).await.unwrap();
    first.next = Some(BelongsTo::to(3));
    first.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("stops").await[..3], ["1|3", "3|4", "4|-"]);
    first.next = None;
    first.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("stops").await,
        ["1|-", "5|6", "6|-", "7|8", "8|9", "9|7"]
    );
    assert_eq!(test.rows("signs").await, ["1|1", "4|6", "5|8"]);
}

/// A stop that refers into a ring leaves it alone: within it, each is referred to by another.
async fn a_ring_of_targets<B: Base>(test: Test<B>) {
    test.create(STOPS).await;
    test.execute("INSERT INTO stops (id, next_id) VALUES (10, 7)")
        .await;
    Stop::delete_by_key(10, &test.pool).await.unwrap();
    assert_eq!(test.rows("stops").await[6..], ["7|8", "8|9", "9|7"]);
    let stop = Stop::find(8).one(&test.pool).await.unwrap();
    stop.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("stops").await,
        ["1|2", "2|3", "3|4", "4|-", "5|6", "6|-"]
    );
}

async fn the_statements_of_a_chain<B: Base>(test: Test<B>) {
    test.create(STOPS).await;
    let mut sent = Vec::new();
    for stops in [2, 20, 200] {
        let mut next = None;
        for _ in 0..stops {
            next = Some(BelongsTo::new(Stop {
                next,
                ..Stop::default()
            }));
        }
        let first = Stop {
            next,
            ..Stop::default()
        };
        let first = first.save(&test.pool).await.unwrap();
        let before = test.rows("stops").await.len();
        drop(test.sent());
        Stop::delete_by_key(first.id, &test.pool).await.unwrap();
        // SQLite takes lists in powers of two.
        let mut statements = test.sent();
        for statement in &mut statements {
            statement.truncate(statement.find(" WHERE c.").unwrap_or(statement.len()));
        }
        statements.dedup();
        sent.push(statements);
        assert_eq!(test.rows("stops").await.len(), before - stops - 1);
    }
    assert_eq!(sent[0], sent[1]);
    assert_eq!(sent[0], sent[2]);
}

#[derive(Debug, Default, Relations)]
#[table(name = "parts")]
struct Part {
    #[key]
    name: String,
    #[many_to_many(
        through = "uses",
        source = "whole",
        target = "part",
        cascade = "all, delete-orphan",
        single_parent
    )]
    parts: ManyToMany<Part>,
}

/// A car has wheels and doors, which have bolts, and doors have glass; a bus has wheels too.
const PARTS: &str = "
    CREATE TABLE parts (name TEXT NOT NULL PRIMARY KEY);
    CREATE TABLE uses (whole TEXT NOT NULL REFERENCES parts (name), part TEXT NOT NULL REFERENCES parts (name), PRIMARY KEY (whole, part));
    INSERT INTO parts VALUES ('bolt'), ('bus'), ('car'), ('door'), ('glass'), ('wheel');
    INSERT INTO uses VALUES ('bus', 'wheel'), ('car', 'door'), ('car', 'wheel'), ('door', 'bolt'), ('door', 'glass'), ('wheel', 'bolt');
";

async fn parts_of_parts<B: Base>(test: Test<B>) {
    test.create(PARTS).await;
    Part::delete_by_key("car".to_owned(), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("parts").await, ["bolt", "bus", "wheel"]);
    assert_eq!(test.rows("uses").await, ["bus|wheel", "wheel|bolt"]);
    Part::delete_by_key("bus".to_owned(), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("parts").await, NONE);
    assert_eq!(test.rows("uses").await, NONE);
}

async fn parts_that_are_unlinked<B: Base>(test: Test<B>) {
    test.create(PARTS).await;
    let find = Part::find("car".to_owned()).with(Part::PARTS);
    let mut car = find.one(&test.pool).await.unwrap();
    car.parts.remove_key(&"wheel".to_owned());
    car.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("parts").await.len(), 6, "the bus has it still");
    car.parts.clear();
    car.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("parts").await, ["bolt", "bus", "car", "wheel"]);
    assert_eq!(test.rows("uses").await, ["bus|wheel", "wheel|bolt"]);
    let mut bus = Part::find("bus".to_owned()).one(&test.pool).await.unwrap();
    bus.detach(Part::PARTS, &test.pool).await.unwrap();
    assert_eq!(test.rows("parts").await, ["bus", "car"]);
    assert_eq!(test.rows("uses").await, NONE);
}

#[derive(Debug, Default, Relations)]
#[table(name = "firms")]
struct Firm {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    offices: HasMany<Office>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "offices")]
struct Office {
    #[key(generated)]
    id: i64,
    #[many_to_one(Firm)]
    firm_id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    head: Option<BelongsTo<Head>>,
}

#[derive(Debug, Default, Relations)]
#[table(name = "heads")]
struct Head {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    firm: Option<BelongsTo<Firm>>,
}

/// Firm 1 has offices 1 and 2, whose heads own firms 2 and 3; firm 3 is owned by another head too.
async fn children_of_targets_of_children<B: Base>(test: Test<B>) {
    test.create(
        "
        CREATE TABLE firms (id $id, filler TEXT);
        CREATE TABLE heads (id $id, firm_id BIGINT REFERENCES firms (id));
        CREATE TABLE offices (id $id, firm_id BIGINT NOT NULL REFERENCES firms (id), head_id BIGINT REFERENCES heads (id));
        INSERT INTO firms (filler) VALUES (NULL), (NULL), (NULL), (NULL);
        INSERT INTO heads (firm_id) VALUES (2), (3), (3), (4), (NULL);
        INSERT INTO offices (firm_id, head_id) VALUES (1, 1), (1, 2), (2, 4), (2, NULL), (3, 5), (4, NULL);
    ",
    )
    .await;
    Firm::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(test.rows("firms").await, ["3|-"]);
    assert_eq!(test.rows("heads").await, ["3|3", "5|-"]);
    assert_eq!(test.rows("offices").await, ["5|3|5"]);
    let head = Head::find(3).one(&test.pool).await.unwrap();
    head.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("firms").await, NONE);
    assert_eq!(test.rows("heads").await, NONE);
    assert_eq!(test.rows("offices").await, NONE);
}

#[derive(Debug, Default, Relations)]
#[table(name = "branches")]
struct Branch {
    #[key(generated)]
    id: i64,
    #[many_to_one(cascade = "all, delete-orphan", single_parent)]
    parent: Option<BelongsTo<Branch>>,
    #[one_to_many(cascade = "all, delete-orphan")]
    branches: HasMany<Branch>,
}

/// A branch goes with its last one.
async fn a_tree_from_its_leaves<B: Base>(test: Test<B>) {
    test.create(
        "
        CREATE TABLE branches (id $id, parent_id BIGINT REFERENCES branches (id));
        INSERT INTO branches (parent_id) VALUES (NULL), (1), (2), (2), (1), (5), (6);
    ",
    )
    .await;
    Branch::delete_by_key(3, &test.pool).await.unwrap();
    assert_eq!(
        test.rows("branches").await,
        ["1|-", "2|1", "4|2", "5|1", "6|5", "7|6"]
    );
    let branch = Branch::find(6).one(&test.pool).await.unwrap();
    branch.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("branches").await, ["1|-", "2|1", "4|2"]);
    Branch::delete_by_key(4, &test.pool).await.unwrap();
    assert_eq!(test.rows("branches").await, NONE);
}
