//! Structs that are read from payloads, three levels deep.

use serde::{Deserialize, Serialize};
use sqlx_cascade::{HasOne, Persistent, Relations};

use crate::support::{Base, Test};

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(rename_all = "camelCase")]
#[table(name = "accounts")]
pub(crate) struct Account {
    #[key(generated)]
    #[serde(default)]
    pub(crate) id: i64,
    pub(crate) full_name: String,
    #[serde(default)]
    pub(crate) nick: Option<String>,
    #[column(json)]
    #[serde(default)]
    pub(crate) settings: serde_json::Value,
    #[version]
    #[serde(default)]
    pub(crate) version: i64,
    #[one_to_one(cascade = "all, delete-orphan")]
    #[serde(default, skip_serializing_if = "HasOne::is_not_loaded")]
    pub(crate) profile: HasOne<Card>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "cards")]
pub(crate) struct Card {
    #[key(generated)]
    #[serde(rename = "cardId")]
    pub(crate) id: i64,
    #[one_to_one(Account, on_delete = "cascade")]
    pub(crate) account_id: i64,
    pub(crate) bio: String,
    pub(crate) site: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub(crate) photo: HasOne<Photo>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "photos")]
pub(crate) struct Photo {
    #[key(generated)]
    pub(crate) id: i64,
    #[one_to_one(Card, on_delete = "cascade")]
    pub(crate) card_id: i64,
    pub(crate) url: String,
}

const ACCOUNTS: &str = "
    CREATE TABLE accounts (id $id, full_name TEXT NOT NULL, nick TEXT, settings JSON NOT NULL, version BIGINT NOT NULL);
    CREATE TABLE cards (id $id, account_id BIGINT NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE, bio TEXT NOT NULL, site TEXT NOT NULL);
    CREATE TABLE photos (id $id, card_id BIGINT NOT NULL UNIQUE REFERENCES cards (id) ON DELETE CASCADE, url TEXT NOT NULL);
";

/// Ada with a card with a photo, and Bob with a card; what was sent is forgotten.
pub(crate) async fn ada_and_bob<B: Base>(
    test: &Test<B>,
) -> (Persistent<Account>, Persistent<Account>) {
    test.create(ACCOUNTS).await;
    let photo = Photo {
        url: "p".into(),
        ..Photo::default()
    };
    let card = Card {
        bio: "b".into(),
        site: "s".into(),
        photo: photo.into(),
        ..Card::default()
    };
    let settings = serde_json::json!({"a": 1, "b": 2});
    let ada = Account {
        full_name: "ada".into(),
        nick: Some("a".into()),
        settings,
        profile: card.into(),
        ..Account::default()
    };
    let ada = ada.save(&test.pool).await.unwrap();
    let card = Card {
        bio: "bob's".into(),
        ..Card::default()
    };
    let bob = Account {
        full_name: "bob".into(),
        profile: card.into(),
        ..Account::default()
    };
    let bob = bob.save(&test.pool).await.unwrap();
    drop(test.sent());
    (ada, bob)
}

/// The rows of all three tables.
pub(crate) async fn tables<B: Base>(test: &Test<B>) -> [Vec<String>; 3] {
    let accounts = test
        .rows("accounts")
        .await
        .iter()
        .map(|row| row.replace(' ', ""))
        .collect();
    [
        accounts,
        test.rows("cards").await,
        test.rows("photos").await,
    ]
}
