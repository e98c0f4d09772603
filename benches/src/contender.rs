//! What a contender has to do, and how one run of it is timed.

use std::error::Error;
use std::time::{Duration, Instant};

use futures_core::future::LocalBoxFuture;

use crate::plain;
use crate::workload::{Task, Workload};

pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Saves, loads and deletes the graphs on a connection that it holds. Memory is part of the work: what is inserted has its keys afterwards.
pub trait Contender {
    const NAME: &'static str;
    /// A user that is new, and one that was loaded or saved.
    type New: From<plain::User>;
    type User;
    /// What is kept of a loaded user, where that is how it is known that nothing has changed.
    type Kept;
    /// A user without its children.
    type Root;
    type Tree: From<plain::Node>;
    type Album: From<plain::Album>;

    /// Whether it is its kind of task; others are left out.
    fn does(_: Task) -> bool {
        true
    }

    async fn insert(&mut self, user: Self::New) -> Outcome<Self::User>;
    async fn load(&mut self, id: i64) -> Outcome<Self::User>;
    async fn change(&mut self, user: &mut Self::User) -> Outcome;
    async fn replace(&mut self, user: &mut Self::User) -> Outcome;
    async fn delete(&mut self, user: Self::User) -> Outcome;
    async fn root(&mut self, id: i64) -> Outcome<Self::Root>;
    async fn delete_passive(&mut self, root: Self::Root) -> Outcome;
    async fn insert_many(&mut self, users: Vec<Self::New>) -> Outcome;
    async fn insert_tree(&mut self, tree: Self::Tree) -> Outcome;
    async fn insert_album(&mut self, album: Self::Album) -> Outcome;
    fn keep(user: &mut Self::User) -> Self::Kept;
    async fn unchanged(&mut self, user: &mut Self::User, kept: &Self::Kept) -> Outcome;
}

/// A contender, whatever its types.
pub trait Runner {
    fn name(&self) -> &'static str;
    fn does(&self, task: Task) -> bool;
    /// Runs a task, on the user with this key where it needs one; how long the work itself took.
    fn run(&mut self, task: Task, user: i64) -> LocalBoxFuture<'_, Outcome<Duration>>;
}

impl<C: Contender> Runner for C {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn does(&self, task: Task) -> bool {
        C::does(task)
    }

    fn run(&mut self, task: Task, user: i64) -> LocalBoxFuture<'_, Outcome<Duration>> {
        Box::pin(run(self, task, user))
    }
}

async fn run<C: Contender>(contender: &mut C, task: Task, id: i64) -> Outcome<Duration> {
    match task.workload {
        Workload::Insert => {
            let new = C::New::from(plain::user(task.size));
            timed(contender.insert(new)).await
        }
        Workload::Load => timed(contender.load(id)).await,
        Workload::Change => {
            let mut user = contender.load(id).await?;
            timed(contender.change(&mut user)).await
        }
        Workload::Replace => {
            let mut user = contender.load(id).await?;
            timed(contender.replace(&mut user)).await
        }
        Workload::Delete => {
            let user = contender.load(id).await?;
            timed(contender.delete(user)).await
        }
        Workload::DeletePassive => {
            let root = contender.root(id).await?;
            timed(contender.delete_passive(root)).await
        }
        Workload::Many => {
            let users = (0..task.size).map(|_| C::New::from(plain::user(0)));
            let users = users.collect();
            timed(contender.insert_many(users)).await
        }
        Workload::Tree => {
            let tree = C::Tree::from(plain::tree(task.size));
            timed(contender.insert_tree(tree)).await
        }
        Workload::Links => {
            let album = C::Album::from(plain::album(task.size));
            timed(contender.insert_album(album)).await
        }
        Workload::Unchanged => {
            let mut user = contender.load(id).await?;
            let kept = C::keep(&mut user);
            timed(contender.unchanged(&mut user, &kept)).await
        }
    }
}

/// How long it takes, without dropping what it gives.
async fn timed<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<Duration> {
    let start = Instant::now();
    let done = work.await;
    let time = start.elapsed();
    done.map(|_| time)
}
