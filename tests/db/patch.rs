//! PATCH: what a payload leaves out stays as it is, at every level.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx_cascade::{ErrorKind, Relations};

use crate::payloads::{Account, ada_and_bob, tables};
use crate::support::{Base, NONE, Test, on_every_database};

on_every_database![
    an_empty_patch_writes_nothing,
    an_absent_column_stays,
    null_is_none,
    a_document_in_a_column_is_merged,
    an_absent_relation_stays,
    null_deletes_the_child,
    an_object_updates_the_child,
    an_object_makes_a_child_where_there_is_none,
    a_patch_reaches_a_grandchild,
    a_default_key_makes_a_new_child,
    a_foreign_key_in_the_payload_is_refused,
    another_version_is_stale,
    a_wrong_type_is_an_error_at_its_place,
    a_required_column_can_not_be_null,
    an_absent_row_is_not_found,
    a_patch_in_memory_needs_the_relation_loaded,
    a_patch_in_memory_changes_what_it_names,
    a_list_is_no_child,
    a_document_can_not_pass_for_a_relation,
    what_serde_leaves_out_stays,
];

async fn patched<B: Base>(test: &Test<B>, payload: serde_json::Value) -> Account {
    let account = Account::patch(1, payload, &test.pool).await.unwrap();
    account.into_inner()
}

async fn an_empty_patch_writes_nothing<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let before = tables(&test).await;
    let account = patched(&test, json!({})).await;
    assert_eq!(test.sent(), ["SELECT accounts"]);
    assert_eq!(tables(&test).await, before);
    assert!(account.profile.is_not_loaded());
}

async fn an_absent_column_stays<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let account = patched(&test, json!({"fullName": "ada l."})).await;
    assert_eq!(test.sent(), ["SELECT accounts", "UPDATE accounts"]);
    assert_eq!(
        (
            account.full_name.as_str(),
            account.nick.as_deref(),
            account.version
        ),
        ("ada l.", Some("a"), 2)
    );
    let [accounts, cards, photos] = tables(&test).await;
    assert_eq!(accounts, [r#"1|adal.|a|{"a":1,"b":2}|2"#, "2|bob|-|null|1"]);
    assert_eq!(cards, ["1|1|b|s", "2|2|bob's|"]);
    assert_eq!(photos, ["1|1|p"]);
}

async fn null_is_none<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    assert_eq!(patched(&test, json!({"nick": null})).await.nick, None);
    assert_eq!(
        tables(&test).await[0],
        [r#"1|ada|-|{"a":1,"b":2}|2"#, "2|bob|-|null|1"]
    );
}

async fn a_document_in_a_column_is_merged<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let account = patched(&test, json!({"settings": {"b": null, "c": {"d": 3}}})).await;
    assert_eq!(account.settings, json!({"a": 1, "c": {"d": 3}}));
}

async fn an_absent_relation_stays<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    assert!(
        patched(&test, json!({"nick": "x"}))
            .await
            .profile
            .is_not_loaded()
    );
    assert_eq!(tables(&test).await[1], ["1|1|b|s", "2|2|bob's|"]);
}

async fn null_deletes_the_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let account = patched(&test, json!({"profile": null})).await;
    assert_eq!(
        test.sent(),
        [
            "SELECT accounts",
            "SELECT cards",
            "DELETE photos",
            "DELETE cards"
        ]
    );
    assert_eq!(account.profile.get(), None);
    let [accounts, cards, photos] = tables(&test).await;
    assert_eq!(accounts, [r#"1|ada|a|{"a":1,"b":2}|1"#, "2|bob|-|null|1"]);
    assert_eq!((cards, photos), (vec!["2|2|bob's|".to_owned()], Vec::new()));
}

async fn an_object_updates_the_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let account = patched(&test, json!({"profile": {"bio": "new"}})).await;
    assert_eq!(
        test.sent(),
        ["SELECT accounts", "SELECT cards", "UPDATE cards"]
    );
    assert_eq!(account.profile.get().unwrap().site, "s");
    assert_eq!(tables(&test).await[1], ["1|1|new|s", "2|2|bob's|"]);
    assert_eq!(tables(&test).await[2], ["1|1|p"]);
}

async fn an_object_makes_a_child_where_there_is_none<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    patched(&test, json!({"profile": null})).await;
    let account = patched(
        &test,
        json!({"profile": {"bio": "again", "photo": {"url": "q"}}}),
    )
    .await;
    let card = account.profile.get().unwrap();
    assert_eq!(
        (
            card.account_id,
            card.bio.as_str(),
            card.photo.get().unwrap().url.as_str()
        ),
        (1, "again", "q")
    );
    assert_eq!(tables(&test).await[1], ["2|2|bob's|", "3|1|again|"]);
    assert_eq!(tables(&test).await[2].len(), 1);
}

async fn a_patch_reaches_a_grandchild<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    patched(&test, json!({"profile": {"photo": {"url": "q"}}})).await;
    assert_eq!(
        test.sent(),
        [
            "SELECT accounts",
            "SELECT cards",
            "SELECT photos",
            "UPDATE photos"
        ]
    );
    assert_eq!(tables(&test).await[1], ["1|1|b|s", "2|2|bob's|"]);
    assert_eq!(tables(&test).await[2], ["1|1|q"]);
    patched(&test, json!({"profile": {"photo": null}})).await;
    assert_eq!(tables(&test).await[2], NONE);
}

async fn a_default_key_makes_a_new_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let account = patched(&test, json!({"profile": {"cardId": 0, "bio": "other"}})).await;
    let card = account.profile.get().unwrap();
    assert_eq!(
        (card.id, card.bio.as_str(), card.site.as_str()),
        (3, "other", "")
    );
    assert_eq!(tables(&test).await[1], ["2|2|bob's|", "3|1|other|"]);
}

async fn a_foreign_key_in_the_payload_is_refused<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let payload = json!({"profile": {"cardId": 2, "bio": "stolen"}});
    let error = Account::patch(1, payload.clone(), &test.pool)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.path(), error.entity()),
        (ErrorKind::NotOwned, "Account.profile", Some("Card"))
    );
    assert_eq!(tables(&test).await, before);
    let error = ada.patch(payload).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOwned);
    assert_eq!(
        (ada.changed_columns(), ada.plan().unwrap().is_empty()),
        (vec![], true)
    );
}

async fn another_version_is_stale<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let error = Account::patch(1, json!({"version": 7, "nick": "x"}), &test.pool)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Stale, "Account"));
    let account = patched(&test, json!({"version": 1, "nick": "x"})).await;
    assert_eq!(account.version, 2);
}

async fn a_wrong_type_is_an_error_at_its_place<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    for (payload, path) in [
        (json!({"fullName": 1}), "Account.fullName"),
        (
            json!({"profile": {"bio": ["secret"]}}),
            "Account.profile.bio",
        ),
        (
            json!({"profile": {"photo": {"url": {"secret": 1}}}}),
            "Account.profile.photo.url",
        ),
        (json!(["secret"]), "Account"),
    ] {
        let error = Account::patch(1, payload, &test.pool).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::InvalidPayload, path)
        );
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

async fn a_required_column_can_not_be_null<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let error = Account::patch(1, json!({"fullName": null}), &test.pool)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::InvalidPayload, "Account.fullName")
    );
}

async fn an_absent_row_is_not_found<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let error = Account::patch(9, json!({}), &test.pool).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.entity()),
        (ErrorKind::NotFound, Some("Account"))
    );
}

async fn a_patch_in_memory_needs_the_relation_loaded<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let mut account = Account::find(1).one(&test.pool).await.unwrap();
    let error = account
        .patch(json!({"nick": "x", "profile": {"bio": "x"}}))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::NotLoaded, "Account.profile")
    );
    assert_eq!(account.nick.as_deref(), Some("a"));
}

async fn a_patch_in_memory_changes_what_it_names<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    ada.patch(json!({"profile": {"photo": {"url": "q"}}}))
        .unwrap();
    assert_eq!(ada.changed_columns(), NONE);
    test.save_as_planned(&mut ada).await;
    assert_eq!(test.sent(), ["UPDATE photos"]);
    assert_eq!(tables(&test).await[2], ["1|1|q"]);
}

async fn a_list_is_no_child<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let before = tables(&test).await;
    for payload in [
        json!({"profile": []}),
        json!({"profile": [1, 1, "x", "y"]}),
        json!({"profile": 1}),
    ] {
        let error = Account::patch(1, payload, &test.pool).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::InvalidPayload, "Account.profile")
        );
    }
    assert!(serde_json::from_value::<Account>(json!({"fullName": "x", "profile": []})).is_err());
    assert_eq!(tables(&test).await, before);
}

async fn a_document_can_not_pass_for_a_relation<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let settings = json!({"relation": [1, 2]});
    patched(
        &test,
        json!({"settings": {"a": null, "b": null, "relation": [1, 2]}}),
    )
    .await;
    let account = patched(&test, json!({"nick": "y"})).await;
    assert_eq!(account.settings, settings);
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "logins")]
struct Login {
    #[key(generated)]
    id: i64,
    name: String,
    #[serde(skip_serializing)]
    password: String,
    #[serde(skip)]
    attempts: i64,
    #[serde(serialize_with = "masked")]
    token: String,
}

fn masked<S: serde::Serializer>(_: &String, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

async fn what_serde_leaves_out_stays<B: Base>(test: Test<B>) {
    test.create("CREATE TABLE logins (id $id, name TEXT NOT NULL, password TEXT NOT NULL, attempts BIGINT NOT NULL, token TEXT NOT NULL);").await;
    let login = Login {
        id: 0,
        name: "a".into(),
        password: "p".into(),
        attempts: 3,
        token: "t".into(),
    };
    login.save(&test.pool).await.unwrap();
    Login::patch(1, json!({"name": "b"}), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("logins").await, ["1|b|p|3|t"]);
    Login::patch(1, json!({"password": "q", "token": "u"}), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("logins").await, ["1|b|q|3|u"]);
}
