//! What is measured: the workloads and their sizes.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Workload {
    /// A user with a profile and N posts of two comments.
    Insert,
    /// All of it, read by its key.
    Load,
    /// Of the loaded posts a tenth is changed, a tenth removed, and as many are added.
    Change,
    /// The profile by another one.
    Replace,
    /// Children first, by statements.
    Delete,
    /// By ON DELETE CASCADE, of what is not loaded.
    DeletePassive,
    /// So many users with a profile.
    Many,
    /// So many nodes of one table.
    Tree,
    /// An album with so many tags that are there.
    Links,
    /// A loaded user, all of it borrowed for writing, in which nothing has changed.
    Unchanged,
}

/// A workload of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Task {
    pub workload: Workload,
    pub size: usize,
}

/// The posts of a user of 100,000 rows.
pub const LARGE: usize = 33_333;

impl Task {
    pub fn all() -> Vec<Self> {
        use Workload::{
            Change, Delete, DeletePassive, Insert, Links, Load, Many, Replace, Tree, Unchanged,
        };
        let sizes: [(Workload, &[usize]); 10] = [
            (Insert, &[1, 10, 100, 1000, LARGE]),
            (Load, &[1, 10, 100, 1000, LARGE]),
            (Change, &[1, 10, 100, 1000]),
            (Replace, &[1]),
            (Delete, &[1, 10, 100, 1000]),
            (DeletePassive, &[1, 1000]),
            (Many, &[1000]),
            (Tree, &[1000]),
            (Links, &[1000]),
            (Unchanged, &[1, 1000, LARGE]),
        ];
        let tasks = sizes
            .into_iter()
            .flat_map(|(workload, sizes)| sizes.iter().map(move |&size| Self { workload, size }));
        tasks.collect()
    }

    /// Whether a user has to be there before it.
    pub fn needs_user(self) -> bool {
        use Workload::{Insert, Links, Many, Tree};
        !matches!(self.workload, Insert | Many | Tree | Links)
    }

    /// Whether it leaves the rows as they were, so that all its runs share a user.
    pub fn only_reads(self) -> bool {
        matches!(self.workload, Workload::Load | Workload::Unchanged)
    }
}

impl Task {
    pub fn name(self) -> &'static str {
        match self.workload {
            Workload::Insert => "insert",
            Workload::Load => "load",
            Workload::Change => "change 10 %",
            Workload::Replace => "replace one-to-one",
            Workload::Delete => "delete, children first",
            Workload::DeletePassive => "delete by the database",
            Workload::Many => "many small graphs",
            Workload::Tree => "tree",
            Workload::Links => "links",
            Workload::Unchanged => "unchanged save",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}", self.name(), self.size)
    }
}
