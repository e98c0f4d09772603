//! The databases that the contenders run on.
//!
//! To add one: a module beside `postgres.rs` with the impl of [`Database`] and an expert, and its line in [`ALL`].

use futures_core::future::LocalBoxFuture;

use crate::contender::{Outcome, Runner};
use crate::{mysql, postgres, sqlite};

pub trait Database {
    /// For the reader, with what matters of its settings.
    fn title(&self) -> &str;
    /// The expert is the first: the others' times are compared with it.
    fn contenders(&mut self) -> &mut [Box<dyn Runner>];
    /// Adds a user with so many posts, and gives its key.
    fn seed(&mut self, posts: usize) -> LocalBoxFuture<'_, Outcome<i64>>;
    /// Leaves the tags and the [`OTHERS`], with keys that begin anew.
    fn reset(&mut self) -> LocalBoxFuture<'_, Outcome>;
    /// All rows of all tables, as text.
    fn dump(&mut self) -> LocalBoxFuture<'_, Outcome<Vec<String>>>;
}

type Opened = LocalBoxFuture<'static, Outcome<Option<Box<dyn Database>>>>;

/// All of them; one that isn't there opens as `None`.
pub const ALL: [fn() -> Opened; 4] = [
    || Box::pin(postgres::open(None)),
    || Box::pin(postgres::open(Some(postgres::ROUND_TRIP))),
    || Box::pin(mysql::open()),
    || Box::pin(sqlite::open()),
];

/// The rows that are there before any run, beside the tags: a thousand users, trees and albums, so that no table is so small that it is best read as a
/// whole. Of an empty one PostgreSQL would keep just that as its plan for the checks of a foreign key.
pub const OTHERS: [&str; 7] = [
    "INSERT INTO users (name) SELECT 'grace' FROM tags",
    "INSERT INTO profiles (user_id, bio) SELECT id, 'admiral' FROM users ORDER BY id",
    "INSERT INTO posts (user_id, title) SELECT u.id, t.name FROM users u JOIN tags t ON t.id <= 10 ORDER BY u.id, t.id",
    "INSERT INTO comments (post_id, body) SELECT p.id, t.name FROM posts p JOIN tags t ON t.id <= 2 ORDER BY p.id, t.id",
    "INSERT INTO nodes (name) SELECT name FROM tags ORDER BY id",
    "INSERT INTO albums (name) SELECT name FROM tags ORDER BY id",
    "INSERT INTO album_tags (album_id, tag_id) SELECT a.id, t.id FROM albums a JOIN tags t ON t.id <= 2",
];

/// The tags that are there before any run.
pub const TAGS: i32 = 1000;

/// What reads a table as text. A node has no key in it: one contender draws the keys of a tree by levels, another one by branches.
pub const DUMPS: [&str; 8] = [
    "SELECT concat_ws(' ', 'user', id, name) FROM users ORDER BY id",
    "SELECT concat_ws(' ', 'profile', id, user_id, bio) FROM profiles ORDER BY id",
    "SELECT concat_ws(' ', 'post', id, user_id, title) FROM posts ORDER BY id",
    "SELECT concat_ws(' ', 'comment', id, post_id, body) FROM comments ORDER BY id",
    "SELECT concat_ws(' ', 'node', n.name, p.name, g.name) FROM nodes n LEFT JOIN nodes p ON p.id = n.parent_id LEFT JOIN nodes g ON g.id = p.parent_id ORDER BY 1",
    "SELECT concat_ws(' ', 'album', id, name) FROM albums ORDER BY id",
    "SELECT concat_ws(' ', 'tag', id, name) FROM tags ORDER BY id",
    "SELECT concat_ws(' ', 'link', album_id, tag_id) FROM album_tags ORDER BY album_id, tag_id",
];
