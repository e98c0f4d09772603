//! `expunge` and `adopt`: one UPDATE of the foreign key, never a delete.

use sqlx_cascade::{ErrorKind, HasOne, Persistent};

use crate::models::{COUNTRIES, Country, OWNERS, Pet, USERS, ada, bare, bio, country, owner, user};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    back_where_it_was_costs_nothing,
    dropped_it_changes_nothing,
    into_a_place_that_is_taken_the_other_leaves_first,
    with_changed_columns_it_is_one_update,
    under_an_unsaved_parent_it_moves_after_the_insert,
    a_row_that_moved_meanwhile_is_stale,
    a_row_that_was_deleted_meanwhile_is_stale,
    a_row_whose_parent_was_deleted_is_stale,
    the_subtree_travels_with_its_changes,
    adopted_and_removed_again_it_stays_with_its_old_owner,
    adopted_and_expunged_again_it_goes_on,
    a_child_that_was_never_saved_is_pushed,
    a_shift_along_three_parents,
    an_exchange_under_a_nullable_key_lets_go_first,
    an_exchange_under_a_not_null_key_is_a_contradiction,
    its_place_is_taken_in_the_same_save,
];

async fn back_where_it_was_costs_nothing<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    let profile = user.profile.expunge().unwrap();
    user.profile.adopt(profile);
    drop(test.sent());
    assert!(user.plan().unwrap().is_empty());
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    user.profile.get_mut().unwrap().bio = "new".into();
    assert_eq!(
        changes(&user.save(&test.pool).await.unwrap()),
        ["updated 1 profiles"]
    );
}

async fn dropped_it_changes_nothing<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    drop(user.profile.expunge());
    drop(test.sent());
    assert!(user.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("profiles").await, ["1|1|old"]);
}

async fn into_a_place_that_is_taken_the_other_leaves_first<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = user("b", "b").save(&test.pool).await.unwrap();
    b.profile.adopt(a.profile.expunge().unwrap());
    drop(test.sent());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["deleted 1 profiles", "moved 1 profiles"]);
    assert_eq!(test.sent(), ["DELETE profiles", "UPDATE profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|2|old"]);
    assert_eq!(b.profile.get().unwrap().user_id, 2);
}

async fn with_changed_columns_it_is_one_update<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = bare(&test, "b").await;
    let mut profile = a.profile.expunge().unwrap();
    profile.bio = "on the way".into();
    b.profile.adopt(profile);
    b.profile.get_mut().unwrap().bio.push('!');
    drop(test.sent());
    b.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|2|on the way!"]);
}

async fn under_an_unsaved_parent_it_moves_after_the_insert<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = user("b", "never saved");
    b.profile.adopt(a.profile.expunge().unwrap());
    drop(test.sent());
    let b = b.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["INSERT users", "UPDATE profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|2|old"]);
    assert_eq!(b.profile.get().unwrap().user_id, 2);
}

async fn a_row_that_moved_meanwhile_is_stale<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = bare(&test, "b").await;
    bare(&test, "c").await;
    b.name = "changed".into();
    b.profile.adopt(a.profile.expunge().unwrap());
    test.execute("UPDATE profiles SET user_id = 3").await;
    failed(b.save(&test.pool).await, ErrorKind::Stale, "User.profile");
    assert_eq!(test.rows("profiles").await, ["1|3|old"]);
    assert_eq!(test.rows("users").await, ["1|ada", "2|b", "3|c"]);
}

async fn a_row_that_was_deleted_meanwhile_is_stale<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = bare(&test, "b").await;
    b.profile.adopt(a.profile.expunge().unwrap());
    test.execute("DELETE FROM profiles").await;
    failed(b.save(&test.pool).await, ErrorKind::Stale, "User.profile");
}

async fn a_row_whose_parent_was_deleted_is_stale<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = bare(&test, "b").await;
    let profile = a.profile.expunge().unwrap();
    a.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, NONE);
    b.profile.adopt(profile);
    failed(b.save(&test.pool).await, ErrorKind::Stale, "User.profile");
}

async fn the_subtree_travels_with_its_changes<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let mut a = country("a").save(&test.pool).await.unwrap();
    let mut b = Country {
        capital: HasOne::empty(),
        ..Country::default()
    }
    .save(&test.pool)
    .await
    .unwrap();
    let mut capital = a.capital.expunge().unwrap();
    let palace = capital.palace.get_mut().unwrap();
    palace.name = "changed".into();
    palace.throne.remove();
    b.capital.adopt(capital);
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(
        changes(&report),
        ["moved 1 capitals", "deleted 1 thrones", "updated 1 palaces"]
    );
    assert_eq!(
        test.chain().await,
        [
            vec!["1|-", "2|-"],
            vec!["1|2|a"],
            vec!["1|1|changed"],
            vec![]
        ]
    );
}

async fn adopted_and_removed_again_it_stays_with_its_old_owner<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = bare(&test, "b").await;
    b.profile.adopt(a.profile.expunge().unwrap());
    b.profile.remove();
    drop(test.sent());
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("profiles").await, ["1|1|old"]);
}

async fn adopted_and_expunged_again_it_goes_on<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let (mut b, mut c) = (bare(&test, "b").await, bare(&test, "c").await);
    b.profile.adopt(a.profile.expunge().unwrap());
    c.profile.adopt(b.profile.expunge().unwrap());
    assert_eq!(
        changes(&test.save_as_planned(&mut c).await),
        ["moved 1 profiles"]
    );
    assert_eq!(test.rows("profiles").await, ["1|3|old"]);
    a.profile.adopt(c.profile.expunge().unwrap());
    assert_eq!(
        changes(&test.save_as_planned(&mut a).await),
        ["moved 1 profiles"]
    );
    assert_eq!(test.rows("profiles").await, ["1|1|old"]);
}

async fn a_child_that_was_never_saved_is_pushed<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = bare(&test, "a").await;
    let mut b = bare(&test, "b").await;
    a.profile.set(bio("new"));
    b.profile.adopt(a.profile.expunge().unwrap());
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(
        changes(&test.save_as_planned(&mut b).await),
        ["inserted 1 profiles"]
    );
    assert_eq!(test.rows("profiles").await, ["1|2|new"]);
}

async fn a_shift_along_three_parents<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = user("a", "1").save(&test.pool).await.unwrap();
    let mut b = user("b", "2").save(&test.pool).await.unwrap();
    let mut c = bare(&test, "c").await;
    c.profile.adopt(b.profile.expunge().unwrap());
    b.profile.adopt(a.profile.expunge().unwrap());
    let report = Persistent::save_all([&mut a, &mut b, &mut c], &test.pool)
        .await
        .unwrap();
    assert!(
        report
            .changes()
            .iter()
            .all(|change| change.table == "profiles")
    );
    assert_eq!(test.rows("profiles").await, ["1|2|1", "2|3|2"]);
}

async fn an_exchange_under_a_nullable_key_lets_go_first<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut a = owner("a", "rex").save(&test.pool).await.unwrap();
    let mut b = owner("b", "tom").save(&test.pool).await.unwrap();
    let (rex, tom) = (a.pet.expunge().unwrap(), b.pet.expunge().unwrap());
    a.pet.adopt(tom);
    b.pet.adopt(rex);
    Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(test.rows("pets").await, ["1|2|rex", "2|1|tom"]);
    assert_eq!(
        a.pet.get(),
        Some(&Pet {
            id: 2,
            owner_id: Some(1),
            name: "tom".into()
        })
    );
}

async fn an_exchange_under_a_not_null_key_is_a_contradiction<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = user("a", "1").save(&test.pool).await.unwrap();
    let mut b = user("b", "2").save(&test.pool).await.unwrap();
    let (one, two) = (a.profile.expunge().unwrap(), b.profile.expunge().unwrap());
    a.profile.adopt(two);
    b.profile.adopt(one);
    drop(test.sent());
    failed(
        Persistent::save_all([&mut a, &mut b], &test.pool).await,
        ErrorKind::Contradiction,
        "User[0].profile",
    );
    assert_eq!(test.sent(), NONE);
}

async fn its_place_is_taken_in_the_same_save<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = bare(&test, "b").await;
    b.profile.adopt(a.profile.expunge().unwrap());
    a.profile.set(bio("new"));
    failed(
        a.save(&test.pool).await,
        ErrorKind::UniqueViolation,
        "User.profile",
    );
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        changes(&report),
        ["moved 1 profiles", "inserted 1 profiles"]
    );
    let rows = test.rows("profiles").await;
    assert_eq!((rows.len(), rows[0].as_str()), (2, "1|2|old"));
    assert!(rows[1].ends_with("|1|new"));
}
