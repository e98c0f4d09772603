//! What a cell does: steps that prepare a state, an operation, and what follows it. The interpreter and the library run the same.

use crate::model::schema::Kind;

/// A handle: the one whose operation is looked at, and another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    A,
    B,
}

/// A plain value that is merged: the children that it holds, by key (0: none) and name; `None`: not loaded.
pub(crate) type Payload = Option<&'static [(i64, &'static str)]>;

/// Keys of targets.
pub(crate) type Keys = &'static [i64];

/// One thing that a program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Finds a parent, and loads the relation.
    Find(Who, i64, bool),
    /// A plain value, with a new child.
    Make(bool),
    /// A plain value, with a wrapper of keys.
    MakeKeys(Keys),
    /// Changes a column of the parent.
    Rename(Who),
    /// Changes a column of a child.
    RenameChild(Who, usize),
    /// Changes the parent's own key.
    TamperRoot(Who),
    /// Changes a child's own key.
    TamperKey(Who, usize),
    /// Changes a child's key to its parent.
    TamperOwner(Who, usize),
    /// `set`, `push`.
    Put(Who),
    /// `remove`.
    Remove(Who, usize),
    /// `HasMany::clear`.
    Clear(Who),
    /// `HasMany::replace` with a new child.
    Replace(Who),
    /// Assigns a wrapper with a new child, or without.
    Assign(Who, bool),
    /// Assigns what is not loaded.
    Forget(Who),
    /// `expunge` from one and `adopt` by another.
    Move(Who, usize, Who),
    /// `expunge`, and the detached value is dropped.
    Away(Who, usize),
    /// `HasMany::attach` of a row that was found by its key.
    Attach(Who, i64),
    /// Exchanges the wrappers of both.
    Swap,
    /// Exchanges the first children of both: both are expunged, then both are adopted.
    Exchange,
    /// `ManyToMany::add_key`.
    AddKey(Who, i64),
    /// `ManyToMany::remove_key`.
    RemoveKey(Who, i64),
    /// `ManyToMany::set_keys`, `BelongsTo::set_key`.
    SetKeys(Who, Keys),
    /// Assigns a wrapper of keys; to a foreign key of none, no target.
    AssignKeys(Who, Keys),
    /// Changes a column of a child in another way.
    RenameOtherwise(Who, usize),
    /// Another user deletes a child with what is below it.
    OthersDelete(i64),
    /// Another user adds a child to this parent.
    OthersAdd(i64),
    /// Another user deletes the children of a parent, and the parent.
    OthersDeleteParent(i64),
    /// Another user links a target, or points a row to another parent.
    OthersLink(i64, i64),
    /// Another user takes a link away.
    OthersUnlink(i64, i64),
    /// Changes a column of everything that is in memory.
    Touch(Who),

    /// `save` of a handle.
    Save(Who),
    /// `save_all` of both.
    SaveBoth,
    /// `save` of the plain value, which then is the handle.
    SaveNew,
    /// `delete`; the value that comes back is the plain value.
    Delete,
    /// `refresh`.
    Refresh,
    /// `load`.
    Load,
    /// `detach` of the relation.
    Detach,
    /// `expunge`, and a handle again.
    Expunge,
    /// `merge` in memory.
    Merge(Payload),
    /// `T::merge`.
    MergeAndSave(Payload),
    /// `merge` in memory, of a wrapper of keys.
    MergeKeys(Keys),
    /// `T::merge` of one.
    MergeKeysAndSave(Keys),
}

impl Step {
    /// Whether what comes out of it is compared.
    pub(crate) fn is_operation(self) -> bool {
        matches!(
            self,
            Self::Save(_)
                | Self::SaveBoth
                | Self::SaveNew
                | Self::Delete
                | Self::Refresh
                | Self::Load
                | Self::Detach
                | Self::Expunge
                | Self::Merge(_)
                | Self::MergeAndSave(_)
                | Self::MergeKeys(_)
                | Self::MergeKeysAndSave(_)
        )
    }
}

impl Step {
    /// Whether another user does it.
    pub(crate) fn is_by_others(self) -> bool {
        matches!(
            self,
            Self::OthersDelete(_)
                | Self::OthersAdd(_)
                | Self::OthersDeleteParent(_)
                | Self::OthersLink(..)
                | Self::OthersUnlink(..)
        )
    }
}

/// A state of the relation, or an operation, with its name.
pub(crate) type Named = (&'static str, &'static [Step]);

use Step::{
    AddKey, Assign, AssignKeys, Attach, Away, Clear, Delete, Detach, Exchange, Expunge, Find,
    Forget, Load, Make, MakeKeys, Merge, MergeAndSave, MergeKeys, MergeKeysAndSave, Move,
    OthersAdd, OthersDelete, OthersDeleteParent, OthersLink, OthersUnlink, Put, Refresh, Remove,
    RemoveKey, Rename, RenameChild, RenameOtherwise, Replace, Save, SaveBoth, SaveNew, SetKeys,
    Swap, TamperKey, TamperOwner, TamperRoot,
};
use Who::{A, B};

/// A is parent 1, which has children, or parent 3, which has none; B is parent 2, which has one.
const STATES: [Named; 29] = [
    ("not_loaded", &[Find(A, 1, false)]),
    ("loaded", &[Find(A, 1, true)]),
    ("empty", &[Find(A, 3, true)]),
    ("forgotten", &[Find(A, 1, true), Forget(A)]),
    ("changed", &[Find(A, 1, true), Rename(A)]),
    ("child_new", &[Find(A, 3, true), Put(A)]),
    ("child_new_unseen", &[Find(A, 3, false), Put(A)]),
    ("child_added", &[Find(A, 1, true), Put(A)]),
    ("child_added_unseen", &[Find(A, 1, false), Put(A)]),
    ("child_changed", &[Find(A, 1, true), RenameChild(A, 0)]),
    ("child_removed", &[Find(A, 1, true), Remove(A, 0)]),
    ("removed_and_put", &[Find(A, 1, true), Remove(A, 0), Put(A)]),
    ("new_and_removed", &[Find(A, 3, true), Put(A), Remove(A, 0)]),
    ("assigned", &[Find(A, 1, true), Assign(A, true)]),
    ("assigned_empty", &[Find(A, 1, true), Assign(A, false)]),
    ("assigned_unseen", &[Find(A, 1, false), Assign(A, true)]),
    (
        "moved_in",
        &[Find(A, 3, true), Find(B, 2, true), Move(B, 0, A)],
    ),
    (
        "moved_in_over",
        &[
            Find(A, 1, true),
            Find(B, 2, true),
            RenameChild(B, 0),
            Move(B, 0, A),
        ],
    ),
    (
        "moved_in_unseen",
        &[Find(A, 1, false), Find(B, 2, true), Move(B, 0, A)],
    ),
    (
        "moved_in_and_removed",
        &[
            Find(A, 3, true),
            Find(B, 2, true),
            Move(B, 0, A),
            Remove(A, 0),
        ],
    ),
    (
        "moved_out",
        &[Find(A, 1, true), Find(B, 3, true), Move(A, 0, B)],
    ),
    ("expunged", &[Find(A, 1, true), Away(A, 0)]),
    ("moved_back", &[Find(A, 1, true), Move(A, 0, A)]),
    ("swapped", &[Find(A, 1, true), Find(B, 2, true), Swap]),
    ("key_changed", &[Find(A, 1, true), TamperKey(A, 0)]),
    ("owner_changed", &[Find(A, 1, true), TamperOwner(A, 0)]),
    ("root_key_changed", &[Find(A, 1, true), TamperRoot(A)]),
    (
        "child_gone",
        &[Find(A, 1, true), OthersDelete(11), RenameChild(A, 0)],
    ),
    (
        "removed_child_gone",
        &[Find(A, 1, true), OthersDelete(11), Remove(A, 0)],
    ),
];

/// What only others bring about.
const MEANWHILE: [Named; 2] = [
    ("rival", &[Find(A, 3, true), OthersAdd(3), Put(A)]),
    ("root_gone", &[Find(A, 1, true), OthersDeleteParent(1)]),
];

/// What only one child can be: it is removed though nobody has seen it, and two exchange theirs.
const OF_ONE: [Named; 2] = [
    ("removed_unseen", &[Find(A, 1, false), Remove(A, 0)]),
    ("exchanged", &[Find(A, 1, true), Find(B, 2, true), Exchange]),
];

/// What only many can be.
const OF_MANY: [Named; 8] = [
    ("cleared", &[Find(A, 1, true), Clear(A)]),
    ("cleared_unseen", &[Find(A, 1, false), Clear(A)]),
    (
        "cleared_partial",
        &[Find(A, 1, false), Attach(A, 11), Clear(A)],
    ),
    ("replaced", &[Find(A, 1, true), Replace(A)]),
    ("replaced_unseen", &[Find(A, 1, false), Replace(A)]),
    ("partial", &[Find(A, 1, false), Attach(A, 11)]),
    (
        "partial_removed",
        &[Find(A, 1, false), Attach(A, 11), Remove(A, 0)],
    ),
    (
        "expunged_and_cleared",
        &[Find(A, 1, true), Away(A, 0), Clear(A)],
    ),
];

/// Of links: A is parent 1, linked to 11 and, as B is, to 12; or parent 3, which has none; B is parent 2, linked to 21, too. 13 is free.
const OF_LINKS: [Named; 39] = [
    ("not_loaded", &[Find(A, 1, false)]),
    ("loaded", &[Find(A, 1, true)]),
    ("empty", &[Find(A, 3, true)]),
    ("forgotten", &[Find(A, 1, true), Forget(A)]),
    ("changed", &[Find(A, 1, true), Rename(A)]),
    ("target_new", &[Find(A, 3, true), Put(A)]),
    ("target_added", &[Find(A, 1, true), Put(A)]),
    ("target_added_unseen", &[Find(A, 1, false), Put(A)]),
    ("target_changed", &[Find(A, 1, true), RenameChild(A, 0)]),
    (
        "removed",
        &[Find(A, 1, true), RenameChild(A, 0), Remove(A, 0)],
    ),
    ("removed_shared", &[Find(A, 1, true), Remove(A, 1)]),
    ("removed_and_put", &[Find(A, 1, true), Remove(A, 0), Put(A)]),
    ("new_and_removed", &[Find(A, 3, true), Put(A), Remove(A, 0)]),
    ("link_added", &[Find(A, 1, true), AddKey(A, 13)]),
    ("link_added_unseen", &[Find(A, 1, false), AddKey(A, 13)]),
    ("link_there_unseen", &[Find(A, 1, false), AddKey(A, 11)]),
    ("link_to_nothing", &[Find(A, 1, true), AddKey(A, 99)]),
    ("link_removed", &[Find(A, 1, true), RemoveKey(A, 11)]),
    (
        "link_removed_unseen",
        &[Find(A, 1, false), RemoveKey(A, 11)],
    ),
    (
        "no_link_removed_unseen",
        &[Find(A, 1, false), RemoveKey(A, 13)],
    ),
    (
        "added_and_removed_unseen",
        &[Find(A, 1, false), AddKey(A, 11), RemoveKey(A, 11)],
    ),
    (
        "removed_and_added",
        &[Find(A, 1, true), RemoveKey(A, 11), AddKey(A, 11)],
    ),
    (
        "removed_and_added_unseen",
        &[Find(A, 1, false), RemoveKey(A, 13), AddKey(A, 13)],
    ),
    ("cleared", &[Find(A, 1, true), Clear(A)]),
    ("cleared_empty", &[Find(A, 3, true), Clear(A)]),
    ("cleared_unseen", &[Find(A, 1, false), Clear(A)]),
    (
        "cleared_partial",
        &[Find(A, 1, false), AddKey(A, 13), Clear(A)],
    ),
    ("keys_set", &[Find(A, 1, true), SetKeys(A, &[12, 13])]),
    (
        "keys_set_unseen",
        &[Find(A, 1, false), SetKeys(A, &[12, 13])],
    ),
    ("keys_set_alike", &[Find(A, 1, true), SetKeys(A, &[11, 12])]),
    ("assigned", &[Find(A, 1, true), Assign(A, true)]),
    ("assigned_empty", &[Find(A, 1, true), Assign(A, false)]),
    (
        "assigned_unseen",
        &[Find(A, 1, false), AssignKeys(A, &[11, 13])],
    ),
    (
        "moved_out",
        &[
            Find(A, 1, true),
            Find(B, 2, true),
            RemoveKey(A, 11),
            AddKey(B, 11),
        ],
    ),
    (
        "removed_by_both",
        &[
            Find(A, 1, true),
            Find(B, 2, true),
            RemoveKey(A, 12),
            RemoveKey(B, 12),
        ],
    ),
    (
        "changed_in_both",
        &[
            Find(A, 1, true),
            Find(B, 2, true),
            RenameChild(A, 1),
            RenameChild(B, 0),
        ],
    ),
    (
        "changed_in_two_ways",
        &[
            Find(A, 1, true),
            Find(B, 2, true),
            RenameChild(A, 1),
            RenameOtherwise(B, 0),
        ],
    ),
    ("swapped", &[Find(A, 1, true), Find(B, 2, true), Swap]),
    ("key_changed", &[Find(A, 1, true), TamperKey(A, 0)]),
];

/// What only others bring about.
const OF_LINKS_MEANWHILE: [Named; 5] = [
    (
        "linked_meanwhile",
        &[Find(A, 3, true), OthersLink(3, 13), AddKey(A, 13)],
    ),
    (
        "unlinked_meanwhile",
        &[Find(A, 1, true), OthersUnlink(1, 11), RenameChild(A, 0)],
    ),
    (
        "unlinked_twice",
        &[Find(A, 1, true), OthersUnlink(1, 11), RemoveKey(A, 11)],
    ),
    (
        "target_gone",
        &[Find(A, 1, true), OthersDelete(11), RenameChild(A, 0)],
    ),
    (
        "root_gone",
        &[Find(A, 1, true), OthersDeleteParent(1), Put(A)],
    ),
];

/// Of a held parent: A is row 1, which has 11 alone, row 2, which shares 21 with row 4, or row 3, which has none; 12 and 13 are free.
const OF_PARENTS: [Named; 26] = [
    ("not_loaded", &[Find(A, 1, false)]),
    ("loaded", &[Find(A, 1, true)]),
    ("without", &[Find(A, 3, true)]),
    ("assigned", &[Find(A, 1, true), AssignKeys(A, &[11])]),
    ("changed", &[Find(A, 1, true), Rename(A)]),
    ("target_new", &[Find(A, 1, true), RenameChild(A, 0), Put(A)]),
    ("target_new_unseen", &[Find(A, 1, false), Put(A)]),
    ("target_new_shared", &[Find(A, 2, true), Put(A)]),
    ("target_new_where_none", &[Find(A, 3, true), Put(A)]),
    ("target_new_twice", &[Find(A, 1, true), Put(A), Put(A)]),
    ("target_changed", &[Find(A, 1, true), RenameChild(A, 0)]),
    (
        "repointed",
        &[Find(A, 1, true), RenameChild(A, 0), SetKeys(A, &[12])],
    ),
    ("repointed_unseen", &[Find(A, 1, false), SetKeys(A, &[12])]),
    (
        "repointed_from_shared",
        &[Find(A, 2, true), SetKeys(A, &[12])],
    ),
    ("repointed_to_taken", &[Find(A, 1, true), SetKeys(A, &[21])]),
    ("repointed_alike", &[Find(A, 1, true), SetKeys(A, &[11])]),
    (
        "repointed_back",
        &[Find(A, 1, true), Put(A), SetKeys(A, &[11])],
    ),
    ("pointed_to_nothing", &[Find(A, 1, true), SetKeys(A, &[99])]),
    ("no_target", &[Find(A, 1, true), AssignKeys(A, &[])]),
    ("no_target_unseen", &[Find(A, 1, false), AssignKeys(A, &[])]),
    ("no_target_shared", &[Find(A, 2, true), AssignKeys(A, &[])]),
    ("swapped", &[Find(A, 1, true), Find(B, 2, true), Swap]),
    (
        "passed_on",
        &[
            Find(A, 1, true),
            Find(B, 2, true),
            SetKeys(A, &[12]),
            SetKeys(B, &[11]),
        ],
    ),
    (
        "left_by_both",
        &[
            Find(A, 2, true),
            Find(B, 4, true),
            SetKeys(A, &[12]),
            SetKeys(B, &[13]),
        ],
    ),
    ("key_changed", &[Find(A, 1, true), TamperKey(A, 0)]),
    ("root_key_changed", &[Find(A, 1, true), TamperRoot(A)]),
];

/// What only many rows that share their parent can be.
const OF_SHARED_PARENTS: [Named; 2] = [
    (
        "changed_in_both",
        &[
            Find(A, 2, true),
            Find(B, 4, true),
            RenameChild(A, 0),
            RenameChild(B, 0),
        ],
    ),
    (
        "changed_in_two_ways",
        &[
            Find(A, 2, true),
            Find(B, 4, true),
            RenameChild(A, 0),
            RenameOtherwise(B, 0),
        ],
    ),
];

/// What only others bring about.
const OF_PARENTS_MEANWHILE: [Named; 3] = [
    (
        "repointed_meanwhile",
        &[Find(A, 1, true), OthersLink(1, 12), RenameChild(A, 0)],
    ),
    (
        "target_gone",
        &[Find(A, 1, true), OthersDelete(11), RenameChild(A, 0)],
    ),
    (
        "root_gone",
        &[Find(A, 1, true), OthersDeleteParent(1), Put(A)],
    ),
];

/// The states of a relation of this kind; of a held parent, `nullable` says whether a row may have none, `unique` that no two share one.
pub(crate) fn states(kind: Kind, nullable: bool, unique: bool) -> Vec<Named> {
    match kind {
        Kind::HasOne { .. } => [&STATES[..], &MEANWHILE, &OF_ONE].concat(),
        Kind::HasMany { .. } => [&STATES[..], &MEANWHILE, &OF_MANY].concat(),
        Kind::ManyToMany { .. } => [&OF_LINKS[..], &OF_LINKS_MEANWHILE].concat(),
        Kind::BelongsTo { .. } => {
            let mut states = [&OF_PARENTS[..], &OF_PARENTS_MEANWHILE].concat();
            if !unique {
                states.extend(OF_SHARED_PARENTS);
            }
            states.retain(|state| nullable || !state.1.contains(&Find(A, 3, true)));
            states
        }
    }
}

/// What is done in a state.
pub(crate) const OPERATIONS: [Named; 6] = [
    ("save", &[Save(A)]),
    ("delete", &[Delete]),
    ("refresh", &[Refresh]),
    ("load", &[Load]),
    ("detach", &[Detach]),
    ("expunge", &[Expunge]),
];

/// Where there are two.
pub(crate) const WITH_ANOTHER: [Named; 1] = [("save_both", &[SaveBoth])];

const NEW: &[(i64, &str)] = &[(0, "merged new")];
const KNOWN: &[(i64, &str)] = &[(11, "merged")];
const SAME: &[(i64, &str)] = &[(11, "one")];
const FOREIGN: &[(i64, &str)] = &[(21, "stolen")];
const BOTH: &[(i64, &str)] = &[(0, "merged new"), (11, "merged")];
const TWICE: &[(i64, &str)] = &[(11, "merged"), (11, "again")];

/// What is merged, in memory and with a database.
const MERGES: [Named; 12] = [
    ("merge_unloaded", &[Merge(None), Save(A)]),
    ("merge_empty", &[Merge(Some(&[])), Save(A)]),
    ("merge_same", &[Merge(Some(SAME)), Save(A)]),
    ("merge_known", &[Merge(Some(KNOWN)), Save(A)]),
    ("merge_new", &[Merge(Some(NEW)), Save(A)]),
    ("merge_foreign", &[Merge(Some(FOREIGN)), Save(A)]),
    ("put_unloaded", &[MergeAndSave(None)]),
    ("put_empty", &[MergeAndSave(Some(&[]))]),
    ("put_same", &[MergeAndSave(Some(SAME))]),
    ("put_known", &[MergeAndSave(Some(KNOWN))]),
    ("put_new", &[MergeAndSave(Some(NEW))]),
    ("put_foreign", &[MergeAndSave(Some(FOREIGN))]),
];

/// The same of several children.
const MERGES_OF_MANY: [Named; 3] = [
    ("merge_both", &[Merge(Some(BOTH)), Save(A)]),
    ("put_both", &[MergeAndSave(Some(BOTH))]),
    ("put_twice", &[MergeAndSave(Some(TWICE))]),
];

/// The same of links, whose targets can be named by their keys.
const MERGES_OF_LINKS: [Named; 5] = [
    ("merge_keys", &[MergeKeys(&[11, 12]), Save(A)]),
    ("merge_foreign_key", &[MergeKeys(&[13]), Save(A)]),
    ("put_keys", &[MergeKeysAndSave(&[11, 12])]),
    ("put_one_key", &[MergeKeysAndSave(&[12])]),
    ("put_foreign_key", &[MergeKeysAndSave(&[13])]),
];

/// The same of a held parent: its key is a column.
const MERGES_OF_PARENTS: [Named; 14] = [
    ("merge_none", &[Merge(None), Save(A)]),
    ("merge_same", &[Merge(Some(SAME)), Save(A)]),
    ("merge_known", &[Merge(Some(KNOWN)), Save(A)]),
    ("merge_new", &[Merge(Some(NEW)), Save(A)]),
    ("merge_foreign", &[Merge(Some(FOREIGN)), Save(A)]),
    ("merge_same_key", &[MergeKeys(&[11]), Save(A)]),
    ("merge_key", &[MergeKeys(&[12]), Save(A)]),
    ("put_none", &[MergeAndSave(None)]),
    ("put_same", &[MergeAndSave(Some(SAME))]),
    ("put_known", &[MergeAndSave(Some(KNOWN))]),
    ("put_new", &[MergeAndSave(Some(NEW))]),
    ("put_foreign", &[MergeAndSave(Some(FOREIGN))]),
    ("put_same_key", &[MergeKeysAndSave(&[11])]),
    ("put_key", &[MergeKeysAndSave(&[12])]),
];

/// What is merged into a relation of this kind.
pub(crate) fn merges(kind: Kind) -> Vec<Named> {
    match kind {
        Kind::HasOne { .. } => MERGES.to_vec(),
        Kind::HasMany { .. } => [&MERGES[..], &MERGES_OF_MANY].concat(),
        Kind::ManyToMany { .. } => [&MERGES[..], &MERGES_OF_MANY, &MERGES_OF_LINKS].concat(),
        Kind::BelongsTo { .. } => MERGES_OF_PARENTS.to_vec(),
    }
}

/// The states in which a merge finds something else than in the others.
pub(crate) const MERGED: [&str; 16] = [
    "not_loaded",
    "loaded",
    "empty",
    "child_new",
    "child_changed",
    "child_removed",
    "assigned",
    "expunged",
    "partial",
    "target_new",
    "target_changed",
    "removed",
    "link_added",
    "link_added_unseen",
    "cleared",
    "without",
];

/// A new parent.
const NEW_ROWS: [Named; 2] = [
    ("new_parent", &[Make(false), SaveNew]),
    ("new_parent_with_child", &[Make(true), SaveNew]),
];

/// The same with keys.
const NEW_WITH_KEYS: [Named; 2] = [
    ("new_with_key", &[MakeKeys(&[12]), SaveNew]),
    ("new_with_key_of_nothing", &[MakeKeys(&[99]), SaveNew]),
];

/// What has no state before it.
pub(crate) fn new_rows(kind: Kind) -> Vec<Named> {
    match kind {
        Kind::HasOne { .. } | Kind::HasMany { .. } => NEW_ROWS.to_vec(),
        Kind::BelongsTo { .. } | Kind::ManyToMany { .. } => [NEW_ROWS, NEW_WITH_KEYS].concat(),
    }
}

/// The state is about two handles.
pub(crate) fn has_another(state: &Named) -> bool {
    state.1.iter().any(|step| matches!(step, Find(B, ..)))
}
