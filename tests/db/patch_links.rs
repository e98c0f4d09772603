//! PATCH of a many-to-many relation: links come and go, and what is linked stays as it is.

use serde_json::{Value, json};
use sqlx_cascade::{ErrorKind, Persistent};

use crate::patch_lists::patched;
use crate::payload_graphs::{Author, ada_and_bob, tables};
use crate::support::{Base, Test, failed, on_every_database};

on_every_database![
    a_link_that_is_left_out_goes,
    an_empty_list_unlinks_all,
    the_columns_of_a_target_are_never_written,
    the_order_of_links_is_the_payload_s,
    a_target_that_is_not_linked_is_refused,
    a_target_without_a_key_is_inserted_and_linked,
    a_target_twice_is_refused,
    what_is_no_target_is_refused,
    what_was_linked_in_memory_stays,
    the_first_link_is_a_new_target,
    a_target_of_its_own_is_not_descended_into,
];

fn tags(tags: &Value) -> Value {
    json!({"posts": [{"postId": 1, "tags": tags}, {"postId": 2}]})
}

fn keys(author: &Persistent<Author>) -> Vec<i64> {
    author.posts[0].tags.keys().copied().collect()
}

async fn a_link_that_is_left_out_goes<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = patched(&test, tags(&json!([{"id": 2}]))).await;
    assert_eq!(
        test.sent(),
        [
            "SELECT authors",
            "SELECT posts",
            "SELECT tags",
            "DELETE post_tags"
        ]
    );
    assert_eq!(keys(&author), [2]);
    assert_eq!(
        tables(&test).await[4..],
        [vec!["1|red", "2|green", "3|blue"], vec!["1|2", "4|3"]]
    );
}

async fn an_empty_list_unlinks_all<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    patched(&test, tags(&json!([]))).await;
    assert_eq!(
        tables(&test).await[4..],
        [vec!["1|red", "2|green", "3|blue"], vec!["4|3"]]
    );
}

async fn the_columns_of_a_target_are_never_written<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let payload = tags(&json!([{"id": 1, "label": "mine"}, {"id": 2}]));
    patched(&test, payload.clone()).await;
    ada.patch(payload).unwrap();
    assert!(ada.plan().unwrap().is_empty());
    assert_eq!(ada.posts[0].tags.iter().next().unwrap().label, "red");
    assert_eq!(tables(&test).await, before);
}

async fn the_order_of_links_is_the_payload_s<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = patched(
        &test,
        tags(&json!([{"id": 2}, {"label": "new"}, {"id": 1}])),
    )
    .await;
    assert_eq!(keys(&author), [2, 4, 1]);
    let labels: Vec<&str> = author.posts[0]
        .tags
        .iter()
        .map(|tag| tag.label.as_str())
        .collect();
    assert_eq!(labels, ["green", "new", "red"]);
}

async fn a_target_that_is_not_linked_is_refused<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    for payload in [
        tags(&json!([{"id": 1}, {"id": 3}])),
        tags(&json!([{"id": 1}, {"id": 99, "label": "x"}])),
    ] {
        let result = Author::patch(1, payload.clone(), &test.pool).await;
        failed(result, ErrorKind::NotOwned, "Author.posts[0].tags[1]");
        failed(
            ada.patch(payload),
            ErrorKind::NotOwned,
            "Author.posts[0].tags[1]",
        );
    }
    assert!(ada.plan().unwrap().is_empty());
    assert_eq!(tables(&test).await, before);
}

async fn a_target_without_a_key_is_inserted_and_linked<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = patched(
        &test,
        tags(&json!([{"id": 1}, {"label": "x"}, {"id": 0, "label": "y"}])),
    )
    .await;
    assert_eq!(keys(&author), [1, 4, 5]);
    assert_eq!(tables(&test).await[4][3..], ["4|x", "5|y"]);
    assert_eq!(tables(&test).await[5], ["1|1", "1|4", "1|5", "4|3"]);
}

async fn a_target_twice_is_refused<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let result = Author::patch(1, tags(&json!([{"id": 1}, {"id": 1}])), &test.pool).await;
    failed(result, ErrorKind::InvalidPayload, "Author.posts[0].tags[1]");
}

async fn what_is_no_target_is_refused<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    for (target, path) in [
        (json!([1]), "Author.posts[0].tags[0]"),
        (json!([null]), "Author.posts[0].tags[0]"),
        (json!([{"id": 1}, {}]), "Author.posts[0].tags[1]"),
        (
            json!([{"id": 1, "label": ["s3cret"]}]),
            "Author.posts[0].tags[0].label",
        ),
    ] {
        let result = Author::patch(1, tags(&target), &test.pool).await;
        failed(result, ErrorKind::InvalidPayload, path);
    }
}

async fn what_was_linked_in_memory_stays<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    ada.posts[0].tags.add_key(3);
    ada.patch(tags(&json!([{"id": 3}, {"id": 1}]))).unwrap();
    test.save_as_planned(&mut ada).await;
    assert_eq!(keys(&ada), [3, 1]);
    assert_eq!(tables(&test).await[5], ["1|1", "1|3", "4|3"]);
}

async fn the_first_link_is_a_new_target<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = |tags: Value| json!({"posts": [{"postId": 1}, {"postId": 2, "tags": tags}]});
    let result = Author::patch(1, payload(json!([{"id": 1, "label": "red"}])), &test.pool).await;
    failed(result, ErrorKind::NotOwned, "Author.posts[1].tags[0]");
    patched(&test, payload(json!([{"label": "first"}]))).await;
    assert_eq!(tables(&test).await[5], ["1|1", "1|2", "2|4", "4|3"]);
}

async fn a_target_of_its_own_is_not_descended_into<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    // What a target holds is no relation of the post: names that it doesn't have are nobody's.
    let author = patched(
        &test,
        tags(&json!([{"id": 1, "posts": [{"postId": 4}]}, {"id": 2}])),
    )
    .await;
    assert_eq!(keys(&author), [1, 2]);
}
