//! `BelongsTo`: a row that holds its parent.

use sqlx_cascade::{BelongsTo, ErrorKind, HasOne, Persistent, Relations};

use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    a_new_parent_is_inserted_first,
    several_children_each_with_a_new_parent,
    a_parent_is_set_and_replaced,
    a_parent_is_set_where_there_was_none,
    a_parent_is_set_by_its_key,
    none_is_null,
    a_changed_parent_is_written,
    a_changed_parent_that_is_let_go_is_not_written,
    no_target_is_missing_required,
    losing_the_target_is_missing_required,
    a_parent_that_does_not_exist,
    only_the_key_is_known,
    loading_one_parent,
    loading_the_parents_of_a_thousand,
    loading_below_parents,
    one_parent_held_by_several,
    memory_is_as_it_was_after_a_failure,
    assigned_and_swapped_parents,
    deleting_a_child_leaves_its_parent,
    a_parent_that_is_referred_to_is_not_deleted,
    refresh_reads_the_key_again,
    an_expunged_child_keeps_the_key,
    without_save_update_a_new_parent_is_refused,
    without_save_update_a_changed_parent_stays_changed,
    with_refresh_expire_the_parent_is_read_again,
    with_expunge_the_parent_travels,
];

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)]
    id: i64,
    title: String,
    #[many_to_one]
    author: BelongsTo<User>,
    #[many_to_one]
    editor: Option<BelongsTo<User>>,
}

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
    #[key(generated)]
    id: i64,
    #[one_to_one(User)]
    user_id: i64,
    bio: String,
}

const POSTS: &str = "
    CREATE TABLE users (id $id, name TEXT NOT NULL);
    CREATE TABLE profiles (id $id, user_id BIGINT NOT NULL UNIQUE REFERENCES users (id), bio TEXT NOT NULL);
    CREATE TABLE posts (id $id, title TEXT NOT NULL, author_id BIGINT NOT NULL REFERENCES users (id), editor_id BIGINT REFERENCES users (id));
";

const THERE: &str = "
    INSERT INTO users (name) VALUES ('ada'), ('bob');
    INSERT INTO profiles (user_id, bio) VALUES (1, 'a');
    INSERT INTO posts (title, author_id, editor_id) VALUES ('one', 1, 2), ('two', 1, NULL);
";

fn user(name: &str) -> User {
    User {
        name: name.into(),
        ..User::default()
    }
}

fn post(title: &str, author: BelongsTo<User>) -> Post {
    Post {
        title: title.into(),
        author,
        ..Post::default()
    }
}

async fn there<B: Base>(test: &Test<B>) {
    test.create(POSTS).await;
    test.execute(THERE).await;
}

async fn alone<B: Base>(test: &Test<B>, id: i64) -> Persistent<Post> {
    let post = Post::find(id).one(&test.pool).await.unwrap();
    drop(test.sent());
    post
}

async fn loaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<Post> {
    let post = Post::find(id)
        .with(Post::AUTHOR)
        .with(Post::EDITOR)
        .one(&test.pool)
        .await
        .unwrap();
    drop(test.sent());
    post
}

async fn a_new_parent_is_inserted_first<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let mut author = user("ada");
    author.profile.set(Profile {
        bio: "hi".into(),
        ..Profile::default()
    });
    let mut post = post("one", BelongsTo::new(author));
    assert_eq!(post.author.key(), None);
    post.editor = Some(BelongsTo::new(user("bob")));
    let mut post = post.save(&test.pool).await.unwrap();
    assert_eq!(test.commits(), 1);
    assert_eq!(
        test.kinds(),
        ["INSERT users", "INSERT posts", "INSERT profiles"]
    );
    assert_eq!(post.author.key(), Some(&1));
    assert_eq!(post.editor.as_ref().unwrap().key(), Some(&2));
    let author = post.author.get().unwrap();
    assert_eq!((author.id, author.profile.get().unwrap().user_id), (1, 1));
    assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
    assert_eq!(test.rows("profiles").await, ["1|1|hi"]);
    assert_eq!(test.rows("posts").await, ["1|one|1|2"]);
    assert!(post.save(&test.pool).await.unwrap().is_empty());
}

async fn several_children_each_with_a_new_parent<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let posts = (0..5)
        .map(|number| {
            let mut post = post(
                &format!("post {number}"),
                BelongsTo::new(user(&format!("author {number}"))),
            );
            post.editor =
                (number % 2 == 0).then(|| BelongsTo::new(user(&format!("editor {number}"))));
            post
        })
        .collect();
    let posts = Post::save_all(posts, &test.pool).await.unwrap();
    assert_eq!(test.kinds(), ["INSERT users", "INSERT posts"]);
    assert_eq!(test.rows("users").await.len(), 8);
    for post in &posts {
        let fresh = loaded(&test, post.id).await;
        assert_eq!(fresh, *post);
        let names = |post: &Post| {
            let editor = post
                .editor
                .as_ref()
                .map(|editor| editor.get().unwrap().name.clone());
            (post.author.get().unwrap().name.clone(), editor)
        };
        assert_eq!(names(&fresh), names(post));
    }
}

async fn a_parent_is_set_and_replaced<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    let old = post.author.set(user("eve")).unwrap();
    assert_eq!(old.name, "ada");
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["inserted 1 users", "updated 1 posts"]);
    assert_eq!(report.changes()[1].columns, ["author_id"]);
    assert_eq!(post.author.key(), Some(&3));
    assert_eq!(test.rows("posts").await, ["1|one|3|2", "2|two|1|-"]);
    let mut post = alone(&test, 2).await;
    assert_eq!(post.author.set(user("kim")), None, "only the key was known");
    test.save_as_planned(&mut post).await;
    assert_eq!(test.rows("posts").await, ["1|one|3|2", "2|two|4|-"]);
    assert_eq!(
        test.rows("users").await,
        ["1|ada", "2|bob", "3|eve", "4|kim"]
    );
    assert!(post.save(&test.pool).await.unwrap().is_empty());
}

async fn a_parent_is_set_where_there_was_none<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = alone(&test, 2).await;
    post.editor = Some(BelongsTo::new(user("eve")));
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["inserted 1 users", "updated 1 posts"]);
    assert_eq!(report.changes()[1].columns, ["editor_id"]);
    assert_eq!(post.editor.as_ref().unwrap().key(), Some(&3));
    assert_eq!(test.rows("posts").await, ["1|one|1|2", "2|two|1|3"]);
}

async fn a_parent_is_set_by_its_key<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    post.author.set_key(1);
    assert!(post.author.is_loaded(), "it was the same");
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    post.author.set_key(2);
    assert!(!post.author.is_loaded(), "another object is let go");
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    assert_eq!(report.changes()[0].columns, ["author_id"]);
    assert_eq!(test.rows("posts").await, ["1|one|2|2", "2|two|1|-"]);
    post.load(Post::AUTHOR, &test.pool).await.unwrap();
    assert_eq!(post.author.get().unwrap().name, "bob");
}

async fn none_is_null<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    assert_eq!(post.editor.take().unwrap().key(), Some(&2));
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    assert_eq!(test.rows("posts").await, ["1|one|1|-", "2|two|1|-"]);
    assert!(post.editor.is_none());
    // A `BelongsTo` without a target is NULL too where the column accepts it.
    post.editor = Some(BelongsTo::default());
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    let new = self::post("three", BelongsTo::to(2))
        .save(&test.pool)
        .await
        .unwrap();
    assert!(new.editor.is_none());
    assert_eq!(
        test.rows("posts").await,
        ["1|one|1|-", "2|two|1|-", "3|three|2|-"]
    );
    assert!(loaded(&test, 3).await.editor.is_none());
}

async fn a_changed_parent_is_written<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    post.author.get_mut().unwrap().name = "augusta".into();
    post.editor.as_mut().unwrap().get_mut().unwrap().name = "robert".into();
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 2 users"]);
    assert_eq!(test.kinds(), ["UPDATE users"]);
    assert_eq!(test.rows("users").await, ["1|augusta", "2|robert"]);
    post.title = "new".into();
    post.author.get_mut().unwrap().name = "ada".into();
    test.save_as_planned(&mut post).await;
    assert_eq!(test.rows("users").await, ["1|ada", "2|robert"]);
    assert_eq!(test.rows("posts").await, ["1|new|1|2", "2|two|1|-"]);
    post.author.get_mut().unwrap().id = 2;
    failed(
        post.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Post.author.id",
    );
    let mut post = loaded(&test, 1).await;
    test.execute("DELETE FROM posts; DELETE FROM profiles; DELETE FROM users WHERE id = 1")
        .await;
    post.author.get_mut().unwrap().name = "gone".into();
    failed(post.save(&test.pool).await, ErrorKind::Stale, "Post.author");
}

async fn a_changed_parent_that_is_let_go_is_not_written<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    post.author.get_mut().unwrap().name = "unsaved".into();
    post.author.set_key(2);
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
    assert_eq!(test.rows("posts").await, ["1|one|2|2", "2|two|1|-"]);
}

async fn no_target_is_missing_required<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let result = post("one", BelongsTo::default()).save(&test.pool).await;
    let error = failed(result, ErrorKind::MissingRequired, "Post.author");
    assert_eq!(test.sent(), NONE);
    let mut post = error.take_entity::<Post>().unwrap();
    post.author = BelongsTo::new(user("ada"));
    post.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["1|one|1|-"]);
}

async fn losing_the_target_is_missing_required<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = alone(&test, 1).await;
    post.title = "new".into();
    let author = std::mem::take(&mut post.author);
    failed(
        post.save(&test.pool).await,
        ErrorKind::MissingRequired,
        "Post.author",
    );
    assert_eq!(test.sent(), NONE);
    post.author = author;
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(report.changes()[0].columns, ["title"]);
}

async fn a_parent_that_does_not_exist<B: Base>(test: Test<B>) {
    there(&test).await;
    let result = post("three", BelongsTo::to(99)).save(&test.pool).await;
    failed(result, ErrorKind::ForeignKeyViolation, "Post");
    let mut post = alone(&test, 1).await;
    post.author.set_key(99);
    failed(
        post.load(Post::AUTHOR, &test.pool).await,
        ErrorKind::NotFound,
        "Post",
    );
    failed(
        post.save(&test.pool).await,
        ErrorKind::ForeignKeyViolation,
        "Post",
    );
    assert_eq!(post.author.key(), Some(&99));
    assert_eq!(test.rows("posts").await, ["1|one|1|2", "2|two|1|-"]);
    post.author.set_key(2);
    test.save_as_planned(&mut post).await;
    assert_eq!(test.rows("posts").await, ["1|one|2|2", "2|two|1|-"]);
}

async fn only_the_key_is_known<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = alone(&test, 1).await;
    assert_eq!(post.author.key(), Some(&1));
    assert!(!post.author.is_loaded());
    let error = post.author.try_get().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLoaded);
    let get = std::panic::AssertUnwindSafe(|| post.author.get().is_some());
    assert!(std::panic::catch_unwind(get).is_err());
    let get = std::panic::AssertUnwindSafe(|| post.author.get_mut().is_some());
    assert!(std::panic::catch_unwind(get).is_err());
    assert_eq!(BelongsTo::<User>::default().get(), None);
    assert!(alone(&test, 2).await.editor.is_none());
}

async fn loading_one_parent<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = alone(&test, 1).await;
    post.load(Post::AUTHOR, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT users"]);
    assert_eq!(post.author.get().unwrap().name, "ada");
    post.load(Post::AUTHOR, &test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE, "it is loaded");
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    // A key that was set since says which parent it is.
    post.editor = Some(BelongsTo::to(1));
    post.load(Post::EDITOR, &test.pool).await.unwrap();
    assert_eq!(post.editor.as_ref().unwrap().get().unwrap().name, "ada");
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(report.changes()[0].columns, ["editor_id"]);
    assert_eq!(test.rows("posts").await, ["1|one|1|1", "2|two|1|-"]);
    // Of a value that is new there is nothing to load yet.
    post.author.set(user("eve"));
    drop(test.sent());
    post.load(Post::AUTHOR, &test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE);
    assert_eq!(post.author.get().unwrap().name, "eve");
}

async fn loading_the_parents_of_a_thousand<B: Base>(test: Test<B>) {
    test.create(POSTS).await;
    let users = (0..3)
        .map(|number| user(&format!("user {number}")))
        .collect();
    User::save_all(users, &test.pool).await.unwrap();
    let posts: Vec<Post> = (0..1_000)
        .map(|number| {
            let mut post = post("one", BelongsTo::to(number % 3 + 1));
            post.editor = (number % 2 == 1).then(|| BelongsTo::to(1));
            post
        })
        .collect();
    let posts = Post::save_all(posts, &test.pool).await.unwrap();
    let keys = posts.iter().map(|post| post.id);
    let mut posts = Post::find_many(keys).all(&test.pool).await.unwrap();
    drop(test.sent());
    sqlx_cascade::load(&mut posts, Post::AUTHOR, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), B::reads("SELECT users", 1_000));
    sqlx_cascade::load(&mut posts, Post::EDITOR, &test.pool)
        .await
        .unwrap();
    assert_eq!(test.kinds(), ["SELECT users"]);
    for (number, post) in posts.iter().enumerate() {
        let author = post.author.get().unwrap();
        assert_eq!(author.name, format!("user {}", number % 3));
        assert_eq!(post.author.key(), Some(&author.id));
        assert_eq!(post.editor.is_some(), number % 2 == 1);
        if let Some(editor) = &post.editor {
            assert_eq!(editor.get().unwrap().name, "user 0");
        }
    }
    let report = Persistent::save_all(&mut posts, &test.pool).await.unwrap();
    assert!(report.is_empty());
}

async fn loading_below_parents<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut posts = Post::find_many([1, 2]).all(&test.pool).await.unwrap();
    drop(test.sent());
    sqlx_cascade::load(&mut posts, Post::AUTHOR.then(User::PROFILE), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["SELECT users", "SELECT profiles"]);
    for post in &posts {
        let profile = post.author.get().unwrap().profile.get().unwrap();
        assert_eq!(profile.bio, "a");
    }
    // Below parents that are held already.
    let mut post = loaded(&test, 1).await;
    post.load(Post::EDITOR.then(User::PROFILE), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), ["SELECT profiles"]);
    let editor = post.editor.as_ref().unwrap().get().unwrap();
    assert!(editor.profile.get().is_none());
    assert!(post.author.get().unwrap().profile.is_not_loaded());
    post.author = BelongsTo::to(1);
    post.load(Post::AUTHOR.then(User::PROFILE), &test.pool)
        .await
        .unwrap();
    let profile = &mut post.author.get_mut().unwrap().profile;
    profile.get_mut().unwrap().bio = "b".into();
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 1 profiles"]);
    assert_eq!(test.rows("profiles").await, ["1|1|b"]);
}

async fn one_parent_held_by_several<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut posts = Post::find_many([1, 2])
        .with(Post::AUTHOR)
        .all(&test.pool)
        .await
        .unwrap();
    posts[0].author.get_mut().unwrap().name = "augusta".into();
    let report = Persistent::save_all(&mut posts, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 users"]);
    for post in &mut posts {
        post.author.get_mut().unwrap().name = "lovelace".into();
    }
    let report = Persistent::save_all(&mut posts, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["updated 1 users"]);
    assert_eq!(test.rows("users").await, ["1|lovelace", "2|bob"]);
    for (number, post) in posts.iter_mut().enumerate() {
        post.author.get_mut().unwrap().name = number.to_string();
    }
    let result = Persistent::save_all(&mut posts, &test.pool).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Contradiction);
    assert_eq!(test.rows("users").await, ["1|lovelace", "2|bob"]);
}

async fn memory_is_as_it_was_after_a_failure<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    post.author.set(user("eve"));
    post.editor.as_mut().unwrap().get_mut().unwrap().name = "robert".into();
    test.execute("DELETE FROM posts WHERE id = 1").await;
    for _ in 0..2 {
        failed(post.save(&test.pool).await, ErrorKind::Stale, "Post");
        assert_eq!(post.author.key(), None);
        assert_eq!(post.author.get().unwrap().name, "eve");
        assert_eq!(post.editor.as_ref().unwrap().get().unwrap().name, "robert");
        assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
    }
    test.execute("INSERT INTO posts (id, title, author_id, editor_id) VALUES (1, 'one', 1, 2)")
        .await;
    test.save_as_planned(&mut post).await;
    let key = *post.author.key().unwrap();
    let expected = format!("1|one|{key}|2");
    assert_eq!(test.rows("posts").await, [expected.as_str(), "2|two|1|-"]);
    let mut new = self::post("three", BelongsTo::new(user("kim")));
    new.editor = Some(BelongsTo::to(99));
    let error = new.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation);
    let mut new = error.take_entity::<Post>().unwrap();
    assert_eq!(new.author.key(), None);
    new.editor = None;
    let new = new.save(&test.pool).await.unwrap();
    assert_eq!(loaded(&test, new.id).await, new);
}

async fn assigned_and_swapped_parents<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut a = loaded(&test, 1).await;
    let mut b = loaded(&test, 2).await;
    b.author.set_key(2);
    b.save(&test.pool).await.unwrap();
    // A parent isn't owned: two rows can exchange theirs.
    std::mem::swap(&mut a.author, &mut b.author);
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["updated 2 posts"]);
    assert_eq!(test.rows("posts").await, ["1|one|2|2", "2|two|1|-"]);
    assert_eq!(b.author.get().unwrap().name, "ada");
    a.author = b.author.clone();
    assert_eq!(a.author.key(), Some(&1), "a copy refers to the same row");
    b.editor = Some(b.author.clone());
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["updated 2 posts"]);
    assert_eq!(test.rows("posts").await, ["1|one|1|2", "2|two|1|1"]);
    // The object that was swapped in is still a row that exists.
    b.author.get_mut().unwrap().name = "augusta".into();
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("users").await, ["1|augusta", "2|bob"]);
}

async fn deleting_a_child_leaves_its_parent<B: Base>(test: Test<B>) {
    there(&test).await;
    let post = loaded(&test, 1).await;
    let post = post.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["DELETE posts"]);
    assert!(!post.author.is_loaded(), "its row survives");
    assert_eq!(post.author.key(), Some(&1));
    assert_eq!(test.rows("posts").await, ["2|two|1|-"]);
    assert_eq!(test.rows("users").await.len(), 2);
    let post = post.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["2|two|1|-", "3|one|1|2"]);
    assert_eq!(post.id, 3);
}

async fn a_parent_that_is_referred_to_is_not_deleted<B: Base>(test: Test<B>) {
    there(&test).await;
    let result = User::delete_by_key(1, &test.pool).await;
    failed(result, ErrorKind::ForeignKeyViolation, "User");
    assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
    assert_eq!(test.rows("profiles").await, ["1|1|a"]);
    assert_eq!(test.rows("posts").await, ["1|one|1|2", "2|two|1|-"]);
}

async fn refresh_reads_the_key_again<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = loaded(&test, 1).await;
    post.author.get_mut().unwrap().name = "unsaved".into();
    test.execute("UPDATE posts SET editor_id = 1 WHERE id = 1")
        .await;
    post.refresh(&test.pool).await.unwrap();
    assert_eq!(
        post.author.get().unwrap().name,
        "unsaved",
        "without `refresh-expire` it stays as it is"
    );
    let editor = post.editor.as_ref().unwrap();
    assert_eq!(editor.key(), Some(&1));
    assert!(
        !editor.is_loaded(),
        "the object of another parent is let go"
    );
    post.author.set(user("never"));
    post.editor = None;
    post.refresh(&test.pool).await.unwrap();
    assert_eq!(post.author.key(), Some(&1));
    assert_eq!(post.editor.as_ref().unwrap().key(), Some(&1));
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
}

async fn an_expunged_child_keeps_the_key<B: Base>(test: Test<B>) {
    there(&test).await;
    let post = loaded(&test, 1).await.expunge();
    assert!(
        !post.author.is_loaded(),
        "without `expunge` it doesn't travel"
    );
    let mut post = post.into_persistent().unwrap();
    assert_eq!(post.author.key(), Some(&1));
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    post.load(Post::AUTHOR, &test.pool).await.unwrap();
    assert_eq!(post.author.get().unwrap().name, "ada");
}

mod unsaved {
    use sqlx_cascade::{BelongsTo, Relations};

    use super::User;

    #[derive(Debug, Default, Relations)]
    #[table(name = "posts")]
    pub(super) struct Post {
        #[key(generated)]
        pub(super) id: i64,
        pub(super) title: String,
        #[many_to_one(cascade = "refresh-expire, expunge")]
        pub(super) author: BelongsTo<User>,
    }
}

async fn without_save_update_a_new_parent_is_refused<B: Base>(test: Test<B>) {
    there(&test).await;
    let new = unsaved::Post {
        author: BelongsTo::new(user("eve")),
        ..Default::default()
    };
    failed(
        new.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Post.author",
    );
    let mut post = unsaved::Post::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    post.author.set(user("eve"));
    failed(
        post.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Post.author",
    );
    assert_eq!(test.sent(), NONE);
    post.author.set_key(2);
    test.save_as_planned(&mut post).await;
    assert_eq!(test.rows("posts").await, ["1|one|2|2", "2|two|1|-"]);
}

async fn without_save_update_a_changed_parent_stays_changed<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = unsaved::Post::find(1)
        .with(unsaved::Post::AUTHOR)
        .one(&test.pool)
        .await
        .unwrap();
    post.author.get_mut().unwrap().name = "unsaved".into();
    post.title = "new".into();
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    assert_eq!(post.author.get().unwrap().name, "unsaved");
    assert_eq!(test.rows("users").await, ["1|ada", "2|bob"]);
}

async fn with_refresh_expire_the_parent_is_read_again<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = unsaved::Post::find(1)
        .with(unsaved::Post::AUTHOR)
        .one(&test.pool)
        .await
        .unwrap();
    test.execute("UPDATE users SET name = 'theirs' WHERE id = 1")
        .await;
    post.author.get_mut().unwrap().name = "unsaved".into();
    drop(test.sent());
    post.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT posts", "SELECT users"]);
    assert_eq!(post.author.get().unwrap().name, "theirs");
    // The row refers to another.
    test.execute("UPDATE posts SET author_id = 2 WHERE id = 1")
        .await;
    post.refresh(&test.pool).await.unwrap();
    assert_eq!(post.author.key(), Some(&2));
    assert_eq!(post.author.get().unwrap().name, "bob");
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    // What is not loaded is not read.
    let mut post = unsaved::Post::find(2).one(&test.pool).await.unwrap();
    drop(test.sent());
    post.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT posts"]);
    assert!(!post.author.is_loaded());
}

async fn with_expunge_the_parent_travels<B: Base>(test: Test<B>) {
    there(&test).await;
    let mut post = unsaved::Post::find(1)
        .with(unsaved::Post::AUTHOR)
        .one(&test.pool)
        .await
        .unwrap();
    post.author.get_mut().unwrap().name = "unsaved".into();
    drop(test.sent());
    let post = post.expunge();
    assert_eq!(post.author.get().unwrap().name, "unsaved");
    let mut post = post.into_persistent().unwrap();
    assert_eq!(post.author.get().unwrap().name, "unsaved");
    assert!(post.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}
