//! `delete`, `delete_all`, `delete_by_key` and `detach`.

use sqlx_cascade::{ErrorKind, Persistent};

use crate::models::{
    COUNTRIES, Country, OWNERS, Owner, USERS, User, ada, bio, country, owner, pet, user,
};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    the_value_that_comes_back_is_new_throughout,
    unsaved_changes_and_children_are_not_written,
    a_pending_release_is_carried_out_first,
    a_pending_removal_goes_with_its_parent,
    an_unsaved_adoption_stays_with_its_old_owner,
    rows_that_others_added_go_too,
    a_row_that_is_gone_is_stale,
    an_unknown_reference_is_a_foreign_key_violation,
    many_are_deleted_by_one_statement_per_table,
    many_of_which_one_is_gone_are_stale,
    by_key_it_is_the_same,
    detach_applies_the_removal_rule_to_whatever_is_there,
    detach_below_reaches_the_subtree,
    detach_of_a_nullable_key_releases,
];

async fn the_value_that_comes_back_is_new_throughout<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let country = country("a").save(&test.pool).await.unwrap();
    let value = country.delete(&test.pool).await.unwrap();
    value.save(&test.pool).await.unwrap();
    assert_eq!(
        test.chain().await,
        [vec!["2|-"], vec!["2|2|a"], vec!["2|2|a"], vec!["2|2|a"]]
    );
}

async fn unsaved_changes_and_children_are_not_written<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.name = "unsaved".into();
    user.profile.set(bio("unsaved"));
    drop(test.sent());
    let value = user.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE profiles", "DELETE users"]);
    assert_eq!(test.rows("profiles").await, NONE);
    assert_eq!(
        (
            value.name.as_str(),
            value.profile.get().unwrap().bio.as_str()
        ),
        ("unsaved", "unsaved")
    );
}

async fn a_pending_release_is_carried_out_first<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    owner.pet.set(pet("tom"));
    owner.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("owners").await, NONE);
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
}

async fn a_pending_removal_goes_with_its_parent<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let mut country = country("a").save(&test.pool).await.unwrap();
    country.capital.get_mut().unwrap().palace.remove();
    country.delete(&test.pool).await.unwrap();
    assert_eq!(test.chain().await, [NONE; 4]);
}

async fn an_unsaved_adoption_stays_with_its_old_owner<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut a = ada().save(&test.pool).await.unwrap();
    let mut b = user("b", "b").save(&test.pool).await.unwrap();
    b.profile.adopt(a.profile.expunge().unwrap());
    b.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|1|old"]);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
}

async fn rows_that_others_added_go_too<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    let mut country = Country::default();
    country.capital.remove();
    let country = country.save(&test.pool).await.unwrap();
    test.execute("INSERT INTO capitals (country_id, name) VALUES (1, 'x')")
        .await;
    country.delete(&test.pool).await.unwrap();
    assert_eq!(test.chain().await, [NONE; 4]);
}

async fn a_row_that_is_gone_is_stale<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let user = ada().save(&test.pool).await.unwrap();
    test.execute("DELETE FROM users").await;
    let error = failed(user.delete(&test.pool).await, ErrorKind::Stale, "User");
    let user: Persistent<User> = error.take_entity().unwrap();
    assert_eq!(user.name, "ada");
    assert!(error.take_entity::<Persistent<User>>().is_none());
}

async fn an_unknown_reference_is_a_foreign_key_violation<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    test.create("CREATE TABLE badges (user_id BIGINT NOT NULL REFERENCES users (id))")
        .await;
    let user = ada().save(&test.pool).await.unwrap();
    test.execute("INSERT INTO badges VALUES (1)").await;
    let error = failed(
        user.delete(&test.pool).await,
        ErrorKind::ForeignKeyViolation,
        "User",
    );
    assert_eq!(test.rows("profiles").await, ["1|1|old"], "nothing is done");
    test.execute("DELETE FROM badges").await;
    let user: Persistent<User> = error.take_entity().unwrap();
    user.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("users").await, NONE);
}

async fn many_are_deleted_by_one_statement_per_table<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let users = ["a", "b", "c"].map(|name| user(name, name));
    let mut users = User::save_all(users.into(), &test.pool).await.unwrap();
    let kept = users.remove(1);
    drop(test.sent());
    let values = Persistent::delete_all(users, &test.pool).await.unwrap();
    assert_eq!(values.len(), 2);
    let sent = test.sent();
    assert!(
        B::LISTS || sent == ["DELETE profiles", "DELETE users"],
        "{sent:?}"
    );
    assert_eq!(test.rows("users").await, ["2|b"]);
    assert_eq!(test.rows("profiles").await, ["2|2|b"]);
    drop(kept);
}

async fn many_of_which_one_is_gone_are_stale<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let users = User::save_all(vec![user("a", "a"), user("b", "b")], &test.pool)
        .await
        .unwrap();
    test.execute("DELETE FROM users WHERE id = 2").await;
    let error = failed(
        Persistent::delete_all(users, &test.pool).await,
        ErrorKind::Stale,
        "User",
    );
    assert_eq!(test.rows("users").await, ["1|a"]);
    assert_eq!(
        error.take_entity::<Vec<Persistent<User>>>().unwrap().len(),
        2
    );
}

async fn by_key_it_is_the_same<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    country("a").save(&test.pool).await.unwrap();
    drop(test.sent());
    let report = Country::delete_by_key(1, &test.pool).await.unwrap();
    let expected = [
        "deleted 1 thrones",
        "deleted 1 palaces",
        "deleted 1 capitals",
        "deleted 1 countries",
    ];
    assert_eq!(changes(&report), expected);
    assert_eq!(test.sent().len(), 4);
    failed(
        Country::delete_by_key(1, &test.pool).await,
        ErrorKind::NotFound,
        "Country",
    );
}

async fn detach_applies_the_removal_rule_to_whatever_is_there<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.name = "unsaved".into();
    test.execute("UPDATE profiles SET id = 7").await;
    let report = user.detach(User::PROFILE, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["deleted 1 profiles"]);
    assert_eq!(test.rows("profiles").await, NONE);
    assert_eq!(user.profile.get(), None);
    assert_eq!(user.changed_columns(), ["name"]);
    user.profile.set(bio("new"));
    let report = user.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 users", "inserted 1 profiles"]);
}

async fn detach_below_reaches_the_subtree<B: Base>(test: Test<B>) {
    test.create(COUNTRIES).await;
    country("a").save(&test.pool).await.unwrap();
    let mut country = Country::find(1).one(&test.pool).await.unwrap();
    country.detach(Country::CAPITAL, &test.pool).await.unwrap();
    assert_eq!(country.capital.get(), None);
    assert_eq!(test.chain().await, [vec!["1|-"], vec![], vec![], vec![]]);
}

async fn detach_of_a_nullable_key_releases<B: Base>(test: Test<B>) {
    test.create(OWNERS).await;
    let mut owner = owner("ada", "rex").save(&test.pool).await.unwrap();
    let report = owner.detach(Owner::PET, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["released 1 pets"]);
    assert_eq!(test.rows("pets").await, ["1|-|rex"]);
    assert!(owner.save(&test.pool).await.unwrap().is_empty());
}
