//! On PostgreSQL the steps of a plan are the parts of one statement. Each scenario is what one statement could get wrong.

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::lists_models::{BLOGS, Blog, Comment, Post, comment, full, like, post, titles};
use crate::models::{USERS, User, ada, bio};
use crate::support::{Base, Test, changes, failed, on_every_database};

on_every_database![
    a_new_graph,
    a_graph_that_changes_everywhere,
    several_rows_of_one_table,
    a_unique_place_is_left_and_taken,
    rows_that_move_out_of_what_leaves,
    a_deleted_graph,
    a_tree_of_new_rows,
    what_is_refused_says_where,
    what_is_stale_says_where,
    within_the_transaction_of_the_caller,
    columns_that_the_database_fills,
    keys_of_a_smaller_type,
];

/// What was sent took one round trip, where the database takes several steps as one.
fn is_one<B: Base>(test: &Test<B>) {
    let statements = test.statements();
    assert!(statements.len() > 1 || B::SERVICE == "postgres");
    assert!(
        B::SERVICE != "postgres" || statements.len() == 1,
        "{statements:#?}"
    );
}

/// A blog with everything below it.
async fn whole<B: Base>(test: &Test<B>, id: i64) -> Persistent<Blog> {
    let below = Blog::POSTS.then(Post::COMMENTS.then(Comment::LIKES));
    Blog::find(id).with(below).one(&test.pool).await.unwrap()
}

async fn a_new_graph<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blogs = vec![full("a"), full("b")];
    blogs[1].posts.clear();
    drop(test.sent());
    let saved = Blog::save_all(blogs, &test.pool).await.unwrap();
    is_one(&test);
    let found = whole(&test, 1).await;
    assert_eq!(saved[0], found);
    assert_eq!(test.rows("posts").await, ["1|1|a.1", "2|1|a.2"]);
    assert_eq!(test.rows("likes").await.len(), 8);
}

async fn a_graph_that_changes_everywhere<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    blog.name = "b".into();
    drop(blog.posts.remove(0));
    blog.posts[0].title = "second".into();
    blog.posts[0].comments[0].text = "changed".into();
    blog.posts[0].comments[1].likes.push(like("new"));
    let mut third = post("third");
    third.comments.push(comment("of it"));
    blog.posts.push(third);
    drop(test.sent());
    let report = blog.save(&test.pool).await.unwrap();
    is_one(&test);
    assert_eq!(
        changes(&report),
        [
            "deleted 4 likes",
            "deleted 2 comments",
            "deleted 1 posts",
            "updated 1 blogs",
            "updated 1 posts",
            "updated 1 comments",
            "inserted 1 posts",
            "inserted 1 comments",
            "inserted 1 likes",
        ]
    );
    assert_eq!(test.rows("blogs").await, ["1|b"]);
    assert_eq!(test.rows("posts").await, ["2|1|second", "3|1|third"]);
    assert_eq!(
        test.rows("comments").await,
        ["3|2|changed", "4|2|a.2.2", "5|3|of it"]
    );
    assert_eq!(whole(&test, 1).await, blog);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}

async fn several_rows_of_one_table<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let named = |name: &str| Blog {
        name: name.into(),
        ..Blog::default()
    };
    let new = vec![named("a"), named("b"), named("c")];
    drop(test.sent());
    let mut blogs = Blog::save_all(new, &test.pool).await.unwrap();
    is_one(&test);
    for blog in &mut blogs {
        blog.name.push('!');
    }
    Persistent::save_all(&mut blogs, &test.pool).await.unwrap();
    is_one(&test);
    assert_eq!(test.rows("blogs").await, ["1|a!", "2|b!", "3|c!"]);
    // One that isn't there undoes the others.
    Blog::delete_by_key(2, &test.pool).await.unwrap();
    for blog in &mut blogs {
        blog.name.push('?');
    }
    let saved = Persistent::save_all(&mut blogs, &test.pool).await;
    failed(saved, ErrorKind::Stale, "Blog");
    assert_eq!(test.rows("blogs").await, ["1|a!", "3|c!"]);
    drop(blogs.remove(1));
    Persistent::save_all(&mut blogs, &test.pool).await.unwrap();
    assert_eq!(test.rows("blogs").await, ["1|a!?", "3|c!?"]);
}

async fn a_unique_place_is_left_and_taken<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut user = ada().save(&test.pool).await.unwrap();
    user.profile.set(bio("new"));
    drop(test.sent());
    user.save(&test.pool).await.unwrap();
    is_one(&test);
    assert_eq!(test.rows("profiles").await, ["2|1|new"]);
    user.profile = bio("newer").into();
    user.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("profiles").await, ["3|1|newer"]);
}

async fn rows_that_move_out_of_what_leaves<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    let moved = blog.posts[0].comments.expunge(0);
    blog.posts[1].comments.adopt(moved);
    drop(blog.posts.remove(0));
    let report = blog.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "moved 1 comments",
            "deleted 2 likes",
            "deleted 1 comments",
            "deleted 1 posts"
        ]
    );
    assert_eq!(
        test.rows("comments").await,
        ["1|2|a.1.1", "3|2|a.2.1", "4|2|a.2.2"]
    );
    assert_eq!(test.rows("likes").await.len(), 6);
}

async fn a_deleted_graph<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let kept = full("b").save(&test.pool).await.unwrap();
    drop(test.sent());
    let report = Blog::delete_by_key(1, &test.pool).await.unwrap();
    is_one(&test);
    assert_eq!(
        changes(&report),
        [
            "deleted 8 likes",
            "deleted 4 comments",
            "deleted 2 posts",
            "deleted 1 blogs"
        ]
    );
    assert_eq!(whole(&test, 2).await, kept);
    assert_eq!(test.rows("likes").await.len(), 8);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)]
    id: i64,
    #[many_to_one(Node)]
    parent_id: Option<i64>,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    children: HasMany<Node>,
}

fn node(name: &str, children: Vec<Node>) -> Node {
    Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    }
}

async fn a_tree_of_new_rows<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE nodes (id $id, parent_id BIGINT REFERENCES nodes (id), name TEXT NOT NULL)",
    )
    .await;
    let tree = node(
        "r",
        vec![node("a", vec![node("aa", vec![])]), node("b", vec![])],
    );
    drop(test.sent());
    tree.save(&test.pool).await.unwrap();
    is_one(&test);
    assert_eq!(
        test.rows("nodes").await,
        ["1|-|r", "2|1|a", "3|1|b", "4|2|aa"]
    );
}

async fn what_is_refused_says_where<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    let before = test.blogs().await;
    blog.name = "b".into();
    drop(blog.posts.remove(0));
    blog.posts.push(post("good"));
    blog.posts.push(post("bad"));
    failed(
        blog.save(&test.pool).await,
        ErrorKind::CheckViolation,
        "Blog.posts",
    );
    assert_eq!(test.blogs().await, before);
    assert_eq!(titles(&blog.posts), ["a.2", "good", "bad"]);
    assert!(blog.posts[1].id == 0 && blog.posts[2].id == 0);
    blog.posts.remove(2);
    blog.save(&test.pool).await.unwrap();
    assert_eq!(whole(&test, 1).await, blog);
}

async fn what_is_stale_says_where<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    test.execute("DELETE FROM likes WHERE id = 5").await;
    let before = test.blogs().await;
    blog.name = "b".into();
    blog.posts[1].comments[0].likes[0].who = "changed".into();
    blog.posts.push(post("new"));
    failed(
        blog.save(&test.pool).await,
        ErrorKind::Stale,
        "Blog.posts[1].comments[0].likes[0]",
    );
    assert_eq!(test.blogs().await, before);
    assert_eq!(blog.posts[2].id, 0);
}

async fn within_the_transaction_of_the_caller<B: Base>(test: Test<B>) {
    test.create(USERS).await;
    let mut users = vec![ada().save(&test.pool).await.unwrap()];
    let mut transaction = test.pool.begin().await.unwrap();
    users.push(ada().save(&mut transaction).await.unwrap_or_else(|error| {
        panic!("{error}");
    }));
    users[1].name = "grace".into();
    users[1].profile.set(bio("new"));
    Persistent::save_all(&mut users, &mut transaction)
        .await
        .unwrap();
    let mut stale = User::find(1)
        .with(User::PROFILE)
        .one(&mut transaction)
        .await
        .unwrap();
    stale.profile.get_mut().unwrap().user_id = 1;
    transaction.commit().await.unwrap();
    assert_eq!(test.rows("profiles").await, ["1|1|old", "3|2|new"]);
    assert!(
        Persistent::save_all(&mut users, &test.pool)
            .await
            .unwrap()
            .is_empty()
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "owners")]
struct Owner {
    #[key(generated)]
    id: i64,
    #[column(generated)]
    mark: Option<String>,
    #[one_to_many(cascade = "all, delete-orphan")]
    items: HasMany<Item>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "items")]
struct Item {
    #[key(generated)]
    id: i64,
    #[many_to_one(Owner)]
    owner_id: i64,
    name: String,
    #[column(generated)]
    state: Option<String>,
}

async fn columns_that_the_database_fills<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE owners (id $id, mark TEXT DEFAULT 'marked');
         CREATE TABLE items (id $id, owner_id BIGINT NOT NULL REFERENCES owners (id), name TEXT NOT NULL, state TEXT DEFAULT 'fresh');",
    )
    .await;
    let item = |name: &str| Item {
        name: name.into(),
        ..Item::default()
    };
    let owner = |names: &[&str]| Owner {
        items: names.iter().map(|name| item(name)).collect(),
        ..Owner::default()
    };
    let owners = Owner::save_all(vec![owner(&["a", "b"]), owner(&["c"])], &test.pool)
        .await
        .unwrap();
    assert_eq!(owners[1].mark.as_deref(), Some("marked"));
    let items: Vec<&Item> = owners.iter().flat_map(|owner| &owner.items).collect();
    for (number, item) in (1..).zip(&items) {
        assert_eq!((item.id, item.state.as_deref()), (number, Some("fresh")));
    }
    assert_eq!(
        test.rows("items").await,
        ["1|1|a|fresh", "2|1|b|fresh", "3|2|c|fresh"]
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "boxes")]
struct Crate {
    #[key(generated)]
    id: i32,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    things: HasMany<Thing>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "things")]
struct Thing {
    #[key(generated)]
    id: i32,
    #[many_to_one(Crate)]
    crate_id: i32,
    name: String,
}

async fn keys_of_a_smaller_type<B: Base>(test: Test<B>) {
    let key = B::ID.replace("BIGINT", "INTEGER");
    let schema = "CREATE TABLE boxes (id $key, name TEXT NOT NULL);
        CREATE TABLE things (id $key, crate_id INTEGER NOT NULL REFERENCES boxes (id), name TEXT NOT NULL);";
    test.create(&schema.replace("$key", &key)).await;
    let thing = |name: &str| Thing {
        name: name.into(),
        ..Thing::default()
    };
    let full = Crate {
        name: "full".into(),
        things: vec![thing("a"), thing("b")].into(),
        ..Crate::default()
    };
    drop(test.sent());
    let mut full = full.save(&test.pool).await.unwrap();
    is_one(&test);
    full.things.push(thing("c"));
    full.name = "fuller".into();
    full.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("boxes").await, ["1|fuller"]);
    assert_eq!(test.rows("things").await, ["1|1|a", "2|1|b", "3|1|c"]);
    assert_eq!(full.things[2].crate_id, 1);
}
