//! What else becomes of a detached row.

use sqlx_cascade::{ErrorKind, HasOne};

use crate::models::{OWNERS, Owner, Pet, USERS, ada, bare, owner, pet};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    an_expunged_root_is_adopted,
    an_expunged_root_with_an_owner_is_adopted,
    it_becomes_a_root_of_its_own,
    its_value_is_new,
    a_row_that_went_meanwhile_is_stale_where_it_was_too,
];

async fn an_expunged_root_is_adopted<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let stray = pet("rex").save(&test.pool).await.unwrap();
    let mut owner = Owner {
        name: "ada".into(),
        pet: HasOne::empty(),
        ..Owner::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    owner.pet.adopt(stray.expunge());
    assert_eq!(
        changes(&test.save_as_planned(&mut owner).await),
        ["moved 1 pets"]
    );
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
}

async fn an_expunged_root_with_an_owner_is_adopted<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    owner("a", "rex").save(&test.pool).await.unwrap();
    let mut b = Owner {
        name: "b".into(),
        pet: HasOne::empty(),
        ..Owner::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    let rex = Pet::find(1).one(&test.pool).await.unwrap();
    b.pet.adopt(rex.expunge());
    assert_eq!(
        changes(&test.save_as_planned(&mut b).await),
        ["moved 1 pets"]
    );
    assert_eq!(test.rows("pets").await, ["1|2|rex"]);
}

async fn it_becomes_a_root_of_its_own<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("a", "rex").save(&test.pool).await.unwrap();
    let mut rex = owner.pet.expunge().unwrap().into_persistent().unwrap();
    rex.owner_id = None;
    assert_eq!(
        changes(&test.save_as_planned(&mut rex).await),
        ["updated 1 pets"]
    );
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
    rex.delete(&test.pool).await.unwrap();
    assert!(owner.save(&test.pool).await.unwrap().is_empty());
    owner.pet.set(pet("new"));
    let new = owner.pet.expunge().unwrap();
    assert_eq!(new.into_persistent().unwrap_err().name, "new");
}

async fn its_value_is_new<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    let value = user.profile.expunge().unwrap().into_inner();
    let mut b = bare(&test, "b").await;
    b.profile.set(value);
    assert_eq!(
        changes(&test.save_as_planned(&mut b).await),
        ["inserted 1 profiles"]
    );
    assert_eq!(test.rows("profiles").await, ["1|1|old", "2|2|old"]);
}

async fn a_row_that_went_meanwhile_is_stale_where_it_was_too<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    let profile = user.profile.expunge().unwrap();
    user.detach(crate::models::User::PROFILE, &test.pool)
        .await
        .unwrap();
    user.profile.adopt(profile);
    failed(
        user.save(&test.pool).await,
        ErrorKind::Stale,
        "User.profile",
    );
    assert_eq!(test.rows("profiles").await, NONE);
}
