//! What is written by hand with sqlx: the parts that are the same on every database.

pub mod rows;

use crate::plain::{Comment, Node, Post, Profile, User};

/// A user as a query with its profile gives it.
pub type UserRow = (String, Option<i64>, Option<String>);

/// Puts a user together from the rows of three queries: posts in the order of their keys, comments in that of their posts.
pub fn assembled(
    id: i64,
    (name, profile, bio): UserRow,
    posts: Vec<(i64, String)>,
    comments: Vec<(i64, i64, String)>,
) -> User {
    let mut comments = comments.into_iter().peekable();
    let posts = posts.into_iter().map(|(post, title)| {
        let mut own = Vec::new();
        while let Some((id, post_id, body)) = comments.next_if(|(_, of, _)| *of == post) {
            own.push(Comment { id, post_id, body });
        }
        Post {
            id: post,
            user_id: id,
            title,
            comments: own,
        }
    });
    User {
        id,
        name,
        posts: posts.collect(),
        profile: profile.zip(bio).map(|(profile, bio)| Profile {
            id: profile,
            user_id: id,
            bio,
        }),
    }
}

/// Writes keys into posts and their comments; in the order of the keys, which is that of the rows.
pub fn number_posts(posts: &mut [Post], user: i64, mut keys: Vec<i64>) {
    keys.sort_unstable();
    for (post, key) in posts.iter_mut().zip(keys) {
        (post.id, post.user_id) = (key, user);
        for comment in &mut post.comments {
            comment.post_id = key;
        }
    }
}

pub fn number_comments(posts: &mut [Post], mut keys: Vec<i64>) {
    keys.sort_unstable();
    let comments = posts.iter_mut().flat_map(|post| &mut post.comments);
    for (comment, key) in comments.zip(keys) {
        comment.id = key;
    }
}

/// Writes keys into the nodes of a level; gives the level below.
pub fn number_nodes(level: Vec<&mut Node>, mut keys: Vec<i64>) -> Vec<&mut Node> {
    keys.sort_unstable();
    let mut below = Vec::new();
    for (node, key) in level.into_iter().zip(keys) {
        node.id = key;
        for child in &mut node.nodes {
            child.parent_id = Some(key);
            below.push(child);
        }
    }
    below
}

/// Writes keys into users and their profiles.
pub fn number_users(users: &mut [User], mut keys: Vec<i64>) {
    keys.sort_unstable();
    for (user, key) in users.iter_mut().zip(keys) {
        user.id = key;
        if let Some(profile) = &mut user.profile {
            profile.user_id = key;
        }
    }
}

pub fn number_profiles(users: &mut [User], mut keys: Vec<i64>) {
    keys.sort_unstable();
    let profiles = users.iter_mut().filter_map(|user| user.profile.as_mut());
    for (profile, key) in profiles.zip(keys) {
        profile.id = key;
    }
}
