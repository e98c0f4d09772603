//! Many-to-many: links that enter and leave, and what stays.

use sqlx_cascade::{ErrorKind, ManyToMany, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, locking, on_every_database};

on_every_database![
    new_targets_are_inserted_and_linked,
    a_new_source_with_links_of_each_kind,
    adding_and_removing_when_loaded,
    adding_and_removing_when_not_loaded,
    links_that_go_and_come_at_once,
    a_link_that_one_handle_removes_and_another_adds,
    it_is_a_set_by_key,
    removing_what_was_only_added_by_key,
    a_removed_target_is_new_when_it_is_pushed_again,
    clear_takes_all_links,
    set_keys_keeps_what_is_linked,
    set_keys_when_not_loaded_keeps_what_is_linked,
    what_is_linked_already_or_gone_is_no_error,
    links_without_a_unique_constraint_stay_a_set,
    a_link_to_nothing_is_a_foreign_key_violation,
    memory_is_as_it_was_after_a_failure,
    changed_targets_are_written,
    one_target_behind_several_links,
    many_sources_share_their_targets,
    deleting_a_source_takes_its_links,
    deleting_many_sources_takes_their_links,
    a_target_that_is_linked_is_not_deleted,
    detaching_unlinks_all,
    a_thousand_links,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[many_to_many(through = "user_roles")]
    roles: ManyToMany<Role>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "roles")]
struct Role {
    #[key(generated)]
    id: i64,
    name: String,
}

const USERS: &str = "
    CREATE TABLE users (id $id, name TEXT NOT NULL);
    CREATE TABLE roles (id $id, name TEXT NOT NULL);
    CREATE TABLE user_roles (user_id BIGINT NOT NULL REFERENCES users (id), role_id BIGINT NOT NULL REFERENCES roles (id), PRIMARY KEY (user_id, role_id));
";

/// Two users, three roles, and a link too many.
const THERE: &str = "
    INSERT INTO users (name) VALUES ('ada'), ('bob');
    INSERT INTO roles (name) VALUES ('author'), ('editor'), ('reader');
    INSERT INTO user_roles VALUES (1, 1), (1, 2), (2, 2);
";

fn role(name: &str) -> Role {
    Role {
        name: name.into(),
        ..Role::default()
    }
}

fn user(name: &str) -> User {
    User {
        name: name.into(),
        roles: ManyToMany::empty(),
        ..User::default()
    }
}

async fn there<B: Base>(test: &Test<B>) {
    test.create(USERS).await;
    test.execute(THERE).await;
}

/// Ada, with her roles.
async fn loaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<User> {
    let user = User::find(id).with(User::ROLES).one(&test.pool).await;
    drop(test.sent());
    user.unwrap()
}

/// Ada, without.
async fn alone<B: Base>(test: &Test<B>, id: i64) -> Persistent<User> {
    let user = User::find(id).one(&test.pool).await.unwrap();
    drop(test.sent());
    user
}

fn keys(user: &User) -> Vec<i64> {
    user.roles.keys().copied().collect()
}

fn names(user: &User) -> Vec<&str> {
    user.roles.iter().map(|role| role.name.as_str()).collect()
}

async fn new_targets_are_inserted_and_linked<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut ada = user("ada");
    ada.roles.push(role("author"));
    ada.roles.push(role("editor"));
    let ada = ada.save(&test.pool).await.unwrap();
    assert_eq!(test.commits(), 1);
    assert_eq!(
        test.kinds(),
        ["INSERT users", "INSERT roles", "INSERT user_roles"]
    );
    assert_eq!(keys(&ada), [1, 2]);
    assert_eq!(names(&ada), ["author", "editor"]);
    assert_eq!(ada.roles.len(), 2);
    assert_eq!(test.rows("users").await, ["1|ada"]);
    assert_eq!(test.rows("roles").await, ["1|author", "2|editor"]);
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2"]);
}

async fn a_new_source_with_links_of_each_kind<B: Base>(test: Test<B>) {
    there(&test).await;
    let reader = Role::find(3).one(&test.pool).await.unwrap();
    let mut eve = user("eve");
    eve.roles.add(&reader);
    eve.roles.push(role("owner"));
    eve.roles.add_key(1);
    drop(test.sent());
    let mut eve = eve.save(&test.pool).await.unwrap();
    assert_eq!(
        test.kinds(),
        ["INSERT users", "INSERT roles", "INSERT user_roles"]
    );
    assert_eq!(keys(&eve), [3, 4, 1]);
    assert_eq!(names(&eve), ["owner"], "of the others the keys are known");
    assert_eq!(
        test.rows("user_roles").await,
        ["1|1", "1|2", "2|2", "3|1", "3|3", "3|4"]
    );
    assert!(eve.save(&test.pool).await.unwrap().is_empty());
    let found = loaded(&test, 3).await;
    assert_eq!(names(&found), ["author", "reader", "owner"]);
}

async fn adding_and_removing_when_loaded<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    assert_eq!(names(&ada), ["author", "editor"]);
    let gone = ada.roles.remove(0);
    assert_eq!(gone.name, "author");
    ada.roles.add_key(3);
    ada.roles.push(role("owner"));
    assert_eq!(keys(&ada), [2, 3]);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        [
            "unlinked 1 user_roles",
            "inserted 1 roles",
            "linked 2 user_roles"
        ]
    );
    assert_eq!(
        test.kinds(),
        ["DELETE user_roles", "INSERT roles", "INSERT user_roles"]
    );
    assert_eq!(keys(&ada), [2, 3, 4]);
    assert_eq!(names(&ada), ["editor", "owner"]);
    assert_eq!(
        test.rows("roles").await,
        ["1|author", "2|editor", "3|reader", "4|owner"]
    );
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|3", "1|4", "2|2"]);
    ada.roles.remove_key(&3);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["unlinked 1 user_roles"]);
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|4", "2|2"]);
    ada.roles.remove_key(&99);
    drop(test.sent());
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn adding_and_removing_when_not_loaded<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    assert!(ada.roles.is_not_loaded());
    ada.roles.add_key(3);
    ada.roles.remove_key(&1);
    assert!(ada.roles.is_partial());
    assert_eq!(
        ada.roles.try_iter().err().map(|error| error.kind()),
        Some(ErrorKind::NotLoaded)
    );
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles", "linked 1 user_roles"]
    );
    assert_eq!(test.kinds(), ["DELETE user_roles", "INSERT user_roles"]);
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|3", "2|2"]);
    assert!(ada.roles.is_partial());
    assert_eq!(keys(&ada), [3]);
    ada.roles.push(role("owner"));
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        ["inserted 1 roles", "linked 1 user_roles"]
    );
    drop(test.sent());
    ada.load(User::ROLES, &test.pool).await.unwrap();
    assert_eq!(test.kinds(), ["SELECT roles"]);
    assert_eq!(names(&ada), ["editor", "reader", "owner"]);
    assert_eq!(keys(&ada), [2, 3, 4]);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
}

async fn links_that_go_and_come_at_once<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    ada.roles.remove_key(&1);
    ada.roles.add_key(3);
    ada.roles.push(role("critic"));
    ada.save(&test.pool).await.unwrap();
    let statements = test.statements().len();
    assert!(B::SERVICE != "postgres" || statements == 1, "{statements}");
    let links = test.rows("user_roles").await;
    assert_eq!(links, ["1|2", "1|3", "1|4", "2|2"]);
}

async fn a_link_that_one_handle_removes_and_another_adds<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    let mut again = alone(&test, 1).await;
    ada.roles.remove_key(&1);
    again.roles.add_key(1);
    let both = (&mut ada, &mut again);
    sqlx_cascade::save_together(both, &test.pool).await.unwrap();
    // What leaves goes before what enters.
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "2|2"]);
}

async fn it_is_a_set_by_key<B: Base>(test: Test<B>) {
    there(&test).await;
    let reader = Role::find(3).one(&test.pool).await.unwrap();
    let mut ada = loaded(&test, 1).await;
    ada.roles.add_key(1);
    ada.roles.add(&reader);
    ada.roles.add_key(3);
    ada.roles.add(&reader);
    assert_eq!(keys(&ada), [1, 2, 3]);
    assert!(ada.roles.contains_key(&3));
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["linked 1 user_roles"]);
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "1|3", "2|2"]);
    ada.roles.remove_key(&3);
    ada.roles.add_key(3);
    ada.roles.remove(1);
    ada.roles.add_key(2);
    drop(test.sent());
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE, "what left and came back was never away");
}

async fn removing_what_was_only_added_by_key<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    ada.roles.add_key(1);
    ada.roles.remove_key(&1);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles"],
        "it may have been linked before"
    );
    assert_eq!(test.rows("user_roles").await, ["1|2", "2|2"]);
    let mut bob = loaded(&test, 2).await;
    bob.roles.add_key(1);
    bob.roles.remove_key(&1);
    assert!(bob.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    let mut bob = alone(&test, 2).await;
    bob.roles.remove_key(&3);
    bob.roles.add_key(3);
    bob.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("user_roles").await,
        ["1|2", "2|2", "2|3"],
        "it may not have been linked before"
    );
}

async fn a_removed_target_is_new_when_it_is_pushed_again<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    let author = ada.roles.remove(0);
    ada.roles.push(author);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        [
            "unlinked 1 user_roles",
            "inserted 1 roles",
            "linked 1 user_roles"
        ]
    );
    assert_eq!(keys(&ada), [2, 4]);
    assert_eq!(
        test.rows("roles").await,
        ["1|author", "2|editor", "3|reader", "4|author"]
    );
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|4", "2|2"]);
    ada.roles.push(role("never"));
    assert_eq!(ada.roles.remove(2).name, "never");
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
}

async fn clear_takes_all_links<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    ada.roles.clear();
    assert!(ada.roles.is_empty());
    let report = ada.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["unlinked 2 user_roles"]);
    assert_eq!(
        test.kinds(),
        locking::<B>(&["LOCK users", "DELETE user_roles"])
    );
    assert_eq!(test.rows("user_roles").await, ["2|2"]);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    let mut bob = loaded(&test, 2).await;
    test.execute("INSERT INTO user_roles VALUES (2, 3)").await;
    bob.roles.clear();
    bob.roles.push(role("owner"));
    let report = bob.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "unlinked 2 user_roles",
            "inserted 1 roles",
            "linked 1 user_roles"
        ],
        "also what came meanwhile"
    );
    assert_eq!(test.rows("user_roles").await, ["2|4"]);
    assert_eq!(test.rows("roles").await.len(), 4, "targets stay");
}

async fn set_keys_keeps_what_is_linked<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    ada.roles.set_keys([2, 3, 3]);
    assert_eq!(keys(&ada), [2, 3]);
    let report = ada.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles", "linked 1 user_roles"]
    );
    assert_eq!(
        test.kinds(),
        locking::<B>(&["LOCK users", "DELETE user_roles", "INSERT user_roles"])
    );
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|3", "2|2"]);
    assert_eq!(keys(&ada), [2, 3]);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    ada.load(User::ROLES, &test.pool).await.unwrap();
    assert_eq!(names(&ada), ["editor", "reader"]);
}

/// A row of the link table that is deleted and inserted again would lose what the table has beside its keys.
async fn set_keys_when_not_loaded_keeps_what_is_linked<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE users (id $id, name TEXT NOT NULL);
        CREATE TABLE roles (id $id, name TEXT NOT NULL);
        CREATE TABLE user_roles (user_id BIGINT NOT NULL REFERENCES users (id), role_id BIGINT NOT NULL REFERENCES roles (id), since TEXT NOT NULL DEFAULT 'now', PRIMARY KEY (user_id, role_id));
    ").await;
    test.execute(
        "
        INSERT INTO users (name) VALUES ('ada'), ('bob');
        INSERT INTO roles (name) VALUES ('author'), ('editor'), ('reader');
        INSERT INTO user_roles VALUES (1, 1, 'ever'), (1, 2, 'ever'), (2, 2, 'ever');
    ",
    )
    .await;
    let mut ada = alone(&test, 1).await;
    ada.roles.set_keys([3, 2]);
    let report = ada.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles", "linked 1 user_roles"]
    );
    assert_eq!(
        test.kinds(),
        locking::<B>(&["LOCK users", "DELETE user_roles", "INSERT user_roles"])
    );
    assert_eq!(
        test.rows("user_roles").await,
        ["1|2|ever", "1|3|now", "2|2|ever"]
    );
    let mut bob = alone(&test, 2).await;
    bob.roles = ada.roles.clone();
    bob.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("user_roles").await,
        ["1|2|ever", "1|3|now", "2|2|ever", "2|3|now"]
    );
    bob.roles.set_keys([]);
    bob.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await, ["1|2|ever", "1|3|now"]);
    assert_eq!(test.rows("roles").await.len(), 3);
}

async fn what_is_linked_already_or_gone_is_no_error<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    test.execute("DELETE FROM user_roles WHERE user_id = 1 AND role_id = 1; INSERT INTO user_roles VALUES (1, 3)")
        .await;
    ada.roles.remove(0);
    ada.roles.add_key(3);
    let report = ada.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        NONE,
        "a report says what the tables changed by"
    );
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|3", "2|2"]);
    assert_eq!(keys(&ada), [2, 3]);
    let mut bob = alone(&test, 2).await;
    bob.roles.add_key(2);
    bob.roles.remove_key(&1);
    bob.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await, ["1|2", "1|3", "2|2"]);
}

async fn links_without_a_unique_constraint_stay_a_set<B: Base>(test: Test<B>) {
    test.create("
        CREATE TABLE users (id $id, name TEXT NOT NULL);
        CREATE TABLE roles (id $id, name TEXT NOT NULL);
        CREATE TABLE user_roles (user_id BIGINT NOT NULL REFERENCES users (id), role_id BIGINT NOT NULL REFERENCES roles (id));
    ").await;
    test.execute(THERE).await;
    let mut ada = alone(&test, 1).await;
    ada.roles.add_key(2);
    ada.roles.add_key(3);
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "1|3", "2|2"]);
}

async fn a_link_to_nothing_is_a_foreign_key_violation<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    ada.name = "new".into();
    ada.roles.add_key(99);
    let result = ada.save(&test.pool).await;
    failed(result, ErrorKind::ForeignKeyViolation, "User.roles[0]");
    assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
    assert_eq!(ada.changed_columns(), ["name"]);
    ada.roles.remove_key(&99);
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("users").await, ["1|new", "2|bob"]);
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "2|2"]);
}

async fn memory_is_as_it_was_after_a_failure<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    ada.roles.remove(0);
    ada.roles.push(role("owner"));
    ada.roles.add_key(3);
    ada.roles.add_key(99);
    let path = "User.roles";
    for _ in 0..2 {
        failed(
            ada.save(&test.pool).await,
            ErrorKind::ForeignKeyViolation,
            path,
        );
        assert_eq!(keys(&ada), [2, 3, 99]);
        assert_eq!(names(&ada), ["editor", "owner"]);
        assert_eq!(test.rows("roles").await.len(), 3);
        assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "2|2"]);
    }
    ada.roles.remove_key(&99);
    let report = ada.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "unlinked 1 user_roles",
            "inserted 1 roles",
            "linked 2 user_roles"
        ]
    );
    let fresh = loaded(&test, 1).await;
    assert_eq!(names(&fresh), ["editor", "reader", "owner"]);
    let mut eve = user("eve");
    eve.roles.push(role("guest"));
    eve.roles.add_key(99);
    let error = eve.save(&test.pool).await.unwrap_err();
    let mut eve = error.take_entity::<User>().unwrap();
    assert_eq!((keys(&eve), names(&eve)), (vec![99], vec!["guest"]));
    eve.roles.remove_key(&99);
    let eve = eve.save(&test.pool).await.unwrap();
    assert_eq!(loaded(&test, eve.id).await, eve);
}

async fn changed_targets_are_written<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    for role in &mut ada.roles {
        role.name.push('!');
    }
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["updated 2 roles"]);
    assert_eq!(report.changes()[0].columns, ["name"]);
    assert_eq!(
        test.rows("roles").await,
        ["1|author!", "2|editor!", "3|reader"]
    );
    ada.roles.iter_mut().next().unwrap().name = "gone".into();
    ada.roles.remove(0);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles"],
        "what changed in it went with the value"
    );
    assert_eq!(
        test.rows("roles").await,
        ["1|author!", "2|editor!", "3|reader"]
    );
    let mut fresh = loaded(&test, 1).await;
    fresh.roles.iter_mut().next().unwrap().id = 77;
    failed(
        fresh.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.roles[0].id",
    );
    let mut fresh = loaded(&test, 1).await;
    test.execute("DELETE FROM user_roles WHERE role_id = 2; DELETE FROM roles WHERE id = 2")
        .await;
    fresh.roles.iter_mut().next().unwrap().name = "gone".into();
    failed(
        fresh.save(&test.pool).await,
        ErrorKind::Stale,
        "User.roles[0]",
    );
}

/// Copies of one row: changed in one, or alike, it is written once; changed differently, no save can mean both.
async fn one_target_behind_several_links<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut users = User::find_many([1, 2])
        .with(User::ROLES)
        .all(&test.pool)
        .await
        .unwrap();
    let editor = |user: &mut Persistent<User>, name: &str| {
        user.roles.iter_mut().last().unwrap().name = name.into();
    };
    drop(test.sent());
    editor(&mut users[0], "boss");
    let report = Persistent::save_all(&mut users, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 roles"]);
    editor(&mut users[0], "chief");
    editor(&mut users[1], "chief");
    drop(test.sent());
    let report = Persistent::save_all(&mut users, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 roles"]);
    assert_eq!(test.kinds(), ["UPDATE roles"]);
    assert_eq!(
        test.rows("roles").await,
        ["1|author", "2|chief", "3|reader"]
    );
    editor(&mut users[0], "one");
    editor(&mut users[1], "other");
    let result = Persistent::save_all(&mut users, &test.pool).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Contradiction);
    assert_eq!(
        test.rows("roles").await,
        ["1|author", "2|chief", "3|reader"]
    );
}

async fn many_sources_share_their_targets<B: Base>(test: Test<B>) {
    there(&test).await;
    let users: Vec<User> = (0..10)
        .map(|number| {
            let mut user = user(&format!("user {number}"));
            user.roles.set_keys([1 + number % 3, 3]);
            user.roles.push(role(&format!("role {number}")));
            user
        })
        .collect();
    drop(test.sent());
    let mut users = User::save_all(users, &test.pool).await.unwrap();
    assert_eq!(
        test.kinds(),
        ["INSERT users", "INSERT roles", "INSERT user_roles"]
    );
    assert_eq!(test.rows("roles").await.len(), 13);
    let expected: usize = users.iter().map(|user| user.roles.keys().count()).sum();
    assert_eq!(test.rows("user_roles").await.len(), 3 + expected);
    for user in &users {
        let fresh = loaded(&test, user.id).await;
        let mut keys = keys(user);
        keys.sort_unstable();
        assert_eq!(self::keys(&fresh), keys);
    }
    for user in &mut users {
        user.roles.remove_key(&3);
        user.roles.add_key(1);
    }
    drop(test.sent());
    Persistent::save_all(&mut users, &test.pool).await.unwrap();
    assert_eq!(test.kinds(), ["DELETE user_roles", "INSERT user_roles"]);
    for user in &users {
        let fresh = loaded(&test, user.id).await;
        let mut keys = keys(user);
        keys.sort_unstable();
        assert_eq!(self::keys(&fresh), keys);
    }
    for user in &mut users {
        user.roles.set_keys([2]);
    }
    drop(test.sent());
    Persistent::save_all(&mut users, &test.pool).await.unwrap();
    assert_eq!(
        test.kinds(),
        locking::<B>(&["LOCK users", "DELETE user_roles", "INSERT user_roles"])
    );
    assert_eq!(test.rows("user_roles").await.len(), 13);
}

async fn deleting_a_source_takes_its_links<B: Base>(test: Test<B>) {
    there(&test).await;
    let ada = loaded(&test, 1).await;
    test.execute("INSERT INTO user_roles VALUES (1, 3)").await;
    let ada = ada.delete(&test.pool).await.unwrap();
    assert_eq!(test.kinds(), ["DELETE user_roles", "DELETE users"]);
    assert!(ada.roles.is_not_loaded(), "the targets are still there");
    assert_eq!(test.rows("users").await, ["2|bob"]);
    assert_eq!(test.rows("user_roles").await, ["2|2"]);
    assert_eq!(test.rows("roles").await.len(), 3);
    let report = User::delete_by_key(2, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles", "deleted 1 users"]
    );
    assert_eq!(test.rows("user_roles").await, NONE);
    assert_eq!(test.rows("roles").await.len(), 3);
}

async fn deleting_many_sources_takes_their_links<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut users = User::find_many([1, 2])
        .with(User::ROLES)
        .all(&test.pool)
        .await
        .unwrap();
    users[0].roles.remove(0);
    users[1].roles.push(role("never"));
    drop(test.sent());
    Persistent::delete_all(users, &test.pool).await.unwrap();
    assert_eq!(test.kinds(), ["DELETE user_roles", "DELETE users"]);
    assert_eq!(test.rows("users").await, NONE);
    assert_eq!(test.rows("user_roles").await, NONE);
    assert_eq!(
        test.rows("roles").await,
        ["1|author", "2|editor", "3|reader"]
    );
}

async fn a_target_that_is_linked_is_not_deleted<B: Base>(test: Test<B>) {
    there(&test).await;
    let editor = Role::find(2).one(&test.pool).await.unwrap();
    let result = editor.delete(&test.pool).await;
    let error = failed(result, ErrorKind::ForeignKeyViolation, "Role");
    assert_eq!(test.rows("roles").await.len(), 3);
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "2|2"]);
    let editor = error.take_entity::<Persistent<Role>>().unwrap();
    test.execute("DELETE FROM user_roles WHERE role_id = 2")
        .await;
    editor.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("roles").await, ["1|author", "3|reader"]);
}

async fn detaching_unlinks_all<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    test.execute("INSERT INTO user_roles VALUES (1, 3)").await;
    let report = ada.detach(User::ROLES, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["unlinked 3 user_roles"]);
    assert!(ada.roles.is_loaded() && ada.roles.is_empty());
    assert_eq!(test.rows("user_roles").await, ["2|2"]);
    assert_eq!(test.rows("roles").await.len(), 3);
    ada.roles.add_key(2);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["linked 1 user_roles"]);
}

async fn a_thousand_links<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let most = |rows: usize| {
        if B::LISTS { rows.div_ceil(256) + 8 } else { 1 }
    };
    let count = |sent: &[String], what: &str| sent.iter().filter(|sent| *sent == what).count();
    let mut ada = user("ada");
    for number in 0..1_000 {
        ada.roles.push(role(&number.to_string()));
    }
    let ada = ada.save(&test.pool).await.unwrap();
    let sent = test.sent();
    for what in ["INSERT users", "INSERT roles", "INSERT user_roles"] {
        assert!(
            (1..=most(1_000)).contains(&count(&sent, what)),
            "{what}: {sent:?}"
        );
    }
    let mut bob = user("bob");
    bob.roles.set_keys(keys(&ada));
    let mut bob = bob.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await.len(), 2_000);
    drop(test.sent());
    bob.roles.set_keys(500..600);
    let report = bob.save(&test.pool).await.unwrap();
    assert_eq!(changes(&report), ["unlinked 900 user_roles"]);
    assert_eq!(
        test.kinds(),
        locking::<B>(&["LOCK users", "DELETE user_roles", "INSERT user_roles"])
    );
    let mut ada = ada;
    for key in 1..=900 {
        ada.roles.remove_key(&key);
    }
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["unlinked 900 user_roles"]);
    let sent = test.sent();
    assert!(count(&sent, "DELETE user_roles") <= most(900), "{sent:?}");
    assert_eq!(sent.len(), count(&sent, "DELETE user_roles"));
    assert_eq!(test.rows("user_roles").await.len(), 200);
    assert_eq!(test.rows("roles").await.len(), 1_000);
}
