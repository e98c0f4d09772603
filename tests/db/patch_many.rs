//! PATCH and PUT of many rows: the number of statements doesn't grow with them, and the work grows as they do.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx_cascade::{HasMany, Persistent};

use crate::payload_graphs::{Author, Comment, Post, ada_and_bob, tables};
use crate::support::{Base, Test, on_every_database};

on_every_database![
    a_thousand_children,
    a_hundred_children_with_ten_each,
    a_merge_of_a_hundred_children_with_ten_each,
];

/// Carol, with so many posts, each with so many comments.
async fn carol<B: Base>(test: &Test<B>, posts: usize, comments: usize) -> Persistent<Author> {
    ada_and_bob(test).await;
    let comment = |number: usize| Comment {
        text: format!("c{number}"),
        ..Comment::default()
    };
    let post = |number: usize| Post {
        title: format!("p{number}"),
        body: Some("b".into()),
        comments: (0..comments).map(comment).collect(),
        ..Post::default()
    };
    let carol = Author {
        full_name: "carol".into(),
        posts: (0..posts).map(post).collect(),
        drafts: HasMany::empty(),
        ..Author::default()
    };
    let carol = carol.save(&test.pool).await.unwrap();
    drop(test.sent());
    carol
}

/// Every statement once, with how often it was sent.
fn counted(sent: &[String]) -> String {
    let mut text = String::new();
    let mut rest = sent;
    while let Some(first) = rest.first() {
        let times = rest.iter().take_while(|other| *other == first).count();
        write!(text, "{first} x{times}; ").unwrap();
        rest = &rest[times..];
    }
    text
}

fn soon(since: Instant) {
    // Debug builds on a busy machine: what is quadratic takes minutes.
    assert!(
        since.elapsed() < Duration::from_secs(10),
        "{:?}",
        since.elapsed()
    );
}

async fn a_thousand_children<B: Base>(test: Test<B>) {
    let mut carol = carol(&test, 1, 1000).await;
    let id = carol.posts[0].id;
    let comments = carol.posts[0].comments.iter().rev();
    let comments: Vec<Value> = comments
        .map(|comment| json!({"id": comment.id, "score": comment.id}))
        .collect();
    let payload = json!({"posts": [{"postId": id, "comments": comments}]});
    let began = Instant::now();
    carol.patch(payload.clone()).unwrap();
    println!("in memory: {:?}", began.elapsed());
    soon(began);
    let patched = Author::patch(3, payload, &test.pool).await.unwrap();
    println!("with the database: {:?}", began.elapsed());
    let sent = test.sent();
    assert!(sent.len() <= 3 + 12, "{}", counted(&sent));
    let comments = &patched.posts[0].comments;
    assert_eq!(comments.len(), 1000);
    assert!(
        comments
            .iter()
            .all(|comment| comment.score == comment.id && comment.text.starts_with('c'))
    );
    assert!(comments[0].id > comments[999].id);
}

async fn a_hundred_children_with_ten_each<B: Base>(test: Test<B>) {
    let mut carol = carol(&test, 100, 10).await;
    let post = |post: &Post| {
        let comments = post.comments.iter().skip(1);
        let mut comments: Vec<Value> = comments
            .map(|comment| json!({"id": comment.id, "text": "new"}))
            .collect();
        comments.push(json!({"text": "added"}));
        json!({"postId": post.id, "title": "new", "comments": comments})
    };
    let payload = json!({"posts": carol.posts.iter().map(post).collect::<Vec<_>>()});
    let began = Instant::now();
    carol.patch(payload.clone()).unwrap();
    println!("in memory: {:?}", began.elapsed());
    soon(began);
    Author::patch(3, payload, &test.pool).await.unwrap();
    println!("with the database: {:?}", began.elapsed());
    let sent = test.sent();
    assert!(sent.len() <= 20, "{}", counted(&sent));
    let [_, posts, comments, ..] = tables(&test).await;
    assert_eq!(
        posts
            .iter()
            .filter(|post| post.contains("|new|b|2|"))
            .count(),
        100
    );
    assert_eq!(
        comments
            .iter()
            .filter(|comment| comment.contains("|new|0"))
            .count(),
        900
    );
    assert_eq!(
        comments
            .iter()
            .filter(|comment| comment.contains("|added|0"))
            .count(),
        100
    );
    assert_eq!(comments.len(), 1004);
}

async fn a_merge_of_a_hundred_children_with_ten_each<B: Base>(test: Test<B>) {
    let mut carol = carol(&test, 100, 10).await;
    let mut payload = (*carol).clone();
    for post in payload.posts.known_mut() {
        post.title = "new".into();
        post.comments.remove(0);
        post.comments.push(Comment {
            text: "added".into(),
            ..Comment::default()
        });
        post.comments[0].text = "new".into();
    }
    let began = Instant::now();
    carol.merge(payload.clone()).unwrap();
    println!("in memory: {:?}", began.elapsed());
    soon(began);
    Author::merge(payload, &test.pool).await.unwrap();
    println!("with the database: {:?}", began.elapsed());
    let sent = test.sent();
    assert!(sent.len() <= 20, "{}", counted(&sent));
    let [_, posts, comments, ..] = tables(&test).await;
    assert_eq!(
        posts
            .iter()
            .filter(|post| post.contains("|new|b|2|"))
            .count(),
        100
    );
    assert_eq!(
        comments
            .iter()
            .filter(|comment| comment.contains("|new|0"))
            .count(),
        100
    );
    assert_eq!(comments.len(), 1004);
}
