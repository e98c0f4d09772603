//! The life of an owner and a pet: the key nullable, no `delete`, no `delete-orphan`.

use crate::models::{OWNERS, Owner, Pet, owner, pet};
use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![
    both_are_created_by_one_save,
    a_pet_that_is_replaced_stays_without_owner,
    a_pet_that_is_removed_stays_without_owner,
    the_library_releases_the_pet_of_a_deleted_owner,
    the_database_releases_the_pet_of_a_deleted_owner,
    a_new_pet_can_be_without_owner,
];

async fn both_are_created_by_one_save<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT owners", "INSERT pets"]);
    assert_eq!(test.rows("owners").await, ["1|ada"]);
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
    assert_eq!(owner.pet.get().unwrap().owner_id, Some(1));
}

async fn a_pet_that_is_replaced_stays_without_owner<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    drop(test.sent());
    owner.pet.set(pet("tom"));
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["released 1 pets", "inserted 1 pets"]);
    assert_eq!(test.sent(), ["UPDATE pets", "INSERT pets"]);
    assert_eq!(test.rows("pets").await, ["1|-|rex", "2|1|tom"]);
    assert_eq!(
        owner.pet.get(),
        Some(&Pet {
            id: 2,
            owner_id: Some(1),
            name: "tom".into()
        })
    );
}

async fn a_pet_that_is_removed_stays_without_owner<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    drop(test.sent());
    owner.pet.remove();
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["released 1 pets"]);
    assert_eq!(test.sent(), ["UPDATE pets"]);
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
    assert_eq!(owner.pet.get(), None);
}

async fn the_library_releases_the_pet_of_a_deleted_owner<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    drop(test.sent());
    let value: Owner = owner.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE pets", "DELETE owners"]);
    assert_eq!(test.rows("owners").await, NONE);
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
    assert!(value.pet.is_not_loaded());
}

async fn the_database_releases_the_pet_of_a_deleted_owner<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    owner("ada", "rex").save(&test.pool).await.unwrap();
    test.execute("DELETE FROM owners").await;
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
}

async fn a_new_pet_can_be_without_owner<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut stray = pet("rex").save(&test.pool).await.unwrap();
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
    test.execute("INSERT INTO owners (name) VALUES ('ada')")
        .await;
    stray.owner_id = Some(1);
    let report = test.save_as_planned(&mut stray).await;
    assert_eq!(changes(&report), ["updated 1 pets"]);
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
}
