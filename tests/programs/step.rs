//! What is done, and what is seen of it: the interpreter and the library do the same steps.

use crate::model::database::Value;
use crate::model::memory::State;
use crate::model::patch::Document;
use crate::model::schema::TableId;

/// An object: a variable of the program, and the way down from it, by relations and places in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) root: usize,
    pub(crate) path: Vec<(usize, usize)>,
}

/// A new object; `below`: the relation and the table of a child that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) table: TableId,
    pub(crate) name: String,
    /// Its key and that of the child, where the application assigns them.
    pub(crate) keys: (i64, i64),
    pub(crate) below: Option<(usize, TableId)>,
}

/// One thing that is done. Numbers are those of variables, relations and places; where a variable is taken, its place stays empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    New(Which),
    Give(Spot, usize, Value),
    Put(Spot, usize, Which),
    /// `set` or `push` of a variable.
    PutRoot(Spot, usize, usize),
    /// `true`: what was removed is a variable from then on.
    Remove(Spot, usize, usize, bool),
    Retain(Spot, usize, u8),
    Clear(Spot, usize),
    Replace(Spot, usize, Vec<Which>),
    /// A wrapper is assigned that was made of these.
    Assign(Spot, usize, Vec<Which>),
    /// `mem::take` of a wrapper.
    Forget(Spot, usize),
    Expunge(Spot, usize, usize),
    Adopt(Spot, usize, usize),
    Attach(Spot, usize, usize),
    AddKey(Spot, usize, i64),
    RemoveKey(Spot, usize, i64),
    SetKeys(Spot, usize, Vec<i64>),
    /// `mem::swap` of two wrappers.
    SwapWraps(Spot, Spot, usize),
    /// `mem::swap` of what two variables dereference to.
    SwapStructs(usize, usize),
    /// `clone`.
    Copy(Spot),
    Drop(usize),
    ExpungeRoot(usize),
    /// `into_persistent`.
    Persist(usize),
    /// `into_inner`.
    Inner(usize),
    Merge(usize, usize),
    Patch(usize, Document),

    Save(usize),
    SaveAll(usize, usize),
    /// A handle, and one of the family's first struct.
    SaveTogether(usize, usize),
    Delete(usize),
    DeleteAll(usize, usize),
    DeleteByKey(TableId, i64),
    Refresh(usize),
    Load(usize, usize),
    /// Relations of relations, and several at once.
    LoadPaths(usize, usize),
    Detach(usize, usize),
    Find(TableId, i64),
    /// What is loaded with them.
    FindMany(TableId, Vec<i64>, Option<usize>),
    MergeAndSave(usize),
    PatchAndSave(TableId, i64, Document),
    Begin,
    /// `commit` or `rollback`.
    End(bool),
}

impl Step {
    /// Whether the tables are looked at afterwards.
    pub(crate) fn is_operation(&self) -> bool {
        matches!(
            self,
            Self::Save(_)
                | Self::SaveAll(..)
                | Self::SaveTogether(..)
                | Self::Delete(_)
                | Self::DeleteAll(..)
                | Self::LoadPaths(..)
                | Self::FindMany(..)
                | Self::DeleteByKey(..)
                | Self::Refresh(_)
                | Self::Load(..)
                | Self::Detach(..)
                | Self::Find(..)
                | Self::MergeAndSave(_)
                | Self::PatchAndSave(..)
                | Self::End(_)
        )
    }

    /// The variables that are different afterwards, and are there.
    pub(crate) fn touched(&self) -> Vec<usize> {
        match self {
            Self::Give(spot, ..)
            | Self::Put(spot, ..)
            | Self::PutRoot(spot, ..)
            | Self::Remove(spot, ..)
            | Self::Retain(spot, ..)
            | Self::Clear(spot, ..)
            | Self::Replace(spot, ..)
            | Self::Assign(spot, ..)
            | Self::Forget(spot, ..)
            | Self::Expunge(spot, ..)
            | Self::Adopt(spot, ..)
            | Self::Attach(spot, ..)
            | Self::AddKey(spot, ..)
            | Self::RemoveKey(spot, ..)
            | Self::SetKeys(spot, ..) => vec![spot.root],
            Self::SwapWraps(a, b, _) => vec![a.root, b.root],
            Self::SwapStructs(a, b)
            | Self::SaveAll(a, b)
            | Self::SaveTogether(a, b)
            | Self::DeleteAll(a, b) => vec![*a, *b],
            Self::Persist(root)
            | Self::Merge(root, _)
            | Self::Patch(root, _)
            | Self::Save(root)
            | Self::Delete(root)
            | Self::Refresh(root)
            | Self::Load(root, _)
            | Self::LoadPaths(root, _)
            | Self::Detach(root, _) => vec![*root],
            _ => Vec::new(),
        }
    }
}

/// What is in memory: an object's values, and what its wrappers hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) values: Vec<Value>,
    pub(crate) slots: Vec<SeenSlot>,
}

/// A wrapper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenSlot {
    pub(crate) state: State,
    pub(crate) held: Vec<Seen>,
    /// Of links.
    pub(crate) keys: Vec<i64>,
    /// Of links to targets that are new: the wrapper has those of targets whose INSERT was rolled back.
    pub(crate) perhaps: Vec<i64>,
}

impl Seen {
    /// Decides which keys of new targets a wrapper has.
    pub(crate) fn decide(&mut self, by: &Self) {
        for (slot, by) in self.slots.iter_mut().zip(&by.slots) {
            let perhaps = std::mem::take(&mut slot.perhaps).into_iter();
            let found = perhaps.filter(|key| by.keys.contains(key) && *key != 0);
            slot.keys.extend(found);
            slot.keys.sort_unstable();
            slot.keys.dedup();
            for (held, by) in slot.held.iter_mut().zip(&by.held) {
                held.decide(by);
            }
        }
    }
}
