//! Each token of a cascade, with it and without it.

use sqlx_cascade::ErrorKind;

use crate::models::{OWNERS, Owner, owner, pet};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    with_save_update_children_are_written,
    without_save_update_a_new_child_is_refused,
    without_save_update_a_child_that_leaves_is_refused,
    without_save_update_an_adopted_child_is_refused,
    without_save_update_a_changed_child_stays_changed,
    without_delete_children_are_released,
    without_delete_orphan_a_child_that_leaves_is_released,
    with_refresh_expire_children_are_read_again,
    without_refresh_expire_children_stay_as_they_are,
    with_expunge_children_travel,
    without_expunge_the_relation_is_not_loaded,
    all_is_five_tokens,
];

macro_rules! pair {
    ($module:ident, $cascade:literal) => {
        mod $module {
            use sqlx_cascade::{HasOne, Relations};

            #[derive(Debug, Default, Relations)]
            #[table(name = "owners")]
            pub(super) struct Owner {
                #[key(generated)]
                pub(super) id: i64,
                pub(super) name: String,
                #[one_to_one(cascade = $cascade)]
                pub(super) pet: HasOne<Pet>,
            }

            #[derive(Debug, Default, Relations)]
            #[table(name = "pets")]
            pub(super) struct Pet {
                #[key(generated)]
                pub(super) id: i64,
                #[one_to_one(Owner, on_delete = "set null")]
                pub(super) owner_id: Option<i64>,
                pub(super) name: String,
            }
        }
    };
}

pair!(unsaved, "merge");
pair!(orphan_kept, "save-update, delete");
pair!(refreshed, "save-update, refresh-expire");
pair!(expunged, "save-update, expunge");
pair!(all, "all");

/// An owner and a pet that are there already.
const THERE: &str =
    "INSERT INTO owners (name) VALUES ('ada'); INSERT INTO pets (owner_id, name) VALUES (1, 'rex')";

async fn with_save_update_children_are_written<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    owner.pet.get_mut().unwrap().name = "tom".into();
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["updated 1 pets"]);
    assert_eq!(test.rows("pets").await, ["1|1|tom"]);
}

async fn without_save_update_a_new_child_is_refused<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let pet = unsaved::Pet {
        name: "rex".into(),
        ..Default::default()
    };
    let owner = unsaved::Owner {
        name: "ada".into(),
        pet: pet.into(),
        ..Default::default()
    };
    let error = failed(
        owner.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Owner.pet",
    );
    assert_eq!(error.entity(), Some("Pet"));
    assert_eq!(
        error
            .take_entity::<unsaved::Owner>()
            .unwrap()
            .pet
            .get()
            .unwrap()
            .name,
        "rex"
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("owners").await, NONE);
}

async fn without_save_update_a_child_that_leaves_is_refused<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = unsaved::Owner::find(1)
        .with(unsaved::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    owner.pet.remove();
    failed(
        owner.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Owner.pet",
    );
    let mut unloaded = unsaved::Owner::find(1).one(&test.pool).await.unwrap();
    unloaded.pet.remove();
    failed(
        unloaded.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Owner.pet",
    );
    failed(
        unloaded.detach(unsaved::Owner::PET, &test.pool).await,
        ErrorKind::NotCascaded,
        "Owner.pet",
    );
    assert_eq!(test.sent(), ["SELECT owners"]);
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
}

async fn without_save_update_an_adopted_child_is_refused<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    test.execute("INSERT INTO owners (name) VALUES ('bob')")
        .await;
    let mut a = unsaved::Owner::find(1)
        .with(unsaved::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    let mut b = unsaved::Owner::find(2)
        .with(unsaved::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    b.pet.adopt(a.pet.expunge().unwrap());
    drop(test.sent());
    failed(
        b.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Owner.pet",
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
}

async fn without_save_update_a_changed_child_stays_changed<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = unsaved::Owner::find(1)
        .with(unsaved::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    owner.pet.get_mut().unwrap().name = "tom".into();
    owner.name = "bob".into();
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["updated 1 owners"]);
    assert_eq!(owner.pet.get().unwrap().name, "tom");
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
    let mut pet = owner.pet.expunge().unwrap().into_persistent().unwrap();
    assert_eq!(pet.changed_columns(), ["name"]);
    pet.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("pets").await, ["1|1|tom"]);
}

async fn without_delete_children_are_released<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    owner("ada", "rex").save(&test.pool).await.unwrap();
    let report = Owner::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["released 1 pets", "deleted 1 owners"]);
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
}

async fn without_delete_orphan_a_child_that_leaves_is_released<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = orphan_kept::Owner::find(1)
        .with(orphan_kept::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    owner.pet.remove();
    owner.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
    owner.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
}

async fn with_refresh_expire_children_are_read_again<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = refreshed::Owner::find(1)
        .with(refreshed::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    test.execute("UPDATE owners SET name = 'bob'; UPDATE pets SET name = 'tom'")
        .await;
    owner.name = "unsaved".into();
    owner.pet.get_mut().unwrap().name = "unsaved".into();
    drop(test.sent());
    owner.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT owners", "SELECT pets"]);
    assert_eq!(
        (owner.name.as_str(), owner.pet.get().unwrap().name.as_str()),
        ("bob", "tom")
    );
    owner.pet.remove();
    owner.refresh(&test.pool).await.unwrap();
    assert_eq!(owner.pet.get().unwrap().id, 1);
    owner.pet.set(refreshed::Pet::default());
    owner.refresh(&test.pool).await.unwrap();
    assert_eq!(owner.pet.get().unwrap().id, 1);
    assert!(owner.save(&test.pool).await.unwrap().is_empty());
}

async fn without_refresh_expire_children_stay_as_they_are<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = Owner::find(1)
        .with(Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    test.execute("UPDATE owners SET name = 'bob'; UPDATE pets SET name = 'tom'")
        .await;
    owner.pet.get_mut().unwrap().name = "unsaved".into();
    drop(test.sent());
    owner.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT owners"]);
    assert_eq!(
        (owner.name.as_str(), owner.pet.get().unwrap().name.as_str()),
        ("bob", "unsaved")
    );
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["updated 1 pets"]);
    owner.pet.set(pet("new"));
    owner.refresh(&test.pool).await.unwrap();
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["released 1 pets", "inserted 1 pets"]);
}

async fn with_expunge_children_travel<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = expunged::Owner::find(1)
        .with(expunged::Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    owner.pet.get_mut().unwrap().name = "tom".into();
    let detached = owner.expunge();
    assert_eq!(detached.pet.get().unwrap().name, "tom");
    let mut owner = detached.into_persistent().unwrap();
    let report = test.save_as_planned(&mut owner).await;
    assert_eq!(changes(&report), ["updated 1 pets"]);
}

async fn without_expunge_the_relation_is_not_loaded<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    test.execute(THERE).await;
    let mut owner = Owner::find(1)
        .with(Owner::PET)
        .one(&test.pool)
        .await
        .unwrap();
    owner.pet.remove();
    let detached = owner.expunge();
    assert!(detached.pet.is_not_loaded());
    let mut owner = detached.into_persistent().unwrap();
    assert!(owner.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("pets").await, ["1|1|rex"]);
}

async fn all_is_five_tokens<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let pet = all::Pet {
        name: "rex".into(),
        ..Default::default()
    };
    let mut owner = all::Owner {
        name: "ada".into(),
        pet: pet.into(),
        ..Default::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    test.execute("UPDATE pets SET name = 'tom'").await;
    owner.refresh(&test.pool).await.unwrap();
    assert_eq!(owner.pet.get().unwrap().name, "tom");
    let mut owner = owner.expunge().into_persistent().unwrap();
    assert!(owner.pet.is_loaded());
    owner.pet.remove();
    owner.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("pets").await,
        ["1|-|tom"],
        "no `delete-orphan` in it"
    );
    owner.pet.set(all::Pet::default());
    owner.save(&test.pool).await.unwrap();
    owner.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("pets").await, ["1|-|tom"]);
}
