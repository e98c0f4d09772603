//! What lists meet in corners: rows that are held twice, wrappers in the wrong place, many rows of several kinds.

use std::time::{Duration, Instant};

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::lists_models::{BLOGS, Blog, Post, blog, comment, full, loaded, post, titles, unloaded};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    a_removed_row_that_is_attached_again,
    what_is_attached_after_a_clear_stays,
    what_is_expunged_and_adopted_after_a_clear_stays,
    lists_that_are_swapped_within_one_parent,
    an_empty_list_of_another_relation_is_assigned,
    a_failed_thousand_is_undone,
    a_new_child_below_a_row_that_left,
    a_row_that_came_back_by_another_way_is_cleared,
    many_natural_keys_leave_and_enter,
    many_move_while_many_leave,
    many_wholes_while_many_move,
    two_handles_of_one_parent,
    an_error_names_the_place_among_many_roots,
    a_list_in_a_transaction_of_ones_own,
];

async fn a_removed_row_that_is_attached_again<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut blog = loaded(&test, 1).await;
    blog.posts.remove(0);
    let rows = Post::find_many([1]).all(&test.pool).await.unwrap();
    blog.posts.attach(rows);
    blog.posts[1].title = "changed".into();
    // It leaves and is changed: one row can't do both.
    failed(
        blog.save(&test.pool).await,
        ErrorKind::Contradiction,
        "Blog.posts[1]",
    );
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|1|2"]);
}

async fn what_is_attached_after_a_clear_stays<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.clear();
    let rows = Post::find_many([2]).all(&test.pool).await.unwrap();
    blog.posts.attach(rows);
    blog.posts[0].title = "kept".into();
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(
        changes,
        [
            "deleted 4 likes",
            "deleted 2 comments",
            "deleted 1 posts",
            "updated 1 posts"
        ]
    );
    assert_eq!(test.rows("posts").await, ["2|1|kept"]);
    assert_eq!(test.rows("likes").await.len(), 4);
    assert!(blog.posts.is_loaded());
}

async fn what_is_expunged_and_adopted_after_a_clear_stays<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = loaded(&test, 1).await;
    let kept = blog.posts.expunge(0);
    blog.posts.clear();
    blog.posts.push(post("new"));
    blog.posts.adopt(kept);
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(
        changes,
        [
            "deleted 4 likes",
            "deleted 2 comments",
            "deleted 1 posts",
            "inserted 1 posts"
        ]
    );
    assert_eq!(titles(&blog.posts), ["new", "a.1"]);
    assert_eq!(test.rows("posts").await, ["1|1|a.1", "3|1|new"]);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "boards")]
struct Board {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = open_in)]
    open: HasMany<Task>,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = done_in)]
    done: HasMany<Task>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tasks")]
struct Task {
    #[key(generated)]
    id: i64,
    #[many_to_one(Board)]
    open_in: Option<i64>,
    #[many_to_one(Board)]
    done_in: Option<i64>,
}

const BOARDS: &str = "
    CREATE TABLE boards (id $id, filler TEXT);
    CREATE TABLE tasks (id $id, open_in BIGINT REFERENCES boards (id), done_in BIGINT REFERENCES boards (id));
";

async fn lists_that_are_swapped_within_one_parent<B: Base>(test: Test<B>) {
    test.create(BOARDS).await;
    let board = Board {
        open: vec![Task::default(), Task::default()].into(),
        done: vec![Task::default()].into(),
        ..Board::default()
    };
    let mut board = board.save(&test.pool).await.unwrap();
    let Board { open, done, .. } = &mut *board;
    std::mem::swap(open, done);
    drop(test.sent());
    failed(
        board.save(&test.pool).await,
        ErrorKind::NotOwned,
        "Board.open",
    );
    assert_eq!(test.sent(), NONE);
    let Board { open, done, .. } = &mut *board;
    std::mem::swap(open, done);
    assert!(board.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("tasks").await, ["1|1|-", "2|1|-", "3|-|1"]);
}

async fn an_empty_list_of_another_relation_is_assigned<B: Base>(test: Test<B>) {
    test.create(BOARDS).await;
    let board = Board {
        open: vec![Task::default(), Task::default()].into(),
        done: HasMany::empty(),
        ..Board::default()
    };
    let mut board = board.save(&test.pool).await.unwrap();
    board.open = std::mem::take(&mut board.done);
    assert_eq!(board.open.len(), 0);
    board.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("tasks").await,
        NONE,
        "an assigned list concerns all rows"
    );
}

async fn a_failed_thousand_is_undone<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut saved = blog("a", &["1"]).save(&test.pool).await.unwrap();
    saved
        .posts
        .extend((0..999).map(|number| post(&number.to_string())));
    saved.posts.push(post("bad"));
    saved.posts.remove(0);
    let copy = (*saved).clone();
    let error = saved.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CheckViolation);
    assert!(error.path().starts_with("Blog.posts"), "{}", error.path());
    assert_eq!(*saved, copy);
    assert_eq!(test.rows("posts").await, ["1|1|1"]);
    saved.posts.remove(999);
    saved.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await.len(), 999);
}

async fn a_new_child_below_a_row_that_left<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    // A new comment is given to a post that then leaves with it.
    a.posts[0].comments.push(comment("new"));
    a.posts.remove(0);
    test.save_much_as_planned(&mut a).await;
    assert_eq!(test.rows("comments").await, ["3|2|a.2.1", "4|2|a.2.2"]);
    // And a post that was adopted from another is removed with its new comment.
    let mut b = blog("b", &["x"]).save(&test.pool).await.unwrap();
    let mut moved = b.posts.expunge(0);
    moved.comments.push(comment("new"));
    a.posts.adopt(moved);
    a.posts.remove(1);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("posts").await.len(), 2);
}

async fn a_row_that_came_back_by_another_way_is_cleared<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut b = blog("b", &[]).save(&test.pool).await.unwrap();
    b.posts.adopt(a.posts.expunge(0));
    b.save(&test.pool).await.unwrap();
    let back = Post::find(1).one(&test.pool).await.unwrap();
    a.posts.adopt(back.expunge());
    test.save_as_planned(&mut a).await;
    a.posts.clear();
    a.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, NONE);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shops")]
struct Shop {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    wares: HasMany<Ware>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "wares")]
struct Ware {
    #[key]
    code: i64,
    #[many_to_one(Shop)]
    shop_id: i64,
    price: i32,
}

async fn many_natural_keys_leave_and_enter<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE shops (id $id, filler TEXT);
         CREATE TABLE wares (code BIGINT NOT NULL PRIMARY KEY, shop_id BIGINT NOT NULL REFERENCES shops (id), price INT NOT NULL);",
    )
    .await;
    let wares = |from: i64, price: i32| {
        (from..from + 5_000).map(move |code| Ware {
            code,
            price,
            ..Ware::default()
        })
    };
    let shop = Shop {
        wares: wares(1, 1).collect(),
        ..Shop::default()
    };
    let mut shop = shop.save(&test.pool).await.unwrap();
    let start = Instant::now();
    shop.wares.retain(|_| false);
    shop.wares.extend(wares(1_001, 2));
    let report = shop.save(&test.pool).await.unwrap();
    println!("by name: {:?}", start.elapsed());
    assert_eq!(
        changes(&report),
        [
            "deleted 1000 wares",
            "updated 4000 wares",
            "inserted 1000 wares"
        ]
    );
    assert!(start.elapsed() < Duration::from_secs(30));
    let start = Instant::now();
    let mut shop = Shop::find(1).one(&test.pool).await.unwrap();
    shop.wares.replace(wares(2_001, 3));
    let report = shop.save(&test.pool).await.unwrap();
    println!("as a whole: {:?}", start.elapsed());
    assert_eq!(
        changes(&report),
        [
            "deleted 1000 wares",
            "updated 4000 wares",
            "inserted 1000 wares"
        ]
    );
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(test.rows("wares").await.len(), 5_000);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "nodes")]
struct Node {
    #[key(generated)]
    id: i64,
    #[many_to_one(Node)]
    parent_id: Option<i64>,
    #[one_to_many(cascade = "all, delete-orphan")]
    children: HasMany<Node>,
}

fn node(children: Vec<Node>) -> Node {
    Node {
        children: children.into(),
        ..Node::default()
    }
}

async fn many_move_while_many_leave<B: Base>(test: Test<B>) {
    test.create("CREATE TABLE nodes (id $id, parent_id BIGINT REFERENCES nodes (id)); CREATE INDEX below ON nodes (parent_id);")
        .await;
    // Each child moves up to the root, and what was between leaves.
    let tree = node((0..3_000).map(|_| node(vec![node(vec![])])).collect());
    let mut tree = tree.save(&test.pool).await.unwrap();
    let start = Instant::now();
    let mut moved = Vec::new();
    for child in &mut tree.children {
        moved.push(child.children.expunge(0));
    }
    tree.children.retain(|_| false);
    for child in moved {
        tree.children.adopt(child);
    }
    let report = tree.save(&test.pool).await.unwrap();
    println!("{:?}", start.elapsed());
    assert_eq!(changes(&report), ["moved 3000 nodes", "deleted 3000 nodes"]);
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(test.rows("nodes").await.len(), 3_001);
}

async fn many_wholes_while_many_move<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = (0..1_000).map(|_| blog("a", &["1", "2"])).collect();
    let mut blogs = Blog::save_all(values, &test.pool).await.unwrap();
    let start = Instant::now();
    // Each blog gives its first post to the next, and clears the rest.
    let mut moved: Vec<_> = blogs.iter_mut().map(|blog| blog.posts.expunge(0)).collect();
    moved.rotate_left(1);
    for (blog, post) in blogs.iter_mut().zip(moved) {
        blog.posts.clear();
        blog.posts.adopt(post);
        blog.posts.push(crate::lists_models::post("new"));
    }
    let report = Persistent::save_all(&mut blogs, &test.pool).await.unwrap();
    println!("{:?}", start.elapsed());
    assert_eq!(
        changes(&report),
        [
            "moved 1000 posts",
            "deleted 1000 posts",
            "inserted 1000 posts"
        ]
    );
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(test.rows("posts").await.len(), 2_000);
}

async fn two_handles_of_one_parent<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut one = loaded(&test, 1).await;
    let mut two = loaded(&test, 1).await;
    one.posts[0].title = "one".into();
    two.posts[1].title = "two".into();
    one.posts.push(post("new one"));
    two.posts.push(post("new two"));
    Persistent::save_all([&mut one, &mut two], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        test.rows("posts").await,
        ["1|1|one", "2|1|two", "3|1|new one", "4|1|new two"]
    );
    one.posts.remove(0);
    one.save(&test.pool).await.unwrap();
    two.posts[0].title = "stale".into();
    failed(
        two.save(&test.pool).await,
        ErrorKind::Stale,
        "Blog.posts[0]",
    );
}

async fn an_error_names_the_place_among_many_roots<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b", "c"].map(full).into();
    let mut blogs = Blog::save_all(values, &test.pool).await.unwrap();
    blogs[1].posts[1].comments[0].likes[1].comment_id = 1;
    failed(
        Persistent::save_all(&mut blogs, &test.pool).await,
        ErrorKind::KeyChanged,
        "Blog[1].posts[1].comments[0].likes[1].comment_id",
    );
    let blogs = Blog::find_many([1, 2]).with(Blog::POSTS);
    let mut blogs = blogs.all(&test.pool).await.unwrap();
    test.execute("DELETE FROM likes; DELETE FROM comments; DELETE FROM posts WHERE id = 4")
        .await;
    blogs[1].posts[1].title = "x".into();
    failed(
        Persistent::save_all(&mut blogs, &test.pool).await,
        ErrorKind::Stale,
        "Blog[1].posts[1]",
    );
}

async fn a_list_in_a_transaction_of_ones_own<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    let before = test.blogs().await;
    let mut transaction = sqlx_cascade::Transaction::begin(&test.pool).await.unwrap();
    blog.posts.remove(0);
    blog.posts[0].title = "changed".into();
    blog.posts.push(post("new"));
    blog.save(&mut transaction).await.unwrap();
    blog.posts[1].comments.push(comment("new"));
    blog.save(&mut transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(test.blogs().await, before);
    blog.save(&test.pool).await.unwrap();
    let [_, posts, comments, likes] = test.blogs().await;
    let new = blog.posts[1].id;
    assert_eq!(posts, ["2|1|changed".to_owned(), format!("{new}|1|new")]);
    assert_eq!((comments.len(), likes.len()), (3, 4));
    assert!(comments[2].ends_with(&format!("|{new}|new")));
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}
