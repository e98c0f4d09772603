//! PUT of whole graphs: lists in lists, links, and rows with keys of their own.

use sqlx_cascade::{BelongsTo, ErrorKind, HasMany, ManyToMany, Persistent, Relations};

use crate::payload_graphs::{
    Author, Comment, Mark, Post, Tag, ada_and_bob, all, comment, ids, post, tables,
};
use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    the_same_graph_writes_nothing,
    every_level_is_merged,
    a_merge_in_memory_is_saved_as_planned,
    children_are_in_the_order_of_the_value,
    a_relation_that_is_not_loaded_stays,
    an_empty_list_deletes_the_children,
    a_merge_needs_what_it_touches_loaded,
    children_of_others_are_refused,
    a_key_twice_is_refused,
    a_child_of_another_version_is_stale,
    links_come_and_go,
    a_link_to_a_row_that_is_not_linked_is_refused,
    the_columns_of_a_target_are_not_copied,
    a_copy_of_what_was_deleted_is_not_owned,
    a_natural_key_is_matched,
    a_composite_key_is_matched,
];

/// An object with this key.
fn with_id(id: i64, post: Post) -> Post {
    Post { id, ..post }
}

async fn the_same_graph_writes_nothing<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let merged = Author::merge((*ada).clone(), &test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        [
            "SELECT authors",
            "SELECT posts",
            "SELECT comments",
            "SELECT marks",
            "SELECT tags",
            "SELECT posts"
        ]
    );
    assert_eq!(merged, ada);
    ada.merge((*merged).clone()).unwrap();
    assert!(ada.plan().unwrap().is_empty());
    assert_eq!(tables(&test).await, before);
}

fn changed() -> Author {
    let kept = Comment {
        id: 2,
        text: "kept".into(),
        marks: HasMany::from(vec![
            Mark {
                kind: "new".into(),
                ..Mark::default()
            },
            Mark {
                id: 2,
                kind: "kept".into(),
                ..Mark::default()
            },
        ]),
        ..Comment::default()
    };
    let first = Post {
        comments: HasMany::from(vec![comment("new"), kept]),
        tags: ManyToMany::default(),
        ..with_id(1, post("kept", 0))
    };
    Author {
        id: 1,
        full_name: "ada l.".into(),
        posts: HasMany::from(vec![post("new", 1), first]),
        drafts: HasMany::default(),
    }
}

async fn every_level_is_merged<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let merged = Author::merge(changed(), &test.pool).await.unwrap();
    assert_eq!(ids(&merged.posts), [5, 1]);
    let kept = &merged.posts[1].comments[1];
    assert_eq!((kept.id, kept.score, kept.marks[1].id), (2, 0, 2));
    let [authors, posts, comments, marks, _, links] = tables(&test).await;
    assert_eq!(authors, ["1|ada l.", "2|bob"]);
    assert_eq!(
        posts,
        [
            "1|1|-|kept|kept's|2|-",
            "3|-|1|d|d's|1|-",
            "4|2|-|b|b's|1|-",
            "5|1|-|new|new's|1|-"
        ]
    );
    let mut texts: Vec<String> = comments
        .iter()
        .map(|comment| comment[2..].to_owned())
        .collect();
    texts.sort();
    assert_eq!(texts, ["1|kept|0", "1|new|7", "4|b1|7", "5|new1|7"]);
    assert_eq!(marks.len(), 5);
    assert!(marks.contains(&"2|2|kept".to_owned()));
    assert_eq!(links, ["1|1", "1|2", "4|3"]);
}

async fn a_merge_in_memory_is_saved_as_planned<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    value.posts[1].comments[0].marks[0].kind = "x".into();
    value.posts[0].comments[1].score = 8;
    ada.merge(value).unwrap();
    test.save_as_planned(&mut ada).await;
    assert_eq!(test.sent().len(), 2);
    let [_, _, comments, marks, ..] = tables(&test).await;
    assert_eq!(
        (comments[1].as_str(), marks[2].as_str()),
        ("2|1|p2|8", "3|3|x")
    );
}

async fn children_are_in_the_order_of_the_value<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    value.posts = value.posts.iter().rev().cloned().collect();
    ada.merge(value).unwrap();
    assert_eq!(ids(&ada.posts), [2, 1]);
    assert!(ada.plan().unwrap().is_empty());
}

async fn a_relation_that_is_not_loaded_stays<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let value = Author {
        id: 1,
        full_name: "x".into(),
        ..Author::default()
    };
    ada.merge(value.clone()).unwrap();
    assert_eq!(
        (ada.plan().unwrap().changes().len(), ids(&ada.posts)),
        (1, vec![1, 2])
    );
    drop(test.sent());
    Author::merge(value, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT authors", "UPDATE authors"]);
}

async fn an_empty_list_deletes_the_children<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    value.posts[0].comments = HasMany::empty();
    ada.merge(value).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[2], ["3|2|q1|7", "4|4|b1|7"]);
    ada.merge(Author {
        posts: HasMany::empty(),
        drafts: HasMany::empty(),
        ..(*ada).clone()
    })
    .unwrap();
    ada.save(&test.pool).await.unwrap();
    let [_, posts, comments, marks, ..] = tables(&test).await;
    assert_eq!((posts.len(), comments.len(), marks.len()), (1, 1, 1));
}

/// Fails in memory, and leaves it as it was.
#[track_caller]
fn refused(ada: &mut Persistent<Author>, value: Author, kind: ErrorKind, path: &str) -> String {
    let was = (**ada).clone();
    let error = failed(ada.merge(value), kind, path);
    assert!(ada.plan().unwrap().is_empty() && **ada == was);
    error.to_string()
}

async fn a_merge_needs_what_it_touches_loaded<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let mut ada = Author::find(1)
        .with(Author::POSTS)
        .one(&test.pool)
        .await
        .unwrap();
    let value = |post: Post| Author {
        id: 1,
        full_name: "x".into(),
        posts: HasMany::from(vec![
            with_id(
                2,
                Post {
                    version: 1,
                    ..Post::default()
                },
            ),
            post,
        ]),
        ..Author::default()
    };
    let comments = Post {
        comments: HasMany::empty(),
        tags: ManyToMany::default(),
        ..with_id(1, post("p", 0))
    };
    refused(
        &mut ada,
        value(comments),
        ErrorKind::NotLoaded,
        "Author.posts[1].comments",
    );
    let tags = Post {
        comments: HasMany::default(),
        ..with_id(1, post("p", 0))
    };
    refused(
        &mut ada,
        value(tags),
        ErrorKind::NotLoaded,
        "Author.posts[1].tags",
    );
    let mut ada = Author::find(1).one(&test.pool).await.unwrap();
    ada.posts.push(post("pushed", 0));
    let error = ada.merge(Author {
        posts: HasMany::empty(),
        ..Author::default()
    });
    failed(error, ErrorKind::NotLoaded, "Author.posts");
}

async fn children_of_others_are_refused<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let mut value = (*ada).clone();
    value.full_name = "x".into();
    value.posts[0].comments[1].id = 4;
    value.posts[1].comments[0].marks[0].id = 99;
    value.posts.push(with_id(4, post("theirs", 0)));
    value.posts.push(post("new", 1));
    value.drafts[0].id = 2;
    let error = refused(
        &mut ada,
        value.clone(),
        ErrorKind::NotOwned,
        "Author.posts[0].comments[1]",
    );
    let all = "`Author.posts[0].comments[1]`, `Author.posts[1].comments[0].marks[0]`, `Author.posts[2]`, `Author.drafts[0]`";
    assert!(error.contains(all), "{error}");
    let result = Author::merge(value, &test.pool).await;
    failed(result, ErrorKind::NotOwned, "Author.posts[0].comments[1]");
    assert_eq!(tables(&test).await, before);
}

async fn a_key_twice_is_refused<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    value.posts[1].id = 1;
    refused(
        &mut ada,
        value,
        ErrorKind::InvalidPayload,
        "Author.posts[1]",
    );
}

async fn a_child_of_another_version_is_stale<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    value.posts[1].version = 3;
    refused(&mut ada, value.clone(), ErrorKind::Stale, "Author.posts[1]");
    let result = Author::merge(value, &test.pool).await;
    failed(result, ErrorKind::Stale, "Author.posts[1]");
    let mut value = (*ada).clone();
    value.posts[1].version = 0;
    value.posts[1].title = "x".into();
    ada.merge(value).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[1][1], "2|1|-|x|q's|2|-");
}

async fn links_come_and_go<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    let tags = &mut value.posts[0].tags;
    tags.remove_key(&1);
    tags.push(Tag {
        label: "new".into(),
        ..Tag::default()
    });
    value.posts[1].tags = ManyToMany::empty();
    ada.merge(value.clone()).unwrap();
    test.save_as_planned(&mut ada).await;
    assert_eq!(
        tables(&test).await[4..],
        [
            vec!["1|red", "2|green", "3|blue", "4|new"],
            vec!["1|2", "1|4", "4|3"]
        ]
    );
    drop(test.sent());
    value.posts[0].tags = ManyToMany::empty();
    value.posts[0].tags.add_key(4);
    Author::merge(value, &test.pool).await.unwrap();
    assert_eq!(tables(&test).await[5], ["1|4", "4|3"]);
}

async fn a_link_to_a_row_that_is_not_linked_is_refused<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut value = (*ada).clone();
    value.posts[0].tags.add_key(3);
    refused(
        &mut ada,
        value.clone(),
        ErrorKind::NotOwned,
        "Author.posts[0].tags[2]",
    );
    let result = Author::merge(value, &test.pool).await;
    failed(result, ErrorKind::NotOwned, "Author.posts[0].tags[2]");
    let mut value = (*ada).clone();
    value.posts[0].tags.push(Tag {
        id: 3,
        label: "mine".into(),
    });
    refused(
        &mut ada,
        value,
        ErrorKind::NotOwned,
        "Author.posts[0].tags[2]",
    );
    let mut value = (*ada).clone();
    value.posts[0].tags.push(Tag {
        id: 1,
        label: "mine".into(),
    });
    refused(
        &mut ada,
        value,
        ErrorKind::InvalidPayload,
        "Author.posts[0].tags[2]",
    );
}

async fn the_columns_of_a_target_are_not_copied<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let mut value = (*ada).clone();
    let tag = |id: i64| Tag {
        id,
        label: "mine".into(),
    };
    value.posts[0].tags = ManyToMany::empty();
    value.posts[0].tags.push(tag(2));
    value.posts[0].tags.push(tag(1));
    ada.merge(value.clone()).unwrap();
    assert!(ada.plan().unwrap().is_empty());
    let labels: Vec<&str> = ada.posts[0]
        .tags
        .iter()
        .map(|tag| tag.label.as_str())
        .collect();
    assert_eq!(labels, ["green", "red"]);
    Author::merge(value, &test.pool).await.unwrap();
    assert_eq!(tables(&test).await, before);
}

async fn a_copy_of_what_was_deleted_is_not_owned<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let value = (*ada).clone();
    ada.posts.remove(1);
    ada.save(&test.pool).await.unwrap();
    refused(&mut ada, value, ErrorKind::NotOwned, "Author.posts[1]");
    assert_eq!(ids(&all(&test, 1).await.unwrap().posts), [1]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "countries")]
struct Country {
    #[key]
    code: String,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    cities: HasMany<City>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cities")]
struct City {
    #[key]
    name: String,
    #[many_to_one(Country)]
    country_code: String,
    people: i64,
}

async fn a_natural_key_is_matched<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE cities (name TEXT PRIMARY KEY, country_code TEXT NOT NULL REFERENCES countries (code), people BIGINT NOT NULL);
    ").await;
    let city = |name: &str, people: i64| City {
        name: name.into(),
        people,
        ..City::default()
    };
    let country = |cities: Vec<City>| Country {
        code: "at".into(),
        name: "a".into(),
        cities: cities.into(),
    };
    let mut at = country(vec![city("graz", 1), city("linz", 1)])
        .save(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    at.merge(country(vec![city("wien", 2), city("linz", 3)]))
        .unwrap();
    test.save_as_planned(&mut at).await;
    assert_eq!(test.rows("cities").await, ["linz|at|3", "wien|at|2"]);
    let twice = country(vec![city("bonn", 1), city("bonn", 2)]);
    failed(
        at.merge(twice),
        ErrorKind::InvalidPayload,
        "Country.cities[1]",
    );
    assert!(at.plan().unwrap().is_empty());
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "invoices")]
struct Invoice {
    #[key]
    tenant: i64,
    #[key]
    number: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    lines: HasMany<Line>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "invoice_lines")]
struct Line {
    #[key]
    tenant: i64,
    #[key]
    invoice_number: i64,
    #[key]
    place: i64,
    #[many_to_one(Invoice, column = "tenant, invoice_number")]
    invoice: BelongsTo<Invoice>,
    amount: i64,
}

async fn a_composite_key_is_matched<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE invoices (tenant BIGINT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (tenant, number));
        CREATE TABLE invoice_lines (tenant BIGINT NOT NULL, invoice_number BIGINT NOT NULL, place BIGINT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (tenant, invoice_number, place), FOREIGN KEY (tenant, invoice_number) REFERENCES invoices (tenant, number));
    ").await;
    let line = |place: i64, amount: i64| Line {
        place,
        amount,
        ..Line::default()
    };
    let invoice = |number: i64, lines: Vec<Line>| Invoice {
        tenant: 1,
        number,
        lines: lines.into(),
    };
    Invoice::save_all(
        vec![
            invoice(1, vec![line(1, 1), line(2, 1)]),
            invoice(2, vec![line(1, 1)]),
        ],
        &test.pool,
    )
    .await
    .unwrap();
    drop(test.sent());
    // The keys to the owner are filled in before keys are matched.
    let stolen = Line {
        tenant: 1,
        invoice_number: 2,
        ..line(2, 5)
    };
    let merged = Invoice::merge(invoice(1, vec![line(3, 3), stolen]), &test.pool)
        .await
        .unwrap();
    assert_eq!(
        merged
            .lines
            .iter()
            .map(|line| (line.place, line.invoice_number))
            .collect::<Vec<_>>(),
        [(3, 1), (2, 1)]
    );
    assert_eq!(
        test.rows("invoice_lines").await,
        ["1|1|2|5", "1|1|3|3", "1|2|1|1"]
    );
    assert_ne!(test.sent(), NONE);
}
