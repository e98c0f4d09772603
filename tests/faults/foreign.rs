//! Nobody reaches another's rows, through lists, links, held parents and trees.

use serde_json::json;
use sqlx_cascade::{BelongsTo, Entity, ErrorKind, HasMany, ManyToMany, Persistent};

use crate::blog::{Author, Comment, Node, Post, Series, Tag, comment, post};
use crate::blog_memory::{authors, nodes, posts};
use crate::home::{Home, Kind, on_each};
use crate::others::is;

on_each!(sqlite postgres mysql; crate::blog::BLOG; [
    a_list_of_another_parent,
    a_child_of_another_list,
    links_of_another_row,
    a_held_parent_of_another_row_writes_its_own,
    what_a_query_found_is_attached_to_its_parent_only,
    a_child_that_was_moved_or_deleted_meanwhile,
    keys_in_new_values_are_not_read,
    keys_in_payloads_are_the_parents_own,
    a_key_that_was_edited_below,
    a_node_of_another_tree,
]);

/// Saves, which has to fail in this way and write nothing.
async fn refused<DB: Kind, T: Entity + Clone + PartialEq + std::fmt::Debug>(
    home: &Home<DB>,
    handle: &mut Persistent<T>,
    kind: ErrorKind,
    path: &str,
) {
    let before = home.rows().await;
    let was = (**handle).clone();
    for _ in 0..2 {
        let error = handle.save(&home.pool).await.expect_err(path);
        is(&error, kind, path);
        assert_eq!(home.rows().await, before, "{error}");
        assert_eq!(**handle, was, "{error}");
    }
    home.usable().await;
}

async fn two<DB: Kind>(home: &Home<DB>) -> [Persistent<Author>; 2] {
    let Ok(two) = <[_; 2]>::try_from(authors(&[1, 2], &home.pool).await) else {
        panic!("two authors");
    };
    two
}

async fn a_list_of_another_parent<DB: Kind>(home: Home<DB>) {
    let [mut ann, mut bob] = two(&home).await;
    std::mem::swap(&mut ann.posts, &mut bob.posts);
    refused(&home, &mut ann, ErrorKind::NotOwned, "Author.posts").await;
    refused(&home, &mut bob, ErrorKind::NotOwned, "Author.posts").await;

    // Pending removals are another's as well.
    let [mut ann, mut bob] = two(&home).await;
    ann.posts.clear();
    bob.posts = std::mem::take(&mut ann.posts);
    refused(&home, &mut bob, ErrorKind::NotOwned, "Author.posts").await;

    // One level down, between parents of two roots, and of one.
    let [mut ann, mut bob] = two(&home).await;
    std::mem::swap(&mut ann.posts[0].comments, &mut bob.posts[0].comments);
    refused(
        &home,
        &mut ann,
        ErrorKind::NotOwned,
        "Author.posts[0].comments",
    )
    .await;
    refused(
        &home,
        &mut bob,
        ErrorKind::NotOwned,
        "Author.posts[0].comments",
    )
    .await;
    let [mut ann, _] = two(&home).await;
    let below = std::mem::take(&mut ann.posts[1].comments);
    ann.posts[0].comments = below;
    refused(
        &home,
        &mut ann,
        ErrorKind::NotOwned,
        "Author.posts[0].comments",
    )
    .await;

    // A copy is new.
    let [mut ann, bob] = two(&home).await;
    ann.posts = bob.posts.clone();
    ann.save(&home.pool).await.expect("copies of the posts");
    let owners = "SELECT author_id || ' ' || title FROM posts ORDER BY author_id, id";
    assert_eq!(
        home.texts(owners).await,
        ["1 three", "1 four", "2 three", "2 four"]
    );
    let comments = "SELECT COUNT(*) || '' FROM comments WHERE text = 'c4'";
    assert_eq!(home.texts(comments).await, ["2"]);
}

async fn a_child_of_another_list<DB: Kind>(home: Home<DB>) {
    let before = home.rows().await;
    let [mut ann, mut bob] = two(&home).await;
    std::mem::swap(&mut ann.posts[0], &mut bob.posts[0]);
    for author in [&mut ann, &mut bob] {
        let error = author.save(&home.pool).await.expect_err("a swapped child");
        assert_eq!(error.kind(), ErrorKind::KeyChanged, "{error}");
        assert!(error.path().starts_with("Author.posts[0]"), "{error}");
    }
    let [mut ann, mut bob] = two(&home).await;
    std::mem::swap(&mut ann.posts[0].comments[0], &mut bob.posts[0].comments[0]);
    for author in [&mut ann, &mut bob] {
        let error = author.save(&home.pool).await.expect_err("a swapped child");
        assert_eq!(error.kind(), ErrorKind::KeyChanged, "{error}");
        assert!(
            error.path().starts_with("Author.posts[0].comments[0]"),
            "{error}"
        );
    }
    assert_eq!(home.rows().await, before);
}

async fn links_of_another_row<DB: Kind>(home: Home<DB>) {
    let mut all = posts(&[1, 3], &home.pool).await;
    let [first, third] = all.as_mut_slice() else {
        panic!("two posts");
    };
    std::mem::swap(&mut first.tags, &mut third.tags);
    refused(&home, first, ErrorKind::NotOwned, "Post.tags").await;
    refused(&home, third, ErrorKind::NotOwned, "Post.tags").await;

    // A swapped target is still the row that was loaded: nothing of another is written over it.
    let before = home.rows().await;
    let mut first = posts(&[1], &home.pool).await.remove(0);
    let mut third = posts(&[2], &home.pool).await.remove(0);
    std::mem::swap(
        first.tags.iter_mut().next().expect("a tag"),
        third.tags.iter_mut().next().expect("a tag"),
    );
    for post in [&mut first, &mut third] {
        let error = post.save(&home.pool).await.expect_err("a swapped target");
        assert_eq!(error.kind(), ErrorKind::KeyChanged, "{error}");
    }
    assert_eq!(home.rows().await, before);
}

async fn a_held_parent_of_another_row_writes_its_own<DB: Kind>(home: Home<DB>) {
    let mut all = posts(&[1, 2], &home.pool).await;
    let [first, second] = all.as_mut_slice() else {
        panic!("two posts");
    };
    std::mem::swap(&mut first.series, &mut second.series);
    let held = first.series.as_mut().and_then(BelongsTo::get_mut);
    held.expect("a series").name = "changed".into();
    Persistent::save_all(&mut all, &home.pool)
        .await
        .expect("posts of other series");
    let series = "SELECT name FROM series ORDER BY id";
    assert_eq!(home.texts(series).await, ["first", "changed", "third"]);
    let of = "SELECT series_id || '' FROM posts WHERE id < 3 ORDER BY id";
    assert_eq!(home.texts(of).await, ["2", "1"]);

    // Its key is recorded: a smuggled one reaches nothing.
    let mut first = posts(&[1], &home.pool).await.remove(0);
    let held = first.series.as_mut().and_then(BelongsTo::get_mut);
    *held.expect("a series") = Series {
        id: 1,
        name: "mine".into(),
    };
    refused(&home, &mut first, ErrorKind::KeyChanged, "Post.series.id").await;
}

async fn what_a_query_found_is_attached_to_its_parent_only<DB: Kind>(home: Home<DB>) {
    let mut ann = Author::find(1).one(&home.pool).await.expect("ann");
    ann.posts.attach(posts(&[2, 3], &home.pool).await);
    ann.posts
        .known_mut()
        .for_each(|post| post.title = "mine".into());
    refused(&home, &mut ann, ErrorKind::NotOwned, "Author.posts").await;
    // Nor can it be removed.
    ann.posts.remove(1);
    refused(&home, &mut ann, ErrorKind::NotOwned, "Author.posts").await;
    let bobs = "SELECT title FROM posts WHERE author_id = 2 ORDER BY id";
    assert_eq!(home.texts(bobs).await, ["three", "four"]);
    assert_eq!(
        home.texts("SELECT text FROM comments WHERE post_id = 3")
            .await,
        ["c4"]
    );

    // Below a child too.
    let mut ann = authors(&[1], &home.pool).await.remove(0);
    ann.posts[0].comments = HasMany::default();
    let theirs = Comment::find_many([4]).all(&home.pool).await;
    let mut theirs = theirs.expect("bob's comment");
    theirs[0].text = "mine".into();
    ann.posts[0].comments.attach(theirs);
    refused(
        &home,
        &mut ann,
        ErrorKind::NotOwned,
        "Author.posts[0].comments",
    )
    .await;
}

async fn a_child_that_was_moved_or_deleted_meanwhile<DB: Kind>(home: Home<DB>) {
    for meanwhile in [
        "UPDATE posts SET author_id = 3 WHERE id = 3",
        "DELETE FROM post_tags WHERE post_id = 3; DELETE FROM posts WHERE id = 3",
    ] {
        home.reset().await;
        let [mut ann, mut bob] = two(&home).await;
        ann.posts.adopt(bob.posts.expunge(0));
        let place = ann.posts.len() - 1;
        ann.posts[place].comments[0].text = "mine".into();
        home.run(meanwhile).await;
        refused(
            &home,
            &mut ann,
            ErrorKind::Stale,
            &format!("Author.posts[{place}]"),
        )
        .await;
        let [mut ann, _] = two(&home).await;
        let mut stray = Post::find(1).one(&home.pool).await.expect("a post");
        home.run("UPDATE posts SET author_id = 3 WHERE id = 1")
            .await;
        ann.posts[0].title = "mine".into();
        refused(&home, &mut ann, ErrorKind::Stale, "Author.posts[0]").await;
        ann.posts.remove(0);
        refused(&home, &mut ann, ErrorKind::Stale, "Author.posts").await;
        // A root has no owner.
        stray.title = "its own".into();
        stray.save(&home.pool).await.expect("a root");
    }
    // Comments of a post that went to another: they are no longer reached through the old owner.
    home.reset().await;
    let [mut ann, _] = two(&home).await;
    ann.posts[0].comments[0].text = "mine".into();
    home.run("UPDATE comments SET post_id = 3 WHERE id = 1")
        .await;
    refused(
        &home,
        &mut ann,
        ErrorKind::Stale,
        "Author.posts[0].comments[0]",
    )
    .await;
}

async fn keys_in_new_values_are_not_read<DB: Kind>(home: Home<DB>) {
    let before = home.rows().await;
    let mut cid = authors(&[3], &home.pool).await.remove(0);
    let mut stray = Post {
        id: 3,
        author_id: 2,
        comments: vec![Comment {
            id: 4,
            post_id: 3,
            text: "stray".into(),
        }]
        .into(),
        series: Some(BelongsTo::new(Series {
            id: 1,
            name: "stray".into(),
        })),
        ..post("stray", 1)
    };
    stray.tags.push(Tag {
        id: 1,
        word: "stray".into(),
    });
    cid.posts.push(stray);
    cid.save(&home.pool).await.expect("a new post");
    assert_eq!(cid.posts[0].author_id, 3);
    let after = home.rows().await;
    // What was there is there as it was.
    assert!(before.iter().all(|row| after.contains(row)), "{after:?}");
    let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    assert_eq!(
        new,
        [
            "posts 5 of 3 1 stray v1 4 0",
            "comments 5 of 5 stray",
            "tags 4 stray",
            "post_tags 5 4",
            "series 4 stray"
        ]
    );
}

async fn keys_in_payloads_are_the_parents_own<DB: Kind>(home: Home<DB>) {
    let before = home.rows().await;
    let theirs = |id: i64, comments: Vec<Comment>| Post {
        id,
        author_id: 1,
        comments: comments.into(),
        ..post("mine", 1)
    };
    let with_key = |id: i64| Comment {
        id,
        ..comment("mine")
    };
    // Another author's post, nobody's; another post's comment, of this author and of another.
    for (put, payload, path) in [
        (
            theirs(3, Vec::new()),
            json!([{ "id": 3, "title": "mine" }]),
            "Author.posts[0]",
        ),
        (
            theirs(99, Vec::new()),
            json!([{ "id": 99, "title": "mine" }]),
            "Author.posts[0]",
        ),
        (
            theirs(1, vec![with_key(3)]),
            json!([{ "id": 1, "comments": [{ "id": 3, "text": "mine" }] }]),
            "Author.posts[0].comments[0]",
        ),
        (
            theirs(1, vec![with_key(1), with_key(4)]),
            json!([{ "id": 1, "comments": [{ "id": 1 }, { "id": 4, "text": "mine" }] }]),
            "Author.posts[0].comments[1]",
        ),
    ] {
        let put = Author {
            id: 1,
            name: "ann".into(),
            posts: vec![put].into(),
            ..Author::default()
        };
        let payload = json!({ "posts": payload });
        let mut ann = authors(&[1], &home.pool).await.remove(0);
        let was = (*ann).clone();
        for error in [
            ann.merge(put.clone()).expect_err("merge"),
            ann.patch(payload.clone()).expect_err("patch"),
            Author::merge(put, &home.pool)
                .await
                .expect_err("Author::merge"),
            Author::patch(1, payload, &home.pool)
                .await
                .expect_err("Author::patch"),
        ] {
            is(&error, ErrorKind::NotOwned, path);
        }
        assert_eq!(*ann, was);
        assert!(ann.plan().expect("a plan").is_empty());
    }
    // Linking is a privilege: a target that isn't linked is refused, one that is linked is not written.
    let mut put = posts(&[1], &home.pool).await.remove(0).into_inner();
    put.tags = ManyToMany::empty();
    put.tags.push(Tag {
        id: 3,
        word: "mine".into(),
    });
    let error = Post::merge(put.clone(), &home.pool)
        .await
        .expect_err("a tag of another post");
    assert_eq!(error.kind(), ErrorKind::NotOwned, "{error}");
    assert_eq!(home.rows().await, before);
    home.usable().await;
}

async fn a_key_that_was_edited_below<DB: Kind>(home: Home<DB>) {
    type Edit = fn(&mut Author);
    let edits: [(Edit, &str); 5] = [
        (|ann| ann.posts[0].id = 3, "Author.posts[0].id"),
        (
            |ann| ann.posts[0].author_id = 2,
            "Author.posts[0].author_id",
        ),
        (
            |ann| ann.posts[0].comments[1].id = 4,
            "Author.posts[0].comments[1].id",
        ),
        (
            |ann| ann.posts[0].comments[1].post_id = 3,
            "Author.posts[0].comments[1].post_id",
        ),
        (
            |ann| ann.drafts[0].author_id = None,
            "Author.drafts[0].author_id",
        ),
    ];
    for (edit, path) in edits {
        let mut ann = authors(&[1], &home.pool).await.remove(0);
        edit(&mut ann);
        refused(&home, &mut ann, ErrorKind::KeyChanged, path).await;
    }
}

async fn a_node_of_another_tree<DB: Kind>(home: Home<DB>) {
    let mut all = nodes(&[1, 6], &home.pool).await;
    let [root, other] = all.as_mut_slice() else {
        panic!("two roots");
    };
    other.children = std::mem::take(&mut root.children);
    refused(&home, other, ErrorKind::NotOwned, "Node.children").await;
    let mut root = nodes(&[1], &home.pool).await.remove(0);
    let [a, b] = [0, 1].map(|place| std::mem::take(&mut root.children[place].children));
    root.children[1].children = a;
    root.children[0].children = b;
    let error = root.save(&home.pool).await.expect_err("swapped lists");
    assert_eq!(error.kind(), ErrorKind::NotOwned, "{error}");
    // A subtree that went elsewhere isn't deleted through the old parent.
    let mut root = nodes(&[1], &home.pool).await.remove(0);
    home.run("UPDATE nodes SET parent_id = 6 WHERE id = 2")
        .await;
    root.children[0].children[0].name = "mine".into();
    root.children.remove(0);
    refused(&home, &mut root, ErrorKind::Stale, "Node.children").await;
    Node::delete_by_key(1, &home.pool).await.expect("a delete");
    let left = "SELECT name FROM nodes ORDER BY id";
    assert_eq!(home.texts(left).await, ["a", "aa", "aaa", "other"]);
}
