//! Children whose primary key is the key to their parent.

use sqlx_cascade::{ErrorKind, HasOne, Relations};

use crate::support::{Base, NONE, Test, failed, on_every_database};

on_every_database![
    a_new_parent_gives_the_key,
    a_key_that_leaves_and_enters_is_one_update,
    a_child_is_removed,
    a_child_does_not_move,
    a_child_that_is_not_loaded_is_replaced,
    a_child_that_was_never_there_is_inserted,
    a_child_of_a_row_that_is_gone,
];

/// The profile's key is its user's, and the picture's is the profile's.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    profile: HasOne<Profile>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "profiles")]
struct Profile {
    #[key]
    #[one_to_one(User)]
    user_id: i64,
    bio: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    picture: HasOne<Picture>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "pictures")]
struct Picture {
    #[key]
    #[one_to_one(Profile)]
    profile_id: i64,
    file: String,
}

const SHARED: &str = "
    CREATE TABLE users (id $id, name TEXT NOT NULL);
    CREATE TABLE profiles (user_id BIGINT PRIMARY KEY REFERENCES users (id), bio TEXT NOT NULL);
    CREATE TABLE pictures (profile_id BIGINT PRIMARY KEY REFERENCES profiles (user_id), file TEXT NOT NULL);
";

fn user(name: &str) -> User {
    User {
        name: name.into(),
        profile: profile(name).into(),
        ..User::default()
    }
}

fn profile(bio: &str) -> Profile {
    let picture = Picture {
        file: bio.into(),
        ..Picture::default()
    };
    Profile {
        bio: bio.into(),
        picture: picture.into(),
        ..Profile::default()
    }
}

async fn a_new_parent_gives_the_key<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    test.execute("INSERT INTO users (name) VALUES ('first')")
        .await;
    let user = user("a").save(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        ["INSERT users", "INSERT profiles", "INSERT pictures"]
    );
    assert_eq!(test.rows("profiles").await, ["2|a"]);
    assert_eq!(test.rows("pictures").await, ["2|a"]);
    let profile = user.profile.get().unwrap();
    assert_eq!(
        (profile.user_id, profile.picture.get().unwrap().profile_id),
        (2, 2)
    );
    let path = User::PROFILE.then(Profile::PICTURE);
    assert_eq!(
        User::find(2).with(path).one(&test.pool).await.unwrap(),
        user
    );
}

async fn a_key_that_leaves_and_enters_is_one_update<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    let mut user = user("a").save(&test.pool).await.unwrap();
    user.profile.set(Profile {
        bio: "b".into(),
        ..Profile::default()
    });
    drop(test.sent());
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE pictures", "UPDATE profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|b"]);
    assert_eq!(test.rows("pictures").await, NONE);
    user.profile.set(profile("c"));
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|c"]);
    assert_eq!(test.rows("pictures").await, ["1|c"]);
    assert!(user.save(&test.pool).await.unwrap().is_empty());
}

async fn a_child_is_removed<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    let mut user = user("a").save(&test.pool).await.unwrap();
    user.profile.remove();
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, NONE);
    assert_eq!(test.rows("pictures").await, NONE);
    user.profile.set(profile("b"));
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("pictures").await, ["1|b"]);
    user.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("users").await, NONE);
}

async fn a_child_does_not_move<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    let mut a = user("a").save(&test.pool).await.unwrap();
    let mut b = User {
        profile: HasOne::empty(),
        ..user("b")
    }
    .save(&test.pool)
    .await
    .unwrap();
    b.profile.adopt(a.profile.expunge().unwrap());
    failed(
        b.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "User.profile.user_id",
    );
    assert_eq!(test.rows("profiles").await, ["1|a"]);
}

async fn a_child_that_is_not_loaded_is_replaced<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    user("a").save(&test.pool).await.unwrap();
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    user.profile.set(Profile {
        bio: "b".into(),
        ..Profile::default()
    });
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|b"]);
    assert_eq!(test.rows("pictures").await, NONE);
}

async fn a_child_that_was_never_there_is_inserted<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    test.execute("INSERT INTO users (name) VALUES ('a')").await;
    let mut user = User::find(1).one(&test.pool).await.unwrap();
    user.profile.set(profile("b"));
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|b"]);
    assert_eq!(test.rows("pictures").await, ["1|b"]);
}

/// The rows that may leave are read before anything is written: what is gone is stale all the same.
async fn a_child_of_a_row_that_is_gone<B: Base>(test: Test<B>) {
    test.create(SHARED).await;
    let user = User::default().save(&test.pool).await.unwrap();
    let key = user.id;
    let mut user = User::find(key).one(&test.pool).await.unwrap();
    User::delete_by_key(key, &test.pool).await.unwrap();
    user.profile.set(profile("b"));
    failed(user.save(&test.pool).await, ErrorKind::Stale, "User");
    assert_eq!(test.rows("profiles").await, NONE);
}
