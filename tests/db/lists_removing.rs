//! Children leave a list: by name, or all of them.

use sqlx_cascade::{ErrorKind, HasMany, Relations};

use crate::lists_models::{
    BLOGS, Blog, KENNELS, Kennel, Post, blog, comment, dog, full, kennel, like, loaded, most, post,
    titles, unloaded,
};
use crate::support::{Base, NONE, Test, changes, failed, locking, on_every_database};

on_every_database![
    removed_and_retained_by_name,
    a_removed_child_comes_back_as_a_new_row,
    a_child_that_was_never_saved_leaves_no_trace,
    changes_below_a_removed_child_are_not_written,
    a_thousand_removed_children,
    a_removed_child_takes_what_is_below,
    clearing_what_is_loaded_takes_what_others_added_too,
    clearing_what_is_not_loaded_is_one_statement_per_table,
    replacing_what_is_not_loaded,
    replacing_what_is_loaded,
    clearing_what_is_partial_takes_the_rest_too,
    assigning_values_replaces_all,
    assigning_a_clone_replaces_all,
    assigning_empty_clears,
    assigning_default_or_taking_means_not_loaded,
    lists_that_are_swapped_between_parents_are_not_owned,
    a_list_that_was_taken_and_put_back_is_the_same,
    a_swap_of_empty_lists_is_harmless,
    a_whole_operation_spares_what_was_expunged,
    many_wholes_are_one_statement_per_table,
    nullable_children_are_released,
    nullable_children_are_released_as_a_whole,
    a_released_child_keeps_what_is_below_it,
    a_removed_row_that_is_gone_is_stale,
    a_removed_row_that_moved_is_stale,
    after_a_failed_save_removals_are_still_pending,
    denied_removals,
    viewonly_lists_are_not_written,
];

async fn removed_and_retained_by_name<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["1", "2", "3", "4", "5"])
        .save(&test.pool)
        .await
        .unwrap();
    assert_eq!(blog.posts.remove(1).title, "2");
    assert_eq!(titles(&blog.posts), ["1", "3", "4", "5"]);
    blog.posts
        .retain(|post| post.title != "1" && post.title != "4");
    drop(test.sent());
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 3 posts"]);
    assert_eq!(
        test.steps(),
        ["DELETE likes", "DELETE comments", "DELETE posts"]
    );
    assert_eq!(test.rows("posts").await, ["3|1|3", "5|1|5"]);
    assert_eq!(titles(&blog.posts), ["3", "5"]);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn a_removed_child_comes_back_as_a_new_row<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    let removed = blog.posts.remove(0);
    assert_eq!(removed.id, 1);
    blog.posts.push(removed);
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(
        changes,
        [
            "deleted 4 likes",
            "deleted 2 comments",
            "deleted 1 posts",
            "inserted 1 posts",
            "inserted 2 comments",
            "inserted 4 likes"
        ]
    );
    assert_eq!(test.rows("posts").await, ["2|1|a.2", "3|1|a.1"]);
    assert_eq!(
        test.rows("comments").await,
        ["3|2|a.2.1", "4|2|a.2.2", "5|3|a.1.1", "6|3|a.1.2"]
    );
    assert_eq!(blog.posts[1].id, 3);
}

async fn a_child_that_was_never_saved_leaves_no_trace<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["1"]).save(&test.pool).await.unwrap();
    blog.posts.push(Post {
        comments: vec![comment("x")].into(),
        ..post("new")
    });
    blog.posts.remove(1);
    drop(test.sent());
    assert!(blog.plan().unwrap().is_empty());
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn changes_below_a_removed_child_are_not_written<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut kennel = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    kennel.dogs[0].name = "changed".into();
    let dog = kennel.dogs.remove(0);
    assert_eq!(dog.name, "changed");
    test.save_as_planned(&mut kennel).await;
    assert_eq!(test.rows("dogs").await, ["1|-|rex", "2|1|tom"]);
}

async fn a_thousand_removed_children<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = Blog {
        posts: (0..1_001).map(|_| post("p")).collect(),
        ..blog("a", &[])
    }
    .save(&test.pool)
    .await
    .unwrap();
    drop(test.sent());
    blog.posts.retain(|post| post.id == 500);
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 1000 posts"]);
    assert!(test.sent().len() <= 3 * most::<B>(1_000));
    assert_eq!(test.rows("posts").await, ["500|1|p"]);
}

async fn a_removed_child_takes_what_is_below<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    full("b").save(&test.pool).await.unwrap();
    let mut blog = loaded(&test, 1).await;
    blog.posts.remove(1);
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(
        changes,
        ["deleted 4 likes", "deleted 2 comments", "deleted 1 posts"]
    );
    assert_eq!(test.rows("posts").await, ["1|1|a.1", "3|2|b.1", "4|2|b.2"]);
    assert_eq!(test.rows("comments").await.len(), 6);
    assert_eq!(test.rows("likes").await.len(), 12);
}

async fn clearing_what_is_loaded_takes_what_others_added_too<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut kennel = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    test.execute("INSERT INTO dogs (kennel_id, name) VALUES (1, 'theirs')")
        .await;
    kennel.dogs.retain(|_| false);
    test.save_as_planned(&mut kennel).await;
    assert_eq!(
        test.rows("dogs").await,
        ["1|-|rex", "2|-|tom", "3|1|theirs"],
        "by name"
    );
    kennel.dogs.clear();
    let changes = test.save_much_as_planned(&mut kennel).await;
    assert_eq!(changes, ["released 1 dogs"]);
    assert_eq!(
        test.rows("dogs").await,
        ["1|-|rex", "2|-|tom", "3|-|theirs"],
        "`clear` concerns all rows of this parent"
    );
}

async fn clearing_what_is_not_loaded_is_one_statement_per_table<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    full("b").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.clear();
    assert!(blog.posts.is_loaded());
    assert_eq!(blog.posts.len(), 0);
    assert_eq!(
        changes(&blog.plan().unwrap()),
        ["deleted * likes", "deleted * comments", "deleted * posts"]
    );
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(
        changes,
        ["deleted 8 likes", "deleted 4 comments", "deleted 2 posts"]
    );
    assert_eq!(
        test.sent(),
        locking::<B>(&[
            "LOCK blogs",
            "DELETE likes",
            "DELETE comments",
            "DELETE posts"
        ])
    );
    assert_eq!(test.rows("posts").await, ["3|2|b.1", "4|2|b.2"]);
    assert_eq!(test.rows("likes").await.len(), 8);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    blog.posts.clear();
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(
        test.sent().len(),
        3 + usize::from(B::LOCKS),
        "a whole operation always sends"
    );
}

async fn replacing_what_is_not_loaded<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts.replace([post("new 1"), post("new 2")]);
    blog.posts.push(post("new 3"));
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(
        changes,
        [
            "deleted 8 likes",
            "deleted 4 comments",
            "deleted 2 posts",
            "inserted 3 posts"
        ]
    );
    assert_eq!(
        test.steps(),
        locking::<B>(&[
            "LOCK blogs",
            "DELETE likes",
            "DELETE comments",
            "DELETE posts",
            "INSERT posts"
        ])
    );
    assert_eq!(
        test.rows("posts").await,
        ["3|1|new 1", "4|1|new 2", "5|1|new 3"]
    );
    assert!(blog.posts.is_loaded());
}

async fn replacing_what_is_loaded<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    test.execute("INSERT INTO posts (blog_id, title) VALUES (1, 'theirs')")
        .await;
    blog.posts.replace([post("new")]);
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 3 posts", "inserted 1 posts"]);
    assert_eq!(test.rows("posts").await, ["4|1|new"]);
    assert_eq!(blog.posts[0].id, 4);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}

async fn clearing_what_is_partial_takes_the_rest_too<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("a", &["1", "2", "3"]).save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    let rows = Post::find_many([2]).all(&test.pool).await.unwrap();
    blog.posts.attach(rows);
    blog.posts.push(post("never saved"));
    blog.posts.clear();
    blog.posts.push(post("new"));
    assert!(blog.posts.is_loaded());
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 3 posts", "inserted 1 posts"]);
    assert_eq!(test.rows("posts").await, ["4|1|new"]);
    assert!(blog.posts.is_loaded());
}

async fn assigning_values_replaces_all<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    for known in [true, false] {
        let mut blog = if known {
            loaded(&test, 1).await
        } else {
            unloaded(&test, 1).await
        };
        let before = test.rows("posts").await.len();
        blog.posts = HasMany::from(vec![post("x"), post("y")]);
        let changes = test.save_much_as_planned(&mut blog).await;
        assert!(changes.contains(&format!("deleted {before} posts")));
        assert_eq!(changes.last().unwrap(), "inserted 2 posts");
        assert_eq!(test.rows("posts").await.len(), 2);
        assert_eq!(test.rows("likes").await, NONE);
        assert!(blog.save(&test.pool).await.unwrap().is_empty());
    }
}

async fn assigning_a_clone_replaces_all<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let a = full("a").save(&test.pool).await.unwrap();
    let mut b = blog("b", &["old"]).save(&test.pool).await.unwrap();
    b.posts = a.posts.clone();
    let changes = test.save_much_as_planned(&mut b).await;
    assert_eq!(
        changes,
        [
            "deleted 1 posts",
            "inserted 2 posts",
            "inserted 4 comments",
            "inserted 8 likes"
        ]
    );
    assert_eq!(
        test.rows("posts").await,
        ["1|1|a.1", "2|1|a.2", "4|2|a.1", "5|2|a.2"]
    );
    // Its own clone too: the copies are new.
    let own = b.posts.clone();
    b.posts = own;
    let changes = test.save_much_as_planned(&mut b).await;
    assert!(changes.contains(&"deleted 2 posts".into()), "{changes:?}");
    assert_eq!(
        test.rows("posts").await,
        ["1|1|a.1", "2|1|a.2", "6|2|a.1", "7|2|a.2"]
    );
    // A clone of what is not loaded or partial stays that.
    let mut c = unloaded(&test, 2).await;
    assert!(c.posts.clone().is_not_loaded());
    c.posts.push(post("pushed"));
    let copy = c.posts.clone();
    assert!(copy.is_partial());
    c.posts = copy;
    let report = test.save_as_planned(&mut c).await;
    assert_eq!(changes_of(&report), ["inserted 1 posts"]);
}

fn changes_of(report: &sqlx_cascade::Report) -> Vec<String> {
    changes(report)
}

async fn assigning_empty_clears<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = unloaded(&test, 1).await;
    blog.posts = HasMany::empty();
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes[2], "deleted 2 posts");
    assert_eq!(test.blogs().await, [vec!["1|a"], vec![], vec![], vec![]]);
}

async fn assigning_default_or_taking_means_not_loaded<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    full("a").save(&test.pool).await.unwrap();
    let mut blog = loaded(&test, 1).await;
    blog.posts.remove(0);
    let taken = std::mem::take(&mut blog.posts);
    assert_eq!(taken.len(), 1);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    blog.posts = HasMany::default();
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("posts").await.len(), 2);
    blog.load(Blog::POSTS, &test.pool).await.unwrap();
    assert_eq!(blog.posts.len(), 2);
}

async fn lists_that_are_swapped_between_parents_are_not_owned<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = blog("a", &["1"]).save(&test.pool).await.unwrap();
    let mut b = blog("b", &["2", "3"]).save(&test.pool).await.unwrap();
    std::mem::swap(&mut a.posts, &mut b.posts);
    drop(test.sent());
    for blog in [&mut a, &mut b] {
        let error = failed(
            blog.save(&test.pool).await,
            ErrorKind::NotOwned,
            "Blog.posts",
        );
        assert!(error.to_string().contains("adopt"), "{error}");
    }
    std::mem::swap(&mut a.posts, &mut b.posts);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    // Emptied by removals, it still has them to carry out.
    b.posts.remove(0);
    b.posts.remove(0);
    a.posts = std::mem::take(&mut b.posts);
    failed(a.save(&test.pool).await, ErrorKind::NotOwned, "Blog.posts");
    let mut unsaved = blog("c", &[]);
    unsaved.posts = std::mem::take(&mut a.posts);
    failed(
        unsaved.save(&test.pool).await,
        ErrorKind::NotOwned,
        "Blog.posts",
    );
    assert_eq!(test.sent(), NONE);
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|2|2", "3|2|3"]);
}

async fn a_list_that_was_taken_and_put_back_is_the_same<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["1", "2"]).save(&test.pool).await.unwrap();
    let mut taken = std::mem::take(&mut blog.posts);
    taken.remove(0);
    taken[0].title = "changed".into();
    blog.posts = taken;
    let changes = test.save_much_as_planned(&mut blog).await;
    assert_eq!(changes, ["deleted 1 posts", "updated 1 posts"]);
    assert_eq!(test.rows("posts").await, ["2|1|changed"]);
}

async fn a_swap_of_empty_lists_is_harmless<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = blog("a", &[]).save(&test.pool).await.unwrap();
    let mut b = blog("b", &[]).save(&test.pool).await.unwrap();
    std::mem::swap(&mut a.posts, &mut b.posts);
    a.save(&test.pool).await.unwrap();
    a.posts.push(post("1"));
    a.save(&test.pool).await.unwrap();
    b.save(&test.pool).await.unwrap();
    b.posts.push(post("2"));
    b.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|2|2"]);
}

async fn a_whole_operation_spares_what_was_expunged<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let mut b = blog("b", &[]).save(&test.pool).await.unwrap();
    let expunged = a.posts.expunge(1);
    a.posts.clear();
    let changes = test.save_much_as_planned(&mut a).await;
    assert_eq!(
        changes,
        ["deleted 4 likes", "deleted 2 comments", "deleted 1 posts"]
    );
    assert_eq!(test.rows("posts").await, ["2|1|a.2"]);
    assert_eq!(test.rows("comments").await, ["3|2|a.2.1", "4|2|a.2.2"]);
    assert_eq!(test.rows("likes").await.len(), 4);
    b.posts.adopt(expunged);
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("posts").await, ["2|2|a.2"]);
}

async fn many_wholes_are_one_statement_per_table<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b", "c", "d"].map(full).into();
    Blog::save_all(values, &test.pool).await.unwrap();
    let mut blogs = Blog::find_many([1, 2, 3]).all(&test.pool).await.unwrap();
    let kept = {
        blogs[1].load(Blog::POSTS, &test.pool).await.unwrap();
        blogs[1].posts.expunge(0)
    };
    for blog in &mut blogs {
        blog.posts.clear();
    }
    blogs[2].posts.push(post("new"));
    drop(test.sent());
    let report = sqlx_cascade::Persistent::save_all(&mut blogs, &test.pool)
        .await
        .unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 20 likes",
            "deleted 10 comments",
            "deleted 5 posts",
            "inserted 1 posts"
        ]
    );
    assert_eq!(
        test.steps(),
        locking::<B>(&[
            "LOCK blogs",
            "DELETE likes",
            "DELETE comments",
            "DELETE posts",
            "INSERT posts"
        ])
    );
    assert_eq!(
        test.rows("posts").await,
        ["3|2|b.1", "7|4|d.1", "8|4|d.2", "9|3|new"]
    );
    assert_eq!(kept.title, "b.1");
}

async fn nullable_children_are_released<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut kennel = kennel("a", &["rex", "tom", "pip"])
        .save(&test.pool)
        .await
        .unwrap();
    let left = kennel.dogs.remove(0);
    assert_eq!(left.kennel_id, Some(1));
    kennel.dogs.push(dog("new"));
    drop(test.sent());
    let report = test.save_as_planned(&mut kennel).await;
    assert_eq!(changes(&report), ["released 1 dogs", "inserted 1 dogs"]);
    assert_eq!(report.changes()[0].columns, ["kennel_id"]);
    assert_eq!(test.sent(), ["UPDATE dogs", "INSERT dogs"]);
    assert_eq!(
        test.rows("dogs").await,
        ["1|-|rex", "2|1|tom", "3|1|pip", "4|1|new"]
    );
}

async fn nullable_children_are_released_as_a_whole<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    kennel("b", &["pip"]).save(&test.pool).await.unwrap();
    let mut kennel = Kennel::find(1).one(&test.pool).await.unwrap();
    kennel.dogs.replace([dog("new")]);
    drop(test.sent());
    let changes = test.save_much_as_planned(&mut kennel).await;
    assert_eq!(changes, ["released 2 dogs", "inserted 1 dogs"]);
    assert_eq!(
        test.sent(),
        locking::<B>(&["LOCK kennels", "UPDATE dogs", "INSERT dogs"])
    );
    assert_eq!(
        test.rows("dogs").await,
        ["1|-|rex", "2|-|tom", "3|2|pip", "4|1|new"]
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "tops")]
struct Top {
    #[key(generated)]
    id: i64,
    #[one_to_many]
    middles: HasMany<Middle>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "middles")]
struct Middle {
    #[key(generated)]
    id: i64,
    #[many_to_one(Top)]
    top_id: Option<i64>,
    #[one_to_many(cascade = "all, delete-orphan")]
    bottoms: HasMany<Bottom>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "bottoms")]
struct Bottom {
    #[key(generated)]
    id: i64,
    #[many_to_one(Middle)]
    middle_id: i64,
}

async fn a_released_child_keeps_what_is_below_it<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE tops (id $id, filler TEXT);
         CREATE TABLE middles (id $id, top_id BIGINT REFERENCES tops (id));
         CREATE TABLE bottoms (id $id, middle_id BIGINT NOT NULL REFERENCES middles (id));",
    )
    .await;
    let middle = || Middle {
        bottoms: vec![Bottom::default(), Bottom::default()].into(),
        ..Middle::default()
    };
    let top = Top {
        middles: vec![middle(), middle()].into(),
        ..Top::default()
    };
    let mut top = top.save(&test.pool).await.unwrap();
    top.middles[0].bottoms.remove(0);
    top.middles[0].bottoms.push(Bottom::default());
    top.middles.remove(0);
    let report = test.save_as_planned(&mut top).await;
    assert_eq!(
        changes(&report),
        ["released 1 middles"],
        "what is pending below it went with the value"
    );
    assert_eq!(test.rows("middles").await, ["1|-", "2|1"]);
    assert_eq!(test.rows("bottoms").await, ["1|1", "2|1", "3|2", "4|2"]);
    top.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("middles").await, ["1|-", "2|-"]);
    assert_eq!(test.rows("bottoms").await.len(), 4);
}

async fn a_removed_row_that_is_gone_is_stale<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["1", "2", "3"]).save(&test.pool).await.unwrap();
    test.execute("DELETE FROM posts WHERE id = 2").await;
    blog.name = "changed".into();
    blog.posts.remove(0);
    blog.posts.remove(0);
    failed(blog.save(&test.pool).await, ErrorKind::Stale, "Blog.posts");
    assert_eq!(test.rows("posts").await, ["1|1|1", "3|1|3"]);
    assert_eq!(test.rows("blogs").await, ["1|a"]);
}

async fn a_removed_row_that_moved_is_stale<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog_a = blog("a", &["1"]).save(&test.pool).await.unwrap();
    let mut b = blog("b", &["2"]).save(&test.pool).await.unwrap();
    test.execute("UPDATE posts SET blog_id = 1 WHERE id = 2")
        .await;
    b.posts.remove(0);
    failed(b.save(&test.pool).await, ErrorKind::Stale, "Blog.posts");
    test.execute("UPDATE posts SET blog_id = 2 WHERE id = 1")
        .await;
    blog_a.posts[0].title = "x".into();
    failed(
        blog_a.save(&test.pool).await,
        ErrorKind::Stale,
        "Blog.posts[0]",
    );
    assert_eq!(test.rows("posts").await, ["1|2|1", "2|1|2"]);
}

async fn after_a_failed_save_removals_are_still_pending<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    blog.posts.remove(0);
    blog.posts[0].comments[1].likes.replace([like("new")]);
    blog.posts.push(post("bad"));
    let copy = (*blog).clone();
    for _ in 0..2 {
        failed(
            blog.save(&test.pool).await,
            ErrorKind::CheckViolation,
            "Blog.posts[1]",
        );
        assert_eq!(*blog, copy);
        assert_eq!(test.rows("posts").await, ["1|1|a.1", "2|1|a.2"]);
        assert_eq!(test.rows("likes").await.len(), 8);
    }
    blog.posts[1].title = "good".into();
    blog.save(&test.pool).await.unwrap();
    let new = blog.posts[1].id;
    assert_eq!(
        test.rows("posts").await,
        ["2|1|a.2", &format!("{new}|1|good")]
    );
    let new = blog.posts[0].comments[1].likes[0].id;
    // What failed has drawn keys.
    let mut likes = ["5|3|a.2.1.1", "6|3|a.2.1.2", &format!("{new}|4|new")];
    likes.sort_unstable();
    assert_eq!(test.rows("likes").await, likes);
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "orders")]
struct Order {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "save-update, delete", on_remove = "deny")]
    lines: HasMany<Line>,
    #[one_to_many(viewonly)]
    view: HasMany<Line>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "lines")]
struct Line {
    #[key(generated)]
    id: i64,
    #[many_to_one(Order)]
    order_id: i64,
    text: String,
}

const ORDERS: &str = "
    CREATE TABLE orders (id $id, filler TEXT);
    CREATE TABLE lines (id $id, order_id BIGINT NOT NULL REFERENCES orders (id), text TEXT NOT NULL);
";

fn line(text: &str) -> Line {
    Line {
        text: text.into(),
        ..Line::default()
    }
}

async fn denied_removals<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let order = Order {
        lines: vec![line("1"), line("2")].into(),
        ..Order::default()
    };
    let mut order = order.save(&test.pool).await.unwrap();
    let other = Order::default().save(&test.pool).await.unwrap();
    drop(test.sent());
    // By name.
    let removed = order.lines.remove(0);
    failed(
        order.save(&test.pool).await,
        ErrorKind::RemovalDenied,
        "Order.lines",
    );
    order.lines.push(removed);
    failed(order.plan(), ErrorKind::RemovalDenied, "Order.lines");
    // All of what is loaded, and of what is not.
    let mut order = Order::find(1)
        .with(Order::LINES)
        .one(&test.pool)
        .await
        .unwrap();
    order.lines.clear();
    failed(
        order.save(&test.pool).await,
        ErrorKind::RemovalDenied,
        "Order.lines",
    );
    let mut order = Order::find(1).one(&test.pool).await.unwrap();
    order.lines.clear();
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotLoaded,
        "Order.lines",
    );
    let mut order = Order::find(1).one(&test.pool).await.unwrap();
    order.lines.push(line("3"));
    order.lines.replace([line("4")]);
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotLoaded,
        "Order.lines",
    );
    failed(
        order.detach(Order::LINES, &test.pool).await,
        ErrorKind::RemovalDenied,
        "Order.lines",
    );
    drop(test.sent());
    // A move is no removal, and an addition neither.
    let mut order = Order::find(1)
        .with(Order::LINES)
        .one(&test.pool)
        .await
        .unwrap();
    let mut other = Order::find(other.id).one(&test.pool).await.unwrap();
    other.lines.adopt(order.lines.expunge(0));
    other.lines.push(line("3"));
    test.save_as_planned(&mut other).await;
    assert!(order.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.rows("lines").await, ["1|2|1", "2|1|2", "3|2|3"]);
    order.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("lines").await, ["1|2|1", "3|2|3"]);
}

async fn viewonly_lists_are_not_written<B: Base>(test: Test<B>) {
    test.create(ORDERS).await;
    let order = Order {
        lines: vec![line("1"), line("2")].into(),
        ..Order::default()
    };
    order.save(&test.pool).await.unwrap();
    let find = || Order::find(1).with(Order::VIEW).one(&test.pool);
    let mut order = find().await.unwrap();
    assert_eq!(order.view.len(), 2);
    order.view[0].text = "changed".into();
    assert!(order.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(order.view[0].text, "changed");
    order.view.remove(0);
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    let mut order = find().await.unwrap();
    order.view.push(line("3"));
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    let mut order = Order::find(1).one(&test.pool).await.unwrap();
    order.view.clear();
    failed(
        order.save(&test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    failed(
        order.detach(Order::VIEW, &test.pool).await,
        ErrorKind::NotCascaded,
        "Order.view",
    );
    let mut order = find().await.unwrap();
    let line = order.view.expunge(0);
    order.lines.adopt(line);
    order.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("lines").await, ["1|1|1", "2|1|2"]);
}
