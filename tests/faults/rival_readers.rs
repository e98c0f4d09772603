//! A reader and a writer: one stands at each of its steps while the other runs.
//!
//! In a transaction with one view of the tables, what was read is one state of them. Else each query has its own view, and what was read may be of
//! two states: it can be saved all the same, or is refused, and what wasn't read stays as it is.

use std::collections::BTreeSet;
use std::pin::pin;

use sqlx::Pool;
use sqlx_cascade::{Error, ErrorKind};

use crate::blog::{BLOG, Node, Post};
use crate::blog_memory::{Handles, Snapshot};
use crate::blog_operation::Operation;
use crate::blog_readers::BlogRead;
use crate::home::{Home, Kind, Level};
use crate::operation::Memory as _;
use crate::readers::Reads as _;
use crate::rivals::{Act, Rival as _};

/// What a reader got.
type Got = Result<Snapshot, ErrorKind>;

/// What is done with what was read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// It was read in a transaction with one view.
    Compare,
    /// Every row changes.
    Edit,
    /// The children of the root that were read leave.
    Remove,
}

#[derive(Debug, Clone, Copy)]
enum First {
    Reader,
    Writer,
}

async fn read<DB: Kind>(
    look: BlogRead,
    memory: &mut Handles,
    pool: &Pool<DB>,
    then: Then,
) -> Result<(), Error> {
    if then != Then::Compare {
        return look.run(memory, pool).await;
    }
    let mut transaction = pool.begin().await.expect("a transaction that reads");
    let done = look.run(memory, &mut transaction).await;
    transaction.rollback().await.expect("the end of it");
    done
}

fn got(done: Result<(), Error>, memory: &Handles) -> Got {
    done.map(|()| memory.snapshot())
        .map_err(|error| error.kind())
}

/// What a reader gets before the writer, and after it.
async fn alone<DB: Kind>(home: &Home<DB>, look: BlogRead, act: Act) -> [Got; 2] {
    home.renew().await;
    let mut memory = look.memory(&home.pool).await;
    let done = look.run(&mut memory, &home.pool).await;
    let before = got(done, &memory);
    home.renew().await;
    let mut memory = look.memory(&home.pool).await;
    let mut writer = act.ready(&home.pool).await;
    let done = act.run(&mut writer, &home.pool).await;
    done.expect("a writer without a reader");
    let done = look.run(&mut memory, &home.pool).await;
    [before, got(done, &memory)]
}

async fn interleaved<DB: Kind>(
    home: &Home<DB>,
    (look, act): (BlogRead, Act),
    first: First,
    then: Then,
) {
    let possible = alone(home, look, act).await;
    let has_one_view =
        |level: &&Level| (**level != Level::ReadCommitted) == (then == Then::Compare);
    let level = DB::LEVELS.iter().find(has_one_view);
    let level = level.unwrap_or(&DB::LEVELS[0]);
    let (braked, mut brake, free) = DB::rivals(&home.place, *level).await;
    let (reading, writing) = match first {
        First::Reader => (&braked, &free),
        First::Writer => (&free, &braked),
    };
    for step in 0.. {
        home.renew().await;
        let mut mine = look.memory(reading).await;
        let mut theirs = act.ready(writing).await;
        let was = mine.snapshot();
        let (done, ended) = {
            let mut reader = pin!(read(look, &mut mine, reading, then));
            let mut writer = pin!(act.run(&mut theirs, writing));
            match first {
                First::Reader => {
                    if DB::up_to(&mut brake, reader.as_mut(), step).await.is_some() {
                        DB::resume(&mut brake);
                        return;
                    }
                    let ended = writer.await;
                    DB::resume(&mut brake);
                    (reader.await, ended)
                }
                First::Writer => {
                    if DB::up_to(&mut brake, writer.as_mut(), step).await.is_some() {
                        DB::resume(&mut brake);
                        return;
                    }
                    let done = reader.await;
                    DB::resume(&mut brake);
                    (done, writer.await)
                }
            }
        };
        let place = format!(
            "{look:?} and {act:?}, {first:?} at step {step}, {then:?}: {:?} {:?}",
            done.as_ref().map_err(ToString::to_string),
            ended.as_ref().map_err(ToString::to_string),
        );
        if let Err(error) = &ended {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{place}");
        }
        let got = got(done, &mine);
        match &got {
            Err(ErrorKind::Conflict) => assert_eq!(mine.snapshot(), was, "{place}"),
            Err(_) => {
                assert!(possible.contains(&got), "{place}");
                assert_eq!(mine.snapshot(), was, "{place}");
            }
            Ok(_) if then == Then::Compare => {
                assert!(possible.contains(&got), "{place}: {got:#?}");
            }
            Ok(_) => loses_nothing(home, &mut mine, then, &place).await,
        }
    }
}

/// The rows that were read, as the tables name them.
fn rows_of(memory: &Handles) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for author in &memory.authors {
        rows.insert(format!("authors {}", author.id));
        for post in author.posts.known() {
            rows.insert(format!("posts {}", post.id));
            let comments = post.comments.known();
            rows.extend(comments.map(|comment| format!("comments {}", comment.id)));
        }
    }
    let mut nodes: Vec<&Node> = memory.nodes.iter().map(|node| &**node).collect();
    while let Some(node) = nodes.pop() {
        rows.insert(format!("nodes {}", node.id));
        nodes.extend(node.children.known());
    }
    rows
}

/// Saves what was read, changed: another row is neither written nor deleted, and where it is refused, nothing is.
async fn loses_nothing<DB: Kind>(home: &Home<DB>, memory: &mut Handles, then: Then, place: &str) {
    let before = home.rows().await;
    let read = rows_of(memory);
    for author in &mut memory.authors {
        "ann".clone_into(&mut author.name);
    }
    for node in &mut memory.nodes {
        "root".clone_into(&mut node.name);
    }
    match then {
        Then::Edit => edit(memory),
        Then::Remove | Then::Compare => {
            memory
                .authors
                .iter_mut()
                .for_each(|author| author.posts.retain(|_| false));
            memory
                .nodes
                .iter_mut()
                .for_each(|node| node.children.retain(|_| false));
        }
    }
    let mut saved = Ok(());
    for author in &mut memory.authors {
        saved = saved.and(author.save(&home.pool).await.map(drop));
    }
    for node in &mut memory.nodes {
        saved = saved.and(node.save(&home.pool).await.map(drop));
    }
    let after = home.rows().await;
    if let Err(error) = saved {
        assert_eq!(error.kind(), ErrorKind::Stale, "{place}: {error}");
        assert_eq!(after, before, "{place}");
        return;
    }
    let is_read = |line: &str| {
        let mut words = line.split(' ');
        let name = [words.next(), words.next()].map(Option::unwrap_or_default);
        read.contains(&name.join(" "))
    };
    if then == Then::Remove {
        // What is below a row that is deleted goes, read or not; what it had on a cover of its own, too.
        let stays = |line: &&String| {
            let below = ["comments", "covers", "post_tags", "nodes"];
            !is_read(line) && !below.iter().any(|table| line.starts_with(table))
        };
        let lost = before
            .iter()
            .filter(stays)
            .find(|line| !after.contains(line));
        assert_eq!(lost, None, "{place}");
        return;
    }
    // A row that was written has another version.
    let plain = |line: &String| {
        let words = line.split(' ');
        let is_version = |word: &&str| {
            word.strip_prefix('v')
                .is_some_and(|rest| rest.parse::<i32>().is_ok())
        };
        let words: Vec<&str> = words.filter(|word| !is_version(word)).collect();
        words.join(" ").replace('!', "")
    };
    let all = |lines: &[String]| lines.iter().map(plain).collect::<Vec<_>>();
    assert_eq!(all(&after), all(&before), "{place}");
    for line in &after {
        assert_eq!(line.contains('!'), is_read(line), "{place}: {line}");
    }
}

fn edit(memory: &mut Handles) {
    let rename = |post: &mut Post| {
        post.title.push('!');
        for comment in &mut post.comments {
            comment.text.push('!');
        }
    };
    for author in &mut memory.authors {
        author.name.push('!');
        author.posts.iter_mut().for_each(rename);
    }
    let mut nodes: Vec<&mut Node> = memory.nodes.iter_mut().map(|node| &mut **node).collect();
    while let Some(node) = nodes.pop() {
        node.name.push('!');
        if node.children.is_loaded() {
            nodes.extend(&mut node.children);
        }
    }
}

async fn each_way<DB: Kind>(home: Option<Home<DB>>, looks: &[BlogRead], act: Act) {
    let Some(home) = home else { return };
    for look in looks {
        for then in [Then::Compare, Then::Edit, Then::Remove] {
            for first in [First::Reader, First::Writer] {
                interleaved(&home, (*look, act), first, then).await;
            }
        }
    }
}

macro_rules! readers {
    ($($name:ident: $looks:expr, $act:expr;)*) => {
        mod sqlite {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                each_way(Home::<sqlx::Sqlite>::of(&BLOG).await, $looks, $act).await;
            })*
        }

        mod postgres {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                each_way(Home::<sqlx::Postgres>::of(&BLOG).await, $looks, $act).await;
            })*
        }

        mod mysql {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                each_way(Home::<sqlx::MySql>::of(&BLOG).await, $looks, $act).await;
            })*
        }
    };
}

const LISTS: &[BlogRead] = &[BlogRead::Find, BlogRead::Load, BlogRead::Refresh];
const TREES: &[BlogRead] = &[
    BlogRead::FindTree,
    BlogRead::LoadTree,
    BlogRead::RefreshTree,
];

readers! {
    an_edit: LISTS, Act::Rename;
    a_move: LISTS, Act::Adopt(3);
    a_removal: LISTS, Act::Remove;
    a_clear: LISTS, Act::Clear;
    a_delete: LISTS, Act::DeleteAnn;
    an_insert: LISTS, Act::Push;
    links: LISTS, Act::SetTags(&[3]);
    a_target: LISTS, Act::Point;
    a_target_that_goes: LISTS, Act::Cover("mine");
    moves_and_removals: LISTS, Act::Do(Operation::Bulk);
    a_tree_that_falls: TREES, Act::Fell;
    a_tree_that_grows: TREES, Act::Grow;
    a_tree_that_is_grafted: TREES, Act::Graft;
    a_tree_that_is_uprooted: TREES, Act::Do(Operation::Uproot);
}
