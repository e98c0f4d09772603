//! The rows as they are read, and as they are inserted.

use diesel::prelude::*;

use super::schema::{album_tags, albums, comments, nodes, posts, profiles, users};
use crate::plain;

#[derive(Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i64,
    pub name: String,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = profiles, belongs_to(User))]
pub struct Profile {
    pub id: i64,
    pub user_id: i64,
    pub bio: String,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = posts, belongs_to(User))]
pub struct Post {
    pub id: i64,
    pub user_id: i64,
    pub title: String,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = comments, belongs_to(Post))]
pub struct Comment {
    pub id: i64,
    pub post_id: i64,
    pub body: String,
}

impl User {
    pub fn with(self, profile: Option<Profile>, posts: Vec<(Post, Vec<Comment>)>) -> plain::User {
        plain::User {
            id: self.id,
            name: self.name,
            profile: profile.map(|Profile { id, user_id, bio }| plain::Profile {
                id,
                user_id,
                bio,
            }),
            posts: posts.into_iter().map(Post::with).collect(),
        }
    }
}

impl Post {
    fn with((post, comments): (Self, Vec<Comment>)) -> plain::Post {
        let comment = |Comment { id, post_id, body }| plain::Comment { id, post_id, body };
        plain::Post {
            id: post.id,
            user_id: post.user_id,
            title: post.title,
            comments: comments.into_iter().map(comment).collect(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = users)]
pub struct NewUser<'a> {
    pub name: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = profiles)]
pub struct NewProfile<'a> {
    user_id: i64,
    bio: &'a str,
}

impl<'a> NewProfile<'a> {
    pub fn new(profile: &'a plain::Profile) -> Self {
        Self {
            user_id: profile.user_id,
            bio: &profile.bio,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = posts)]
pub struct NewPost<'a> {
    user_id: i64,
    title: &'a str,
}

impl<'a> NewPost<'a> {
    pub fn new(user_id: i64, post: &'a plain::Post) -> Self {
        Self {
            user_id,
            title: &post.title,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = comments)]
pub struct NewComment<'a> {
    post_id: i64,
    body: &'a str,
}

impl<'a> NewComment<'a> {
    pub fn new(comment: &'a plain::Comment) -> Self {
        Self {
            post_id: comment.post_id,
            body: &comment.body,
        }
    }
}

/// With NULL, not DEFAULT, where there is no parent: SQLite has no DEFAULT in a list.
#[derive(Insertable)]
#[diesel(table_name = nodes, treat_none_as_default_value = false)]
pub struct NewNode<'a> {
    parent_id: Option<i64>,
    name: &'a str,
}

impl<'a> NewNode<'a> {
    pub fn new(node: &'a plain::Node) -> Self {
        Self {
            parent_id: node.parent_id,
            name: &node.name,
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = albums)]
pub struct NewAlbum<'a> {
    pub name: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = album_tags)]
pub struct NewLink {
    pub album_id: i64,
    pub tag_id: i64,
}
