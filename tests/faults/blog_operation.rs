//! Every operation that writes lists, links, held parents and trees.

use serde_json::json;
use sqlx::Pool;
use sqlx_cascade::{
    BelongsTo, Db, Error, HasMany, ManyToMany, Persistent, RelationOf, save_together,
};

use crate::blog::{
    Author, Comment, Node, Post, Shelf, comment, cover, draft, node, post, series, tag,
};
use crate::blog_memory::{Handles, authors, nodes, posts};
use crate::home::Kind;
use crate::operation::{Memory as _, Writes, is_above, plain, refresh};

/// An operation on a blog.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    /// A save of columns that changed at every level.
    Change,
    /// A save without some of the children.
    Shrink,
    /// A save of lists that are cleared, not loaded.
    Clear,
    /// A save of other children, the old ones not loaded.
    Replace,
    /// A save of posts that another author had, and of what was below a post that leaves.
    Bulk,
    /// A save of a post that a query found: a single statement.
    Attach,
    SetKeys,
    /// Links by key and to a new tag, nothing loaded.
    Link,
    Unlink,
    DetachTags,
    /// Posts of other series, one of them new.
    Repoint,
    /// A new cover for one post, none for another.
    Covers,
    /// `save` of a value with everything.
    Insert,
    Delete,
    DeleteAll,
    DeleteByKey,
    DetachPosts,
    Merge,
    Patch,
    /// `save_together` of an author, posts and a tree.
    Together,
    /// A save of new, changed and moved nodes.
    Grow,
    /// A save of a tree without a subtree, from which a node moves to another tree.
    Uproot,
    /// `delete` of a tree.
    Fell,
    /// `delete` of rows that refer to each other.
    Circle,
}

pub(crate) const LISTS: &[Operation] = &[
    Operation::Change,
    Operation::Shrink,
    Operation::Clear,
    Operation::Replace,
    Operation::Bulk,
    Operation::Attach,
];
pub(crate) const LINKS: &[Operation] = &[
    Operation::SetKeys,
    Operation::Link,
    Operation::Unlink,
    Operation::DetachTags,
    Operation::Repoint,
    Operation::Covers,
];
pub(crate) const GRAPHS: &[Operation] = &[
    Operation::Insert,
    Operation::Delete,
    Operation::DeleteAll,
    Operation::DeleteByKey,
    Operation::DetachPosts,
    Operation::Merge,
    Operation::Patch,
    Operation::Together,
];
pub(crate) const TREES: &[Operation] = &[
    Operation::Grow,
    Operation::Uproot,
    Operation::Fell,
    Operation::Circle,
];

/// One of each kind.
pub(crate) const FEW: &[Operation] = &[
    Operation::Clear,
    Operation::Shrink,
    Operation::Link,
    Operation::DetachTags,
    Operation::Repoint,
    Operation::Uproot,
];

/// Rows, and one relation of them at most.
async fn bare_posts<DB: Kind>(keys: &[i64], pool: &Pool<DB>) -> Vec<Persistent<Post>> {
    let found = Post::find_many(keys.iter().copied()).all(pool).await;
    found.expect("the posts")
}

async fn bare_authors<DB: Kind>(
    keys: &[i64],
    with: Option<impl RelationOf<Author>>,
    pool: &Pool<DB>,
) -> Vec<Persistent<Author>> {
    let mut find = Author::find_many(keys.iter().copied());
    if let Some(with) = with {
        find = find.with(with);
    }
    find.all(pool).await.expect("the authors")
}

impl Writes for Operation {
    type Memory = Handles;

    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Handles {
        let mut memory = Handles::default();
        match self {
            Self::Insert => memory.values = vec![whole()],
            Self::DeleteByKey | Self::Merge | Self::Patch => {}
            Self::Clear | Self::Attach => {
                memory.authors =
                    bare_authors(&[1], None::<sqlx_cascade::Relation<_, Post>>, pool).await;
            }
            Self::Replace => {
                memory.authors = bare_authors(&[1, 3], Some(Author::DRAFTS), pool).await;
            }
            Self::Change | Self::Shrink | Self::Delete | Self::DetachPosts => {
                memory.authors = authors(&[1], pool).await;
            }
            Self::Bulk => memory.authors = authors(&[1, 2, 3], pool).await,
            Self::DeleteAll => memory.authors = authors(&[1, 2], pool).await,
            Self::SetKeys | Self::Link => memory.posts = bare_posts(&[1, 3, 4], pool).await,
            Self::Unlink | Self::Repoint | Self::Covers => {
                memory.posts = posts(&[1, 2, 3], pool).await;
            }
            Self::DetachTags => memory.posts = posts(&[1], pool).await,
            Self::Together => {
                memory.authors = authors(&[1], pool).await;
                memory.posts = posts(&[3, 4], pool).await;
                memory.nodes = nodes(&[1], pool).await;
            }
            Self::Grow => memory.nodes = nodes(&[1], pool).await,
            Self::Uproot => memory.nodes = nodes(&[1, 6], pool).await,
            Self::Fell => {
                memory.nodes = vec![Node::find(1).one(pool).await.expect("the root")];
            }
            Self::Circle => {
                memory.shelves = vec![Shelf::find(1).one(pool).await.expect("the shelf")];
            }
        }
        if self == Self::Attach {
            let mut found = bare_posts(&[2], pool).await;
            found[0].title = "attached".into();
            memory.authors[0].posts.attach(found);
        }
        self.change(&mut memory);
        memory
    }

    async fn run<D: Db>(self, memory: &mut Handles, db: D) -> Result<(), Error> {
        let Handles {
            values,
            authors,
            posts,
            nodes,
            shelves,
        } = memory;
        match self {
            Self::Insert => {
                let saved = values.remove(0).save(db).await;
                let failed = |error: &Error| values.extend(error.take_entity::<Author>());
                *authors = vec![saved.inspect_err(failed)?];
            }
            Self::Change | Self::Shrink | Self::Clear | Self::Attach => {
                authors[0].save(db).await?;
            }
            Self::Bulk | Self::Replace => drop(Persistent::save_all(authors, db).await?),
            Self::SetKeys | Self::Link | Self::Unlink | Self::Repoint | Self::Covers => {
                drop(Persistent::save_all(posts, db).await?);
            }
            Self::DetachTags => drop(posts[0].detach(Post::TAGS, db).await?),
            Self::Delete => {
                let deleted = authors.remove(0).delete(db).await;
                deleted.inspect_err(|error| {
                    authors.extend(error.take_entity::<Persistent<Author>>());
                })?;
            }
            Self::DeleteAll => {
                let deleted = Persistent::delete_all(std::mem::take(authors), db).await;
                deleted
                    .inspect_err(|error| *authors = error.take_entity().expect("the handles"))?;
            }
            Self::DeleteByKey => drop(Author::delete_by_key(1, db).await?),
            Self::DetachPosts => drop(authors[0].detach(Author::POSTS, db).await?),
            Self::Merge => *authors = vec![Author::merge(put(), db).await?],
            Self::Patch => *authors = vec![Author::patch(1, payload(), db).await?],
            Self::Together => {
                let posts: Vec<&mut Persistent<Post>> = posts.iter_mut().collect();
                save_together((&mut authors[0], posts, &mut nodes[0]), db).await?;
            }
            Self::Grow => drop(nodes[0].save(db).await?),
            Self::Uproot => drop(Persistent::save_all(nodes, db).await?),
            Self::Fell => {
                let deleted = nodes.remove(0).delete(db).await;
                deleted.inspect_err(|error| {
                    nodes.extend(error.take_entity::<Persistent<Node>>());
                })?;
            }
            Self::Circle => {
                let deleted = shelves.remove(0).delete(db).await;
                deleted.inspect_err(|error| {
                    shelves.extend(error.take_entity::<Persistent<Shelf>>());
                })?;
            }
        }
        Ok(())
    }

    async fn redo<DB: Kind>(self, memory: &mut Handles, pool: &Pool<DB>) {
        let done = match self {
            // What was deleted is new, and the handle is gone.
            Self::Delete | Self::DeleteAll | Self::DeleteByKey | Self::Fell | Self::Circle => {
                *memory = self.memory(pool).await;
                self.run(memory, pool).await
            }
            Self::Insert | Self::Merge | Self::Patch => {
                let saved = Persistent::save_all(&mut memory.authors, pool).await;
                saved.map(drop)
            }
            _ => self.run(memory, pool).await,
        };
        done.expect("what was rolled back, once more");
    }

    async fn refresh<DB: Kind>(self, memory: &mut Handles, pool: &Pool<DB>, happened: bool) {
        let there = !happened || !self.consumes();
        refresh(&mut memory.authors, pool, there).await;
        refresh(&mut memory.posts, pool, there).await;
        refresh(&mut memory.nodes, pool, there).await;
        refresh(&mut memory.shelves, pool, there).await;
        if there {
            assert!(
                memory
                    .pending()
                    .iter()
                    .all(|left| left.starts_with("Ok(Plan { changes: [] })")),
                "{:?}",
                memory.pending()
            );
        }
        if !happened {
            *memory = self.memory(pool).await;
        }
    }

    fn consumes(self) -> bool {
        matches!(
            self,
            Self::Insert | Self::Delete | Self::DeleteAll | Self::Fell | Self::Circle
        )
    }

    fn is_alone(self) -> bool {
        self == Self::Attach
    }

    fn is_path(self, path: &str, table: &str) -> bool {
        let rows: &[&str] = match table {
            "authors" => &["Author"],
            "posts" => &["Author.posts", "Post"],
            "comments" => &["Author.posts.comments", "Post.comments"],
            "drafts" => &["Author.drafts"],
            "tags" | "post_tags" => &["Author.posts.tags", "Post.tags"],
            "series" => &["Author.posts.series", "Post.series"],
            // What is reached below a root has the path of its own table.
            "covers" => &["Author.posts.cover", "Post.cover", "Cover"],
            "nodes" => &["Node.children.children.children.children"],
            _ => &["Shelf.cases.shelves", "Case"],
        };
        rows.iter().any(|row| is_above(&plain(path), row))
    }
}

impl Operation {
    /// What is changed in memory before the operation.
    #[expect(clippy::too_many_lines, reason = "one arm per operation")]
    fn change(self, memory: &mut Handles) {
        let Handles {
            authors,
            posts,
            nodes,
            ..
        } = memory;
        match self {
            Self::Change => {
                authors[0].name = "anna".into();
                let post = &mut authors[0].posts[0];
                post.title = "uno".into();
                post.comments[1].text = "changed".into();
                post.tags.iter_mut().next().expect("a tag").word = "inks".into();
                let series = post.series.as_mut().and_then(BelongsTo::get_mut);
                series.expect("a series").name = "changed".into();
                let cover = post.cover.as_mut().and_then(BelongsTo::get_mut);
                cover.expect("a cover").art = "crimson".into();
                post.comments.push(comment("new"));
                post.tags.push(tag("new"));
                authors[0].drafts[0].text = "changed".into();
                authors[0].posts.push(post_of_all());
            }
            Self::Shrink => {
                authors[0].posts.remove(0);
                authors[0].posts[0].comments.retain(|_| false);
                authors[0].posts[0].series = None;
                authors[0].drafts.remove(0);
            }
            Self::Clear => {
                authors[0].posts.clear();
                authors[0].drafts.clear();
            }
            Self::Replace => {
                authors[0].posts.replace([post_of_all(), post("next", 2)]);
                authors[0].drafts.replace([draft("new")]);
                authors[1].posts = vec![post("first", 1)].into();
            }
            Self::Bulk => {
                let [ann, bob, cid] = authors.as_mut_slice() else {
                    panic!("three authors");
                };
                for _ in 0..2 {
                    cid.posts.adopt(bob.posts.expunge(0));
                }
                // Out of a post that leaves.
                let comment = ann.posts[0].comments.expunge(0);
                cid.posts[0].comments.adopt(comment);
                ann.posts.remove(0);
                cid.drafts.adopt(ann.drafts.expunge(1));
                cid.posts[1].title = "moved".into();
            }
            Self::Attach
            | Self::Insert
            | Self::DeleteByKey
            | Self::Merge
            | Self::Patch
            | Self::DetachTags
            | Self::DetachPosts
            | Self::Fell
            | Self::Circle => {}
            Self::SetKeys => {
                posts[0].tags.set_keys([2, 3]);
                posts[1].tags.set_keys([]);
                posts[2].tags.set_keys([1]);
            }
            Self::Link => {
                posts[0].tags.add_key(2);
                posts[0].tags.add_key(3);
                posts[0].tags.remove_key(&1);
                posts[1].tags.push(tag("new"));
                posts[2].tags.push(tag("newer"));
                posts[2].tags.add_key(1);
            }
            Self::Unlink => {
                posts[0].tags.remove(0);
                posts[1].tags.clear();
                posts[1].tags.add_key(1);
                posts[2].tags = ManyToMany::empty();
            }
            Self::Repoint => {
                posts[0].series = series("new");
                posts[1].series.as_mut().expect("a series").set_key(1);
                posts[2].series = None;
            }
            Self::Covers => {
                posts[0].cover = cover("new");
                posts[1].cover = cover("first");
                posts[2].cover = None;
            }
            // A delete releases first what was taken out to survive.
            Self::Delete | Self::DeleteAll => drop(authors[0].drafts.remove(0)),
            Self::Together => {
                authors[0].name = "anna".into();
                authors[0].posts[0]
                    .comments
                    .adopt(posts[0].comments.expunge(0));
                authors[0].posts.remove(1);
                posts[0].tags.add_key(3);
                posts[1].series = series("new");
                nodes[0].children[1].name = "bee".into();
                nodes[0].children.remove(0);
            }
            Self::Grow => {
                nodes[0].name = "trunk".into();
                let moved = nodes[0].children[0].children.expunge(0);
                let b = &mut nodes[0].children[1];
                b.children.adopt(moved);
                b.children[0].children[0].name = "leaf".into();
                b.children
                    .push(node("new", vec![node("newer", Vec::new())]));
            }
            Self::Uproot => {
                let moved = nodes[0].children[0].children.expunge(0);
                nodes[1].children.adopt(moved);
                nodes[0].children.remove(0);
            }
        }
    }
}

fn post_of_all() -> Post {
    let mut all = post("all", 9);
    all.tags.add_key(1);
    all.tags.push(tag("fresh"));
    all.series = series("fresh");
    all.cover = cover("fresh");
    all
}

/// An author with everything.
fn whole() -> Author {
    let mut second = post("second", 2);
    second.series = Some(BelongsTo::to(1));
    Author {
        name: "dora".into(),
        posts: vec![post_of_all(), second].into(),
        drafts: vec![draft("hers"), draft("hers too")].into(),
        ..Author::default()
    }
}

/// One post stays, one is new, one leaves; a comment of each kind below.
fn put() -> Author {
    let kept = Post {
        id: 1,
        place: 1,
        title: "put".into(),
        comments: vec![
            Comment {
                id: 2,
                text: "put".into(),
                ..Comment::default()
            },
            comment("new"),
        ]
        .into(),
        series: Some(BelongsTo::to(2)),
        cover: Some(BelongsTo::to(1)),
        ..Post::default()
    };
    Author {
        id: 1,
        name: "anna".into(),
        posts: vec![kept, post("new", 2)].into(),
        drafts: HasMany::empty(),
        ..Author::default()
    }
}

fn payload() -> serde_json::Value {
    json!({
        "name": "anna",
        "posts": [
            { "id": 2, "comments": [] },
            { "id": 1, "title": "patched", "comments": [{ "id": 1 }, { "text": "new" }] },
        ],
        "drafts": [{ "id": 2, "text": "patched" }],
    })
}
