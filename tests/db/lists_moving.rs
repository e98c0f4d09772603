//! Children of lists move: between parents, between relations, out of what leaves.

use sqlx_cascade::{Detached, ErrorKind, HasMany, Persistent, Relations};

use crate::lists_models::{
    BLOGS, Blog, Comment, KENNELS, Kennel, Post, blog, comment, full, kennel, loaded, most, post,
    texts, titles, unloaded,
};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    between_two_parents,
    both_parents_in_one_save,
    a_thousand_rows_are_one_update,
    several_from_several,
    back_where_it_was_is_nothing,
    back_at_another_place_of_the_list_is_nothing,
    under_an_unsaved_parent,
    under_an_unsaved_child_of_a_saved_parent,
    into_what_is_not_loaded,
    within_one_parent_between_two_relations,
    when_the_old_parent_leaves_in_the_same_save,
    when_the_old_parent_leaves_with_all_others,
    out_of_one_level_of_a_subtree_that_leaves,
    out_of_two_levels_of_a_subtree_that_leaves,
    out_of_three_levels_of_a_subtree_that_leaves,
    out_of_every_level_of_a_whole_that_leaves,
    adopted_twice_it_ends_with_the_last,
    adopted_and_removed_it_stays_with_its_old_owner,
    adopted_into_a_list_that_is_cleared_it_stays_with_its_old_owner,
    adopted_into_a_list_that_is_dropped_it_stays_with_its_old_owner,
    as_a_root_of_its_own,
    dropped_it_changes_nothing,
    with_changes_of_its_own_and_below,
    a_row_that_is_gone_is_stale,
    a_row_that_moved_meanwhile_is_stale,
    a_failed_move_leaves_memory_as_it_was,
    a_child_that_was_never_saved,
    a_row_of_ones_own_query_is_adopted,
    a_new_parent_takes_over_what_the_old_one_had,
    a_move_of_a_nullable_key,
];

async fn two<B: Base>(test: &Test<B>) -> (Persistent<Blog>, Persistent<Blog>) {
    test.create(BLOGS).await;
    let a = blog("a", &["1", "2", "3"]).save(&test.pool).await.unwrap();
    let b = blog("b", &["4"]).save(&test.pool).await.unwrap();
    drop(test.sent());
    (a, b)
}

async fn between_two_parents<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    b.posts.adopt(a.posts.expunge(1));
    assert_eq!(titles(&a.posts), ["1", "3"]);
    assert_eq!(titles(&b.posts), ["4", "2"]);
    assert_eq!(b.posts[1].blog_id, 1, "until it is saved");
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 1 posts"]);
    assert_eq!(report.changes()[0].columns, ["blog_id"]);
    assert_eq!(test.sent(), ["UPDATE posts"]);
    assert_eq!(b.posts[1].blog_id, 2);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(
        test.rows("posts").await,
        ["1|1|1", "2|2|2", "3|1|3", "4|2|4"]
    );
    b.posts[1].title = "x".into();
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("posts").await[1], "2|2|x");
}

async fn both_parents_in_one_save<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    let one = a.posts.expunge(0);
    let four = b.posts.expunge(0);
    a.posts.adopt(four);
    b.posts.adopt(one);
    a.posts[0].title = "changed".into();
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["moved 2 posts", "updated 1 posts"]);
    assert_eq!(
        test.rows("posts").await,
        ["1|2|1", "2|1|changed", "3|1|3", "4|1|4"]
    );
    assert_eq!((a.posts[2].blog_id, b.posts[0].blog_id), (1, 2));
}

async fn a_thousand_rows_are_one_update<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let big = Blog {
        posts: (0..1_000).map(|_| post("p")).collect(),
        ..blog("a", &[])
    };
    let mut a = big.save(&test.pool).await.unwrap();
    let mut b = blog("b", &[]).save(&test.pool).await.unwrap();
    for _ in 0..1_000 {
        b.posts.adopt(a.posts.expunge(0));
    }
    drop(test.sent());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 1000 posts"]);
    assert!(test.sent().len() <= most::<B>(1_000));
    assert!(b.posts.iter().all(|post| post.blog_id == 2));
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert!(a.posts.is_empty());
    for _ in 0..1_000 {
        a.posts.adopt(b.posts.expunge(0));
    }
    for _ in 0..1_000 {
        b.posts.adopt(a.posts.expunge(0));
    }
    drop(test.sent());
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn several_from_several<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b", "c"].map(full).into();
    let mut blogs = Blog::save_all(values, &test.pool).await.unwrap();
    let mut target = blog("d", &[]).save(&test.pool).await.unwrap();
    for blog in &mut blogs {
        target.posts.adopt(blog.posts.expunge(1));
    }
    drop(test.sent());
    let report = test.save_as_planned(&mut target).await;
    assert_eq!(changes(&report), ["moved 3 posts"]);
    assert_eq!(test.steps(), ["UPDATE posts"]);
    assert_eq!(
        test.rows("posts").await,
        [
            "1|1|a.1", "2|4|a.2", "3|2|b.1", "4|4|b.2", "5|3|c.1", "6|4|c.2"
        ]
    );
}

async fn back_where_it_was_is_nothing<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    let expunged = a.posts.expunge(2);
    a.posts.adopt(expunged);
    assert!(a.plan().unwrap().is_empty());
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    // By way of another parent that was not saved meanwhile.
    b.posts.adopt(a.posts.expunge(0));
    let last = b.posts.len() - 1;
    a.posts.adopt(b.posts.expunge(last));
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    a.posts[2].title = "x".into();
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
}

async fn back_at_another_place_of_the_list_is_nothing<B: Base>(test: Test<B>) {
    let (mut a, _) = two(&test).await;
    for _ in 0..2 {
        let first = a.posts.expunge(0);
        a.posts.adopt(first);
    }
    assert_eq!(titles(&a.posts), ["3", "1", "2"]);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    a.posts.remove(1);
    a.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["2|1|2", "3|1|3", "4|2|4"]);
}

async fn under_an_unsaved_parent<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    let mut value = blog("c", &["new"]);
    value.posts.adopt(a.posts.expunge(0));
    value.posts.adopt(b.posts.expunge(0));
    let c = value.save(&test.pool).await.unwrap();
    assert_eq!(
        test.steps(),
        ["INSERT blogs", "UPDATE posts", "INSERT posts"]
    );
    assert_eq!(
        test.rows("posts").await,
        ["1|3|1", "2|1|2", "3|1|3", "4|3|4", "5|3|new"]
    );
    assert!(c.posts.iter().all(|post| post.blog_id == 3));
}

async fn under_an_unsaved_child_of_a_saved_parent<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let mut new = post("new");
    new.comments.adopt(a.posts[0].comments.expunge(0));
    a.posts.push(new);
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(changes(&report), ["inserted 1 posts", "moved 1 comments"]);
    assert_eq!(
        test.rows("comments").await,
        ["1|3|a.1.1", "2|1|a.1.2", "3|2|a.2.1", "4|2|a.2.2"]
    );
}

async fn into_what_is_not_loaded<B: Base>(test: Test<B>) {
    let (mut a, _) = two(&test).await;
    let mut b = unloaded(&test, 2).await;
    b.posts.adopt(a.posts.expunge(0));
    assert!(b.posts.is_partial());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 1 posts"]);
    assert!(b.posts.is_partial());
    assert_eq!(
        test.rows("posts").await,
        ["1|2|1", "2|1|2", "3|1|3", "4|2|4"]
    );
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

async fn within_one_parent_between_two_relations<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE boards (id $id, filler TEXT);
         CREATE TABLE tasks (id $id, open_in BIGINT REFERENCES boards (id), done_in BIGINT REFERENCES boards (id));",
    )
    .await;
    let board = Board {
        open: (0..4).map(|_| Task::default()).collect(),
        done: HasMany::empty(),
        ..Board::default()
    };
    let mut board = board.save(&test.pool).await.unwrap();
    let other = Board {
        done: HasMany::empty(),
        ..Board::default()
    };
    let mut other = other.save(&test.pool).await.unwrap();
    for _ in 0..2 {
        let task = board.open.expunge(0);
        board.done.adopt(task);
    }
    let task = board.open.expunge(0);
    other.done.adopt(task);
    board.open.remove(0);
    drop(test.sent());
    let report = Persistent::save_all([&mut board, &mut other], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["moved 3 tasks", "deleted 1 tasks"]);
    assert_eq!(test.steps(), ["UPDATE tasks", "DELETE tasks"]);
    assert_eq!(test.rows("tasks").await, ["1|-|1", "2|-|1", "3|-|2"]);
    let held = |task: &Task| (task.open_in, task.done_in);
    assert_eq!(held(&board.done[0]), (None, Some(1)));
    assert_eq!(held(&other.done[0]), (None, Some(2)));
    let task = board.done.expunge(1);
    board.open.adopt(task);
    let task = board.open.expunge(0);
    board.done.adopt(task);
    assert!(board.save(&test.pool).await.unwrap().is_empty());
}

async fn when_the_old_parent_leaves_in_the_same_save<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let saved = a.posts[0].comments.expunge(1);
    a.posts.remove(0);
    a.posts[0].comments.adopt(saved);
    let changes = test.save_much_as_planned(&mut a).await;
    assert_eq!(
        changes,
        [
            "moved 1 comments",
            "deleted 2 likes",
            "deleted 1 comments",
            "deleted 1 posts"
        ]
    );
    assert_eq!(
        test.rows("comments").await,
        ["2|2|a.1.2", "3|2|a.2.1", "4|2|a.2.2"]
    );
    assert_eq!(test.rows("likes").await.len(), 6);
}

async fn when_the_old_parent_leaves_with_all_others<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let saved = a.posts[1].comments.expunge(0);
    let mut new = post("new");
    new.comments.adopt(saved);
    a.posts.replace([new]);
    a.save(&test.pool).await.unwrap();
    let id = a.posts[0].id;
    assert_eq!(test.rows("posts").await, [format!("{id}|1|new")]);
    assert_eq!(test.rows("comments").await, [format!("3|{id}|a.2.1")]);
    assert_eq!(test.rows("likes").await, ["5|3|a.2.1.1", "6|3|a.2.1.2"]);
}

/// Two blogs, `a` and `b`, full; and a third, `c`, saved without its posts known.
async fn three<B: Base>(test: &Test<B>) -> [Persistent<Blog>; 3] {
    test.create(BLOGS).await;
    let a = full("a").save(&test.pool).await.unwrap();
    let b = full("b").save(&test.pool).await.unwrap();
    let c = blog("c", &[]).save(&test.pool).await.unwrap();
    drop(test.sent());
    [a, b, c]
}

async fn out_of_one_level_of_a_subtree_that_leaves<B: Base>(test: Test<B>) {
    let [mut a, _, mut c] = three(&test).await;
    let post = a.posts.expunge(0);
    c.posts.adopt(post);
    a.posts.clear();
    let report = Persistent::save_all([&mut a, &mut c], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        changes(&report),
        [
            "moved 1 posts",
            "deleted 4 likes",
            "deleted 2 comments",
            "deleted 1 posts"
        ]
    );
    assert_eq!(test.rows("posts").await, ["1|3|a.1", "3|2|b.1", "4|2|b.2"]);
}

async fn out_of_two_levels_of_a_subtree_that_leaves<B: Base>(test: Test<B>) {
    let [mut a, mut b, _] = three(&test).await;
    let comment = a.posts[0].comments.expunge(0);
    b.posts[0].comments.adopt(comment);
    a.posts.remove(0);
    let report = Persistent::save_all([&mut a, &mut b], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        changes(&report),
        [
            "moved 1 comments",
            "deleted 2 likes",
            "deleted 1 comments",
            "deleted 1 posts"
        ]
    );
    assert_eq!(test.rows("comments").await[0], "1|3|a.1.1");
    assert_eq!(test.rows("comments").await.len(), 7);
    assert_eq!(test.rows("likes").await.len(), 14);
}

async fn out_of_three_levels_of_a_subtree_that_leaves<B: Base>(test: Test<B>) {
    let [mut a, mut b, _] = three(&test).await;
    let like = a.posts[1].comments[1].likes.expunge(0);
    b.posts[0].comments[0].likes.adopt(like);
    let report = {
        let removed = a.posts[1].comments.remove(1);
        assert_eq!(removed.likes.len(), 1);
        a.posts.remove(1);
        Persistent::save_all([&mut a, &mut b], &test.pool).await
    };
    assert_eq!(
        changes(&report.unwrap()),
        [
            "moved 1 likes",
            "deleted 3 likes",
            "deleted 2 comments",
            "deleted 1 posts"
        ]
    );
    assert!(test.rows("likes").await.contains(&"7|5|a.2.2.1".into()));
    assert_eq!(test.rows("likes").await.len(), 13);
    assert_eq!(b.posts[0].comments[0].likes[2].comment_id, 5);
}

async fn out_of_every_level_of_a_whole_that_leaves<B: Base>(test: Test<B>) {
    let [mut a, mut b, mut c] = three(&test).await;
    let like = a.posts[1].comments[0].likes.expunge(0);
    b.posts[0].comments[0].likes.adopt(like);
    let comment = a.posts[1].comments.expunge(1);
    b.posts[1].comments.adopt(comment);
    c.posts.adopt(a.posts.expunge(0));
    a.posts = HasMany::empty();
    let report = Persistent::save_all([&mut a, &mut b, &mut c], &test.pool)
        .await
        .unwrap();
    assert_eq!(
        changes(&report)[3..],
        ["deleted 1 likes", "deleted 1 comments", "deleted 1 posts"]
    );
    let [_, posts, comments, likes] = test.blogs().await;
    assert_eq!(posts, ["1|3|a.1", "3|2|b.1", "4|2|b.2"]);
    assert_eq!(comments.len(), 7);
    assert!(comments.contains(&"4|4|a.2.2".into()));
    assert_eq!(likes.len(), 15);
    assert!(likes.contains(&"5|5|a.2.1.1".into()));
    assert!(!likes.contains(&"6|3|a.2.1.2".into()));
}

async fn adopted_twice_it_ends_with_the_last<B: Base>(test: Test<B>) {
    let [mut a, mut b, mut c] = three(&test).await;
    b.posts.adopt(a.posts.expunge(0));
    c.posts.adopt(b.posts.expunge(2));
    let report = Persistent::save_all([&mut b, &mut c, &mut a], &test.pool)
        .await
        .unwrap();
    assert_eq!(changes(&report), ["moved 1 posts"]);
    assert_eq!(test.rows("posts").await[0], "1|3|a.1");
    a.posts.adopt(c.posts.expunge(0));
    b.posts.adopt(a.posts.expunge(1));
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("posts").await[0], "1|2|a.1");
}

async fn adopted_and_removed_it_stays_with_its_old_owner<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    b.posts.adopt(a.posts.expunge(0));
    let value = b.posts.remove(1);
    assert_eq!(value.title, "1");
    b.posts.adopt(a.posts.expunge(0));
    b.posts.retain(|post| post.title == "4");
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(
        test.rows("posts").await,
        ["1|1|1", "2|1|2", "3|1|3", "4|2|4"]
    );
}

async fn adopted_into_a_list_that_is_cleared_it_stays_with_its_old_owner<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    b.posts.adopt(a.posts.expunge(0));
    b.posts.clear();
    let changes = test.save_much_as_planned(&mut b).await;
    assert_eq!(changes, ["deleted 1 posts"]);
    assert_eq!(test.rows("posts").await, ["1|1|1", "2|1|2", "3|1|3"]);
    // The other way round it enters after all have left.
    b.posts.replace([post("new")]);
    b.posts.adopt(a.posts.expunge(0));
    b.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("posts").await,
        ["1|1|1", "2|2|2", "3|1|3", "5|2|new"]
    );
}

async fn adopted_into_a_list_that_is_dropped_it_stays_with_its_old_owner<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    b.posts.adopt(a.posts.expunge(0));
    b.posts = HasMany::default();
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    b.posts = HasMany::from(vec![post("new")]);
    b.posts.adopt(a.posts.expunge(0));
    b.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("posts").await,
        ["1|1|1", "2|2|2", "3|1|3", "5|2|new"]
    );
}

async fn as_a_root_of_its_own<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let mut post: Persistent<Post> = a.posts.expunge(0).into_persistent().unwrap();
    assert_eq!(post.key(), 1);
    post.title = "root".into();
    post.comments.remove(0);
    test.save_much_as_planned(&mut post).await;
    assert_eq!(test.rows("posts").await, ["1|1|root", "2|1|a.2"]);
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    a.refresh(&test.pool).await.unwrap();
    assert_eq!(titles(&a.posts), ["root", "a.2"]);
    // As a root its foreign key is a column like others.
    blog("b", &[]).save(&test.pool).await.unwrap();
    post.blog_id = 2;
    let report = test.save_as_planned(&mut post).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    let new = a.posts.expunge(0).into_inner();
    assert_eq!(new.title, "root");
    let value = post.delete(&test.pool).await.unwrap();
    assert_eq!(value.title, "root");
    let mut unsaved = Blog::default();
    unsaved.posts.push(new);
    assert!(unsaved.posts.expunge(0).into_persistent().is_err());
}

async fn dropped_it_changes_nothing<B: Base>(test: Test<B>) {
    let (mut a, _) = two(&test).await;
    drop::<Detached<Post>>(a.posts.expunge(1));
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
    assert_eq!(titles(&a.posts), ["1", "3"]);
    a.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, ["4|2|4"]);
}

async fn with_changes_of_its_own_and_below<B: Base>(test: Test<B>) {
    let [mut a, _, mut c] = three(&test).await;
    let mut post = a.posts.expunge(1);
    post.title = "changed".into();
    post.comments[0].text = "changed".into();
    post.comments.remove(1);
    post.comments.push(comment("new"));
    c.posts.adopt(post);
    c.posts[0].title.push('!');
    let changes = test.save_much_as_planned(&mut c).await;
    assert_eq!(
        changes,
        [
            "moved 1 posts",
            "deleted 2 likes",
            "deleted 1 comments",
            "updated 1 comments",
            "inserted 1 comments"
        ]
    );
    let [_, posts, comments, _] = test.blogs().await;
    assert_eq!(posts[1], "2|3|changed!");
    assert_eq!(comments[2], "3|2|changed");
    assert_eq!(comments.last().unwrap(), "9|2|new");
    assert_eq!(texts(&c.posts[0].comments), ["changed", "new"]);
}

async fn a_row_that_is_gone_is_stale<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    b.posts.adopt(a.posts.expunge(0));
    b.posts.adopt(a.posts.expunge(0));
    test.execute("DELETE FROM posts WHERE id = 2").await;
    failed(b.save(&test.pool).await, ErrorKind::Stale, "Blog.posts");
    assert_eq!(test.rows("posts").await, ["1|1|1", "3|1|3", "4|2|4"]);
    b.posts.remove(2);
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("posts").await, ["1|2|1", "3|1|3", "4|2|4"]);
}

async fn a_row_that_moved_meanwhile_is_stale<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    blog("c", &[]).save(&test.pool).await.unwrap();
    b.posts.adopt(a.posts.expunge(0));
    test.execute("UPDATE posts SET blog_id = 3 WHERE id = 1")
        .await;
    failed(b.save(&test.pool).await, ErrorKind::Stale, "Blog.posts[1]");
    assert_eq!(test.rows("posts").await[0], "1|3|1");
}

async fn a_failed_move_leaves_memory_as_it_was<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    b.posts.adopt(a.posts.expunge(0));
    b.posts.push(post("bad"));
    let copy = (*b).clone();
    for _ in 0..2 {
        failed(
            b.save(&test.pool).await,
            ErrorKind::CheckViolation,
            "Blog.posts[2]",
        );
        assert_eq!(*b, copy);
    }
    b.posts.remove(2);
    let back = b.posts.expunge(1);
    a.posts.adopt(back);
    assert!(b.save(&test.pool).await.unwrap().is_empty());
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    b.posts.adopt(a.posts.expunge(2));
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("posts").await[0], "1|2|1");
}

async fn a_child_that_was_never_saved<B: Base>(test: Test<B>) {
    let (mut a, mut b) = two(&test).await;
    a.posts.push(post("new"));
    b.posts.adopt(a.posts.expunge(3));
    assert!(a.save(&test.pool).await.unwrap().is_empty());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["inserted 1 posts"]);
    assert_eq!(test.rows("posts").await[4], "5|2|new");
}

async fn a_row_of_ones_own_query_is_adopted<B: Base>(test: Test<B>) {
    two(&test).await;
    let mut b = unloaded(&test, 2).await;
    for post in Post::find_many([1, 3]).all(&test.pool).await.unwrap() {
        b.posts.adopt(post.expunge());
    }
    drop(test.sent());
    let report = test.save_as_planned(&mut b).await;
    assert_eq!(changes(&report), ["moved 2 posts"]);
    assert_eq!(
        test.rows("posts").await,
        ["1|2|1", "2|1|2", "3|2|3", "4|2|4"]
    );
    // One that is this parent's already.
    let mut b = loaded(&test, 2).await;
    b.posts.remove(0);
    let post = Post::find(4).one(&test.pool).await.unwrap();
    b.posts.adopt(post.expunge());
    drop(b.save(&test.pool).await);
    assert!(test.rows("posts").await.contains(&"4|2|4".into()));
}

async fn a_new_parent_takes_over_what_the_old_one_had<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut a = full("a").save(&test.pool).await.unwrap();
    let mut new = post("new");
    while a.posts[0].comments.get(0).is_some() {
        new.comments.adopt(a.posts[0].comments.expunge(0));
    }
    a.posts.push(new);
    a.posts.remove(0);
    a.save(&test.pool).await.unwrap();
    let id = a.posts[1].id;
    assert_eq!(
        test.rows("posts").await,
        ["2|1|a.2".to_owned(), format!("{id}|1|new")]
    );
    assert_eq!(
        test.rows("comments").await[..2],
        [format!("1|{id}|a.1.1"), format!("2|{id}|a.1.2")]
    );
    assert_eq!(test.rows("likes").await.len(), 8);
    let path = Post::COMMENTS.then(Comment::LIKES);
    let found = Post::find(id).with(path).one(&test.pool).await.unwrap();
    assert_eq!(*found, a.posts[1]);
}

async fn a_move_of_a_nullable_key<B: Base>(test: Test<B>) {
    test.create(KENNELS).await;
    let mut a = kennel("a", &["rex", "tom"]).save(&test.pool).await.unwrap();
    let mut b = kennel("b", &[]).save(&test.pool).await.unwrap();
    b.dogs.adopt(a.dogs.expunge(1));
    test.save_as_planned(&mut b).await;
    assert_eq!(test.rows("dogs").await, ["1|1|rex", "2|2|tom"]);
    b.dogs.remove(0);
    b.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("dogs").await, ["1|1|rex", "2|-|tom"]);
    // A dog without a kennel comes home.
    let stray = crate::lists_models::Dog::find(2).one(&test.pool).await;
    let mut a = Kennel::find(1).one(&test.pool).await.unwrap();
    a.dogs.adopt(stray.unwrap().expunge());
    let report = test.save_as_planned(&mut a).await;
    assert_eq!(changes(&report), ["moved 1 dogs"]);
    assert_eq!(test.rows("dogs").await, ["1|1|rex", "2|1|tom"]);
}
