//! Every kind of relation: lists with and without owners, links, parents that are held, a tree, a circle of two tables.

use serde::{Deserialize, Serialize};
use sqlx_cascade::{BelongsTo, HasMany, ManyToMany, Relations};

use crate::home::Family;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "authors")]
pub(crate) struct Author {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[version]
    pub(crate) version: i32,
    #[serde(skip_serializing_if = "HasMany::is_not_loaded")]
    #[one_to_many(cascade = "all, delete-orphan", order_by = "place")]
    pub(crate) posts: HasMany<Post>,
    /// They survive, and a refresh leaves them alone.
    #[serde(skip_serializing_if = "HasMany::is_not_loaded")]
    #[one_to_many(cascade = "save-update, merge")]
    pub(crate) drafts: HasMany<Draft>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "posts")]
pub(crate) struct Post {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Author, on_delete = "cascade")]
    pub(crate) author_id: i64,
    pub(crate) place: i32,
    pub(crate) title: String,
    #[version]
    pub(crate) version: i32,
    #[serde(skip_serializing_if = "HasMany::is_not_loaded")]
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) comments: HasMany<Comment>,
    #[serde(skip_serializing_if = "ManyToMany::is_not_loaded")]
    #[many_to_many(through = "post_tags")]
    pub(crate) tags: ManyToMany<Tag>,
    #[many_to_one]
    pub(crate) series: Option<BelongsTo<Series>>,
    #[many_to_one(cascade = "all, delete-orphan", single_parent, on_delete = "set null")]
    pub(crate) cover: Option<BelongsTo<Cover>>,
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
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "drafts")]
pub(crate) struct Draft {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Author, on_delete = "set null")]
    pub(crate) author_id: Option<i64>,
    pub(crate) text: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "tags")]
pub(crate) struct Tag {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) word: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "series")]
pub(crate) struct Series {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Relations)]
#[serde(default)]
#[table(name = "covers")]
pub(crate) struct Cover {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) art: String,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "nodes")]
pub(crate) struct Node {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Node)]
    pub(crate) parent_id: Option<i64>,
    pub(crate) name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) children: HasMany<Node>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "shelves")]
pub(crate) struct Shelf {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Case)]
    pub(crate) case_id: Option<i64>,
    pub(crate) name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) cases: HasMany<Case>,
}

/// It stands on a shelf, and has shelves of its own.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "cases")]
pub(crate) struct Case {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Shelf)]
    pub(crate) shelf_id: i64,
    pub(crate) name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) shelves: HasMany<Shelf>,
}

pub(crate) fn post(title: &str, place: i32) -> Post {
    Post {
        place,
        title: title.into(),
        comments: vec![comment(&format!("on {title}"))].into(),
        ..Post::default()
    }
}

pub(crate) fn comment(text: &str) -> Comment {
    Comment {
        text: text.into(),
        ..Comment::default()
    }
}

pub(crate) fn draft(text: &str) -> Draft {
    Draft {
        text: text.into(),
        ..Draft::default()
    }
}

pub(crate) fn tag(word: &str) -> Tag {
    Tag {
        word: word.into(),
        ..Tag::default()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is the field")]
pub(crate) fn series(name: &str) -> Option<BelongsTo<Series>> {
    Some(BelongsTo::new(Series {
        name: name.into(),
        ..Series::default()
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "it is the field")]
pub(crate) fn cover(art: &str) -> Option<BelongsTo<Cover>> {
    Some(BelongsTo::new(Cover {
        art: art.into(),
        ..Cover::default()
    }))
}

pub(crate) fn node(name: &str, children: Vec<Node>) -> Node {
    Node {
        name: name.into(),
        children: children.into(),
        ..Node::default()
    }
}

/// ann has the posts 1 and 2, bob 3 and 4, cid none; the shelves 1 and 2 hold each other up.
pub(crate) const BLOG: Family = Family {
    schema: "
CREATE TABLE authors (id $id, name TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE series (id $id, name TEXT NOT NULL);
CREATE TABLE covers (id $id, art TEXT NOT NULL);
CREATE TABLE tags (id $id, word TEXT NOT NULL);
CREATE TABLE posts (
    id $id,
    author_id BIGINT NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    title TEXT NOT NULL,
    version INTEGER NOT NULL,
    series_id BIGINT REFERENCES series (id),
    cover_id BIGINT REFERENCES covers (id) ON DELETE SET NULL
);
CREATE TABLE comments (id $id, post_id BIGINT NOT NULL REFERENCES posts (id) ON DELETE CASCADE, text TEXT NOT NULL);
CREATE TABLE drafts (id $id, author_id BIGINT REFERENCES authors (id) ON DELETE SET NULL, text TEXT NOT NULL);
CREATE TABLE post_tags (post_id BIGINT NOT NULL REFERENCES posts (id), tag_id BIGINT NOT NULL REFERENCES tags (id), PRIMARY KEY (post_id, tag_id));
CREATE TABLE nodes (id $id, parent_id BIGINT REFERENCES nodes (id), name TEXT NOT NULL);
CREATE TABLE shelves (id $id, case_id BIGINT, name TEXT NOT NULL);
CREATE TABLE cases (id $id, shelf_id BIGINT NOT NULL REFERENCES shelves (id), name TEXT NOT NULL);",
    tables: &[
        "cases", "shelves", "nodes", "post_tags", "drafts", "comments", "posts", "covers", "series", "tags", "authors",
    ],
    links: &["post_tags"],
    empty: "",
    seed: "
INSERT INTO authors (name, version) VALUES ('ann', 1), ('bob', 1), ('cid', 1);
INSERT INTO series (name) VALUES ('first'), ('second'), ('third');
INSERT INTO covers (art) VALUES ('red'), ('blue');
INSERT INTO tags (word) VALUES ('ink'), ('oil'), ('wax');
INSERT INTO posts (author_id, place, title, version, series_id, cover_id)
VALUES (1, 1, 'one', 1, 1, 1), (1, 2, 'two', 1, 2, NULL), (2, 1, 'three', 1, 2, 2), (2, 2, 'four', 1, NULL, NULL);
INSERT INTO comments (post_id, text) VALUES (1, 'c1'), (1, 'c2'), (2, 'c3'), (3, 'c4');
INSERT INTO drafts (author_id, text) VALUES (1, 'd1'), (1, 'd2'), (2, 'd3');
INSERT INTO post_tags VALUES (1, 1), (1, 2), (2, 3), (3, 2);
INSERT INTO nodes (parent_id, name) VALUES (NULL, 'root'), (1, 'a'), (1, 'b'), (2, 'aa'), (4, 'aaa'), (NULL, 'other');
INSERT INTO shelves (case_id, name) VALUES (2, 's1'), (1, 's2'), (NULL, 's3');
INSERT INTO cases (shelf_id, name) VALUES (1, 'c1'), (2, 'c2'), (3, 'c3');",
    rows: "
SELECT line FROM (
  SELECT 1 AS nr, id, 'authors ' || id || ' ' || name || ' v' || version AS line FROM authors
  UNION ALL SELECT 2, id, 'posts ' || id || ' of ' || author_id || ' ' || place || ' ' || title || ' v' || version || ' ' || COALESCE(series_id, 0) || ' ' || COALESCE(cover_id, 0) FROM posts
  UNION ALL SELECT 3, id, 'comments ' || id || ' of ' || post_id || ' ' || text FROM comments
  UNION ALL SELECT 4, id, 'drafts ' || id || ' of ' || COALESCE(author_id, 0) || ' ' || text FROM drafts
  UNION ALL SELECT 5, id, 'tags ' || id || ' ' || word FROM tags
  UNION ALL SELECT 6, post_id, 'post_tags ' || post_id || ' ' || tag_id FROM post_tags
  UNION ALL SELECT 7, id, 'series ' || id || ' ' || name FROM series
  UNION ALL SELECT 8, id, 'covers ' || id || ' ' || art FROM covers
  UNION ALL SELECT 9, id, 'nodes ' || id || ' of ' || COALESCE(parent_id, 0) || ' ' || name FROM nodes
  UNION ALL SELECT 10, id, 'shelves ' || id || ' of ' || COALESCE(case_id, 0) || ' ' || name FROM shelves
  UNION ALL SELECT 11, id, 'cases ' || id || ' of ' || shelf_id || ' ' || name FROM cases
  UNION ALL SELECT 12, 0, 'notes ' || note FROM notes
) AS rows_of_all ORDER BY nr, id, line",
    content: "
SELECT line FROM (
  SELECT 1 AS nr, 'authors ' || name || ' v' || version AS line FROM authors
  UNION ALL SELECT 2, 'posts of ' || a.name || ' ' || place || ' ' || title || ' v' || p.version || ' ' || COALESCE(s.name, '-') || ' ' || COALESCE(c.art, '-')
    FROM posts p LEFT JOIN authors a ON a.id = author_id LEFT JOIN series s ON s.id = series_id LEFT JOIN covers c ON c.id = cover_id
  UNION ALL SELECT 3, 'comments of ' || p.title || ' ' || text FROM comments c LEFT JOIN posts p ON p.id = post_id
  UNION ALL SELECT 4, 'drafts of ' || COALESCE(a.name, 'nobody') || ' ' || text FROM drafts d LEFT JOIN authors a ON a.id = author_id
  UNION ALL SELECT 5, 'tags ' || word FROM tags
  UNION ALL SELECT 6, 'post_tags ' || p.title || ' ' || t.word FROM post_tags LEFT JOIN posts p ON p.id = post_id LEFT JOIN tags t ON t.id = tag_id
  UNION ALL SELECT 7, 'series ' || name FROM series
  UNION ALL SELECT 8, 'covers ' || art FROM covers
  UNION ALL SELECT 9, 'nodes of ' || COALESCE(p.name, 'nobody') || ' ' || n.name FROM nodes n LEFT JOIN nodes p ON p.id = n.parent_id
  UNION ALL SELECT 10, 'shelves of ' || COALESCE(c.name, 'nobody') || ' ' || s.name FROM shelves s LEFT JOIN cases c ON c.id = s.case_id
  UNION ALL SELECT 11, 'cases of ' || s.name || ' ' || c.name FROM cases c LEFT JOIN shelves s ON s.id = c.shelf_id
  UNION ALL SELECT 12, 'notes ' || note FROM notes
) AS rows_of_all ORDER BY nr, line",
};
