//! Lists that are not loaded, loaded, or known in part.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::lists_models::{
    BLOGS, Blog, Comment, Post, blog, comment, full, loaded, post, texts, titles, unloaded,
};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    what_is_not_loaded_is_read_by_nobody,
    a_push_on_what_is_not_loaded_loses_nothing,
    of_a_partial_relation_what_is_known_is_read,
    a_new_parent_knows_all_its_children,
    loading_completes_what_was_pushed,
    loading_keeps_changes_removals_and_expunged_rows,
    loading_skips_what_is_loaded,
    loading_below_what_is_loaded_keeps_it,
    under_a_row_that_is_gone_nothing_is_loaded,
    rows_of_ones_own_query_are_attached,
    attached_twice_a_row_is_held_once,
    attached_rows_of_another_parent_are_not_owned,
    attached_to_an_unsaved_parent_rows_are_not_owned,
    attached_rows_are_completed,
    an_attached_row_travels_with_what_it_holds,
    attached_rows_bring_their_changes,
    without_order_by_children_come_by_key,
    order_by_sorts_up_and_down,
    several_relations_and_paths_in_one_load,
    a_thousand_parents_are_one_query,
    a_load_of_many_parents_in_different_states,
];

async fn what_is_not_loaded_is_read_by_nobody<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    assert!(blog.posts.is_not_loaded() && !blog.posts.is_loaded() && !blog.posts.is_partial());
    assert_eq!(blog.posts.known().count(), 0);
    assert!(blog.posts.get(0).is_none());
    assert!(blog.posts.get_mut(0).is_none());
    assert_eq!(blog.posts.known_mut().count(), 0);
    let error = blog.posts.try_iter().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotLoaded);
    let panics = |read: fn(&mut Blog)| {
        let read = AssertUnwindSafe(|| read(&mut blog.clone()));
        assert!(catch_unwind(read).is_err());
    };
    panics(|blog| drop(blog.posts.iter()));
    panics(|blog| drop(blog.posts.iter_mut()));
    panics(|blog| assert!(blog.posts.len() < 9));
    panics(|blog| assert!(blog.posts.is_empty()));
    panics(|blog| drop(blog.posts.remove(0)));
    panics(|blog| drop(blog.posts.expunge(0)));
    panics(|blog| blog.posts[0].id = 1);
    blog.posts.retain(|_| false);
    assert!(blog.posts.is_not_loaded());
    blog.name = "b".into();
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 1 blogs"]);
    assert!(blog.posts.is_not_loaded());
    assert_eq!(test.rows("posts").await.len(), 2);
}

async fn a_push_on_what_is_not_loaded_loses_nothing<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.push(post("pushed"));
    blog.posts.extend([post("extended")]);
    assert!(blog.posts.is_partial());
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["inserted 2 posts"]);
    assert_eq!(test.sent(), ["INSERT posts"]);
    assert!(blog.posts.is_partial(), "after the save too");
    assert_eq!(
        test.rows("posts").await,
        ["1|1|a.1", "2|1|a.2", "3|1|pushed", "4|1|extended"]
    );
    blog.posts.remove(0);
    blog.posts[0].title = "changed".into();
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 1 posts", "updated 1 posts"]);
    blog.posts.retain(|_| false);
    blog.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["1|1|a.1", "2|1|a.2"]);
}

async fn of_a_partial_relation_what_is_known_is_read<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.push(post("x"));
    blog.posts.push(post("y"));
    assert_eq!(titles(blog.posts.known()), ["x", "y"]);
    assert_eq!(blog.posts[1].title, "y");
    assert_eq!(blog.posts.get(0).unwrap().title, "x");
    for post in blog.posts.known_mut() {
        post.title.push('!');
    }
    assert_eq!(
        format!("{:?}", blog.posts.known().next().unwrap().title),
        "\"x!\""
    );
    assert!(format!("{:?}", blog.posts).starts_with("Partial["));
    assert_eq!(
        blog.posts.try_iter().err().unwrap().kind(),
        ErrorKind::NotLoaded
    );
    let panics = |read: fn(&mut Blog)| {
        let read = AssertUnwindSafe(|| read(&mut blog.clone()));
        assert!(catch_unwind(read).is_err());
    };
    panics(|blog| drop(blog.posts.iter()));
    panics(|blog| drop(blog.posts.iter_mut()));
    panics(|blog| assert!(blog.posts.len() < 9));
    panics(|blog| assert!(blog.posts.is_empty()));
    panics(|blog| drop(blog.posts.remove(2)));
}

async fn a_new_parent_knows_all_its_children<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut value = Blog::default();
    value.posts.push(post("a"));
    assert!(value.posts.is_partial());
    let mut blog = value.save(&test.pool).await.unwrap();
    assert!(blog.posts.is_loaded());
    let new = Post {
        comments: HasMany::default(),
        ..post("b")
    };
    blog.posts.push(new);
    blog.posts[1].comments.push(comment("c"));
    blog.save(&test.pool).await.unwrap();
    assert!(blog.posts[1].comments.is_loaded());
    assert_eq!(test.rows("posts").await, ["1|1|a", "2|1|b"]);
}

async fn loading_completes_what_was_pushed<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.push(post("new"));
    blog.load(Blog::POSTS, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT posts"]);
    assert!(blog.posts.is_loaded());
    assert_eq!(titles(&blog.posts), ["1", "2", "new"]);
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["inserted 1 posts"]);
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|1|2", "3|1|new"]);
}

async fn loading_keeps_changes_removals_and_expunged_rows<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2", "3", "4", "5"])
        .save(&test.pool)
        .await
        .unwrap();
    blog("b", &[]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let posts = Post::find_many([3, 1, 2]).all(&test.pool).await.unwrap();
    blog.posts.attach(posts);
    blog.posts[0].title = "changed".into();
    blog.posts.remove(1);
    let expunged = blog.posts.expunge(1);
    blog.posts.push(post("new"));
    test.execute("UPDATE posts SET title = 'theirs' WHERE id IN (3, 4)")
        .await;
    blog.load(Blog::POSTS, &test.pool).await.unwrap();
    assert!(blog.posts.is_loaded());
    assert_eq!(titles(&blog.posts), ["changed", "theirs", "5", "new"]);
    let mut other = unloaded(&test, 2).await;
    other.posts.adopt(expunged);
    let report = test.save_as_planned(&mut other).await;
    assert_eq!(changes(&report), ["moved 1 posts"]);
    blog.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("posts").await,
        [
            "2|2|2",
            "3|1|changed",
            "4|1|theirs",
            "5|1|5",
            &format!("{}|1|new", blog.posts[3].id)
        ]
    );
}

async fn loading_skips_what_is_loaded<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    test.execute("UPDATE posts SET title = 'theirs'").await;
    blog.posts[0].title = "mine".into();
    drop(test.sent());
    blog.load(Blog::POSTS.then(Post::COMMENTS), &test.pool)
        .await
        .unwrap();
    assert_eq!(test.sent(), NONE);
    assert_eq!(titles(&blog.posts), ["mine", "a.2"]);
    blog.posts.clear();
    blog.load(Blog::POSTS, &test.pool).await.unwrap();
    assert_eq!(test.sent(), NONE, "cleared is loaded and empty");
    assert_eq!(blog.posts.len(), 0);
    let mut blog = unloaded(&test, 1).await;
    blog.posts.replace([post("new")]);
    blog.load(Blog::POSTS, &test.pool).await.unwrap();
    assert_eq!(titles(&blog.posts), ["new"]);
}

async fn loading_below_what_is_loaded_keeps_it<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = loaded(&test, 1).await;
    blog.posts[0].title = "mine".into();
    blog.posts.push(post("new"));
    blog.posts[1].comments.push(comment("new"));
    blog.load(
        Blog::POSTS.then(Post::COMMENTS).then(Comment::LIKES),
        &test.pool,
    )
    .await
    .unwrap();
    assert_eq!(test.sent(), ["SELECT comments", "SELECT likes"]);
    assert_eq!(titles(&blog.posts), ["mine", "a.2", "new"]);
    assert_eq!(texts(&blog.posts[0].comments), ["a.1.1", "a.1.2"]);
    assert_eq!(texts(&blog.posts[1].comments), ["a.2.1", "a.2.2", "new"]);
    assert_eq!(blog.posts[1].comments[1].likes.len(), 2);
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(
        changes(&report),
        ["updated 1 posts", "inserted 1 posts", "inserted 1 comments"]
    );
}

async fn under_a_row_that_is_gone_nothing_is_loaded<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &[]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.push(post("new"));
    test.execute("DELETE FROM blogs").await;
    failed(
        blog.load(Blog::POSTS, &test.pool).await,
        ErrorKind::NotFound,
        "Blog",
    );
    assert!(blog.posts.is_partial());
    failed(
        blog.detach(Blog::POSTS, &test.pool).await,
        ErrorKind::NotFound,
        "Blog",
    );
    assert_eq!(titles(blog.posts.known()), ["new"]);
}

async fn rows_of_ones_own_query_are_attached<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2", "3"]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let rows = Post::find_many([3, 1]).all(&test.pool).await.unwrap();
    blog.posts.attach(rows);
    assert!(blog.posts.is_partial());
    assert_eq!(titles(blog.posts.known()), ["3", "1"]);
    drop(test.sent());
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    blog.posts[0].title = "x".into();
    blog.posts.remove(1);
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 1 posts", "updated 1 posts"]);
    assert_eq!(test.rows("posts").await, ["2|1|2", "3|1|x"]);
    assert!(blog.posts.is_partial());
    blog.posts.attach(Vec::new());
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}

async fn attached_twice_a_row_is_held_once<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let rows = Post::find_many([1]).all(&test.pool).await.unwrap();
    blog.posts.attach(rows);
    blog.posts[0].title = "mine".into();
    let mut rows = Post::find_many([1, 2]).all(&test.pool).await.unwrap();
    rows.extend(Post::find_many([2]).all(&test.pool).await.unwrap());
    blog.posts.attach(rows);
    assert_eq!(titles(blog.posts.known()), ["mine", "2"]);
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    let mut all = loaded(&test, 1).await;
    let rows = Post::find_many([1, 2]).all(&test.pool).await.unwrap();
    all.posts.attach(rows);
    assert!(all.posts.is_loaded());
    assert_eq!(all.posts.len(), 2);
    assert!(all.save(&test.pool).await.unwrap().is_empty());
}

async fn attached_rows_of_another_parent_are_not_owned<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1"]).save(&test.pool).await.unwrap();
    blog("b", &["2"]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let rows = Post::find_many([1, 2]).all(&test.pool).await.unwrap();
    blog.posts.attach(rows);
    drop(test.sent());
    failed(
        blog.save(&test.pool).await,
        ErrorKind::NotOwned,
        "Blog.posts",
    );
    failed(blog.plan(), ErrorKind::NotOwned, "Blog.posts");
    // Also where the key in the struct was bent.
    let mut blog = unloaded(&test, 1).await;
    let mut rows = Post::find_many([2]).all(&test.pool).await.unwrap();
    rows[0].blog_id = 1;
    blog.posts.attach(rows);
    failed(
        blog.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Blog.posts[0].blog_id",
    );
    drop(test.sent());
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|2|2"]);
}

async fn attached_to_an_unsaved_parent_rows_are_not_owned<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1"]).save(&test.pool).await.unwrap();
    let rows = Post::find_many([1]).all(&test.pool).await.unwrap();
    let mut value = Blog {
        id: 1,
        ..Blog::default()
    };
    value.posts.attach(rows);
    failed(
        value.save(&test.pool).await,
        ErrorKind::NotOwned,
        "Blog.posts",
    );
    assert_eq!(test.rows("blogs").await, ["1|a"]);
}

async fn attached_rows_are_completed<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let rows = Post::find_many([2]).with(Post::COMMENTS);
    blog.posts.attach(rows.all(&test.pool).await.unwrap());
    blog.posts[0].title = "mine".into();
    drop(test.sent());
    blog.load(Blog::POSTS.then(Post::COMMENTS), &test.pool)
        .await
        .unwrap();
    assert_eq!(titles(&blog.posts), ["a.1", "mine"]);
    assert_eq!(texts(&blog.posts[0].comments), ["a.1.1", "a.1.2"]);
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
}

async fn an_attached_row_travels_with_what_it_holds<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let rows = Post::find_many([2]).with(Post::COMMENTS);
    let mut rows = rows.all(&test.pool).await.unwrap();
    rows[0].comments.remove(0);
    rows[0].comments.push(comment("new"));
    blog.posts.attach(rows);
    blog.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("comments").await,
        ["1|1|a.1.1", "2|1|a.1.2", "4|2|a.2.2", "5|2|new"]
    );
}

async fn attached_rows_bring_their_changes<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let mut rows = Post::find_many([1, 2]).all(&test.pool).await.unwrap();
    rows[1].title = "mine".into();
    blog.posts.attach(rows);
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|1|mine"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "playlists")]
struct Playlist {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "position")]
    up: HasMany<Song>,
    #[one_to_many(viewonly, order_by = "position desc")]
    down: HasMany<Song>,
    #[one_to_many(viewonly)]
    plain: HasMany<Song>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "songs")]
struct Song {
    #[key(generated)]
    id: i64,
    #[many_to_one(Playlist)]
    playlist_id: i64,
    position: i32,
}

const PLAYLISTS: &str = "
    CREATE TABLE playlists (id $id, filler TEXT);
    CREATE TABLE songs (id $id, playlist_id BIGINT NOT NULL REFERENCES playlists (id), position INT NOT NULL);
    INSERT INTO playlists (filler) VALUES ('a'), ('b');
    INSERT INTO songs (playlist_id, position) VALUES (1, 30), (2, 2), (1, 10), (2, 1), (1, 20), (1, 20);
";

fn keys(songs: &HasMany<Song>) -> Vec<i64> {
    songs.iter().map(|song| song.id).collect()
}

async fn without_order_by_children_come_by_key<B: Base>(test: Test<B>) {
    test.create(PLAYLISTS).await;
    let find = Playlist::find_many([2, 1]).with(Playlist::PLAIN);
    let found = find.all(&test.pool).await.unwrap();
    assert_eq!(keys(&found[0].plain), [2, 4]);
    assert_eq!(keys(&found[1].plain), [1, 3, 5, 6]);
}

async fn order_by_sorts_up_and_down<B: Base>(test: Test<B>) {
    test.create(PLAYLISTS).await;
    let find = Playlist::find_many([1, 2])
        .with(Playlist::UP)
        .with(Playlist::DOWN);
    let mut found = find.all(&test.pool).await.unwrap();
    assert_eq!(keys(&found[0].up), [3, 5, 6, 1], "by key where it is equal");
    let down = keys(&found[0].down);
    assert_eq!((down[0], down[3]), (1, 3));
    assert_eq!(keys(&found[1].up), [4, 2]);
    assert_eq!(keys(&found[1].down), [2, 4]);
    // Memory keeps the order of the list; a load brings the other one.
    found[1].up.push(Song::default());
    found[1].save(&test.pool).await.unwrap();
    assert_eq!(keys(&found[1].up), [4, 2, 7]);
    let found = Playlist::find(2).with(Playlist::UP);
    let found = found.one(&test.pool).await.unwrap();
    assert_eq!(keys(&found.up), [7, 4, 2]);
}

async fn several_relations_and_paths_in_one_load<B: Base>(test: Test<B>) {
    test.create(PLAYLISTS).await;
    let mut found = Playlist::find(1).one(&test.pool).await.unwrap();
    drop(test.sent());
    found.load(Playlist::UP, &test.pool).await.unwrap();
    found.load(Playlist::PLAIN, &test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT songs"; 2]);
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    full("b").save(&test.pool).await.unwrap();
    drop(test.sent());
    let find = Blog::find_many([1, 2])
        .with(Blog::POSTS.then(Post::COMMENTS).then(Comment::LIKES))
        .with(Blog::POSTS)
        .with(Blog::POSTS.then(Post::COMMENTS));
    let found = find.all(&test.pool).await.unwrap();
    assert_eq!(test.sent().len(), 4);
    assert!(found[1].posts[1].comments[1].likes[1].who == "b.2.2.2");
}

async fn a_thousand_parents_are_one_query<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = (0..1_000).map(|number| blog(&number.to_string(), &["x", "y"]));
    let saved = Blog::save_all(values.collect(), &test.pool).await.unwrap();
    let find = Blog::find_many(saved.iter().map(Persistent::key));
    let mut found = find.all(&test.pool).await.unwrap();
    drop(test.sent());
    sqlx_cascade::load(&mut found, Blog::POSTS.then(Post::COMMENTS), &test.pool)
        .await
        .unwrap();
    let sent = test.sent();
    assert_eq!(
        sent.iter().filter(|sent| *sent == "SELECT posts").count(),
        B::reads("SELECT posts", 1_000).len()
    );
    assert!(sent.len() <= 3 || B::SERVICE == "mysql", "{sent:?}");
    assert_eq!(found, saved);
}

async fn a_load_of_many_parents_in_different_states<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b", "c", "d"].map(full).into();
    Blog::save_all(values, &test.pool).await.unwrap();
    let mut blogs = Blog::find_many([1, 2, 3, 4]).all(&test.pool).await.unwrap();
    blogs[0].load(Blog::POSTS, &test.pool).await.unwrap();
    blogs[0].posts[0].title = "changed".into();
    blogs[1].posts.push(post("new"));
    blogs[2].posts.clear();
    drop(test.sent());
    let path = Blog::POSTS.then(Post::COMMENTS);
    sqlx_cascade::load(&mut blogs, path, &test.pool)
        .await
        .unwrap();
    let sent = test.sent();
    assert_eq!(sent[0], "SELECT posts");
    assert!(sent[1..].iter().all(|sent| sent == "SELECT comments"));
    assert!(sent.len() <= 3, "{sent:?}");
    assert_eq!(titles(&blogs[0].posts), ["changed", "a.2"]);
    assert_eq!(titles(&blogs[1].posts), ["b.1", "b.2", "new"]);
    assert_eq!(blogs[2].posts.len(), 0);
    assert_eq!(texts(&blogs[3].posts[1].comments), ["d.2.1", "d.2.2"]);
    assert_eq!(texts(&blogs[0].posts[1].comments), ["a.2.1", "a.2.2"]);
    let report = Persistent::save_all(&mut blogs, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 8 likes",
            "deleted 4 comments",
            "deleted 2 posts",
            "updated 1 posts",
            "inserted 1 posts"
        ]
    );
}
