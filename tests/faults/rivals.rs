//! Two writers: the first stands at each of its steps while the second runs, or waits for it. Afterwards the tables are those of one order.

use std::pin::pin;

use sqlx::Pool;
use sqlx_cascade::{BelongsTo, Db, Error, ErrorKind, Persistent};

use crate::albums::{ALBUMS, Operation as OfAlbums};
use crate::blog::{Author, BLOG, Node, Post, Series, Shelf, comment, cover, node, post};
use crate::blog_memory::{Handles, authors};
use crate::blog_operation::Operation;
use crate::home::{Home, Kind, Level};
use crate::models::USERS;
use crate::operation::{Memory, Operation as OfUsers, Writes};

/// What a writer does.
pub(crate) trait Rival: Copy + std::fmt::Debug {
    type Memory: Memory;

    async fn ready<DB: Kind>(self, pool: &Pool<DB>) -> Self::Memory;

    async fn run<D: Db>(self, memory: &mut Self::Memory, db: D) -> Result<(), Error>;

    /// It brings the keys of rows along and looks for them: they may be gone, or another's.
    fn looks_for_rows(self) -> bool;
}

impl Rival for OfAlbums {
    type Memory = <Self as Writes>::Memory;

    async fn ready<DB: Kind>(self, pool: &Pool<DB>) -> Self::Memory {
        self.memory(pool).await
    }

    async fn run<D: Db>(self, memory: &mut Self::Memory, db: D) -> Result<(), Error> {
        Writes::run(self, memory, db).await
    }

    fn looks_for_rows(self) -> bool {
        self == Self::Merge
    }
}

impl Rival for OfUsers {
    type Memory = <Self as Writes>::Memory;

    async fn ready<DB: Kind>(self, pool: &Pool<DB>) -> Self::Memory {
        self.memory(pool).await
    }

    async fn run<D: Db>(self, memory: &mut Self::Memory, db: D) -> Result<(), Error> {
        Writes::run(self, memory, db).await
    }

    fn looks_for_rows(self) -> bool {
        matches!(self, Self::Merge | Self::Patch)
    }
}

/// What a writer does to a blog.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// As alone.
    Do(Operation),
    /// A post's series is one that no post has.
    Point,
    /// That series.
    DropSeries,
    /// ann's first post becomes this author's.
    Adopt(i64),
    DeleteAnn,
    /// ann's first post, and a comment on it.
    Rename,
    /// All of ann's posts, which aren't loaded.
    Clear,
    /// ann's first post.
    Remove,
    /// One more post of ann's.
    Push,
    SetTags(&'static [i64]),
    AddTag(i64),
    RemoveTag(i64),
    /// The tree.
    Fell,
    /// Two more nodes in the tree.
    Grow,
    /// A subtree goes to another tree.
    Graft,
    /// The same, and both are renamed.
    Transplant,
    /// Another cover for the first post.
    Cover(&'static str),
    /// The last post has the cover of the first, too.
    Share,
    /// A post has no cover any more, and another title.
    Uncover(i64),
    /// A case goes to another shelf, and both are renamed.
    Carry,
}

impl Rival for Act {
    type Memory = Handles;

    async fn ready<DB: Kind>(self, pool: &Pool<DB>) -> Handles {
        let mut memory = Handles::default();
        match self {
            Self::Do(operation) => return operation.memory(pool).await,
            Self::DropSeries => {}
            Self::Adopt(author) => {
                let mut both = authors(&[1, author], pool).await;
                let child = both[0].posts.expunge(0);
                both[1].posts.adopt(child);
                memory.authors = vec![both.remove(1)];
            }
            Self::Rename | Self::Remove => memory.authors = authors(&[1], pool).await,
            Self::DeleteAnn | Self::Clear | Self::Push => {
                memory.authors = vec![Author::find(1).one(pool).await.expect("ann")];
            }
            Self::SetTags(_) | Self::AddTag(_) | Self::RemoveTag(_) | Self::Point => {
                memory.posts = vec![Post::find(1).one(pool).await.expect("the post")];
            }
            Self::Cover(_) => {
                let found = Post::find(1).with(Post::COVER).one(pool).await;
                memory.posts = vec![found.expect("the post")];
            }
            Self::Share => memory.posts = vec![Post::find(4).one(pool).await.expect("the post")],
            Self::Uncover(post) => {
                memory.posts = vec![Post::find(post).one(pool).await.expect("the post")];
            }
            Self::Carry => {
                let found = Shelf::find_many([2, 3]).with(Shelf::CASES).all(pool).await;
                let mut both = found.expect("the shelves");
                let moved = both[0].cases.expunge(0);
                both[1].cases.adopt(moved);
                memory.shelves = vec![both.remove(1)];
            }
            Self::Fell => memory.nodes = vec![Node::find(1).one(pool).await.expect("the root")],
            Self::Grow => memory.nodes = vec![Node::find(4).one(pool).await.expect("a node")],
            Self::Graft | Self::Transplant => {
                let found = Node::find_many([2, 6]).with(Node::CHILDREN).all(pool).await;
                let mut both = found.expect("the nodes");
                let moved = both[0].children.expunge(0);
                both[1].children.adopt(moved);
                memory.nodes = vec![both.remove(1)];
            }
        }
        match self {
            Self::Rename => {
                memory.authors[0].posts[0].title = "renamed".into();
                memory.authors[0].posts[0].comments[0].text = "changed".into();
            }
            Self::Clear => memory.authors[0].posts.clear(),
            Self::Remove => drop(memory.authors[0].posts.remove(0)),
            Self::Push => memory.authors[0].posts.push(post("pushed", 3)),
            Self::SetTags(keys) => memory.posts[0].tags.set_keys(keys.iter().copied()),
            Self::AddTag(key) => memory.posts[0].tags.add_key(key),
            Self::RemoveTag(key) => memory.posts[0].tags.remove_key(&key),
            Self::Grow => {
                let below = node("below", vec![node("far below", Vec::new())]);
                memory.nodes[0].children.push(below);
            }
            Self::Cover(art) => memory.posts[0].cover = cover(art),
            Self::Share => {
                memory.posts[0].cover = Some(BelongsTo::to(1));
                memory.posts[0].comments.push(comment("shared"));
            }
            Self::Uncover(_) => {
                memory.posts[0].cover = None;
                memory.posts[0].comments.push(comment("bare"));
            }
            Self::Carry => {
                memory.shelves[0].name = "renamed".into();
                memory.shelves[0].cases[1].name = "moved".into();
            }
            Self::Point => memory.posts[0].series = Some(BelongsTo::to(3)),
            Self::Transplant => {
                memory.nodes[0].name = "renamed".into();
                memory.nodes[0].children[0].name = "moved".into();
            }
            Self::Do(_)
            | Self::DropSeries
            | Self::Adopt(_)
            | Self::DeleteAnn
            | Self::Fell
            | Self::Graft => {}
        }
        memory
    }

    async fn run<D: Db>(self, memory: &mut Handles, db: D) -> Result<(), Error> {
        match self {
            Self::Do(operation) => operation.run(memory, db).await?,
            Self::DropSeries => drop(Series::delete_by_key(3, db).await?),
            Self::DeleteAnn => {
                let deleted = memory.authors.remove(0).delete(db).await;
                deleted.inspect_err(|error| {
                    let handle = error.take_entity::<Persistent<Author>>();
                    memory.authors.extend(handle);
                })?;
            }
            Self::Fell => {
                let deleted = memory.nodes.remove(0).delete(db).await;
                deleted.inspect_err(|error| {
                    let handle = error.take_entity::<Persistent<Node>>();
                    memory.nodes.extend(handle);
                })?;
            }
            Self::Adopt(_) | Self::Rename | Self::Clear | Self::Remove | Self::Push => {
                memory.authors[0].save(db).await?;
            }
            Self::SetTags(_)
            | Self::AddTag(_)
            | Self::RemoveTag(_)
            | Self::Cover(_)
            | Self::Share
            | Self::Uncover(_)
            | Self::Point => {
                memory.posts[0].save(db).await?;
            }
            Self::Grow | Self::Graft | Self::Transplant => drop(memory.nodes[0].save(db).await?),
            Self::Carry => drop(memory.shelves[0].save(db).await?),
        }
        Ok(())
    }

    fn looks_for_rows(self) -> bool {
        matches!(self, Self::Do(Operation::Merge | Operation::Patch))
    }
}

/// One writer after the other.
struct Order {
    /// The tables after the first.
    first: Vec<String>,
    /// The tables after both, where the second does what it wants as well.
    both: Option<Vec<String>>,
}

async fn in_order<DB: Kind>(home: &Home<DB>, acts: [impl Rival; 2]) -> Order {
    home.reset().await;
    let (mut first, mut second) = (
        acts[0].ready(&home.pool).await,
        acts[1].ready(&home.pool).await,
    );
    let done = acts[0].run(&mut first, &home.pool).await;
    done.expect("the first writer, alone");
    let first = home.content().await;
    let done = acts[1].run(&mut second, &home.pool).await;
    let after = home.content().await;
    if done.is_err() {
        assert_eq!(after, first, "{acts:?}: an error changes nothing");
    }
    Order {
        first,
        both: done.is_ok().then_some(after),
    }
}

async fn interleaved<DB: Kind>(home: &Home<DB>, acts: [impl Rival; 2], level: Level) {
    let there = in_order(home, acts).await;
    let back = in_order(home, [acts[1], acts[0]]).await;
    home.reset().await;
    let before = home.content().await;
    let (pool, mut brake, rival) = DB::rivals(&home.place, level).await;
    for step in 0.. {
        home.reset().await;
        let mut mine = acts[0].ready(&pool).await;
        let mut theirs = acts[1].ready(&rival).await;
        let was = (mine.snapshot(), theirs.snapshot());
        let (ended, done) = {
            let mut first = pin!(acts[0].run(&mut mine, &pool));
            if let Some(done) = DB::up_to(&mut brake, first.as_mut(), step).await {
                done.expect("a writer without a rival");
                DB::resume(&mut brake);
                return;
            }
            let mut second = pin!(acts[1].run(&mut theirs, &rival));
            let ended = tokio::select! {
                biased;
                ended = second.as_mut() => Some(ended),
                () = DB::blocked(&home.observer) => None,
            };
            DB::resume(&mut brake);
            if let Some(ended) = ended {
                (ended, first.await)
            } else {
                let (done, ended) = tokio::join!(first, second);
                (ended, done)
            }
        };
        let place = format!(
            "{acts:?} at step {step}, {level:?}: {:?} {:?}",
            done.as_ref().map_err(Error::kind),
            ended.as_ref().map_err(Error::kind)
        );
        // Who was told that it is done has done it, in one order or the other.
        let possible = match (&done, &ended) {
            (Ok(()), Ok(())) => vec![there.both.as_ref(), back.both.as_ref()],
            (Ok(()), Err(_)) => vec![Some(&there.first)],
            (Err(_), Ok(())) => vec![Some(&back.first)],
            (Err(_), Err(_)) => vec![Some(&before)],
        };
        let tables = home.content().await;
        assert!(possible.contains(&Some(&tables)), "{place}: {tables:#?}");
        let sides = [
            (acts[0], done, &mine, was.0),
            (acts[1], ended, &theirs, was.1),
        ];
        for (act, done, memory, was) in sides {
            match done {
                Ok(()) => {
                    let left = memory.pending();
                    let nothing = "Ok(Plan { changes: [] }) []";
                    assert!(left.iter().all(|left| left == nothing), "{place}: {left:?}");
                }
                Err(error) => {
                    let known = matches!(
                        error.kind(),
                        ErrorKind::Stale
                            | ErrorKind::UniqueViolation
                            | ErrorKind::ForeignKeyViolation
                            | ErrorKind::Conflict
                    );
                    let looked = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotOwned);
                    let known = known || (looked && act.looks_for_rows());
                    assert!(known, "{place}: {error}");
                    assert_eq!(memory.snapshot(), was, "{place}");
                }
            }
        }
    }
}

async fn both_ways<DB: Kind>(home: Option<Home<DB>>, acts: [impl Rival; 2]) {
    let Some(home) = home else { return };
    for level in DB::LEVELS {
        interleaved(&home, acts, *level).await;
        interleaved(&home, [acts[1], acts[0]], *level).await;
    }
}

macro_rules! rivals {
    ($module:ident on $family:expr; $($name:ident: $first:expr, $second:expr;)*) => {
        mod $module {
            mod sqlite {
                use super::super::*;

                $(#[tokio::test]
                async fn $name() {
                    both_ways(Home::<sqlx::Sqlite>::of(&$family).await, [$first, $second]).await;
                })*
            }

            mod postgres {
                use super::super::*;

                $(#[tokio::test]
                async fn $name() {
                    both_ways(Home::<sqlx::Postgres>::of(&$family).await, [$first, $second]).await;
                })*
            }

            mod mysql {
                use super::super::*;

                $(#[tokio::test]
                async fn $name() {
                    both_ways(Home::<sqlx::MySql>::of(&$family).await, [$first, $second]).await;
                })*
            }
        }
    };
}

rivals! {
    blogs on BLOG;
    a_move_and_a_delete_of_the_old_parent: Act::Adopt(3), Act::DeleteAnn;
    a_move_and_an_edit: Act::Adopt(3), Act::Rename;
    a_move_and_a_removal: Act::Adopt(3), Act::Remove;
    a_move_and_a_clear: Act::Adopt(3), Act::Clear;
    two_moves: Act::Adopt(3), Act::Adopt(2);
    a_clear_and_an_insert: Act::Clear, Act::Push;
    a_delete_and_an_insert: Act::DeleteAnn, Act::Push;
    a_delete_and_a_link: Act::DeleteAnn, Act::AddTag(3);
    a_set_and_a_link: Act::SetTags(&[2]), Act::AddTag(3);
    a_set_and_an_unlink: Act::SetTags(&[1, 3]), Act::RemoveTag(1);
    the_same_link_twice: Act::AddTag(3), Act::AddTag(3);
    a_tree_and_a_node: Act::Fell, Act::Grow;
    a_tree_and_a_graft: Act::Fell, Act::Graft;
    a_tree_and_a_transplant: Act::Fell, Act::Transplant;
    two_covers: Act::Cover("mine"), Act::Cover("theirs");
    a_cover_that_goes_and_a_post_that_shares_it: Act::Uncover(1), Act::Share;
    a_circle_and_a_move_out_of_it: Act::Do(Operation::Circle), Act::Carry;
    a_merge_and_an_edit: Act::Do(Operation::Merge), Act::Rename;
    a_merge_and_a_move: Act::Do(Operation::Merge), Act::Adopt(3);
    a_merge_and_an_insert: Act::Do(Operation::Merge), Act::Push;
    a_merge_and_a_delete: Act::Do(Operation::Merge), Act::DeleteAnn;
    a_merge_and_a_patch: Act::Do(Operation::Merge), Act::Do(Operation::Patch);
    a_patch_and_an_edit: Act::Do(Operation::Patch), Act::Rename;
    a_patch_and_a_move: Act::Do(Operation::Patch), Act::Adopt(3);
    a_patch_and_an_insert: Act::Do(Operation::Patch), Act::Push;
    a_detach_and_an_edit: Act::Do(Operation::DetachPosts), Act::Rename;
    a_detach_and_a_move: Act::Do(Operation::DetachPosts), Act::Adopt(3);
    a_detach_and_an_insert: Act::Do(Operation::DetachPosts), Act::Push;
    a_detach_and_a_link: Act::Do(Operation::DetachTags), Act::AddTag(3);
    a_detach_of_rows_and_a_link: Act::Do(Operation::DetachPosts), Act::AddTag(3);
    graphs_together_and_a_move: Act::Do(Operation::Together), Act::Adopt(3);
    graphs_together_and_a_tree: Act::Do(Operation::Together), Act::Fell;
    graphs_together_and_an_edit: Act::Do(Operation::Together), Act::Rename;
    what_is_not_loaded_is_replaced_and_moves: Act::Do(Operation::Replace), Act::Adopt(3);
    what_is_not_loaded_is_replaced_and_grows: Act::Do(Operation::Replace), Act::Push;
    what_is_not_loaded_is_replaced_twice: Act::Do(Operation::Replace), Act::Do(Operation::Replace);
    a_release_and_a_delete: Act::Do(Operation::Shrink), Act::DeleteAnn;
    a_release_and_a_clear: Act::Do(Operation::Shrink), Act::Do(Operation::Clear);
    a_release_and_a_move: Act::Do(Operation::Shrink), Act::Do(Operation::Bulk);
    what_was_found_and_a_delete: Act::Do(Operation::Attach), Act::DeleteAnn;
    what_was_found_and_a_clear: Act::Do(Operation::Attach), Act::Clear;
    what_was_found_and_a_patch: Act::Do(Operation::Attach), Act::Do(Operation::Patch);
    a_target_and_its_delete: Act::Point, Act::DropSeries;
    targets_and_links_of_one_post: Act::Do(Operation::Repoint), Act::Do(Operation::Unlink);
    targets_that_go_and_a_delete: Act::Do(Operation::Covers), Act::DeleteAnn;
}

rivals! {
    users on USERS;
    a_set_and_a_move: OfUsers::Replace, OfUsers::Move;
    a_set_and_a_removal: OfUsers::Replace, OfUsers::Remove;
    a_set_and_a_delete: OfUsers::Replace, OfUsers::Delete;
    a_set_of_what_is_not_loaded_and_a_set: OfUsers::Whole, OfUsers::Replace;
    a_set_of_what_is_not_loaded_twice: OfUsers::Whole, OfUsers::Whole;
    a_place_that_is_taken: OfUsers::Whole, OfUsers::SaveAll;
    a_place_that_is_moved_to: OfUsers::Whole, OfUsers::Move;
    two_moves_to_one_place: OfUsers::Move, OfUsers::Move;
    a_move_and_a_detach: OfUsers::Move, OfUsers::Detach;
    a_move_and_a_delete: OfUsers::Move, OfUsers::Delete;
    a_move_and_a_release: OfUsers::Move, OfUsers::Release;
    a_release_and_an_edit: OfUsers::Release, OfUsers::Change;
    a_merge_and_a_set: OfUsers::Merge, OfUsers::Whole;
    a_patch_and_a_set: OfUsers::Patch, OfUsers::Whole;
    a_patch_and_an_edit: OfUsers::Patch, OfUsers::Change;
}

rivals! {
    albums on ALBUMS;
    two_changes: OfAlbums::Change, OfAlbums::Change;
    a_change_and_a_new_row: OfAlbums::Change, OfAlbums::Push;
    two_new_rows: OfAlbums::Push, OfAlbums::Push;
    two_replacements: OfAlbums::Replace, OfAlbums::Replace;
    a_move_and_a_change: OfAlbums::Move, OfAlbums::Change;
    a_move_and_a_delete_of_the_root: OfAlbums::Move, OfAlbums::Delete;
    a_detach_and_a_new_row: OfAlbums::Detach, OfAlbums::Push;
    a_merge_and_a_new_row: OfAlbums::Merge, OfAlbums::Push;
    a_merge_and_a_removal: OfAlbums::Merge, OfAlbums::Change;
    two_merges: OfAlbums::Merge, OfAlbums::Merge;
}
