//! Options of a many-to-many: tokens, order, paths, `viewonly`, `on_remove`, versions; and wrappers that are assigned.

use sqlx_cascade::{ErrorKind, ManyToMany, Persistent};

use crate::support::{Base, NONE, Test, changes, failed, locking, on_every_database};

on_every_database![
    loading_is_one_query_in_order,
    loading_goes_on_behind_links,
    loading_keeps_what_is_pending,
    what_is_not_loaded_says_so,
    assigned_empty_takes_all_links,
    assigned_default_or_taken_touches_nothing,
    an_assigned_clone_keeps_the_links_by_key,
    swapped_relations_are_not_owned,
    with_refresh_expire_links_are_read_again,
    without_refresh_expire_links_stay_as_they_are,
    with_expunge_targets_travel,
    without_expunge_links_are_not_loaded,
    without_save_update_links_are_refused,
    without_save_update_a_changed_target_stays_changed,
    a_view_is_never_written,
    denied_removals,
    a_link_raises_the_version_of_the_aggregate,
];

/// `User`, with these options of its relation.
macro_rules! users {
    ($module:ident, $(#[$version:meta])? [$($option:tt)*]) => {
        mod $module {
            use sqlx_cascade::{ManyToMany, Relations};

            use super::Role;

            #[derive(Debug, Default, Clone, PartialEq, Relations)]
            #[table(name = "users")]
            pub(super) struct User {
                #[key(generated)]
                pub(super) id: i64,
                $(#[$version])?
                pub(super) version: i64,
                #[many_to_many(through = "user_roles" $($option)*)]
                pub(super) roles: ManyToMany<Role>,
            }
        }
    };
}

users!(plain, [, order_by = "name desc"]);
users!(unsaved, [, cascade = "none"]);
users!(read_again, [, cascade = "save-update, refresh-expire, expunge"]);
users!(viewed, [, viewonly, order_by = "name"]);
users!(denied, [, on_remove = "deny"]);
users!(
    versioned,
    #[version(aggregate)]
    []
);

use plain::User;
use roles::{Permission, Role};

mod roles {
    use sqlx_cascade::{ManyToMany, Relations};

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "roles")]
    pub(super) struct Role {
        #[key(generated)]
        pub(super) id: i64,
        pub(super) name: String,
        #[many_to_many(through = "role_permissions")]
        pub(super) permissions: ManyToMany<Permission>,
    }

    #[derive(Debug, Default, Clone, PartialEq, Relations)]
    #[table(name = "permissions")]
    pub(super) struct Permission {
        #[key(generated)]
        pub(super) id: i64,
        pub(super) name: String,
    }
}

const USERS: &str = "
    CREATE TABLE users (id $id, version BIGINT NOT NULL);
    CREATE TABLE roles (id $id, name TEXT NOT NULL);
    CREATE TABLE permissions (id $id, name TEXT NOT NULL);
    CREATE TABLE user_roles (user_id BIGINT NOT NULL REFERENCES users (id), role_id BIGINT NOT NULL REFERENCES roles (id), PRIMARY KEY (user_id, role_id));
    CREATE TABLE role_permissions (role_id BIGINT NOT NULL REFERENCES roles (id), permission_id BIGINT NOT NULL REFERENCES permissions (id), PRIMARY KEY (role_id, permission_id));
";

const THERE: &str = "
    INSERT INTO users (version) VALUES (1), (1), (1);
    INSERT INTO roles (name) VALUES ('a'), ('c'), ('b');
    INSERT INTO permissions (name) VALUES ('read'), ('write');
    INSERT INTO user_roles VALUES (1, 1), (1, 2), (2, 2), (2, 3);
    INSERT INTO role_permissions VALUES (1, 1), (2, 1), (2, 2);
";

const LINKS: [&str; 4] = ["1|1", "1|2", "2|2", "2|3"];

async fn there<B: Base>(test: &Test<B>) {
    test.create(USERS).await;
    test.execute(THERE).await;
}

async fn alone<B: Base>(test: &Test<B>, id: i64) -> Persistent<User> {
    let user = User::find(id).one(&test.pool).await.unwrap();
    drop(test.sent());
    user
}

async fn loaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<User> {
    let user = User::find(id).with(User::ROLES).one(&test.pool).await;
    drop(test.sent());
    user.unwrap()
}

fn role(name: &str) -> Role {
    Role {
        name: name.into(),
        ..Role::default()
    }
}

fn names(roles: &ManyToMany<Role>) -> Vec<&str> {
    roles.iter().map(|role| role.name.as_str()).collect()
}

fn keys(roles: &ManyToMany<Role>) -> Vec<i64> {
    roles.keys().copied().collect()
}

async fn loading_is_one_query_in_order<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut users = User::find_many([3, 1, 2]).all(&test.pool).await.unwrap();
    drop(test.sent());
    sqlx_cascade::load(&mut users, User::ROLES, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["SELECT roles"]);
    let found: Vec<_> = users.iter().map(|user| names(&user.roles)).collect();
    assert_eq!(found, [vec![], vec!["c", "a"], vec!["c", "b"]]);
    assert_eq!(keys(&users[1].roles), [2, 1]);
    sqlx_cascade::load(&mut users, User::ROLES, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), NONE, "they are loaded");
    assert!(
        Persistent::save_all(&mut users, &test.pool)
            .await
            .unwrap()
            .is_empty()
    );
    let viewed = viewed::User::find(2)
        .with(viewed::User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    assert_eq!(names(&viewed.roles), ["b", "c"]);
    let result = User::find(9).with(User::ROLES).one(&test.pool).await;
    failed(result, ErrorKind::NotFound, "User");
    let mut ada = alone(&test, 1).await;
    test.execute("DELETE FROM user_roles; DELETE FROM users WHERE id = 1")
        .await;
    let result = ada.load(User::ROLES, &test.pool).await;
    failed(result, ErrorKind::NotFound, "User");
    assert!(ada.roles.is_not_loaded());
}

async fn loading_goes_on_behind_links<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut users = User::find_many([1, 2, 3]).all(&test.pool).await.unwrap();
    drop(test.sent());
    let path = || User::ROLES.then(Role::PERMISSIONS);
    sqlx_cascade::load(&mut users, path(), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["SELECT roles", "SELECT permissions"]);
    let permissions = |user: &User| -> Vec<usize> {
        user.roles
            .iter()
            .map(|role| role.permissions.len())
            .collect()
    };
    assert_eq!(permissions(&users[0]), [2, 1]);
    assert_eq!(permissions(&users[1]), [2, 0]);
    // Behind links that are loaded already.
    let mut ada = loaded(&test, 1).await;
    ada.load(path(), &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT permissions"]);
    assert_eq!(permissions(&ada), [2, 1]);
    let role = ada.roles.iter_mut().next().unwrap();
    role.permissions.remove_key(&1);
    role.permissions.push(Permission {
        name: "own".into(),
        ..Permission::default()
    });
    ada.roles.remove(1);
    let report = test.save_as_planned(&mut ada).await;
    let mut expected = changes(&report);
    expected.sort();
    assert_eq!(
        expected,
        [
            "inserted 1 permissions",
            "linked 1 role_permissions",
            "unlinked 1 role_permissions",
            "unlinked 1 user_roles"
        ]
    );
    assert_eq!(test.rows("role_permissions").await, ["1|1", "2|2", "2|3"]);
    assert_eq!(test.rows("user_roles").await, ["1|2", "2|2", "2|3"]);
}

async fn loading_keeps_what_is_pending<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    ada.roles.remove_key(&2);
    ada.roles.add_key(1);
    ada.roles.add_key(3);
    ada.roles.push(role("d"));
    ada.load(User::ROLES, &test.pool).await.unwrap();
    assert_eq!(
        keys(&ada.roles),
        [1, 3],
        "a set: what was there already is there once"
    );
    assert_eq!(names(&ada.roles), ["a", "d"]);
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
        test.rows("user_roles").await,
        ["1|1", "1|3", "1|4", "2|2", "2|3"]
    );
    // Those whose keys alone are known are read now.
    ada.load(User::ROLES, &test.pool).await.unwrap();
    assert_eq!(names(&ada.roles), ["d", "b", "a"]);
    ada.roles.set_keys([2, 3]);
    ada.load(User::ROLES, &test.pool).await.unwrap();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("user_roles").await,
        ["1|2", "1|3", "2|2", "2|3"],
        "what is pending for all links is still pending"
    );
}

async fn what_is_not_loaded_says_so<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    assert!(ada.roles.is_not_loaded() && !ada.roles.is_loaded());
    assert_eq!(
        ada.roles.try_iter().err().unwrap().kind(),
        ErrorKind::NotLoaded
    );
    let panics = |read: &dyn Fn(&User)| {
        let read = std::panic::AssertUnwindSafe(|| read(&ada));
        assert!(std::panic::catch_unwind(read).is_err());
    };
    panics(&|user| drop(user.roles.iter()));
    panics(&|user| assert!(user.roles.is_empty()));
    panics(&|user| assert_eq!(user.roles.len(), 0));
    assert_eq!(ada.roles.keys().count(), 0);
    assert_eq!(ada.roles.known().count(), 0);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    ada.roles.push(role("d"));
    assert!(ada.roles.is_partial());
    assert_eq!(ada.roles.known().count(), 1);
    assert_eq!(
        format!("{:?}", ada.roles).split('[').next(),
        Some("Partial")
    );
}

async fn assigned_empty_takes_all_links<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = alone(&test, 1).await;
    ada.roles = ManyToMany::empty();
    ada.save(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        locking::<B>(&["LOCK users", "DELETE user_roles"])
    );
    assert_eq!(test.rows("user_roles").await, ["2|2", "2|3"]);
    let mut bob = loaded(&test, 2).await;
    bob.roles = ManyToMany::empty();
    bob.roles.add_key(3);
    bob.roles.push(role("d"));
    bob.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await, ["2|3", "2|4"]);
    assert_eq!(test.rows("roles").await.len(), 4);
}

async fn assigned_default_or_taken_touches_nothing<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    ada.roles.remove(0);
    ada.roles = ManyToMany::default();
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    let mut bob = loaded(&test, 2).await;
    let taken = std::mem::take(&mut bob.roles);
    assert_eq!(taken.len(), 2);
    assert!(bob.roles.is_not_loaded());
    assert!(bob.save(&test.pool).await.unwrap().is_empty());
    bob.roles = taken;
    assert!(
        bob.save(&test.pool).await.unwrap().is_empty(),
        "they are its own"
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("user_roles").await, LINKS);
}

async fn an_assigned_clone_keeps_the_links_by_key<B: Base>(test: Test<B>) {
    there(&test).await;
    let ada = loaded(&test, 1).await;
    let mut bob = loaded(&test, 2).await;
    bob.roles = ada.roles.clone();
    assert_eq!(keys(&bob.roles), [2, 1]);
    bob.save(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        locking::<B>(&["LOCK users", "DELETE user_roles", "INSERT user_roles"])
    );
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|2", "2|1", "2|2"]);
    // A copy of the whole struct is new, and linked to the same rows.
    let copy = User::clone(&ada).save(&test.pool).await.unwrap();
    assert_eq!(copy.id, 4);
    assert_eq!(
        test.rows("user_roles").await,
        ["1|1", "1|2", "2|1", "2|2", "4|1", "4|2"]
    );
    assert_eq!(test.rows("roles").await.len(), 3);
    let mut ada = ada;
    let own = ada.roles.clone();
    ada.roles = own;
    ada.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await.len(), 6);
    ada.roles.remove_key(&1);
    let mut copy = User::clone(&ada).save(&test.pool).await.unwrap();
    assert_eq!(keys(&copy.roles), [2], "pending removals don't travel");
    copy.roles = alone(&test, 1).await.roles.clone();
    assert!(copy.save(&test.pool).await.unwrap().is_empty());
}

async fn swapped_relations_are_not_owned<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    let mut bob = loaded(&test, 2).await;
    std::mem::swap(&mut ada.roles, &mut bob.roles);
    drop(test.sent());
    failed(
        ada.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.roles",
    );
    failed(
        bob.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.roles",
    );
    assert_eq!(test.sent(), NONE);
    std::mem::swap(&mut ada.roles, &mut bob.roles);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    let mut eve = alone(&test, 3).await;
    ada.roles.clear();
    std::mem::swap(&mut ada.roles, &mut eve.roles);
    failed(
        eve.save(&test.pool).await,
        ErrorKind::NotOwned,
        "User.roles",
    );
    assert_eq!(test.rows("user_roles").await, LINKS);
}

async fn with_refresh_expire_links_are_read_again<B: Base>(test: Test<B>) {
    use read_again::User;
    there(&test).await;
    let mut ada = User::find(1)
        .with(User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    test.execute("DELETE FROM user_roles WHERE role_id = 1; INSERT INTO user_roles VALUES (1, 3); UPDATE roles SET name = 'C' WHERE id = 2")
        .await;
    ada.roles.remove(1);
    ada.roles.iter_mut().next().unwrap().name = "unsaved".into();
    ada.roles.push(role("never"));
    ada.roles.add_key(1);
    drop(test.sent());
    ada.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT users", "SELECT roles"]);
    assert_eq!(names(&ada.roles), ["C", "b"]);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    let mut bob = User::find(2).one(&test.pool).await.unwrap();
    bob.roles.add_key(1);
    bob.refresh(&test.pool).await.unwrap();
    assert!(bob.roles.is_not_loaded(), "what is partial is discarded");
    assert!(bob.save(&test.pool).await.unwrap().is_empty());
}

async fn without_refresh_expire_links_stay_as_they_are<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    ada.roles.remove(0);
    ada.roles.push(role("d"));
    ada.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT users"]);
    assert_eq!(names(&ada.roles), ["a", "d"]);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        [
            "unlinked 1 user_roles",
            "inserted 1 roles",
            "linked 1 user_roles"
        ]
    );
    assert_eq!(test.rows("user_roles").await, ["1|1", "1|4", "2|2", "2|3"]);
}

async fn with_expunge_targets_travel<B: Base>(test: Test<B>) {
    use read_again::User;
    there(&test).await;
    let ada = User::find(1)
        .with(User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    let detached = ada.expunge();
    assert_eq!(names(&detached.roles), ["a", "c"]);
    let mut ada = detached.into_persistent().unwrap();
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    ada.roles.iter_mut().next().unwrap().name = "A".into();
    ada.roles.remove(1);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        changes(&report),
        ["unlinked 1 user_roles", "updated 1 roles"]
    );
    assert_eq!(test.rows("roles").await, ["1|A", "2|c", "3|b"]);
    assert_eq!(test.rows("user_roles").await, ["1|1", "2|2", "2|3"]);
}

async fn without_expunge_links_are_not_loaded<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut ada = loaded(&test, 1).await;
    ada.roles.remove(0);
    let detached = ada.expunge();
    assert!(detached.roles.is_not_loaded());
    let mut ada = detached.into_persistent().unwrap();
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("user_roles").await, LINKS);
}

async fn without_save_update_links_are_refused<B: Base>(test: Test<B>) {
    use unsaved::User;
    there(&test).await;
    let mut new = User::default();
    new.roles.add_key(1);
    let result = new.save(&test.pool).await;
    failed(result, ErrorKind::NotCascaded, "User.roles");
    let changes: [fn(&mut User); 5] = [
        |user| user.roles.push(role("d")),
        |user| user.roles.add_key(3),
        |user| drop(user.roles.remove(0)),
        |user| user.roles.clear(),
        |user| user.roles = ManyToMany::empty(),
    ];
    for change in changes {
        let mut ada = User::find(1)
            .with(User::ROLES)
            .one(&test.pool)
            .await
            .unwrap();
        drop(test.sent());
        change(&mut ada);
        failed(
            ada.save(&test.pool).await,
            ErrorKind::NotCascaded,
            "User.roles",
        );
        assert_eq!(test.sent(), NONE);
    }
    let ada = User::find(1).one(&test.pool).await.unwrap();
    ada.delete(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("user_roles").await,
        ["2|2", "2|3"],
        "the row's own links always go"
    );
}

async fn without_save_update_a_changed_target_stays_changed<B: Base>(test: Test<B>) {
    use unsaved::User;
    there(&test).await;
    let mut ada = User::find(1)
        .with(User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    ada.roles.iter_mut().next().unwrap().name = "unsaved".into();
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(names(&ada.roles), ["unsaved", "c"]);
    ada.version = 7;
    test.save_as_planned(&mut ada).await;
    assert_eq!(names(&ada.roles), ["unsaved", "c"]);
    assert_eq!(test.rows("roles").await, ["1|a", "2|c", "3|b"]);
    assert_eq!(test.rows("users").await, ["1|7", "2|1", "3|1"]);
}

async fn a_view_is_never_written<B: Base>(test: Test<B>) {
    use viewed::User;
    there(&test).await;
    let mut ada = User::find(1)
        .with(User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    ada.roles.iter_mut().next().unwrap().name = "unsaved".into();
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    ada.roles.add_key(3);
    failed(
        ada.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "User.roles",
    );
    let result = ada.detach(User::ROLES, &test.pool).await;
    failed(result, ErrorKind::NotCascaded, "User.roles");
    let result = ada.delete(&test.pool).await;
    let error = failed(result, ErrorKind::ForeignKeyViolation, "User");
    drop(error);
    assert_eq!(test.rows("user_roles").await, LINKS);
    let eve = User::find(3).one(&test.pool).await.unwrap();
    drop(test.sent());
    eve.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE users"]);
}

async fn denied_removals<B: Base>(test: Test<B>) {
    use denied::User;
    there(&test).await;
    let find = || User::find(1).with(User::ROLES);
    let mut ada = find().one(&test.pool).await.unwrap();
    ada.roles.add_key(3);
    ada.save(&test.pool).await.unwrap();
    drop(test.sent());
    let denied = |result| failed(result, ErrorKind::RemovalDenied, "User.roles");
    ada.roles.remove_key(&1);
    denied(ada.save(&test.pool).await);
    ada.roles.add_key(1);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    denied(ada.detach(User::ROLES, &test.pool).await);
    ada.roles.set_keys([1, 2, 3]);
    ada.save(&test.pool).await.unwrap();
    ada.roles.set_keys([1, 2]);
    denied(ada.save(&test.pool).await);
    let mut ada = find().one(&test.pool).await.unwrap();
    ada.roles.clear();
    denied(ada.save(&test.pool).await);
    let mut ada = User::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    ada.roles.remove_key(&1);
    denied(ada.save(&test.pool).await);
    let mut ada = User::find(1).one(&test.pool).await.unwrap();
    ada.roles.clear();
    let result = ada.save(&test.pool).await;
    failed(result, ErrorKind::NotLoaded, "User.roles");
    let mut ada = find().one(&test.pool).await.unwrap();
    ada.roles.push(role("d"));
    ada.roles.remove(3);
    assert!(ada.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(
        test.rows("user_roles").await,
        ["1|1", "1|2", "1|3", "2|2", "2|3"]
    );
    ada.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("user_roles").await, ["2|2", "2|3"]);
}

async fn a_link_raises_the_version_of_the_aggregate<B: Base>(test: Test<B>) {
    use versioned::User;
    there(&test).await;
    let mut ada = User::find(1)
        .with(User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    let mut stale = User::find(1)
        .with(User::ROLES)
        .one(&test.pool)
        .await
        .unwrap();
    ada.roles.add_key(3);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(changes(&report), ["updated 1 users", "linked 1 user_roles"]);
    assert_eq!(ada.version, 2);
    ada.roles.remove(0);
    let report = test.save_as_planned(&mut ada).await;
    assert_eq!(
        {
            let mut changes = changes(&report);
            changes.sort();
            changes
        },
        ["unlinked 1 user_roles", "updated 1 users"]
    );
    ada.roles.set_keys([2]);
    ada.save(&test.pool).await.unwrap();
    assert_eq!(ada.version, 4);
    stale.roles.push(role("never"));
    failed(stale.save(&test.pool).await, ErrorKind::Stale, "User");
    stale.roles.remove(2);
    stale.roles.remove(0);
    failed(stale.save(&test.pool).await, ErrorKind::Stale, "User");
    assert_eq!(test.rows("users").await, ["1|4", "2|1", "3|1"]);
    assert_eq!(test.rows("user_roles").await, ["1|2", "2|2", "2|3"]);
    assert_eq!(test.rows("roles").await.len(), 3);
    ada.detach(User::ROLES, &test.pool).await.unwrap();
    assert_eq!(ada.version, 5);
    assert_eq!(test.rows("user_roles").await, ["2|2", "2|3"]);
}
