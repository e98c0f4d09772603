//! Payloads that want what isn't theirs: nothing is written, memory is as it was, and the error names every place.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx_cascade::{ErrorKind, HasMany, HasOne, Persistent, Relations};

use crate::payload_graphs::{Author, ada_and_bob, tables};
use crate::support::{Base, Test, failed, on_every_database};

on_every_database![
    a_child_of_another_is_refused_at_every_level,
    all_strangers_are_in_one_error,
    a_key_below_a_new_child_is_not_taken,
    a_child_of_a_sibling_is_refused,
    a_child_of_another_relation_is_refused,
    a_key_twice_is_refused,
    the_key_of_the_root_is_not_the_payload_s,
    a_mark_can_not_be_forged,
    deep_payloads_are_read,
];

async fn refused<B: Base>(test: &Test<B>, payload: Value, kind: ErrorKind, path: &str) -> String {
    let (mut ada, before) = (
        crate::payload_graphs::all(test, 1).await.unwrap(),
        tables(test).await,
    );
    let value = (*ada).clone();
    let error = failed(ada.patch(payload.clone()), kind, path);
    assert!(ada.plan().unwrap().is_empty() && *ada == value);
    let result = Author::patch(1, payload, &test.pool).await;
    assert_eq!(failed(result, kind, path).to_string(), error.to_string());
    assert_eq!(tables(test).await, before);
    error.to_string()
}

async fn a_child_of_another_is_refused_at_every_level<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    for (payload, path) in [
        (
            json!({"posts": [{"postId": 4, "title": "x"}]}),
            "Author.posts[0]",
        ),
        (
            json!({"posts": [{"postId": 1}, {"postId": 4}]}),
            "Author.posts[1]",
        ),
        (json!({"posts": [{"postId": 99}]}), "Author.posts[0]"),
        (json!({"posts": [{"postId": -1}]}), "Author.posts[0]"),
        (
            json!({"posts": [{"postId": 1, "comments": [{"id": 1}, {"id": 4, "text": "x"}]}]}),
            "Author.posts[0].comments[1]",
        ),
        (
            json!({"posts": [{"postId": 1, "comments": [{"id": 1, "marks": [{"id": 4}]}]}]}),
            "Author.posts[0].comments[0].marks[0]",
        ),
    ] {
        refused(&test, payload, ErrorKind::NotOwned, path).await;
    }
}

async fn all_strangers_are_in_one_error<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"fullName": "x", "posts": [
        {"postId": 1, "title": "x", "tags": [{"id": 3}], "comments": [{"id": 3}, {"id": 2, "marks": [{"id": 4}, {"id": 1}]}]},
        {"postId": 4},
        {"title": "new"},
    ], "drafts": [{"postId": 2}]});
    let first = "Author.posts[0].comments[0]";
    let error = refused(&test, payload, ErrorKind::NotOwned, first).await;
    let all = "`Author.posts[0].comments[0]`, `Author.posts[0].comments[1].marks[0]`, `Author.posts[0].comments[1].marks[1]`, `Author.posts[0].tags[0]`, `Author.posts[1]`, `Author.drafts[0]`";
    assert!(error.contains(all), "{error}");
}

/// A row that is new has no children yet: what is below it is new, whatever key it says.
async fn a_key_below_a_new_child_is_not_taken<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"title": "n", "comments": [{"id": 4, "text": "t", "marks": [{"id": 4}]}], "tags": [{"id": 3, "label": "t"}]}]});
    Author::patch(1, payload, &test.pool).await.unwrap();
    let [_, _, comments, marks, tags, links] = tables(&test).await;
    assert_eq!(comments, ["4|4|b1|7", "5|5|t|0"]);
    assert_eq!(marks, ["4|4|b1", "5|5|"]);
    assert_eq!(tags[3..], ["4|t"]);
    assert_eq!(links, ["4|3", "5|4"]);
}

async fn a_child_of_a_sibling_is_refused<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 2, "comments": [{"id": 1}]}, {"postId": 1}]});
    refused(
        &test,
        payload,
        ErrorKind::NotOwned,
        "Author.posts[0].comments[0]",
    )
    .await;
}

async fn a_child_of_another_relation_is_refused<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    for (payload, path) in [
        (json!({"posts": [{"postId": 3}]}), "Author.posts[0]"),
        (json!({"drafts": [{"postId": 1}]}), "Author.drafts[0]"),
        (
            json!({"drafts": [{"postId": 2}], "posts": [{"postId": 1}, {"postId": 2}]}),
            "Author.drafts[0]",
        ),
    ] {
        refused(&test, payload, ErrorKind::NotOwned, path).await;
    }
}

async fn a_key_twice_is_refused<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    for (payload, path) in [
        (
            json!({"posts": [{"postId": 1}, {"postId": 2}, {"postId": 1, "title": "x"}]}),
            "Author.posts[2]",
        ),
        (
            json!({"posts": [{"postId": 1, "comments": [{"id": 1}, {"id": 1}]}]}),
            "Author.posts[0].comments[1]",
        ),
    ] {
        refused(&test, payload, ErrorKind::InvalidPayload, path).await;
    }
}

async fn the_key_of_the_root_is_not_the_payload_s<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = Author::patch(1, json!({"id": 2, "fullName": "x"}), &test.pool)
        .await
        .unwrap();
    assert_eq!((author.id, author.key()), (1, 1));
    assert_eq!(tables(&test).await[0], ["1|x", "2|bob"]);
}

/// What a mark looks like is drawn by each process; a payload can't have seen one.
async fn a_mark_can_not_be_forged<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    for forged in [
        json!({"relation 0": [1, [], []]}),
        json!({"relation": null}),
        json!({"relation": false}),
    ] {
        let payload = json!({"posts": forged});
        refused(&test, payload, ErrorKind::InvalidPayload, "Author.posts").await;
    }
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)]
    id: i64,
    #[many_to_one(Node)]
    above_id: Option<i64>,
    #[one_to_one(Node)]
    left_id: Option<i64>,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = above_id)]
    below: HasMany<Node>,
    #[one_to_one(cascade = "all, delete-orphan", back_populates = left_id)]
    left: HasOne<Node>,
}

/// As deep as `serde_json` reads a text.
async fn deep_payloads_are_read<B: Base>(test: Test<B>) {
    test.create("CREATE TABLE nodes (id $id, above_id BIGINT REFERENCES nodes (id), left_id BIGINT UNIQUE REFERENCES nodes (id));").await;
    let root = Node {
        below: HasMany::empty(),
        left: HasOne::empty(),
        ..Node::default()
    };
    let mut root = root.save(&test.pool).await.unwrap();
    let list = (0..60).fold(json!({}), |node, _| json!({"below": [node]}));
    let single = (0..120).fold(json!({}), |node, _| json!({"left": node}));
    for payload in [list, single.clone()] {
        root = patched_in_a_thread(root, &payload);
        root.save(&test.pool).await.unwrap();
    }
    assert_eq!(test.rows("nodes").await.len(), 181);
    drop(test.sent());
    // The same again goes down the rows that are there.
    let list = (2..=61).rev().fold(json!({}), |node: Value, id| {
        let mut node = node;
        node["id"] = id.into();
        json!({"below": [node]})
    });
    for payload in [list, single] {
        root = patched_in_a_thread(root, &payload);
        assert!(root.plan().unwrap().is_empty());
    }
}

/// Patches on a thread like those of tokio.
fn patched_in_a_thread(mut root: Persistent<Node>, payload: &Value) -> Persistent<Node> {
    let text = payload.to_string();
    let run = move || {
        let payload: Value = serde_json::from_str(&text).unwrap();
        root.patch(payload).unwrap();
        root
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
    thread.unwrap().join().unwrap()
}
