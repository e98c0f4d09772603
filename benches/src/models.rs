//! The same graphs as they are declared to the library.

use sqlx_cascade::{HasMany, HasOne, ManyToMany, Relations};

use crate::plain;

#[derive(Default, Relations)]
#[table(name = "users")]
pub struct User {
    #[key(generated)]
    pub id: i64,
    pub name: String,
    #[one_to_one(cascade = "all, delete-orphan")]
    pub profile: HasOne<Profile>,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub posts: HasMany<Post>,
}

#[derive(Default, Relations)]
#[table(name = "profiles")]
pub struct Profile {
    #[key(generated)]
    pub id: i64,
    #[one_to_one(User, on_delete = "cascade")]
    pub user_id: i64,
    pub bio: String,
}

#[derive(Default, Relations)]
#[table(name = "posts")]
pub struct Post {
    #[key(generated)]
    pub id: i64,
    #[many_to_one(User, on_delete = "cascade")]
    pub user_id: i64,
    pub title: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub comments: HasMany<Comment>,
}

#[derive(Default, Relations)]
#[table(name = "comments")]
pub struct Comment {
    #[key(generated)]
    pub id: i64,
    #[many_to_one(Post, on_delete = "cascade")]
    pub post_id: i64,
    pub body: String,
}

#[derive(Default, Relations)]
#[table(name = "nodes")]
pub struct Node {
    #[key(generated)]
    pub id: i64,
    #[many_to_one(Node, on_delete = "cascade")]
    pub parent_id: Option<i64>,
    pub name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub nodes: HasMany<Node>,
}

#[derive(Default, Relations)]
#[table(name = "albums")]
pub struct Album {
    #[key(generated)]
    pub id: i64,
    pub name: String,
    #[many_to_many(through = "album_tags")]
    pub tags: ManyToMany<Tag>,
}

#[derive(Default, Relations)]
#[table(name = "tags")]
pub struct Tag {
    #[key]
    pub id: i64,
    pub name: String,
}

/// The user whose children the database deletes.
pub mod passive {
    use sqlx_cascade::{HasMany, HasOne, Relations};

    #[derive(Default, Relations)]
    #[table(name = "users")]
    pub struct User {
        #[key(generated)]
        pub id: i64,
        pub name: String,
        #[one_to_one(cascade = "all, delete-orphan", passive_deletes)]
        pub profile: HasOne<Profile>,
        #[one_to_many(cascade = "all, delete-orphan", passive_deletes)]
        pub posts: HasMany<Post>,
    }

    #[derive(Default, Relations)]
    #[table(name = "profiles")]
    pub struct Profile {
        #[key(generated)]
        pub id: i64,
        #[one_to_one(User, on_delete = "cascade")]
        pub user_id: i64,
        pub bio: String,
    }

    #[derive(Default, Relations)]
    #[table(name = "posts")]
    pub struct Post {
        #[key(generated)]
        pub id: i64,
        #[many_to_one(User, on_delete = "cascade")]
        pub user_id: i64,
        pub title: String,
    }
}

fn all<T, U: From<T>>(values: Vec<T>) -> Vec<U> {
    values.into_iter().map(U::from).collect()
}

impl From<plain::User> for User {
    fn from(user: plain::User) -> Self {
        Self {
            name: user.name,
            profile: user.profile.map_or_else(HasOne::empty, |profile| {
                HasOne::from(Profile::from(profile))
            }),
            posts: all(user.posts).into(),
            ..Self::default()
        }
    }
}

impl From<plain::Profile> for Profile {
    fn from(profile: plain::Profile) -> Self {
        Self {
            bio: profile.bio,
            ..Self::default()
        }
    }
}

impl From<plain::Post> for Post {
    fn from(post: plain::Post) -> Self {
        Self {
            title: post.title,
            comments: all(post.comments).into(),
            ..Self::default()
        }
    }
}

impl From<plain::Comment> for Comment {
    fn from(comment: plain::Comment) -> Self {
        Self {
            body: comment.body,
            ..Self::default()
        }
    }
}

impl From<plain::Node> for Node {
    fn from(node: plain::Node) -> Self {
        Self {
            name: node.name,
            nodes: all(node.nodes).into(),
            ..Self::default()
        }
    }
}

impl From<plain::Album> for Album {
    fn from(album: plain::Album) -> Self {
        let mut tags = ManyToMany::empty();
        for key in album.tags {
            tags.add_key(key);
        }
        Self {
            name: album.name,
            tags,
            ..Self::default()
        }
    }
}
