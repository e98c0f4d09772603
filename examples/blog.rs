//! Users, posts, comments and tags, on SQLite in memory: `cargo run --example blog`.
//!
//! A list of children, lists below it, and a many-to-many. Each step prints what the save changed.

use sqlx::SqlitePool;
use sqlx_cascade::{ChangeKind, HasMany, ManyToMany, Persistent, Relations};

#[derive(Default, Relations)]
#[table(name = "users")]
struct User {
    #[key(generated)]
    id: i64,
    name: String,
    #[one_to_many(cascade = "all, delete-orphan", order_by = "title")]
    posts: HasMany<Post>,
}

#[derive(Default, Relations)]
#[table(name = "posts")]
struct Post {
    #[key(generated)]
    id: i64,
    #[many_to_one(User, on_delete = "cascade")]
    user_id: i64,
    title: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    comments: HasMany<Comment>,
    #[many_to_many(through = "post_tags")] // (post_id, tag_id)
    tags: ManyToMany<Tag>,
}

#[derive(Default, Relations)]
#[table(name = "comments")]
struct Comment {
    #[key(generated)]
    id: i64,
    #[many_to_one(Post, on_delete = "cascade")]
    post_id: i64,
    text: String,
}

#[derive(Default, Relations)]
#[table(name = "tags")]
struct Tag {
    #[key(generated)]
    id: i64,
    name: String,
}

const SCHEMA: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
    CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,
        user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE);
    CREATE TABLE comments (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL,
        post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE);
    CREATE TABLE tags (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
    CREATE TABLE post_tags (post_id INTEGER NOT NULL REFERENCES posts ON DELETE CASCADE,
        tag_id INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE, PRIMARY KEY (post_id, tag_id));";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = &SqlitePool::connect("sqlite::memory:").await?;
    sqlx::raw_sql(SCHEMA).execute(pool).await?;

    println!("Ada, two posts and three comments by one save; a new tag is inserted and linked");
    let mut posts = vec![
        post("Engines", &["first!"]),
        post("Notes", &["spam", "thanks"]),
    ];
    posts[0].tags.push(tag("machines"));
    let ada = user("Ada", posts).save(pool).await?.key();
    let grace = user("Grace", vec![]).save(pool).await?;
    assert_eq!(counts(pool).await?, (2, 2, 3, 1, 1));

    println!("\nread again, with everything below: one query per table");
    let mut ada: Persistent<User> = User::find(ada)
        .with(User::POSTS.then(Post::COMMENTS))
        .with(User::POSTS.then(Post::TAGS))
        .one(pool)
        .await?;
    for post in &ada.posts {
        let (comments, tags) = (post.comments.len(), post.tags.len());
        println!("  {}: comments {comments}, tags {tags}", post.title);
    }

    println!("\none save for a new post, a title, a comment that leaves, and a link to a tag");
    let machines = ada.posts[0].tags.keys().next().copied();
    ada.posts.push(post("Programs", &[]));
    ada.posts[1].title = "Notes by the translator".into();
    ada.posts[1]
        .comments
        .retain(|comment| comment.text != "spam");
    ada.posts[1].tags.add_key(machines.expect("it was linked"));
    println!("{}", ada.save(pool).await?);
    assert_eq!(counts(pool).await?, (2, 3, 2, 1, 2));

    println!("\na post moves to Grace with its comments and tags: one UPDATE");
    let mut grace = User::find(grace.key()).one(pool).await?; // her posts are not loaded
    grace.posts.adopt(ada.posts.expunge(0));
    let report = grace.save(pool).await?;
    println!("{report}");
    assert_eq!(report.changes()[0].kind, ChangeKind::Moved);

    println!("\na post is removed: its comments and links go with it, the tag stays");
    ada.posts.remove(0);
    println!("{}", ada.save(pool).await?);
    assert_eq!(counts(pool).await?, (2, 2, 1, 1, 1));

    println!("\nGrace is deleted with all that is below her, read or not: a statement per table");
    println!("{}", User::delete_by_key(grace.key(), pool).await?);
    assert_eq!(counts(pool).await?, (1, 1, 0, 1, 0));
    Ok(())
}

fn user(name: &str, posts: Vec<Post>) -> User {
    let (name, posts) = (name.into(), posts.into());
    User { id: 0, name, posts }
}

fn post(title: &str, comments: &[&str]) -> Post {
    Post {
        title: title.into(),
        comments: comments.iter().map(|text| comment(text)).collect(),
        ..Post::default()
    }
}

fn comment(text: &str) -> Comment {
    let text = text.into();
    Comment {
        text,
        ..Default::default()
    }
}

fn tag(name: &str) -> Tag {
    let name = name.into();
    Tag { id: 0, name }
}

/// How many users, posts, comments, tags and links there are.
async fn counts(pool: &SqlitePool) -> sqlx::Result<(i64, i64, i64, i64, i64)> {
    let counts = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM posts),
        (SELECT count(*) FROM comments), (SELECT count(*) FROM tags), (SELECT count(*) FROM post_tags)";
    sqlx::query_as(counts).fetch_one(pool).await
}
