//! A graph of 100,000 rows lives, by as many statements as its tables and its lists need.

use sqlx_cascade::Persistent;

use crate::lists_models::{BLOGS, Blog, Comment, Like, Post, blog, comment, like, most, post};
use crate::support::{Base, NONE, Test, changes, on_every_database};

on_every_database![a_hundred_thousand_rows_live];

/// How many rows there are of each table, from the top: 100,000.
const ROWS: [usize; 4] = [100, 900, 9_000, 90_000];

/// The same, by their tables.
const TABLES: [&str; 4] = ["blogs", "posts", "comments", "likes"];

/// Under each row of a table are as many of the next.
fn graphs() -> Vec<Blog> {
    fn below<T>(level: usize, child: impl Fn() -> T) -> impl Iterator<Item = T> {
        std::iter::repeat_with(child).take(ROWS[level] / ROWS[level - 1])
    }
    let comments = || Comment {
        likes: below(3, || like("who")).collect(),
        ..comment("text")
    };
    let posts = || Post {
        comments: below(2, comments).collect(),
        ..post("title")
    };
    let blogs = || Blog {
        posts: below(1, posts).collect(),
        ..blog("name", &[])
    };
    std::iter::repeat_with(blogs).take(ROWS[0]).collect()
}

/// The likes of all.
fn likes(blogs: &mut [Persistent<Blog>]) -> impl Iterator<Item = &mut Like> {
    let posts = blogs.iter_mut().flat_map(|blog| &mut blog.posts);
    let comments = posts.flat_map(|post| &mut post.comments);
    comments.flat_map(|comment| &mut comment.likes)
}

/// What was sent is this, of each table, and not more often than so many rows need it.
#[track_caller]
fn sent<B: Base>(test: &Test<B>, verb: &str, rows: &[(&str, usize)]) {
    let sent = test.sent();
    for (table, rows) in rows {
        let name = format!("{verb} {table}");
        let count = sent.iter().filter(|sent| **sent == name).count();
        assert!((1..=most::<B>(*rows)).contains(&count), "{name}: {count}");
    }
    let is_named = |sent: &String| {
        rows.iter()
            .any(|(table, _)| *sent == format!("{verb} {table}"))
    };
    assert!(sent.iter().all(is_named));
}

async fn a_hundred_thousand_rows_live<B: Base>(test: Test<B>) {
    test.create(BLOGS).await;
    for (table, key) in [
        ("posts", "blog_id"),
        ("comments", "post_id"),
        ("likes", "comment_id"),
    ] {
        test.execute(&format!("CREATE INDEX of_{table} ON {table} ({key})"))
            .await;
    }
    let blogs = Blog::save_all(graphs(), &test.pool).await.unwrap();
    let all: Vec<(&str, usize)> = TABLES.into_iter().zip(ROWS).collect();
    sent(&test, "INSERT", &all);

    let below = Blog::POSTS.then(Post::COMMENTS.then(Comment::LIKES));
    let find = Blog::find_many(blogs.iter().map(Persistent::key)).with(below);
    let mut found = find.all(&test.pool).await.unwrap();
    let keys = [ROWS[0], ROWS[0], ROWS[1], ROWS[2]];
    let reads = TABLES.iter().zip(keys);
    let reads = reads.flat_map(|(table, keys)| B::reads(&format!("SELECT {table}"), keys));
    assert_eq!(test.sent(), reads.collect::<Vec<_>>());
    assert!(found == blogs);
    drop(blogs);

    for (number, like) in likes(&mut found).enumerate() {
        like.who = format!("who {number}");
    }
    let report = Persistent::save_all(&mut found, &test.pool).await.unwrap();
    assert_eq!(changes(&report), [format!("updated {} likes", ROWS[3])]);
    sent(&test, "UPDATE", &all[3..]);
    let report = Persistent::save_all(&mut found, &test.pool).await.unwrap();
    assert!(report.is_empty());
    assert_eq!(test.sent(), NONE);

    Persistent::delete_all(found, &test.pool).await.unwrap();
    // Below the rows that are named, rows go by one statement for as many of those.
    sent(&test, "DELETE", &TABLES.map(|table| (table, ROWS[0])));
    for table in TABLES {
        assert_eq!(test.rows(table).await, NONE);
    }
}
