//! PATCH of lists: each object of a list is a patch of the child with its key, or a new child; the others leave.

use serde_json::{Value, json};
use sqlx_cascade::{ErrorKind, Persistent};

use crate::payload_graphs::{Author, ada_and_bob, all, ids, tables};
use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    a_list_that_is_absent_stays,
    an_empty_list_deletes_the_children,
    null_is_no_list,
    what_is_no_object_is_no_child,
    a_child_keeps_what_its_object_leaves_out,
    a_child_that_is_left_out_leaves,
    children_are_in_the_order_of_the_payload,
    an_object_without_a_key_is_a_new_child,
    an_object_with_the_default_key_is_a_new_child,
    a_new_child_needs_its_columns,
    a_patch_reaches_three_levels_down,
    a_list_is_patched_below_some_children_only,
    the_same_again_writes_nothing,
    every_level_at_once,
    a_patch_in_memory_is_saved_as_planned,
    a_patch_in_memory_needs_the_list_loaded,
    a_partial_list_is_not_loaded,
    a_child_of_another_version_is_stale,
    a_version_of_the_payload_is_not_written,
    a_foreign_key_is_a_column,
    a_parent_is_no_object,
    a_pending_child_is_replaced,
];

pub(crate) async fn patched<B: Base>(test: &Test<B>, payload: Value) -> Persistent<Author> {
    Author::patch(1, payload, &test.pool).await.unwrap()
}

async fn a_list_that_is_absent_stays<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = patched(
        &test,
        json!({"fullName": "ada l.", "drafts": [{"postId": 3}]}),
    )
    .await;
    assert!(author.posts.is_not_loaded() && author.drafts[0].comments.is_not_loaded());
    assert_eq!(
        test.sent(),
        ["SELECT authors", "SELECT posts", "UPDATE authors"]
    );
    assert_eq!(tables(&test).await[0], ["1|ada l.", "2|bob"]);
    assert_eq!(tables(&test).await[1].len(), 4);
}

async fn an_empty_list_deletes_the_children<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = patched(&test, json!({"posts": []})).await;
    assert!(author.posts.is_empty());
    let [_, posts, comments, marks, tags, links] = tables(&test).await;
    assert_eq!(posts, ["3|-|1|d|d's|1|-", "4|2|-|b|b's|1|-"]);
    assert_eq!(comments, ["4|4|b1|7"]);
    assert_eq!(marks, ["4|4|b1"]);
    assert_eq!((tags.len(), links), (3, vec!["4|3".to_owned()]));
}

async fn null_is_no_list<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    for (payload, path) in [
        (json!({"posts": null}), "Author.posts"),
        (json!({"posts": {"postId": 1}}), "Author.posts"),
        (json!({"posts": "s3cret"}), "Author.posts"),
        (
            json!({"posts": [{"postId": 1, "comments": null}]}),
            "Author.posts[0].comments",
        ),
        (
            json!({"posts": [{"postId": 1}, {"postId": 2, "comments": [{"id": 3, "marks": null}]}]}),
            "Author.posts[1].comments[0].marks",
        ),
        (
            json!({"posts": [{"title": "new", "comments": [{"marks": null}]}]}),
            "Author.posts[0].comments[0].marks",
        ),
        (
            json!({"posts": [{"postId": 1, "tags": null}]}),
            "Author.posts[0].tags",
        ),
    ] {
        let value = (*ada).clone();
        failed(ada.patch(payload.clone()), ErrorKind::InvalidPayload, path);
        assert!(ada.plan().unwrap().is_empty() && *ada == value);
        let result = Author::patch(1, payload, &test.pool).await;
        failed(result, ErrorKind::InvalidPayload, path);
    }
    assert_eq!(tables(&test).await, before);
}

async fn what_is_no_object_is_no_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let before = tables(&test).await;
    for (row, path) in [
        (json!([1]), "Author.posts[0]"),
        (json!([null]), "Author.posts[0]"),
        (json!([{"postId": 1}, "s3cret"]), "Author.posts[1]"),
        (json!([[{"postId": 1}]]), "Author.posts[0]"),
        (
            json!([{"postId": 1, "comments": [1]}]),
            "Author.posts[0].comments[0]",
        ),
        (json!([{"postId": null}]), "Author.posts[0].postId"),
        (json!([{"postId": "s3cret"}]), "Author.posts[0].postId"),
        (
            json!([{"postId": 1, "title": null}]),
            "Author.posts[0].title",
        ),
        (
            json!([{"postId": 2}, {"postId": 1, "comments": [{"id": 1}, {"id": 2, "text": ["s3cret"]}]}]),
            "Author.posts[1].comments[1].text",
        ),
        (
            json!([{"postId": 1, "comments": [{"text": {"s3cret": 1}}]}]),
            "Author.posts[0].comments[0].text",
        ),
    ] {
        let result = Author::patch(1, json!({"posts": row}), &test.pool).await;
        failed(result, ErrorKind::InvalidPayload, path);
    }
    assert_eq!(tables(&test).await, before);
}

async fn a_child_keeps_what_its_object_leaves_out<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 1, "title": "new"}, {"postId": 2, "body": null}]});
    let author = patched(&test, payload).await;
    assert_eq!(
        test.sent(),
        ["SELECT authors", "SELECT posts", "UPDATE posts"]
    );
    assert_eq!(author.posts[0].body.as_deref(), Some("p's"));
    let [_, posts, comments, ..] = tables(&test).await;
    assert_eq!(
        posts,
        [
            "1|1|-|new|p's|2|1",
            "2|1|-|q|-|2|-",
            "3|-|1|d|d's|1|-",
            "4|2|-|b|b's|1|-"
        ]
    );
    assert_eq!(comments.len(), 4);
}

async fn a_child_that_is_left_out_leaves<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let author = patched(&test, json!({"posts": [{"postId": 2}]})).await;
    assert_eq!(ids(&author.posts), [2]);
    let [_, posts, comments, marks, _, links] = tables(&test).await;
    assert_eq!(posts.len(), 3);
    assert_eq!(comments, ["3|2|q1|7", "4|4|b1|7"]);
    assert_eq!(marks, ["3|3|q1", "4|4|b1"]);
    assert_eq!(links, ["4|3"]);
}

async fn children_are_in_the_order_of_the_payload<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let before = tables(&test).await;
    let author = patched(&test, json!({"posts": [{"postId": 2}, {"postId": 1}]})).await;
    assert_eq!(test.sent(), ["SELECT authors", "SELECT posts"]);
    assert_eq!(ids(&author.posts), [2, 1]);
    assert_eq!(tables(&test).await, before);
}

async fn an_object_without_a_key_is_a_new_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [
        {"title": "first", "comments": [{"text": "c", "marks": [{"kind": "m"}]}], "tags": [{"label": "new"}]},
        {"postId": 2},
        {"postId": 1},
        {"title": "last", "section": 2},
    ]});
    let author = patched(&test, payload).await;
    assert_eq!(ids(&author.posts), [5, 2, 1, 6]);
    let first = &author.posts[0];
    assert_eq!((first.version, first.comments[0].marks[0].id), (1, 5));
    let [_, posts, comments, marks, tags, links] = tables(&test).await;
    assert_eq!(posts[4..], ["5|1|-|first|-|1|-", "6|1|-|last|-|1|2"]);
    assert_eq!(comments[4..], ["5|5|c|0"]);
    assert_eq!(marks[4..], ["5|5|m"]);
    assert_eq!(tags[3..], ["4|new"]);
    assert_eq!(links, ["1|1", "1|2", "4|3", "5|4"]);
}

async fn an_object_with_the_default_key_is_a_new_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"drafts": [{"postId": 0, "title": "x"}, {"postId": 3}]});
    let author = patched(&test, payload).await;
    assert_eq!(ids(&author.drafts), [5, 3]);
    assert_eq!(tables(&test).await[1][4..], ["5|-|1|x|-|1|-"]);
}

async fn a_new_child_needs_its_columns<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 1}, {"body": "x"}]});
    let result = Author::patch(1, payload, &test.pool).await;
    let error = failed(result, ErrorKind::InvalidPayload, "Author.posts[1]");
    assert!(
        error.to_string().contains("missing field `title`"),
        "{error}"
    );
}

async fn a_patch_reaches_three_levels_down<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [
        {"postId": 1, "comments": [{"id": 2, "marks": [{"id": 2, "kind": "x"}, {"kind": "y"}]}, {"id": 1, "text": "z"}]},
        {"postId": 2},
    ]});
    let author = patched(&test, payload).await;
    assert_eq!(
        test.sent()[..4],
        [
            "SELECT authors",
            "SELECT posts",
            "SELECT comments",
            "SELECT marks"
        ]
    );
    let comments = &author.posts[0].comments;
    assert_eq!(
        (comments[0].id, comments[0].score, comments[1].score),
        (2, 7, 7)
    );
    let [_, _, comments, marks, ..] = tables(&test).await;
    assert_eq!(comments, ["1|1|z|7", "2|1|p2|7", "3|2|q1|7", "4|4|b1|7"]);
    assert_eq!(marks, ["1|1|p1", "2|2|x", "3|3|q1", "4|4|b1", "5|2|y"]);
}

async fn a_list_is_patched_below_some_children_only<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 1, "comments": []}, {"postId": 2, "title": "r"}]});
    patched(&test, payload).await;
    let [_, _, comments, marks, ..] = tables(&test).await;
    assert_eq!(comments, ["3|2|q1|7", "4|4|b1|7"]);
    assert_eq!(marks, ["3|3|q1", "4|4|b1"]);
}

async fn the_same_again_writes_nothing<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let payload = serde_json::to_value(&ada).unwrap();
    let author = patched(&test, payload.clone()).await;
    assert_eq!(
        test.sent(),
        [
            "SELECT authors",
            "SELECT posts",
            "SELECT posts",
            "SELECT comments",
            "SELECT tags",
            "SELECT marks"
        ]
    );
    assert_eq!(author.posts, ada.posts);
    ada.patch(payload).unwrap();
    assert!(ada.plan().unwrap().is_empty());
    assert_eq!(tables(&test).await, before);
}

async fn every_level_at_once<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let payload = json!({"fullName": "x", "drafts": [], "posts": [
        {"title": "n", "comments": [{"text": "n"}]},
        {"postId": 1, "title": "x", "tags": [{"id": 2}, {"label": "new"}], "comments": [
            {"text": "y"},
            {"id": 2, "score": 8, "marks": [{"kind": "z"}]},
        ]},
    ]});
    ada.patch(payload).unwrap();
    ada.save(&test.pool).await.unwrap();
    let [authors, posts, comments, marks, tags, links] = tables(&test).await;
    assert_eq!(authors, ["1|x", "2|bob"]);
    assert_eq!(
        posts,
        ["1|1|-|x|p's|2|1", "4|2|-|b|b's|1|-", "5|1|-|n|-|1|-"]
    );
    assert_eq!(comments[..2], ["2|1|p2|8", "4|4|b1|7"]);
    assert_eq!(comments.len(), 4);
    assert_eq!(marks, ["4|4|b1", "5|2|z"]);
    assert_eq!(tags[3..], ["4|new"]);
    assert_eq!(links, ["1|2", "1|4", "4|3"]);
    let again = all(&test, 1).await.unwrap();
    assert_eq!(again.posts.len(), 2);
}

async fn a_patch_in_memory_is_saved_as_planned<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 2, "comments": [{"id": 3, "marks": [{"id": 3, "kind": "x"}]}]}, {"postId": 1}]});
    ada.patch(payload).unwrap();
    assert_eq!(ada.changed_columns(), NONE);
    test.save_as_planned(&mut ada).await;
    assert_eq!(test.sent(), ["UPDATE marks"]);
    assert_eq!(ids(&ada.posts), [2, 1]);
}

async fn a_patch_in_memory_needs_the_list_loaded<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let mut ada = Author::find(1)
        .with(Author::POSTS)
        .one(&test.pool)
        .await
        .unwrap();
    for (payload, path) in [
        (json!({"drafts": []}), "Author.drafts"),
        (
            json!({"fullName": "x", "drafts": [{"postId": 3}]}),
            "Author.drafts",
        ),
        (
            json!({"posts": [{"postId": 2}, {"postId": 1, "comments": [{"id": 1}]}]}),
            "Author.posts[1].comments",
        ),
        (
            json!({"posts": [{"postId": 1, "title": "x", "tags": []}]}),
            "Author.posts[0].tags",
        ),
    ] {
        failed(ada.patch(payload), ErrorKind::NotLoaded, path);
        assert!(ada.plan().unwrap().is_empty());
    }
}

async fn a_partial_list_is_not_loaded<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let mut ada = Author::find(1).one(&test.pool).await.unwrap();
    ada.posts.push(crate::payload_graphs::post("x", 0));
    failed(
        ada.patch(json!({"posts": []})),
        ErrorKind::NotLoaded,
        "Author.posts",
    );
    ada.patch(json!({"fullName": "x"})).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[1].len(), 5);
}

async fn a_child_of_another_version_is_stale<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let payload =
        json!({"posts": [{"postId": 2, "version": 1}, {"postId": 1, "version": 9, "title": "x"}]});
    failed(
        ada.patch(payload.clone()),
        ErrorKind::Stale,
        "Author.posts[1]",
    );
    let result = Author::patch(1, payload, &test.pool).await;
    failed(result, ErrorKind::Stale, "Author.posts[1]");
    assert!(ada.plan().unwrap().is_empty());
}

async fn a_version_of_the_payload_is_not_written<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 1, "version": 1, "title": "x"}, {"postId": 2, "version": 0}, {"title": "y", "version": 9}]});
    patched(&test, payload).await;
    let [_, posts, ..] = tables(&test).await;
    assert_eq!(posts[0], "1|1|-|x|p's|2|1");
    assert_eq!(
        (posts[1].as_str(), posts[4].as_str()),
        ("2|1|-|q|q's|1|-", "5|1|-|y|-|1|-")
    );
}

async fn a_foreign_key_is_a_column<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 1, "section": null}, {"postId": 2, "section": 2}]});
    let author = patched(&test, payload).await;
    let key = |post: usize| {
        author.posts[post]
            .section
            .as_ref()
            .and_then(|section| section.key())
    };
    assert_eq!((key(0), key(1)), (None, Some(&2)));
    let [_, posts, ..] = tables(&test).await;
    assert_eq!(posts[..2], ["1|1|-|p|p's|2|-", "2|1|-|q|q's|2|2"]);
    patched(&test, json!({"posts": [{"postId": 2, "title": "s"}]})).await;
    assert_eq!(tables(&test).await[1][0], "2|1|-|s|q's|3|2");
}

async fn a_parent_is_no_object<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"posts": [{"postId": 1, "section": {"id": 1, "name": "s3cret"}}]});
    let result = Author::patch(1, payload, &test.pool).await;
    failed(result, ErrorKind::InvalidPayload, "Author.posts[0].section");
}

async fn a_pending_child_is_replaced<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    ada.posts.push(crate::payload_graphs::post("x", 1));
    ada.patch(json!({"posts": [{"postId": 1}, {"postId": 2}, {"title": "y"}]}))
        .unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[1][4..], ["5|1|-|y|-|1|-"]);
}
