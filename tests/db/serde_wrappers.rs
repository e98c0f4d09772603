//! Wrappers as serde sees them: their content, and nothing that isn't known.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value, json, to_value};
use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany, Relations};

use crate::payload_graphs::{Author, Comment, Section, Tag, ada_and_bob, ids, post, tables};
use crate::support::{Base, Test, on_every_database};

on_every_database![
    a_graph_is_serialised_and_read_back,
    a_deserialised_graph_is_new,
    a_deserialised_list_replaces_all,
    a_link_by_its_key_is_not_serialised,
    what_is_partial_is_not_serialised,
];

async fn a_graph_is_serialised_and_read_back<B: Base>(test: Test<B>) {
    let (ada, _) = ada_and_bob(&test).await;
    let document = to_value(&ada).unwrap();
    assert_eq!(
        document["posts"][0]["comments"][1]["marks"],
        json!([{"id": 2, "comment_id": 2, "kind": "p2"}])
    );
    assert_eq!(
        document["posts"][0]["tags"],
        json!([{"id": 1, "label": "red"}, {"id": 2, "label": "green"}])
    );
    assert_eq!(document["posts"][0]["section"], json!(1));
    assert_eq!(document["posts"][1]["section"], json!(null));
    // The draft's comments are not loaded.
    assert_eq!(document["drafts"][0].get("comments"), None);
    let back: Author = from_value(document.clone()).unwrap();
    assert_eq!(to_value(&back).unwrap(), document);
    assert!(back.drafts[0].comments.is_not_loaded());
}

async fn a_deserialised_graph_is_new<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let payload = json!({"id": 1, "fullName": "eve", "posts": [
        {"postId": 4, "title": "t", "version": 9, "comments": [{"id": 4, "post_id": 4}], "tags": [{"id": 3, "label": "l"}]},
    ]});
    let eve: Author = from_value(payload).unwrap();
    let eve = eve.save(&test.pool).await.unwrap();
    assert_eq!((eve.id, ids(&eve.posts)), (3, vec![5]));
    let [_, posts, comments, _, tags, links] = tables(&test).await;
    assert_eq!(posts[3..], ["4|2|-|b|b's|1|-", "5|3|-|t|-|1|-"]);
    assert_eq!(comments[3..], ["4|4|b1|7", "5|5||0"]);
    assert_eq!((tags[3].as_str(), links[3].as_str()), ("4|l", "5|4"));
}

async fn a_deserialised_list_replaces_all<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    ada.posts = from_value(json!([{"postId": 1, "title": "x"}])).unwrap();
    ada.save(&test.pool).await.unwrap();
    let [_, posts, ..] = tables(&test).await;
    assert_eq!(
        posts,
        ["3|-|1|d|d's|1|-", "4|2|-|b|b's|1|-", "5|1|-|x|-|1|-"]
    );
}

async fn a_link_by_its_key_is_not_serialised<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let message = |value: Result<Value, serde_json::Error>| value.unwrap_err().to_string();
    // A clone keeps its links by their keys.
    let copy = (*ada).clone();
    assert!(message(to_value(&copy)).contains("held by its key only"));
    ada.posts[0].tags.add_key(3);
    assert!(message(to_value(&ada.posts[0].tags)).contains("held by its key only"));
    ada.posts[0].tags.remove_key(&3);
    assert_eq!(
        to_value(&ada.posts[0].tags).unwrap(),
        json!([{"id": 1, "label": "red"}, {"id": 2, "label": "green"}])
    );
    ada.posts[0].tags.push(Tag {
        id: 0,
        label: "new".into(),
    });
    assert_eq!(
        to_value(&ada.posts[0].tags).unwrap()[2],
        json!({"id": 0, "label": "new"})
    );
}

async fn what_is_partial_is_not_serialised<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let mut ada = Author::find(1).one(&test.pool).await.unwrap();
    assert_eq!(to_value(&ada).unwrap(), json!({"id": 1, "fullName": "ada"}));
    ada.posts.push(post("x", 0));
    let error = to_value(&ada).unwrap_err().to_string();
    assert!(error.contains("loaded only in part"), "{error}");
}

#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[table(name = "parts")]
struct Part {
    #[key(generated)]
    id: i64,
    #[many_to_one(Strict)]
    strict_id: i64,
    #[one_to_one(Strict)]
    only_id: Option<i64>,
}

/// Without `default`: what is absent is an error.
#[derive(Debug, Default, Serialize, Deserialize, Relations)]
#[table(name = "stricts")]
struct Strict {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = strict_id)]
    parts: HasMany<Part>,
    #[one_to_one(cascade = "all, delete-orphan", back_populates = only_id)]
    only: HasOne<Part>,
    #[many_to_many(through = "strict_tags")]
    tags: ManyToMany<Tag>,
    #[many_to_one]
    section: BelongsTo<Section>,
}

#[track_caller]
fn refused<T: DeserializeOwned>(value: Value, said: &str) {
    let error = from_value::<T>(value)
        .err()
        .expect("it should have failed")
        .to_string();
    assert!(error.contains(said), "{error}");
}

#[test]
fn what_is_absent_is_an_error_without_a_default() {
    let whole = json!({"id": 0, "parts": [], "only": null, "tags": [], "section": 1});
    let strict: Strict = from_value(whole.clone()).unwrap();
    assert!(strict.parts.is_empty() && strict.tags.is_empty() && strict.only.get().is_none());
    for field in ["parts", "only", "tags", "section"] {
        let mut partly = whole.clone();
        partly.as_object_mut().unwrap().remove(field);
        refused::<Strict>(partly, &format!("missing field `{field}`"));
    }
}

#[test]
fn null_is_empty_for_a_child_only() {
    assert!(
        from_value::<HasOne<Tag>>(json!(null))
            .unwrap()
            .get()
            .is_none()
    );
    refused::<HasMany<Tag>>(json!(null), "expected a list of `Tag`");
    refused::<ManyToMany<Tag>>(json!(null), "expected a list of `Tag`");
    refused::<BelongsTo<Tag>>(json!(null), "expected i64");
    assert!(
        from_value::<Option<BelongsTo<Tag>>>(json!(null))
            .unwrap()
            .is_none()
    );
}

#[test]
fn what_is_no_content_is_an_error() {
    for other in [json!({}), json!("x"), json!(1), json!(true)] {
        refused::<HasMany<Tag>>(other.clone(), "expected a list of `Tag`");
        refused::<ManyToMany<Tag>>(other, "expected a list of `Tag`");
    }
    refused::<HasMany<Tag>>(json!([{"label": "x"}, null]), "expected struct Tag");
    refused::<HasMany<Tag>>(json!([{"id": 1}]), "missing field `label`");
    refused::<BelongsTo<Tag>>(json!({"label": "x"}), "expected i64");
    refused::<BelongsTo<Tag>>(json!([1]), "expected i64");
}

#[test]
fn a_text_is_read_like_a_value() {
    let comment: Comment =
        serde_json::from_str(r#"{"text": "t", "marks": [{"kind": "k"}, {}]}"#).unwrap();
    assert_eq!(
        (comment.marks.len(), comment.marks[0].kind.as_str()),
        (2, "k")
    );
    let tags: ManyToMany<Tag> = serde_json::from_str(r#"[{"id": 7, "label": "l"}]"#).unwrap();
    assert_eq!((tags.len(), tags.keys().count()), (1, 0));
    assert_eq!(
        serde_json::to_string(&tags).unwrap(),
        r#"[{"id":7,"label":"l"}]"#
    );
}

#[test]
fn what_is_not_loaded_is_not_serialised() {
    for error in [
        to_value(HasOne::<Tag>::default()),
        to_value(HasMany::<Tag>::default()),
        to_value(ManyToMany::<Tag>::default()),
    ] {
        assert!(error.unwrap_err().to_string().contains("not loaded"));
    }
    assert_eq!(to_value(HasMany::<Tag>::empty()).unwrap(), json!([]));
    assert_eq!(to_value(ManyToMany::<Tag>::empty()).unwrap(), json!([]));
    assert_eq!(to_value(BelongsTo::<Tag>::to(3)).unwrap(), json!(3));
    assert_eq!(to_value(BelongsTo::<Tag>::default()).unwrap(), json!(null));
}
