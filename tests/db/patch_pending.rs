//! PATCH in memory over what isn't saved: new children, a new parent, and fields that hold what no row has.

use serde_json::json;
use sqlx_cascade::{BelongsTo, HasOne, Persistent, Relations, Transaction};

use crate::payloads::{Account, Card, Photo, ada_and_bob, tables};
use crate::support::{Base, Test, on_every_database};

on_every_database![
    a_new_child_keeps_what_is_below_it,
    a_new_child_is_given_what_it_has_not,
    a_new_child_with_the_key_of_a_row,
    null_lets_go_of_a_new_parent,
    a_version_of_another_row,
    a_version_of_a_save_that_was_rolled_back,
];

fn card(bio: &str) -> Card {
    Card {
        bio: bio.into(),
        ..Card::default()
    }
}

fn photo(url: &str) -> Photo {
    Photo {
        url: url.into(),
        ..Photo::default()
    }
}

/// Ada as she is, with a new card in the place of her card.
async fn with_new<B: Base>(test: &Test<B>, card: Card) -> Persistent<Account> {
    let (mut ada, _) = ada_and_bob(test).await;
    ada.profile.set(card);
    ada
}

async fn a_new_child_keeps_what_is_below_it<B: Base>(test: Test<B>) {
    let new = Card {
        photo: photo("q").into(),
        ..card("new")
    };
    let mut ada = with_new(&test, new).await;
    ada.patch(json!({"profile": {"site": "s2"}})).unwrap();
    ada.save(&test.pool).await.unwrap();
    let [_, cards, photos] = tables(&test).await;
    assert_eq!(cards, ["2|2|bob's|", "3|1|new|s2"]);
    assert_eq!(photos, ["2|3|q"]);
}

async fn a_new_child_is_given_what_it_has_not<B: Base>(test: Test<B>) {
    let mut ada = with_new(&test, card("new")).await;
    assert!(ada.profile.get().unwrap().photo.is_not_loaded());
    ada.patch(json!({"profile": {"photo": {"url": "q"}}}))
        .unwrap();
    ada.save(&test.pool).await.unwrap();
    let [_, cards, photos] = tables(&test).await;
    assert_eq!(cards, ["2|2|bob's|", "3|1|new|"]);
    assert_eq!(photos, ["2|3|q"]);
}

/// A copy has the key of what it was copied from, in a field that says nothing.
async fn a_new_child_with_the_key_of_a_row<B: Base>(test: Test<B>) {
    let (mut ada, bob) = ada_and_bob(&test).await;
    let copy = bob.profile.get().unwrap().clone();
    ada.profile.set(copy);
    ada.patch(json!({"profile": {"site": "s2"}})).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[1], ["2|2|bob's|", "3|1|bob's|s2"]);
}

#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize, Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)]
    id: i64,
    #[many_to_one]
    #[serde(default)]
    above: Option<BelongsTo<Node>>,
}

async fn null_lets_go_of_a_new_parent<B: Base>(test: Test<B>) {
    test.create("CREATE TABLE nodes (id $id, above_id BIGINT REFERENCES nodes (id));")
        .await;
    let mut node = Node::default().save(&test.pool).await.unwrap();
    node.above = Some(BelongsTo::new(Node::default()));
    node.patch(json!({})).unwrap();
    assert!(node.above.is_some());
    node.patch(json!({"above": null})).unwrap();
    assert!(node.above.is_none());
    assert!(node.plan().unwrap().is_empty());
}

/// What a payload doesn't say of the version isn't taken from the field.
async fn a_version_of_another_row<B: Base>(test: Test<B>) {
    let (mut ada, mut bob) = ada_and_bob(&test).await;
    ada.nick = None;
    ada.save(&test.pool).await.unwrap();
    ada.profile = HasOne::default();
    bob.profile = HasOne::default();
    std::mem::swap(&mut *ada, &mut *bob);
    ada.id = 1;
    ada.patch(json!({"fullName": "b"})).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[0][0], "1|b|-|null|3");
}

async fn a_version_of_a_save_that_was_rolled_back<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut transaction = Transaction::begin(&test.pool).await.unwrap();
    ada.nick = None;
    ada.save(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(ada.version, 2);
    ada.patch(json!({"fullName": "a"})).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[0][0], r#"1|a|-|{"a":1,"b":2}|2"#);
}
