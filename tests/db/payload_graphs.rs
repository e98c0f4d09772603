//! Graphs that are read from payloads: lists in lists, links, and parents by their key.

use serde::{Deserialize, Serialize};
use sqlx_cascade::{BelongsTo, Error, HasMany, ManyToMany, Persistent, Relations};

use crate::support::{Base, Test};

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(rename_all = "camelCase")]
#[table(name = "authors")]
pub(crate) struct Author {
    #[key(generated)]
    #[serde(default)]
    pub(crate) id: i64,
    pub(crate) full_name: String,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = author_id)]
    #[serde(default, skip_serializing_if = "HasMany::is_not_loaded")]
    pub(crate) posts: HasMany<Post>,
    #[one_to_many(cascade = "all, delete-orphan", back_populates = drafter_id)]
    #[serde(default, skip_serializing_if = "HasMany::is_not_loaded")]
    pub(crate) drafts: HasMany<Post>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(rename_all = "camelCase")]
#[table(name = "posts")]
pub(crate) struct Post {
    #[key(generated)]
    #[serde(default, rename = "postId")]
    pub(crate) id: i64,
    #[many_to_one(Author, on_delete = "cascade")]
    #[serde(skip)]
    pub(crate) author_id: Option<i64>,
    #[many_to_one(Author, on_delete = "cascade")]
    #[serde(skip)]
    pub(crate) drafter_id: Option<i64>,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[version]
    #[serde(default)]
    pub(crate) version: i64,
    #[many_to_one]
    #[serde(default)]
    pub(crate) section: Option<BelongsTo<Section>>,
    #[one_to_many(cascade = "all, delete-orphan")]
    #[serde(default, skip_serializing_if = "HasMany::is_not_loaded")]
    pub(crate) comments: HasMany<Comment>,
    #[many_to_many(through = "post_tags")]
    #[serde(default, skip_serializing_if = "ManyToMany::is_not_loaded")]
    pub(crate) tags: ManyToMany<Tag>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "comments")]
pub(crate) struct Comment {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Post, on_delete = "cascade")]
    pub(crate) post_id: i64,
    pub(crate) text: String,
    pub(crate) score: i64,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) marks: HasMany<Mark>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "marks")]
pub(crate) struct Mark {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Comment, on_delete = "cascade")]
    pub(crate) comment_id: i64,
    pub(crate) kind: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[table(name = "tags")]
pub(crate) struct Tag {
    #[key(generated)]
    #[serde(default)]
    pub(crate) id: i64,
    pub(crate) label: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[table(name = "sections")]
pub(crate) struct Section {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
}

const AUTHORS: &str = "
    CREATE TABLE authors (id $id, full_name TEXT NOT NULL);
    CREATE TABLE sections (id $id, name TEXT NOT NULL);
    CREATE TABLE tags (id $id, label TEXT NOT NULL);
    CREATE TABLE posts (id $id, author_id BIGINT REFERENCES authors (id) ON DELETE CASCADE, drafter_id BIGINT REFERENCES authors (id) ON DELETE CASCADE, title TEXT NOT NULL, body TEXT, version BIGINT NOT NULL, section_id BIGINT REFERENCES sections (id));
    CREATE TABLE comments (id $id, post_id BIGINT NOT NULL REFERENCES posts (id) ON DELETE CASCADE, text TEXT NOT NULL, score BIGINT NOT NULL);
    CREATE TABLE marks (id $id, comment_id BIGINT NOT NULL REFERENCES comments (id) ON DELETE CASCADE, kind TEXT NOT NULL);
    CREATE TABLE post_tags (post_id BIGINT NOT NULL REFERENCES posts (id), tag_id BIGINT NOT NULL REFERENCES tags (id), PRIMARY KEY (post_id, tag_id));
";

/// A post with as many comments, each with a mark.
pub(crate) fn post(title: &str, comments: usize) -> Post {
    Post {
        title: title.into(),
        body: Some(format!("{title}'s")),
        comments: (1..=comments)
            .map(|number| comment(&format!("{title}{number}")))
            .collect(),
        tags: ManyToMany::empty(),
        ..Post::default()
    }
}

/// A comment with a mark.
pub(crate) fn comment(text: &str) -> Comment {
    let kind = text.to_owned();
    Comment {
        text: text.into(),
        score: 7,
        marks: HasMany::from(vec![Mark {
            kind,
            ..Mark::default()
        }]),
        ..Comment::default()
    }
}

/// Three tags; two sections; Ada with the posts 1 (two comments, the tags 1 and 2, in section 1) and 2 (one comment) and the draft 3; Bob with
/// the post 4 (one comment, the tag 3). All is loaded, and what was sent is forgotten.
pub(crate) async fn ada_and_bob<B: Base>(
    test: &Test<B>,
) -> (Persistent<Author>, Persistent<Author>) {
    test.create(AUTHORS).await;
    ada_and_bob_in(test).await.unwrap()
}

async fn ada_and_bob_in<B: Base>(
    test: &Test<B>,
) -> Result<(Persistent<Author>, Persistent<Author>), Error> {
    let pool = &test.pool;
    let tag = |label: &str| Tag {
        label: label.into(),
        ..Tag::default()
    };
    let tags = Tag::save_all(["red", "green", "blue"].map(tag).into(), pool).await?;
    let section = |name: &str| Section {
        name: name.into(),
        ..Section::default()
    };
    Section::save_all(["news", "sport"].map(section).into(), pool).await?;
    let author = |name: &str, posts: Vec<Post>| Author {
        full_name: name.into(),
        posts: posts.into(),
        drafts: HasMany::empty(),
        ..Author::default()
    };
    let mut first = post("p", 2);
    first.tags.add(&tags[0]);
    first.tags.add(&tags[1]);
    first.section = Some(BelongsTo::to(1));
    author("ada", vec![first, post("q", 1)]).save(pool).await?;
    let mut ada = all(test, 1).await?;
    ada.drafts.push(post("d", 0));
    ada.save(pool).await?;
    let mut theirs = post("b", 1);
    theirs.tags.add(&tags[2]);
    author("bob", vec![theirs]).save(pool).await?;
    let loaded = (all(test, 1).await?, all(test, 2).await?);
    drop(test.sent());
    Ok(loaded)
}

/// An author with everything below.
pub(crate) async fn all<B: Base>(test: &Test<B>, key: i64) -> Result<Persistent<Author>, Error> {
    let comments = || Author::POSTS.then(Post::COMMENTS);
    let author = Author::find(key).with(comments().then(Comment::MARKS));
    let author = author.with(Author::POSTS.then(Post::TAGS));
    author.with(Author::DRAFTS).one(&test.pool).await
}

/// The rows of all tables that a payload can reach.
pub(crate) async fn tables<B: Base>(test: &Test<B>) -> [Vec<String>; 6] {
    [
        test.rows("authors").await,
        test.rows("posts").await,
        test.rows("comments").await,
        test.rows("marks").await,
        test.rows("tags").await,
        test.rows("post_tags").await,
    ]
}

/// The keys of some posts, in their order.
pub(crate) fn ids<'p>(posts: impl IntoIterator<Item = &'p Post>) -> Vec<i64> {
    posts.into_iter().map(|post| post.id).collect()
}
