//! Reads of lists, links, held parents and trees.

use sqlx::Pool;
use sqlx_cascade::{BelongsTo, Db, Error};

use crate::blog::{Author, Node, Post, node};
use crate::blog_memory::{Handles, authors, nodes};
use crate::home::{Home, Kind};
use crate::operation::Memory as _;
use crate::readers::Reads;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum BlogRead {
    /// An author: lists, links and held parents.
    Find,
    Load,
    Refresh,
    FindTree,
    LoadTree,
    RefreshTree,
}

impl BlogRead {
    fn is_tree(self) -> bool {
        matches!(self, Self::FindTree | Self::LoadTree | Self::RefreshTree)
    }
}

impl Reads for BlogRead {
    type Memory = Handles;

    const ALL: &'static [Self] = &[
        Self::Find,
        Self::Load,
        Self::Refresh,
        Self::FindTree,
        Self::LoadTree,
        Self::RefreshTree,
    ];

    const TABLES: &'static [&'static str] = &[
        "authors",
        "posts",
        "comments",
        "tags",
        "post_tags",
        "series",
        "covers",
        "nodes",
    ];

    async fn memory<DB: Kind>(self, pool: &Pool<DB>) -> Handles {
        let mut memory = Handles::default();
        match self {
            Self::Find | Self::Load => {
                memory.authors = vec![Author::find(1).one(pool).await.expect("ann")];
            }
            Self::Refresh => memory.authors = authors(&[1], pool).await,
            Self::FindTree | Self::LoadTree => {
                memory.nodes = vec![Node::find(1).one(pool).await.expect("the root")];
            }
            Self::RefreshTree => memory.nodes = nodes(&[1], pool).await,
        }
        for author in &mut memory.authors {
            author.name = "anna".into();
        }
        for node in &mut memory.nodes {
            node.name = "trunk".into();
        }
        match self {
            Self::Refresh => {
                let posts = &mut memory.authors[0].posts;
                posts.remove(1);
                posts[0].title = "uno".into();
                posts[0].comments.remove(0);
                posts[0].series.as_mut().expect("a series").set_key(2);
            }
            Self::RefreshTree => {
                let a = &mut memory.nodes[0].children[0];
                a.children[0].name = "twig".into();
                a.children[0].children[0].name = "leaf".into();
                a.children.push(node("new", Vec::new()));
            }
            _ => {}
        }
        memory
    }

    async fn run<D: Db>(self, memory: &mut Handles, db: D) -> Result<(), Error> {
        let all = (
            Author::POSTS.then(Post::COMMENTS),
            Author::POSTS.then(Post::TAGS),
            Author::POSTS.then(Post::SERIES),
            Author::POSTS.then(Post::COVER),
        );
        let levels = Node::CHILDREN.then(Node::CHILDREN).then(Node::CHILDREN);
        match self {
            Self::Find => {
                memory.authors = vec![Author::find(1).with(all).one(db).await?];
            }
            Self::Load => memory.authors[0].load(all, db).await?,
            Self::Refresh => memory.authors[0].refresh(db).await?,
            Self::FindTree => {
                memory.nodes = vec![Node::find(1).with(levels).one(db).await?];
            }
            Self::LoadTree => memory.nodes[0].load(levels, db).await?,
            Self::RefreshTree => memory.nodes[0].refresh(db).await?,
        }
        Ok(())
    }

    fn reads(self, table: &str) -> bool {
        match (self, table) {
            // Links, their targets and held parents stay at a refresh.
            (Self::Load, "authors") | (Self::Refresh, "tags" | "post_tags" | "series") => false,
            _ => self.is_tree() == (table == "nodes"),
        }
    }

    async fn done<DB: Kind>(self, mut memory: Handles, home: &Home<DB>) {
        if let Self::Load = self {
            assert_eq!(memory.authors[0].name, "anna");
            memory.authors[0].name = "ann".into();
        }
        if let Self::LoadTree = self {
            assert_eq!(memory.nodes[0].name, "trunk");
            memory.nodes[0].name = "root".into();
        }
        memory.agrees(home).await;
        for author in &memory.authors {
            let post = &author.posts[0];
            let series = post.series.as_ref().and_then(BelongsTo::key);
            assert_eq!(
                (author.posts.len(), post.comments.len(), series),
                (2, 2, Some(&1))
            );
            // Links aren't part of what a refresh reads.
            if !matches!(self, Self::Refresh) {
                assert_eq!(post.tags.keys().count(), 2);
            }
        }
        for node in &memory.nodes {
            assert_eq!(node.children.len(), 2);
            assert_eq!(node.children[0].children[0].children[0].name, "aaa");
        }
    }

    fn seen(memory: &Handles) -> String {
        format!("{:?}", memory.snapshot())
    }
}
