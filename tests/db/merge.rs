//! PUT: a plain graph replaces a persistent one.

use sqlx_cascade::{ErrorKind, HasOne};

use crate::payloads::{Account, Card, Photo, ada_and_bob, tables};
use crate::support::{Base, NONE, Test, on_every_database};

on_every_database![
    the_same_graph_writes_nothing,
    columns_are_copied,
    a_child_with_its_key_is_updated,
    a_child_with_the_default_key_is_new,
    a_child_of_another_parent_is_refused,
    an_empty_relation_deletes_the_child,
    a_relation_that_is_not_loaded_stays,
    a_merge_in_memory_needs_the_relation_loaded,
    a_merged_child_takes_along_its_own,
    an_absent_root_is_not_found,
    another_version_is_stale_and_none_is_taken,
    what_was_saved_before_is_new_in_a_payload,
];

async fn the_same_graph_writes_nothing<B: Base>(test: Test<B>) {
    let (ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let merged = Account::merge(ada.clone(), &test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        ["SELECT accounts", "SELECT cards", "SELECT photos"]
    );
    assert_eq!(tables(&test).await, before);
    assert_eq!(merged, ada);
}

async fn columns_are_copied<B: Base>(test: Test<B>) {
    let (ada, _) = ada_and_bob(&test).await;
    let payload = Account {
        full_name: "new".into(),
        nick: None,
        version: 0,
        profile: HasOne::default(),
        ..(*ada).clone()
    };
    let merged = Account::merge(payload, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT accounts", "UPDATE accounts"]);
    assert_eq!(
        (
            merged.full_name.as_str(),
            merged.nick.as_deref(),
            merged.version
        ),
        ("new", None, 2)
    );
    assert_eq!(
        tables(&test).await[0],
        [r#"1|new|-|{"a":1,"b":2}|2"#, "2|bob|-|null|1"]
    );
}

async fn a_child_with_its_key_is_updated<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut payload = (*ada).clone();
    // The key to the owner is not the payload's to say.
    payload.profile = Card {
        id: 1,
        account_id: 77,
        bio: "new".into(),
        site: "t".into(),
        ..Card::default()
    }
    .into();
    ada.merge(payload).unwrap();
    assert_eq!(ada.profile.get().unwrap().account_id, 1);
    test.save_as_planned(&mut ada).await;
    assert_eq!(test.sent(), ["UPDATE cards"]);
    assert_eq!(tables(&test).await[1], ["1|1|new|t", "2|2|bob's|"]);
    assert_eq!(tables(&test).await[2], ["1|1|p"]);
}

async fn a_child_with_the_default_key_is_new<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let mut payload = (*ada).clone();
    payload.profile = Card {
        bio: "new".into(),
        ..Card::default()
    }
    .into();
    ada.merge(payload).unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(tables(&test).await[1], ["2|2|bob's|", "3|1|new|"]);
    assert_eq!(tables(&test).await[2], NONE);
}

async fn a_child_of_another_parent_is_refused<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let before = tables(&test).await;
    let mut payload = (*ada).clone();
    payload.full_name = "changed".into();
    payload.profile = Card {
        id: 2,
        bio: "stolen".into(),
        ..Card::default()
    }
    .into();
    let error = ada.merge(payload.clone()).unwrap_err();
    assert_eq!(
        (error.kind(), error.path(), error.entity()),
        (ErrorKind::NotOwned, "Account.profile", Some("Card"))
    );
    assert_eq!(
        (ada.full_name.as_str(), ada.plan().unwrap().is_empty()),
        ("ada", true)
    );
    let error = Account::merge(payload, &test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOwned);
    assert_eq!(tables(&test).await, before);
}

async fn an_empty_relation_deletes_the_child<B: Base>(test: Test<B>) {
    let (ada, _) = ada_and_bob(&test).await;
    let payload = Account {
        profile: HasOne::empty(),
        ..(*ada).clone()
    };
    let merged = Account::merge(payload, &test.pool).await.unwrap();
    assert_eq!(merged.profile.get(), None);
    assert_eq!(tables(&test).await[1], ["2|2|bob's|"]);
    assert_eq!(tables(&test).await[2], NONE);
}

async fn a_relation_that_is_not_loaded_stays<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let payload = Account {
        profile: HasOne::default(),
        ..(*ada).clone()
    };
    ada.merge(payload).unwrap();
    assert!(ada.plan().unwrap().is_empty());
    assert_eq!(ada.profile.get().unwrap().bio, "b");
}

async fn a_merge_in_memory_needs_the_relation_loaded<B: Base>(test: Test<B>) {
    let (ada, _) = ada_and_bob(&test).await;
    let mut found = Account::find(1).one(&test.pool).await.unwrap();
    let error = found.merge((*ada).clone()).unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::NotLoaded, "Account.profile")
    );
}

async fn a_merged_child_takes_along_its_own<B: Base>(test: Test<B>) {
    let (ada, _) = ada_and_bob(&test).await;
    let mut payload = (*ada).clone();
    let card = payload.profile.get_mut().unwrap();
    card.photo = Photo {
        id: 1,
        url: "q".into(),
        ..Photo::default()
    }
    .into();
    Account::merge(payload, &test.pool).await.unwrap();
    assert_eq!(tables(&test).await[2], ["1|1|q"]);
}

async fn an_absent_root_is_not_found<B: Base>(test: Test<B>) {
    ada_and_bob(&test).await;
    let error = Account::merge(
        Account {
            id: 9,
            ..Account::default()
        },
        &test.pool,
    )
    .await
    .unwrap_err();
    assert_eq!(
        (error.kind(), error.entity()),
        (ErrorKind::NotFound, Some("Account"))
    );
}

async fn another_version_is_stale_and_none_is_taken<B: Base>(test: Test<B>) {
    let (mut ada, _) = ada_and_bob(&test).await;
    let error = ada
        .merge(Account {
            version: 3,
            ..(*ada).clone()
        })
        .unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Stale, "Account"));
    ada.merge(Account {
        version: 0,
        nick: None,
        ..(*ada).clone()
    })
    .unwrap();
    test.save_as_planned(&mut ada).await;
    assert_eq!(ada.version, 2);
}

async fn what_was_saved_before_is_new_in_a_payload<B: Base>(test: Test<B>) {
    let (ada, mut bob) = ada_and_bob(&test).await;
    // Identity is the handle's, and `into_inner` left it behind: the card's key is not bob's.
    let error = bob
        .merge(Account {
            id: 2,
            version: 0,
            ..ada.into_inner()
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOwned);
}
