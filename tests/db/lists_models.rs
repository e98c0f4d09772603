//! Structs with lists, which several files use.

use sqlx_cascade::{HasMany, Persistent, Relations};

use crate::support::{Base, Test, changes};

/// Four tables, one below the other; the database cascades nothing.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "blogs")]
pub(crate) struct Blog {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) posts: HasMany<Post>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "posts")]
pub(crate) struct Post {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Blog)]
    pub(crate) blog_id: i64,
    pub(crate) title: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) comments: HasMany<Comment>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "comments")]
pub(crate) struct Comment {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Post)]
    pub(crate) post_id: i64,
    pub(crate) text: String,
    #[one_to_many(cascade = "all, delete-orphan")]
    pub(crate) likes: HasMany<Like>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "likes")]
pub(crate) struct Like {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Comment)]
    pub(crate) comment_id: i64,
    pub(crate) who: String,
}

pub(crate) const BLOGS: &str = "
    CREATE TABLE blogs (id $id, name TEXT NOT NULL);
    CREATE TABLE posts (id $id, blog_id BIGINT NOT NULL REFERENCES blogs (id), title TEXT NOT NULL CHECK (title <> 'bad'));
    CREATE TABLE comments (id $id, post_id BIGINT NOT NULL REFERENCES posts (id), text TEXT NOT NULL);
    CREATE TABLE likes (id $id, comment_id BIGINT NOT NULL REFERENCES comments (id), who TEXT NOT NULL);
";

/// A blog with these posts, which have nothing below them.
pub(crate) fn blog(name: &str, titles: &[&str]) -> Blog {
    Blog {
        name: name.into(),
        posts: titles.iter().map(|title| post(title)).collect(),
        ..Blog::default()
    }
}

/// A post without comments.
pub(crate) fn post(title: &str) -> Post {
    Post {
        title: title.into(),
        comments: HasMany::empty(),
        ..Post::default()
    }
}

/// A comment without likes.
pub(crate) fn comment(text: &str) -> Comment {
    Comment {
        text: text.into(),
        likes: HasMany::empty(),
        ..Comment::default()
    }
}

/// A like.
pub(crate) fn like(who: &str) -> Like {
    Like {
        who: who.into(),
        ..Like::default()
    }
}

/// A blog with two posts, which have two comments each, which have two likes each.
pub(crate) fn full(name: &str) -> Blog {
    let likes = |path: &str| {
        [1, 2]
            .map(|number| like(&format!("{path}.{number}")))
            .into_iter()
            .collect()
    };
    let comments = |path: &str| {
        let comment = |number: i32| {
            let text = format!("{path}.{number}");
            Comment {
                likes: likes(&text),
                ..comment(&text)
            }
        };
        [1, 2].map(comment).into_iter().collect()
    };
    let post = |number: i32| {
        let title = format!("{name}.{number}");
        Post {
            comments: comments(&title),
            ..post(&title)
        }
    };
    Blog {
        posts: [1, 2].map(post).into_iter().collect(),
        ..blog(name, &[])
    }
}

/// The titles of posts.
pub(crate) fn titles<'p>(posts: impl IntoIterator<Item = &'p Post>) -> Vec<&'p str> {
    posts.into_iter().map(|post| post.title.as_str()).collect()
}

/// The texts of comments.
pub(crate) fn texts<'c>(comments: impl IntoIterator<Item = &'c Comment>) -> Vec<&'c str> {
    comments
        .into_iter()
        .map(|comment| comment.text.as_str())
        .collect()
}

/// The blog with this key, nothing of it loaded.
pub(crate) async fn unloaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<Blog> {
    let blog = Blog::find(id).one(&test.pool).await.unwrap();
    drop(test.sent());
    blog
}

/// The blog with this key and its posts.
pub(crate) async fn loaded<B: Base>(test: &Test<B>, id: i64) -> Persistent<Blog> {
    let find = Blog::find(id).with(Blog::POSTS);
    let blog = find.one(&test.pool).await.unwrap();
    drop(test.sent());
    blog
}

impl<B: Base> Test<B> {
    /// What was sent since it was asked last; the lists of one step that are sent in pieces are one.
    pub(crate) fn steps(&self) -> Vec<String> {
        let mut sent = self.sent();
        if B::LISTS {
            sent.dedup();
        }
        sent
    }

    /// Saves; what changed is what the plan said, but for what only the database knows.
    pub(crate) async fn save_much_as_planned<T: sqlx_cascade::Entity>(
        &self,
        handle: &mut Persistent<T>,
    ) -> Vec<String> {
        let plan = handle.plan().expect("a plan");
        let report = handle.save(&self.pool).await.expect("a save");
        let mut done = report.changes().iter().peekable();
        for planned in plan.changes() {
            let same = done.next_if(|change| {
                let rows = planned.rows.is_none() || planned.rows == change.rows;
                rows && (planned.kind, planned.table) == (change.kind, change.table)
            });
            assert!(
                same.is_some() || planned.rows.is_none(),
                "{plan} was planned, {report} was done"
            );
        }
        assert!(
            done.next().is_none(),
            "{plan} was planned, {report} was done"
        );
        changes(&report)
    }

    /// Every row of the four tables, leaves last.
    pub(crate) async fn blogs(&self) -> [Vec<String>; 4] {
        [
            self.rows("blogs").await,
            self.rows("posts").await,
            self.rows("comments").await,
            self.rows("likes").await,
        ]
    }
}

/// A kennel and dogs, which can be without it: the key is nullable, nothing is deleted.
#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "kennels")]
pub(crate) struct Kennel {
    #[key(generated)]
    pub(crate) id: i64,
    pub(crate) name: String,
    #[one_to_many]
    pub(crate) dogs: HasMany<Dog>,
}

#[derive(Debug, Default, Clone, PartialEq, Relations)]
#[table(name = "dogs")]
pub(crate) struct Dog {
    #[key(generated)]
    pub(crate) id: i64,
    #[many_to_one(Kennel, on_delete = "set null")]
    pub(crate) kennel_id: Option<i64>,
    pub(crate) name: String,
}

pub(crate) const KENNELS: &str = "
    CREATE TABLE kennels (id $id, name TEXT NOT NULL);
    CREATE TABLE dogs (id $id, kennel_id BIGINT REFERENCES kennels (id) ON DELETE SET NULL, name TEXT NOT NULL);
";

/// A kennel with these dogs.
pub(crate) fn kennel(name: &str, dogs: &[&str]) -> Kennel {
    Kennel {
        name: name.into(),
        dogs: dogs.iter().map(|name| dog(name)).collect(),
        ..Kennel::default()
    }
}

/// A dog.
pub(crate) fn dog(name: &str) -> Dog {
    Dog {
        name: name.into(),
        ..Dog::default()
    }
}

/// How many statements lists may take.
pub(crate) fn most<B: Base>(rows: usize) -> usize {
    if B::LISTS { rows.div_ceil(256) + 8 } else { 1 }
}
