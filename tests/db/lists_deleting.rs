//! Deleting parents of lists, refreshing them, letting them go.

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::lists_models::{
    BLOGS, Blog, Comment, KENNELS, Kennel, Post, blog, comment, dog, full, kennel, loaded, post,
    titles, unloaded,
};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    one_statement_per_table_whether_loaded_or_not,
    the_value_that_comes_back_is_new_throughout,
    many_parents,
    by_key,
    children_are_released_without_delete,
    pending_releases_are_carried_out_first,
    pending_wholes_that_release_are_carried_out_first,
    pending_releases_below_are_carried_out_first,
    unsaved_changes_and_children_are_not_written,
    an_adopted_child_stays_with_its_old_owner,
    an_expunged_child_goes_with_its_parent,
    rows_that_others_added_go_too,
    an_unknown_reference_undoes_everything,
    a_stale_root_undoes_everything,
    detaching_a_list,
    detaching_a_list_with_pending_changes,
    detaching_a_list_that_is_released,
    refreshing_discards_what_is_unsaved,
    refreshing_without_the_token,
    refreshing_forgets_a_partial_list,
    refreshing_reads_what_is_loaded_below,
    refreshing_what_is_gone,
    expunging_with_the_token,
    expunging_without_the_token,
];

async fn one_statement_per_table_whether_loaded_or_not<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("kept").save(&test.pool).await.unwrap();
    let expected = [
        "DELETE likes",
        "DELETE comments",
        "DELETE posts",
        "DELETE blogs",
    ];
    let kept = test.blogs().await;
    let saved = full("a").save(&test.pool).await.unwrap();
    drop(test.sent());
    saved.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), expected);
    assert_eq!(test.blogs().await, kept);
    let key = full("b").save(&test.pool).await.unwrap().key();
    let blog = unloaded(&test, key).await;
    blog.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), expected);
    assert_eq!(test.blogs().await, kept);
}

async fn the_value_that_comes_back_is_new_throughout<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let saved = full("a").save(&test.pool).await.unwrap();
    let mut value = saved.delete(&test.pool).await.unwrap();
    assert_eq!(test.blogs().await, [NONE; 4]);
    value.posts.remove(0);
    value.posts[0].comments.push(comment("new"));
    let saved = value.save(&test.pool).await.unwrap();
    let [blogs, posts, comments, likes] = test.blogs().await;
    assert_eq!(
        (blogs.len(), posts.len(), comments.len(), likes.len()),
        (1, 1, 3, 4)
    );
    assert_eq!(saved.posts[0].blog_id, saved.id);
    // What was not loaded comes back not loaded.
    let mut found = unloaded(&test, saved.key()).await;
    found.posts.push(post("pushed"));
    let value = found.delete(&test.pool).await.unwrap();
    assert!(value.posts.is_partial());
    value.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await.len(), 1);
}

async fn many_parents<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b", "c", "d"].map(full);
    let mut blogs = Blog::save_all(values.into(), &test.pool).await.unwrap();
    let kept = blogs.remove(2);
    drop(test.sent());
    let values = Persistent::delete_all(blogs, &test.pool).await.unwrap();
    assert_eq!(values.len(), 3);
    assert_eq!(
        test.steps(),
        [
            "DELETE likes",
            "DELETE comments",
            "DELETE posts",
            "DELETE blogs"
        ]
    );
    assert_eq!(test.rows("blogs").await, ["3|c"]);
    assert_eq!(test.rows("posts").await, ["5|3|c.1", "6|3|c.2"]);
    assert_eq!(test.rows("likes").await.len(), 8);
    drop(kept);
}

async fn by_key<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    drop(test.sent());
    let report = Blog::delete_by_key(1, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 8 likes",
            "deleted 4 comments",
            "deleted 2 posts",
            "deleted 1 blogs"
        ]
    );
    assert_eq!(test.sent().len(), 4);
    failed(
        Blog::delete_by_key(1, &test.pool).await,
        ErrorKind::NotFound,
        "Blog",
    );
}

async fn children_are_released_without_delete<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let a = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    kennel("b", &["pip"]).save(&test.pool).await.unwrap();
    drop(test.sent());
    let value = a.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["UPDATE dogs", "DELETE kennels"]);
    assert!(value.dogs.is_not_loaded(), "the rows survive");
    assert_eq!(test.rows("dogs").await, ["1|-|rex", "2|-|tom", "3|2|pip"]);
}

async fn pending_releases_are_carried_out_first<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut a = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    a.dogs.remove(0);
    a.dogs.push(dog("new"));
    a.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("dogs").await, ["1|-|rex", "2|-|tom"]);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "houses")]
struct House {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    rooms: HasMany<Room>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "rooms")]
struct Room {
    #[key(generated)]
    id: i64,
    #[many_to_one(House)]
    house_id: i64,
    #[one_to_many(cascade = "all")]
    chairs: HasMany<Chair>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "chairs")]
struct Chair {
    #[key(generated)]
    id: i64,
    #[many_to_one(Room)]
    room_id: Option<i64>,
}

/// A house with two rooms, which have two chairs each that go with the room, and survive when they are taken out.
async fn house<B: Base>(test: &Test<B>) -> Persistent<House> {
    test.create(
        "CREATE TABLE houses (id $id, filler TEXT);
         CREATE TABLE rooms (id $id, house_id BIGINT NOT NULL REFERENCES houses (id));
         CREATE TABLE chairs (id $id, room_id BIGINT REFERENCES rooms (id));",
    )
    .await;
    let room = || Room {
        chairs: vec![Chair::default(), Chair::default()].into(),
        ..Room::default()
    };
    let house = House {
        rooms: vec![room(), room()].into(),
        ..House::default()
    };
    house.save(&test.pool).await.unwrap()
}

async fn pending_wholes_that_release_are_carried_out_first<B: Base>(test: Test<B>) {
    house(&test).await;
    let mut room = Room::find(1).one(&test.pool).await.unwrap();
    room.chairs.replace([Chair::default()]);
    room.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("rooms").await, ["2|1"]);
    assert_eq!(test.rows("chairs").await, ["1|-", "2|-", "3|2", "4|2"]);
}

async fn pending_releases_below_are_carried_out_first<B: Base>(test: Test<B>) {
    let mut house = house(&test).await;
    house.rooms[0].chairs.remove(1);
    house.rooms[1].chairs.clear();
    house.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("rooms").await, NONE);
    assert_eq!(test.rows("chairs").await, ["2|-", "3|-", "4|-"]);
}

async fn unsaved_changes_and_children_are_not_written<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut saved = full("a").save(&test.pool).await.unwrap();
    saved.name = "unsaved".into();
    saved.posts[0].title = "bad".into();
    saved.posts[1].comments.remove(0);
    saved.posts.push(post("new"));
    drop(test.sent());
    let value = saved.delete(&test.pool).await.unwrap();
    assert_eq!(test.sent().len(), 4);
    assert_eq!(titles(&value.posts), ["bad", "a.2", "new"]);
    assert_eq!(test.blogs().await, [NONE; 4]);
}

async fn an_adopted_child_stays_with_its_old_owner<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let mut b = full("b").save(&test.pool).await.unwrap();
    b.posts.adopt(a.posts.expunge(0));
    b.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["1|1|a.1", "2|1|a.2"]);
    assert_eq!(test.rows("likes").await.len(), 8);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
}

async fn an_expunged_child_goes_with_its_parent<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let mut b = blog("b", &[]).save(&test.pool).await.unwrap();
    let expunged = a.posts.expunge(1);
    a.delete(&test.pool).await.unwrap();
    assert_eq!(test.blogs().await, [vec!["2|b"], vec![], vec![], vec![]]);
    b.posts.adopt(expunged);
    failed(b.save(&test.pool).await, ErrorKind::Stale, "Blog.posts[0]");
}

async fn rows_that_others_added_go_too<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let saved = full("a").save(&test.pool).await.unwrap();
    test.execute("INSERT INTO posts (blog_id, title) VALUES (1, 'theirs'); INSERT INTO comments (post_id, text) VALUES (3, 'theirs'); INSERT INTO likes (comment_id, who) VALUES (5, 'theirs')")
        .await;
    saved.delete(&test.pool).await.unwrap();
    assert_eq!(test.blogs().await, [NONE; 4]);
}

async fn an_unknown_reference_undoes_everything<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    test.create("CREATE TABLE pins (comment_id BIGINT NOT NULL REFERENCES comments (id))")
        .await;
    let mut saved = full("a").save(&test.pool).await.unwrap();
    test.execute("INSERT INTO pins VALUES (4)").await;
    let before = test.blogs().await;
    saved.posts.remove(1);
    let copy = (*saved).clone();
    let error = failed(
        saved.save(&test.pool).await,
        ErrorKind::ForeignKeyViolation,
        "Blog.posts",
    );
    assert_eq!(error.entity(), Some("Comment"));
    assert_eq!(*saved, copy);
    let error = saved.delete(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation);
    let saved: Persistent<Blog> = error.take_entity().unwrap();
    assert_eq!(*saved, copy);
    assert_eq!(test.blogs().await, before);
    test.execute("DELETE FROM pins").await;
    saved.delete(&test.pool).await.unwrap();
    assert_eq!(test.blogs().await, [NONE; 4]);
}

async fn a_stale_root_undoes_everything<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b"].map(full);
    let blogs = Blog::save_all(values.into(), &test.pool).await.unwrap();
    test.execute("DELETE FROM likes WHERE id > 8; DELETE FROM comments WHERE id > 4; DELETE FROM posts WHERE id > 2; DELETE FROM blogs WHERE id = 2")
        .await;
    let before = test.blogs().await;
    failed(
        Persistent::delete_all(blogs, &test.pool).await,
        ErrorKind::Stale,
        "Blog",
    );
    assert_eq!(test.blogs().await, before);
}

async fn detaching_a_list<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    full("b").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let report = blog.detach(Blog::POSTS, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        ["deleted 8 likes", "deleted 4 comments", "deleted 2 posts"]
    );
    assert!(blog.posts.is_loaded() && blog.posts.is_empty());
    assert_eq!(test.rows("posts").await, ["3|2|b.1", "4|2|b.2"]);
    drop(test.sent());
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    blog.posts.push(post("new"));
    test.save_as_planned(&mut blog).await;
    assert_eq!(test.rows("posts").await.len(), 3);
}

async fn detaching_a_list_with_pending_changes<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut saved = full("a").save(&test.pool).await.unwrap();
    let mut other = blog("b", &[]).save(&test.pool).await.unwrap();
    saved.name = "unsaved".into();
    saved.posts[0].title = "unsaved".into();
    saved.posts.push(post("unsaved"));
    let expunged = saved.posts.expunge(1);
    saved.detach(Blog::POSTS, &test.pool).await.unwrap();
    assert!(saved.posts.is_empty());
    assert_eq!(saved.changed_columns(), ["name"]);
    assert_eq!(test.rows("posts").await, NONE, "all rows of the relation");
    other.posts.adopt(expunged);
    failed(
        other.save(&test.pool).await,
        ErrorKind::Stale,
        "Blog.posts[0]",
    );
    let report = test.save_as_planned(&mut saved).await;
    assert_eq!(changes(&report), ["updated 1 blogs"]);
}

async fn detaching_a_list_that_is_released<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    let mut a = Kennel::find(1).one(&test.pool).await.unwrap();
    let report = a.detach(Kennel::DOGS, &test.pool).await.unwrap();
    assert_eq!(changes(&report), ["released 2 dogs"]);
    assert_eq!(test.rows("dogs").await, ["1|-|rex", "2|-|tom"]);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
}

async fn refreshing_discards_what_is_unsaved<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut saved = full("a").save(&test.pool).await.unwrap();
    let copy = (*saved).clone();
    saved.name = "unsaved".into();
    saved.posts.remove(0);
    saved.posts[0].title = "unsaved".into();
    saved.posts[0].comments.remove(0);
    saved.posts[0].comments[0].likes.clear();
    saved.posts[0].comments.push(comment("new"));
    saved.posts.push(post("new"));
    drop(test.sent());
    saved.refresh(&test.pool).await.unwrap();
    assert_eq!(*saved, copy);
    assert_eq!(test.sent().len(), 4);
    assert!(saved.save(&test.pool).await.unwrap().is_empty());
    test.execute("DELETE FROM likes WHERE id = 1; UPDATE posts SET title = 'theirs' WHERE id = 2; INSERT INTO posts (blog_id, title) VALUES (1, 'x')")
        .await;
    saved.refresh(&test.pool).await.unwrap();
    assert_eq!(titles(&saved.posts), ["a.1", "theirs", "x"]);
    assert_eq!(saved.posts[0].comments[0].likes.len(), 1);
    saved.posts[2].title = "mine".into();
    test.save_as_planned(&mut saved).await;
    assert_eq!(test.rows("posts").await[2], "3|1|mine");
}

async fn refreshing_without_the_token<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut a = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    test.execute("UPDATE dogs SET name = 'theirs'; UPDATE kennels SET name = 'theirs'")
        .await;
    a.name = "unsaved".into();
    a.dogs[0].name = "mine".into();
    a.dogs.remove(1);
    a.dogs.push(dog("new"));
    a.refresh(&test.pool).await.unwrap();
    assert_eq!(a.name, "theirs");
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(
        changes(&report),
        ["released 1 dogs", "updated 1 dogs", "inserted 1 dogs"]
    );
    assert_eq!(
        test.rows("dogs").await,
        ["1|1|mine", "2|-|theirs", "3|1|new"]
    );
}

async fn refreshing_forgets_a_partial_list<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.push(post("new"));
    blog.refresh(&test.pool).await.unwrap();
    assert!(blog.posts.is_not_loaded());
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    // A whole operation that was not saved is forgotten too.
    blog.posts.clear();
    blog.refresh(&test.pool).await.unwrap();
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("posts").await.len(), 2);
}

async fn refreshing_reads_what_is_loaded_below<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = loaded(&test, 1).await;
    blog.refresh(&test.pool).await.unwrap();
    assert_eq!(test.sent(), ["SELECT blogs", "SELECT posts"]);
    assert!(blog.posts[0].comments.is_not_loaded());
    blog.load(Blog::POSTS.then(Post::COMMENTS), &test.pool)
        .await
        .unwrap();
    drop(test.sent());
    blog.refresh(&test.pool).await.unwrap();
    assert_eq!(
        test.sent(),
        ["SELECT blogs", "SELECT posts", "SELECT comments"]
    );
    assert_eq!(blog.posts[1].comments.len(), 2);
    assert!(blog.posts[1].comments[0].likes.is_not_loaded());
}

async fn refreshing_what_is_gone<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut saved = blog("a", &["1"]).save(&test.pool).await.unwrap();
    saved.posts.push(post("new"));
    test.execute("DELETE FROM posts; DELETE FROM blogs").await;
    failed(saved.refresh(&test.pool).await, ErrorKind::NotFound, "Blog");
    assert_eq!(titles(&saved.posts), ["1", "new"]);
}

async fn expunging_with_the_token<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut saved = full("a").save(&test.pool).await.unwrap();
    saved.posts[0].title = "unsaved".into();
    saved.posts.remove(1);
    saved.posts.push(post("new"));
    let detached = saved.expunge();
    assert_eq!(titles(&detached.posts), ["unsaved", "new"]);
    let mut back = detached.into_persistent().unwrap();
    back.save(&test.pool).await.unwrap();
    let new = back.posts[1].id;
    assert_eq!(
        test.rows("posts").await,
        ["1|1|unsaved", &format!("{new}|1|new")]
    );
    let value = Blog::find(1).one(&test.pool).await.unwrap();
    let value = value.expunge().into_inner();
    assert_eq!(value.save(&test.pool).await.unwrap().key(), 2);
    // A child that travels takes its own along.
    let mut other = blog("b", &[]).save(&test.pool).await.unwrap();
    let path = Post::COMMENTS.then(Comment::LIKES);
    let found = Post::find(1).with(path).one(&test.pool).await.unwrap();
    other.posts.adopt(found.expunge());
    test.save_as_planned(&mut other).await;
    assert_eq!(other.posts[0].comments[0].likes.len(), 2);
}

async fn expunging_without_the_token<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut a = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    a.dogs.remove(0);
    a.dogs.push(dog("new"));
    a.name = "unsaved".into();
    let detached = a.expunge();
    assert!(detached.dogs.is_not_loaded());
    let mut a = detached.into_persistent().unwrap();
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(changes(&report), ["updated 1 kennels"]);
    assert_eq!(test.rows("dogs").await, ["1|1|rex", "2|1|tom"]);
}
