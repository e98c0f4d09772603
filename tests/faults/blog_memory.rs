//! What operations on a blog have in memory, and how it is compared with the tables.

use sqlx::Pool;
use sqlx_cascade::{BelongsTo, HasMany, Persistent};

use crate::blog::{Author, Comment, Draft, Node, Post, Shelf, Tag};
use crate::home::{Home, Kind};
use crate::operation::{Memory, pending};

/// What an operation has in memory.
#[derive(Default)]
pub(crate) struct Handles {
    pub(crate) values: Vec<Author>,
    pub(crate) authors: Vec<Persistent<Author>>,
    pub(crate) posts: Vec<Persistent<Post>>,
    pub(crate) nodes: Vec<Persistent<Node>>,
    pub(crate) shelves: Vec<Persistent<Shelf>>,
}

/// What can be seen of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    values: Vec<Author>,
    authors: Vec<Author>,
    posts: Vec<Post>,
    nodes: Vec<Node>,
    shelves: Vec<Shelf>,
    held: Vec<String>,
    pending: Vec<String>,
}

fn values<T: Clone>(handles: &[Persistent<T>]) -> Vec<T> {
    handles.iter().map(|handle| (**handle).clone()).collect()
}

impl Memory for Handles {
    type Snapshot = Snapshot;

    fn snapshot(&self) -> Snapshot {
        let authors = self.authors.iter().flat_map(|author| author.posts.known());
        let held = |post: &Post| {
            let series = post.series.as_ref().map(BelongsTo::try_get);
            let cover = post.cover.as_ref().map(BelongsTo::try_get);
            let tags: Vec<&Tag> = post.tags.known().collect();
            format!("{series:?} {cover:?} {tags:?}")
        };
        Snapshot {
            values: self.values.clone(),
            authors: values(&self.authors),
            posts: values(&self.posts),
            nodes: values(&self.nodes),
            shelves: values(&self.shelves),
            held: authors
                .chain(self.posts.iter().map(|post| &**post))
                .map(held)
                .collect(),
            pending: self.pending(),
        }
    }

    fn pending(&self) -> Vec<String> {
        let mut all = pending(&self.authors);
        all.extend(pending(&self.posts));
        all.extend(pending(&self.nodes));
        all.extend(pending(&self.shelves));
        all
    }

    fn has_values(&self) -> bool {
        !self.values.is_empty()
    }

    async fn agrees<DB: Kind>(&self, home: &Home<DB>) {
        for author in &self.authors {
            assert!(author.plan().expect("a plan").is_empty(), "{author:?}");
            let there = authors(&[author.id], &home.observer).await.remove(0);
            let (mut mine, mut theirs) = (Vec::new(), Vec::new());
            say_author(author, author, &mut mine);
            say_author(&there, author, &mut theirs);
            same(mine, theirs);
        }
        for post in &self.posts {
            assert!(post.plan().expect("a plan").is_empty(), "{post:?}");
            let there = posts(&[post.id], &home.observer).await.remove(0);
            let (mut mine, mut theirs) = (Vec::new(), Vec::new());
            say_post(post, post, &mut mine);
            say_post(&there, post, &mut theirs);
            same(mine, theirs);
        }
        for node in &self.nodes {
            assert!(node.plan().expect("a plan").is_empty(), "{node:?}");
            let there = nodes(&[node.id], &home.observer).await.remove(0);
            let (mut mine, mut theirs) = (Vec::new(), Vec::new());
            say_node(node, node, &mut mine);
            say_node(&there, node, &mut theirs);
            same(mine, theirs);
        }
    }
}

#[track_caller]
fn same(mut mine: Vec<String>, mut theirs: Vec<String>) {
    mine.sort();
    theirs.sort();
    assert_eq!(mine, theirs);
}

/// The children that another list of the same parent holds, or all where that is loaded, each with its place there.
fn held<'l, T>(
    list: &'l HasMany<T>,
    mine: &'l HasMany<T>,
    key: fn(&T) -> i64,
) -> Vec<(&'l T, Option<&'l T>)> {
    let pair = |child| (child, mine.known().find(|other| key(other) == key(child)));
    let pairs = list.known().map(pair);
    pairs
        .filter(|(_, other)| mine.is_loaded() || other.is_some())
        .collect()
}

fn say_author(author: &Author, mine: &Author, lines: &mut Vec<String>) {
    lines.push(format!("{} {} {}", author.id, author.name, author.version));
    for (post, mine) in held(&author.posts, &mine.posts, |post| post.id) {
        say_post(post, mine.unwrap_or(&Post::default()), lines);
    }
    for (
        Draft {
            id,
            author_id,
            text,
        },
        _,
    ) in held(&author.drafts, &mine.drafts, |draft| draft.id)
    {
        lines.push(format!("draft {id} {author_id:?} {text}"));
    }
}

fn say_post(post: &Post, mine: &Post, lines: &mut Vec<String>) {
    let series = post.series.as_ref().and_then(BelongsTo::key);
    let cover = post.cover.as_ref().and_then(BelongsTo::key);
    lines.push(format!(
        "post {} {} {} {} {} {series:?} {cover:?}",
        post.id, post.author_id, post.place, post.title, post.version
    ));
    for (comment, _) in held(&post.comments, &mine.comments, |comment| comment.id) {
        let Comment { id, post_id, text } = comment;
        lines.push(format!("comment {id} {post_id} {text}"));
    }
    let tags = post.tags.keys();
    let tags = tags.filter(|key| mine.tags.is_loaded() || mine.tags.contains_key(key));
    lines.extend(tags.map(|key| format!("link {} {key}", post.id)));
    let words = post.tags.known().filter(|tag| {
        let mut known = mine.tags.known();
        known.any(|mine| mine.id == tag.id)
    });
    lines.extend(words.map(|Tag { id, word }| format!("tag {id} {word}")));
    let held = |name: Option<&str>, mine: bool| name.filter(|_| mine).map(str::to_owned);
    let name = |post: &Post| {
        let series = post.series.as_ref()?.try_get().ok()??;
        Some(series.name.clone())
    };
    lines.extend(held(name(post).as_deref(), name(mine).is_some()));
    let art = |post: &Post| {
        let cover = post.cover.as_ref()?.try_get().ok()??;
        Some(cover.art.clone())
    };
    lines.extend(held(art(post).as_deref(), art(mine).is_some()));
}

fn say_node(node: &Node, mine: &Node, lines: &mut Vec<String>) {
    lines.push(format!("{} {:?} {}", node.id, node.parent_id, node.name));
    for (child, mine) in held(&node.children, &mine.children, |node| node.id) {
        say_node(child, mine.unwrap_or(&Node::default()), lines);
    }
}

/// Authors with all that they have.
pub(crate) async fn authors<DB: Kind>(keys: &[i64], pool: &Pool<DB>) -> Vec<Persistent<Author>> {
    Author::find_many(keys.iter().copied())
        .with(Author::POSTS.then(Post::COMMENTS))
        .with(Author::POSTS.then(Post::TAGS))
        .with(Author::POSTS.then(Post::SERIES))
        .with(Author::POSTS.then(Post::COVER))
        .with(Author::DRAFTS)
        .all(pool)
        .await
        .expect("the authors")
}

/// Posts with all that they have.
pub(crate) async fn posts<DB: Kind>(keys: &[i64], pool: &Pool<DB>) -> Vec<Persistent<Post>> {
    Post::find_many(keys.iter().copied())
        .with(Post::COMMENTS)
        .with(Post::TAGS)
        .with(Post::SERIES)
        .with(Post::COVER)
        .all(pool)
        .await
        .expect("the posts")
}

/// Trees, four levels of them.
pub(crate) async fn nodes<DB: Kind>(keys: &[i64], pool: &Pool<DB>) -> Vec<Persistent<Node>> {
    let levels: [_; 2] = [Node::CHILDREN, Node::CHILDREN];
    Node::find_many(keys.iter().copied())
        .with(
            levels[0]
                .then(levels[1])
                .then(Node::CHILDREN)
                .then(Node::CHILDREN),
        )
        .all(pool)
        .await
        .expect("the nodes")
}
