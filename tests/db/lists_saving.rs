//! Lists are inserted, changed and inserted into.

use sqlx_cascade::{ErrorKind, HasMany, Persistent, Relations};

use crate::lists_models::{BLOGS, Blog, Post, blog, comment, full, most, post, titles};
use crate::support::{Base, NONE, Test, changes, failed, on_every_database};

on_every_database![
    none_one_and_three_children,
    a_thousand_children,
    three_lists_one_below_the_other,
    many_parents,
    siblings_are_inserted_in_the_order_of_the_list,
    keys_are_written_back_at_every_level,
    nothing_changed_nothing_is_sent,
    changed_children_are_one_statement,
    a_thousand_changed_children,
    different_columns_of_different_rows_survive,
    children_of_children_that_exist,
    a_failed_insert_leaves_everything_new,
    a_failed_update_leaves_the_graph_as_it_was,
    several_relations_between_two_structs,
    a_new_child_in_two_places_of_one_save,
    the_key_to_the_parent_is_overwritten,
    the_key_to_the_parent_cant_be_changed_by_hand,
    the_key_of_a_child_cant_be_changed,
    swapped_elements_are_refused,
    an_overwritten_element_keeps_its_row,
];

async fn none_one_and_three_children<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let none = blog("none", &[]).save(&test.pool).await.unwrap();
    assert_eq!(test.steps(), ["INSERT blogs"]);
    assert!(none.posts.is_loaded() && none.posts.is_empty());
    let one = blog("one", &["a"]).save(&test.pool).await.unwrap();
    assert_eq!(test.steps(), ["INSERT blogs", "INSERT posts"]);
    assert_eq!(one.posts.len(), 1);
    let three = blog("three", &["b", "c", "d"]);
    let three = three.save(&test.pool).await.unwrap();
    assert_eq!(test.steps(), ["INSERT blogs", "INSERT posts"]);
    assert_eq!(titles(&three.posts), ["b", "c", "d"]);
    let unloaded = Blog::default().save(&test.pool).await.unwrap();
    assert_eq!(test.steps(), ["INSERT blogs"]);
    assert!(unloaded.posts.is_not_loaded());
    assert_eq!(
        test.blogs().await,
        [
            vec!["1|none", "2|one", "3|three", "4|"],
            vec!["1|2|a", "2|3|b", "3|3|c", "4|3|d"],
            vec![],
            vec![]
        ]
    );
}

async fn a_thousand_children<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let names: Vec<String> = (0..1_000).map(|number| format!("post {number}")).collect();
    let value = Blog {
        posts: names.iter().map(|name| post(name)).collect(),
        ..blog("big", &[])
    };
    let blog = value.save(&test.pool).await.unwrap();
    let sent = test.sent();
    assert_eq!(sent[0], "INSERT blogs");
    assert!(sent[1..].iter().all(|sent| sent == "INSERT posts"));
    assert!(sent.len() <= 1 + most::<B>(1_000), "{}", sent.len());
    assert!(blog.posts.iter().all(|post| post.blog_id == 1));
    assert!(
        blog.posts
            .iter()
            .zip(1..)
            .all(|(post, number)| post.id == number)
    );
    assert_eq!(titles(&blog.posts), names);
    let mut found = Blog::find(1)
        .with(Blog::POSTS)
        .one(&test.pool)
        .await
        .unwrap();
    assert!(
        found
            .posts
            .iter()
            .zip(blog.posts.iter())
            .all(|(found, saved)| (found.id, &found.title) == (saved.id, &saved.title))
    );
    drop(test.sent());
    found.posts.clear();
    found.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("posts").await, NONE);
}

async fn three_lists_one_below_the_other<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let blog = full("a").save(&test.pool).await.unwrap();
    assert_eq!(test.commits(), 1);
    assert_eq!(
        test.steps(),
        [
            "INSERT blogs",
            "INSERT posts",
            "INSERT comments",
            "INSERT likes"
        ]
    );
    assert_eq!(
        test.blogs().await,
        [
            vec!["1|a"],
            vec!["1|1|a.1", "2|1|a.2"],
            vec!["1|1|a.1.1", "2|1|a.1.2", "3|2|a.2.1", "4|2|a.2.2"],
            vec![
                "1|1|a.1.1.1",
                "2|1|a.1.1.2",
                "3|2|a.1.2.1",
                "4|2|a.1.2.2",
                "5|3|a.2.1.1",
                "6|3|a.2.1.2",
                "7|4|a.2.2.1",
                "8|4|a.2.2.2"
            ]
        ]
    );
    let path = Blog::POSTS
        .then(Post::COMMENTS)
        .then(crate::lists_models::Comment::LIKES);
    drop(test.sent());
    let found = Blog::find(1).with(path).one(&test.pool).await.unwrap();
    assert_eq!(found, blog);
    assert_eq!(
        test.steps(),
        [
            "SELECT blogs",
            "SELECT posts",
            "SELECT comments",
            "SELECT likes"
        ]
    );
}

async fn many_parents<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let values = ["a", "b", "c"].map(full);
    let mut blogs = Blog::save_all(values.into(), &test.pool).await.unwrap();
    assert_eq!(test.steps().len(), 4);
    assert_eq!(
        test.rows("posts").await,
        [
            "1|1|a.1", "2|1|a.2", "3|2|b.1", "4|2|b.2", "5|3|c.1", "6|3|c.2"
        ]
    );
    assert_eq!(test.rows("likes").await.len(), 24);
    blogs[0].posts[1].title = "x".into();
    blogs[1].posts.remove(0);
    blogs[2].posts.push(post("new"));
    let report = Persistent::save_all(&mut blogs, &test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 4 likes",
            "deleted 2 comments",
            "deleted 1 posts",
            "updated 1 posts",
            "inserted 1 posts"
        ]
    );
    assert_eq!(
        test.rows("posts").await,
        [
            "1|1|a.1", "2|1|x", "4|2|b.2", "5|3|c.1", "6|3|c.2", "7|3|new"
        ]
    );
}

async fn siblings_are_inserted_in_the_order_of_the_list<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["z", "m"]).save(&test.pool).await.unwrap();
    blog.posts.extend([post("y"), post("b")]);
    blog.posts.push(post("x"));
    blog.posts[0].comments.push(comment("second"));
    blog.posts[3].comments.push(comment("third"));
    blog.posts[3].comments.push(comment("fourth"));
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(
        changes(&report),
        ["inserted 3 posts", "inserted 3 comments"]
    );
    assert_eq!(
        test.rows("posts").await,
        ["1|1|z", "2|1|m", "3|1|y", "4|1|b", "5|1|x"]
    );
    assert_eq!(
        test.rows("comments").await,
        ["1|1|second", "2|4|third", "3|4|fourth"]
    );
}

async fn keys_are_written_back_at_every_level<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    test.execute("INSERT INTO blogs (name) VALUES ('other')")
        .await;
    let blog = full("a").save(&test.pool).await.unwrap();
    assert_eq!(blog.key(), 2);
    for (post, number) in blog.posts.iter().zip(1..) {
        assert_eq!((post.id, post.blog_id), (number, 2));
        for (comment, place) in post.comments.iter().zip(1..) {
            assert_eq!(
                (comment.id, comment.post_id),
                ((number - 1) * 2 + place, number)
            );
            assert!(
                comment
                    .likes
                    .iter()
                    .all(|like| like.comment_id == comment.id)
            );
        }
    }
}

async fn nothing_changed_nothing_is_sent<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    drop(test.sent());
    let same = blog.posts[0].title.clone();
    blog.posts[0].title = same;
    for post in &mut blog.posts {
        for comment in &mut post.comments {
            for like in &mut comment.likes {
                like.who.push('x');
                like.who.pop();
            }
        }
    }
    blog.posts.retain(|_| true);
    blog.posts.extend([]);
    assert!(blog.plan().unwrap().is_empty());
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
    assert_eq!(test.sent(), NONE);
}

async fn changed_children_are_one_statement<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    drop(test.sent());
    for post in &mut blog.posts {
        post.title.push('!');
        post.comments.get_mut(1).unwrap().text.push('!');
    }
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 2 posts", "updated 2 comments"]);
    assert_eq!(test.steps(), ["UPDATE posts", "UPDATE comments"]);
    assert_eq!(test.rows("posts").await, ["1|1|a.1!", "2|1|a.2!"]);
    assert_eq!(
        test.rows("comments").await,
        ["1|1|a.1.1", "2|1|a.1.2!", "3|2|a.2.1", "4|2|a.2.2!"]
    );
}

async fn a_thousand_changed_children<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = Blog {
        posts: (0..1_000).map(|_| post("p")).collect(),
        ..blog("a", &[])
    }
    .save(&test.pool)
    .await
    .unwrap();
    for (post, number) in blog.posts.iter_mut().zip(0..) {
        post.title = format!("p{number}");
    }
    drop(test.sent());
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 1000 posts"]);
    assert!(test.sent().len() <= most::<B>(1_000));
    assert!(test.rows("posts").await.contains(&"501|1|p500".into()));
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "sheets")]
struct Sheet {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    cells: HasMany<Cell>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cells")]
struct Cell {
    #[key(generated)]
    id: i64,
    #[many_to_one(Sheet)]
    sheet_id: i64,
    a: i32,
    b: Option<String>,
}

async fn different_columns_of_different_rows_survive<B: Base>(test: Test<B>) {
    test.create(
        "CREATE TABLE sheets (id $id, filler TEXT);
         CREATE TABLE cells (id $id, sheet_id BIGINT NOT NULL REFERENCES sheets (id), a INT NOT NULL, b TEXT);",
    )
    .await;
    let cells = (0..3).map(|_| Cell::default()).collect();
    let sheet = Sheet {
        cells,
        ..Sheet::default()
    };
    let mut sheet = sheet.save(&test.pool).await.unwrap();
    test.execute("UPDATE cells SET b = 'theirs' WHERE id = 1; UPDATE cells SET a = 9 WHERE id = 2")
        .await;
    sheet.cells[0].a = 1;
    sheet.cells[1].b = Some("ours".into());
    let cell = &mut sheet.cells[2];
    (cell.a, cell.b) = (3, None);
    drop(test.sent());
    let report = test.save_as_planned(&mut sheet).await;
    assert_eq!(report.changes()[0].columns, ["a", "b"]);
    assert_eq!(test.steps(), ["UPDATE cells"]);
    assert_eq!(
        test.rows("cells").await,
        ["1|1|1|theirs", "2|1|9|ours", "3|1|3|-"]
    );
}

async fn children_of_children_that_exist<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["p", "q"]).save(&test.pool).await.unwrap();
    blog.posts[1].comments.push(comment("c"));
    drop(test.sent());
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["inserted 1 comments"]);
    assert_eq!(test.steps(), ["INSERT comments"]);
    assert_eq!(test.rows("comments").await, ["1|2|c"]);
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}

async fn a_failed_insert_leaves_everything_new<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut value = full("a");
    value.posts[1].title = "bad".into();
    let before = value.clone();
    let error = value.save(&test.pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CheckViolation);
    assert_eq!(error.path(), "Blog.posts");
    assert_eq!(test.blogs().await, [NONE; 4]);
    let mut value: Blog = error.take_entity().unwrap();
    assert_eq!(value, before);
    value.posts[1].title = "good".into();
    let blog = value.save(&test.pool).await.unwrap();
    assert_eq!(test.rows("likes").await.len(), 8);
    assert!(blog.posts.iter().all(|post| post.blog_id == blog.id));
}

async fn a_failed_update_leaves_the_graph_as_it_was<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    let before = test.blogs().await;
    blog.posts[0].title = "bad".into();
    blog.posts[0].comments.remove(0);
    blog.posts[1].comments[0].likes.clear();
    blog.posts[1].comments.push(comment("new"));
    blog.posts.push(post("new"));
    let copy = (*blog).clone();
    failed(
        blog.save(&test.pool).await,
        ErrorKind::CheckViolation,
        "Blog.posts[0]",
    );
    assert_eq!(*blog, copy);
    assert_eq!(test.blogs().await, before);
    blog.posts[0].title = "good".into();
    let report = blog.save(&test.pool).await.unwrap();
    assert_eq!(
        changes(&report),
        [
            "deleted 2 likes",
            "deleted 1 comments",
            "deleted 2 likes",
            "updated 1 posts",
            "inserted 1 posts",
            "inserted 1 comments"
        ]
    );
    let [_, posts, comments, likes] = test.blogs().await;
    let new = blog.posts[2].id;
    assert_eq!(
        posts,
        ["1|1|good", "2|1|a.2", format!("{new}|1|new").as_str()]
    );
    let new = blog.posts[1].comments[2].id;
    let expected = [
        "2|1|a.1.2",
        "3|2|a.2.1",
        "4|2|a.2.2",
        &format!("{new}|2|new"),
    ];
    assert_eq!(comments, expected);
    assert_eq!(
        likes,
        ["3|2|a.1.2.1", "4|2|a.1.2.2", "7|4|a.2.2.1", "8|4|a.2.2.2"]
    );
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "people")]
struct Person {
    #[key(generated)]
    id: i64,
    #[one_to_many(cascade = "all", back_populates = sender_id)]
    outbox: HasMany<Letter>,
    #[one_to_many(back_populates = reader_id)]
    inbox: HasMany<Letter>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "letters")]
struct Letter {
    #[key(generated)]
    id: i64,
    #[many_to_one(Person)]
    sender_id: Option<i64>,
    #[many_to_one(Person)]
    reader_id: Option<i64>,
    text: String,
}

const PEOPLE: &str = "
    CREATE TABLE people (id $id, filler TEXT);
    CREATE TABLE letters (id $id, sender_id BIGINT REFERENCES people (id), reader_id BIGINT REFERENCES people (id), text TEXT NOT NULL);
";

fn letter(text: &str) -> Letter {
    Letter {
        text: text.into(),
        ..Letter::default()
    }
}

async fn several_relations_between_two_structs<B: Base>(test: Test<B>) {
    test.create(PEOPLE).await;
    let person = Person {
        outbox: vec![letter("out 1"), letter("out 2")].into(),
        inbox: vec![letter("in 1")].into(),
        ..Person::default()
    };
    let mut person = person.save(&test.pool).await.unwrap();
    assert_eq!(test.steps(), ["INSERT people", "INSERT letters"]);
    assert_eq!(
        test.rows("letters").await,
        ["1|1|-|out 1", "2|1|-|out 2", "3|-|1|in 1"]
    );
    assert_eq!(person.inbox[0].sender_id, None);
    // A letter to oneself is in both lists of the database.
    test.execute("UPDATE letters SET reader_id = 1 WHERE id = 2")
        .await;
    let found = Person::find(1).with(Person::OUTBOX).with(Person::INBOX);
    let found = found.one(&test.pool).await.unwrap();
    assert_eq!((found.outbox.len(), found.inbox.len()), (2, 2));
    person.outbox.remove(1);
    let report = test.save_as_planned(&mut person).await;
    assert_eq!(changes(&report), ["released 1 letters"]);
    assert_eq!(
        test.rows("letters").await,
        ["1|1|-|out 1", "2|-|1|out 2", "3|-|1|in 1"]
    );
    person.delete(&test.pool).await.unwrap();
    assert_eq!(test.rows("letters").await, ["2|-|-|out 2", "3|-|-|in 1"]);
}

async fn a_new_child_in_two_places_of_one_save<B: Base>(test: Test<B>) {
    test.create(PEOPLE).await;
    let mut person = Person::default().save(&test.pool).await.unwrap();
    let both = letter("x");
    person.outbox.push(both.clone());
    person.inbox.push(both);
    test.save_as_planned(&mut person).await;
    assert_eq!(test.rows("letters").await, ["1|1|-|x", "2|-|1|x"]);
}

async fn the_key_to_the_parent_is_overwritten<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("other", &[]).save(&test.pool).await.unwrap();
    let mine = Post {
        id: 77,
        blog_id: 1,
        ..post("mine")
    };
    let value = Blog {
        posts: vec![mine.clone()].into(),
        ..blog("mine", &[])
    };
    let mut blog = value.save(&test.pool).await.unwrap();
    blog.posts.push(mine);
    test.save_as_planned(&mut blog).await;
    assert_eq!(test.rows("posts").await, ["1|2|mine", "2|2|mine"]);
    assert_eq!((blog.posts[1].id, blog.posts[1].blog_id), (2, 2));
}

async fn the_key_to_the_parent_cant_be_changed_by_hand<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    blog("other", &[]).save(&test.pool).await.unwrap();
    let mut blog = blog("mine", &["a", "b"]).save(&test.pool).await.unwrap();
    blog.posts[1].blog_id = 1;
    drop(test.sent());
    failed(
        blog.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Blog.posts[1].blog_id",
    );
    assert_eq!(test.sent(), NONE);
    blog.posts[1].blog_id = 2;
    assert!(blog.save(&test.pool).await.unwrap().is_empty());
}

async fn the_key_of_a_child_cant_be_changed<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    blog.posts[1].comments[0].likes[1].id = 1;
    drop(test.sent());
    failed(
        blog.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Blog.posts[1].comments[0].likes[1].id",
    );
    assert_eq!(test.sent(), NONE);
}

async fn swapped_elements_are_refused<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = blog("a", &["x", "y"]).save(&test.pool).await.unwrap();
    let mut posts = blog.posts.iter_mut();
    let (x, y) = (posts.next().unwrap(), posts.next().unwrap());
    std::mem::swap(x, y);
    drop(posts);
    failed(
        blog.save(&test.pool).await,
        ErrorKind::KeyChanged,
        "Blog.posts[0].id",
    );
}

async fn an_overwritten_element_keeps_its_row<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    let mut blog = full("a").save(&test.pool).await.unwrap();
    // What a form gives back: the keys are right, the comments are not there.
    blog.posts[0] = Post {
        id: 1,
        blog_id: 1,
        title: "overwritten".into(),
        comments: HasMany::default(),
    };
    let report = test.save_as_planned(&mut blog).await;
    assert_eq!(changes(&report), ["updated 1 posts"]);
    assert_eq!(test.rows("comments").await.len(), 4);
    blog.posts[0] = Post {
        id: 1,
        blog_id: 1,
        ..post("without comments")
    };
    blog.save(&test.pool).await.unwrap();
    assert_eq!(
        test.rows("comments").await,
        ["3|2|a.2.1", "4|2|a.2.2"],
        "an assigned list concerns all rows"
    );
    assert_eq!(test.rows("posts").await[0], "1|1|without comments");
}
