//! What random programs found, shrunk and pinned: each is run on every database.

use crate::op::At;
use crate::op::Op::{
    AddKey, Adopt, Assign, Attach, Begin, Clear, Copy, Delete, Detach, Expunge, ExpungeRoot, Fault,
    Find, Inner, Key, Load, LoadPaths, Merge, MergeAndSave, Move, Name, New, Patch, PatchAndSave,
    Put, PutRoot, Rank, Refresh, Remove, Replace, Retain, Rollback, Save, SaveAll, SwapStructs,
    SwapWraps,
};
use crate::programs;

programs! { Owners;
    /// A relation that was cleared is known to be empty, also when its row is removed and comes back as a value.
    cleared_and_removed: [
        New(6, 0, 0),
        Put(At(3, 1, 0, 0), 0, 0),
        Clear(At(33, 1, 0, 0), 0),
        Remove(At(88, 0, 0, 0), 0, 0, true),
    ];
    /// What was cleared came from another row.
    swapped_and_cleared: [
        New(0, 0, 0),
        New(0, 0, 160),
        New(0, 0, 0),
        Save(11),
        Save(199),
        New(0, 0, 0),
        New(0, 0, 0),
        New(0, 0, 0),
        SwapStructs(0, 0),
        Refresh(13),
        New(0, 0, 0),
        Copy(At(0, 0, 0, 0)),
        New(0, 0, 0),
        Clear(At(137, 0, 0, 0), 71),
    ];
    /// A row that is gone, and a parent that is gone: either is found first.
    gone_and_fatherless: [
        New(0, 96, 144),
        New(0, 0, 0),
        New(0, 0, 0),
        Put(At(24, 1, 0, 0), 0, 32),
        Save(31),
        New(3, 0, 16),
        Key(At(31, 0, 0, 0), 1, 0),
        Save(20),
        Delete(43),
        Copy(At(19, 0, 0, 0)),
        Move(At(195, 1, 0, 0), 0, 0, At(128, 0, 0, 0)),
        Delete(0),
        Save(173),
    ];
    /// The key to its owner of a row that moves is overwritten, whatever it holds.
    key_of_a_row_that_moves: [
        New(0, 0, 0),
        Save(0),
        Expunge(At(221, 0, 38, 104), 246, 240),
        New(0, 149, 17),
        Key(At(25, 0, 175, 48), 54, 23),
        Save(89),
        New(6, 142, 43),
        Adopt(At(126, 1, 71, 162), 24, 55),
    ];
    /// A handle that was refreshed in the transaction that made its row.
    refreshed_and_rolled_back: [Begin, New(2, 0, 0), Save(0), Refresh(0), Rollback, Refresh(0), Save(0)];
    /// A relation that was cleared after a save concerns all rows also after the rollback.
    cleared_and_rolled_back: [
        New(0, 0, 0),
        Begin,
        Put(At(2, 0, 0, 0), 254, 96),
        Save(68),
        Clear(At(254, 0, 0, 0), 104),
        Rollback,
        Save(68),
    ];
    /// A row is moved to another handle of the row that it left.
    moved_to_another_handle: [
        New(6, 0, 64),
        Put(At(0, 0, 0, 0), 0, 64),
        Save(0),
        Find(30, 15),
        Move(At(92, 0, 0, 0), 0, 0, At(7, 0, 0, 0)),
        Save(0),
        Save(1),
    ];
    /// What a merge loads for one child it loads for all.
    merged_below_one: [
        New(0, 0, 16),
        Put(At(0, 0, 0, 0), 126, 16),
        Save(0),
        Put(At(0, 0, 0, 0), 182, 0),
        Inner(0),
        MergeAndSave(96),
    ];
    /// A relation of one that is emptied in a transaction.
    detached_and_rolled_back: [Begin, New(0, 0, 0), Save(0), Detach(0, 20), Rollback, Save(0)];
    /// A row that was moved, in memory, in a transaction that had nothing to save of it.
    moved_and_rolled_back: [
        New(0, 0, 0),
        Save(0),
        Begin,
        New(0, 0, 0),
        Save(12),
        Move(At(50, 0, 0, 0), 0, 0, At(31, 0, 0, 0)),
        Rollback,
        Save(47),
    ];
    /// A row that was attached, is nobody's, and is removed again.
    attached_and_removed: [
        New(0, 0, 32),
        New(6, 0, 16),
        Save(7),
        New(5, 0, 0),
        Copy(At(4, 0, 0, 0)),
        New(0, 0, 0),
        Attach(At(33, 0, 0, 0), 0, 0),
        New(3, 0, 0),
        Retain(At(47, 0, 0, 0), 0, 2),
        Save(86),
    ];
    /// A fault in a transaction is over when the transaction is.
    fault_in_a_transaction: [
        Fault(0, 77),
        Begin,
        New(0, 0, 0),
        Save(0),
        Rollback,
        Replace(At(93, 0, 0, 0), 133, 0),
        Name(At(0, 0, 0, 0), 1),
        Save(3),
    ];
    /// A row that was adopted in a payload is a value like the rest of it.
    adopted_in_a_payload: [
        New(6, 0, 48),
        Copy(At(0, 0, 0, 0)),
        Save(89),
        Move(At(223, 0, 0, 0), 0, 0, At(6, 1, 0, 0)),
        Merge(0, 0),
    ];
    /// What is loaded below one row of a level is read below all of them, also below rows that weren't known.
    refreshed_with_rows_of_others: [
        New(6, 0, 0),
        Copy(At(0, 0, 0, 0)),
        Put(At(11, 0, 0, 0), 0, 96),
        Save(89),
        Save(72),
        SwapWraps(At(55, 0, 0, 0), At(66, 0, 0, 0), 0),
        Attach(At(43, 0, 0, 0), 0, 0),
        Refresh(0),
    ];
    /// Rows are inserted in the order of the tree, whichever waits longer for its parent.
    inserted_in_the_order_of_the_tree: [
        New(0, 96, 48),
        Save(0),
        New(0, 0, 32),
        Save(11),
        Replace(At(145, 0, 0, 0), 6, 240),
        Put(At(77, 1, 0, 0), 0, 0),
        SaveAll(14, 0),
    ];
    /// A row that left, and was never there: its INSERT was rolled back.
    removed_and_never_there: [
        New(0, 0, 0),
        Save(228),
        Put(At(150, 0, 0, 0), 123, 0),
        Begin,
        Save(7),
        Load(29, 43),
        Save(19),
        Remove(At(19, 0, 0, 0), 134, 0, true),
        Rollback,
        Save(40),
    ];
    /// A child that takes a place of which a rollback leaves nothing known.
    set_and_rolled_back: [
        New(0, 0, 0),
        Begin,
        Save(0),
        Detach(0, 109),
        Put(At(0, 0, 0, 0), 125, 0),
        Rollback,
    ];
    /// Rows that were read again in the transaction that made them are as new after the rollback as their parent.
    children_refreshed_and_rolled_back: [
        New(0, 0, 32),
        Begin,
        Save(0),
        Refresh(0),
        Rollback,
        Remove(At(0, 0, 0, 0), 95, 0, false),
        Save(0),
    ];
    /// A row that was expunged before a refresh, which found it again, in the transaction that made it.
    expunged_refreshed_and_rolled_back: [
        Begin,
        New(0, 0, 144),
        Save(0),
        Expunge(At(0, 0, 0, 0), 0, 0),
        Refresh(0),
        Rollback,
        Save(104),
    ];
    /// Of several mistakes, the one that comes first is below the other.
    key_below_a_wrapper_of_another: [
        New(0, 0, 0),
        Save(0),
        New(0, 0, 16),
        Save(91),
        Inner(14),
        Key(At(157, 1, 0, 0), 0, 127),
        MergeAndSave(0),
        SwapStructs(0, 0),
        Refresh(1),
    ];
    /// A wrapper that is back where it was, under a handle that was refreshed meanwhile.
    swapped_refreshed_and_swapped_back: [
        New(6, 32, 48),
        Save(0),
        Remove(At(0, 0, 0, 0), 0, 0, true),
        MergeAndSave(0),
        SwapStructs(0, 0),
        Refresh(0),
        SwapStructs(0, 0),
    ];
    /// A row that is expunged twice: a refresh found it again.
    expunged_twice: [
        New(0, 0, 144),
        Save(0),
        Expunge(At(0, 0, 0, 0), 0, 0),
        Refresh(0),
        Expunge(At(14, 0, 0, 0), 0, 0),
        Adopt(At(66, 0, 0, 0), 86, 110),
    ];
    /// A parent that is new after the rollback, and of whose relation nothing is known.
    detached_rolled_back_and_set: [
        New(0, 0, 144),
        Begin,
        Save(0),
        Detach(0, 20),
        Rollback,
        New(1, 0, 0),
        PutRoot(At(84, 0, 0, 0), 220, 0),
        Save(0),
    ];
    /// A link by key in a relation that was loaded under a row which is new again.
    linked_loaded_and_rolled_back: [
        Begin,
        New(0, 0, 0),
        Save(0),
        AddKey(At(0, 0, 0, 0), 0, 0),
        LoadPaths(0, 19),
        Rollback,
        Refresh(0),
    ];
    /// The target of a link whose INSERT was rolled back is new, so that a copy has it.
    target_rolled_back_and_copied: [
        New(0, 0, 0),
        Begin,
        Put(At(0, 0, 0, 0), 39, 0),
        Save(0),
        Rollback,
        Copy(At(0, 0, 0, 0)),
        Save(1),
    ];
    /// A child that was merged in after a detach that is rolled back: what the relation holds isn't all that there is.
    detached_merged_and_rolled_back: [
        Begin,
        New(0, 0, 0),
        Save(0),
        Detach(0, 0),
        New(0, 0, 16),
        Merge(0, 0),
        Rollback,
        Save(0),
    ];
    /// A row that was adopted, saved in a transaction and removed: after a rollback it stays with its old parent.
    adopted_removed_and_rolled_back: [
        New(0, 0, 16),
        Save(0),
        New(0, 32, 64),
        Move(At(20, 0, 0, 0), 0, 0, At(55, 0, 0, 0)),
        Begin,
        Save(103),
        Remove(At(1, 0, 0, 0), 199, 0, false),
        Rollback,
        Save(149),
    ];
    /// A payload from before a save that was rolled back has the row's version, though the field has another.
    saved_rolled_back_and_merged: [
        New(0, 3, 64),
        Save(0),
        Begin,
        Copy(At(0, 0, 0, 0)),
        Name(At(30, 0, 0, 0), 0),
        Copy(At(0, 0, 0, 0)),
        Save(1),
        SaveAll(0, 0),
        Rollback,
        Merge(74, 20),
    ];
    /// A row that was expunged, found again, adopted over itself, and found again.
    adopted_over_itself_and_refreshed: [
        New(0, 0, 0),
        Save(0),
        Expunge(At(0, 0, 0, 0), 0, 0),
        Refresh(0),
        Adopt(At(8, 0, 0, 0), 0, 0),
        Refresh(0),
    ];
    /// An only child whose INSERT was rolled back is patched like one that is new: its field says nothing.
    rolled_back_and_patched: [New(0, 0, 0), Begin, Save(57), Rollback, Patch(0, 1_253_279_002)];
    /// A document that names no version is of none, whatever the field holds.
    saved_rolled_back_and_patched: [
        New(0, 0, 48),
        Save(20),
        Begin,
        Rank(At(128, 0, 0, 0), 29),
        Save(197),
        Rollback,
        Patch(0, 49_914_709),
    ];
    /// A circle of rows: the root is removed below itself.
    removed_below_itself: [
        New(6, 0, 0),
        Save(166),
        Patch(196, 816_556_531),
        Save(122),
        PatchAndSave(78, 133, 3_127_392_907),
    ];
    /// A target whose INSERT was rolled back has no key, whatever its field holds.
    key_of_a_target_that_was_rolled_back: [
        New(0, 0, 0),
        New(0, 0, 0),
        Put(At(5, 0, 0, 0), 129, 0),
        Begin,
        Save(232),
        Key(At(106, 1, 187, 0), 72, 83),
        Rollback,
    ];
    /// A stranger that comes twice, where there is no row that the second could leave anything out of.
    twice_a_stranger: [
        New(0, 0, 48),
        Expunge(At(8, 0, 0, 0), 0, 0),
        Save(50),
        Patch(0, 3_561_646_700),
    ];
}

mod letters {
    use super::{
        Assign, At, Begin, Detach, Expunge, ExpungeRoot, Merge, Name, New, Patch, PatchAndSave,
        Put, Refresh, Remove, Replace, Rollback, Save, SaveAll, SwapStructs, programs,
    };

    programs! { Letters;
        /// A new row that is expunged after a rollback doesn't refer to a parent that isn't there.
        rolled_back_and_expunged: [New(3, 0, 96), Begin, Save(60), Rollback, ExpungeRoot(0)];
        /// A row with a version lets go of a parent that it doesn't have: its row is written all the same.
        nothing_to_let_go: [New(3, 0, 0), Save(31), Detach(0, 253)];
        /// A row that is read again with its parent keeps what it holds by a relation that isn't.
        refreshed_above_a_held_parent: [New(3, 0, 0), Replace(At(0, 0, 0, 0), 0, 48), Save(0), Refresh(0)];
        /// A parent that is new is let go by `null`.
        new_parent_patched: [
            New(3, 0, 96),
            New(3, 0, 16),
            Save(152),
            Merge(0, 0),
            Patch(0, 1_475_299_411),
        ];
        /// The version in the field is another row's.
        swapped_and_patched: [
            New(0, 0, 64),
            Save(0),
            Name(At(0, 0, 0, 0), 1),
            New(0, 0, 0),
            Save(1),
            SaveAll(0, 0),
            SwapStructs(0, 0),
            Patch(0, 1_943_302_405),
        ];
        /// A save that writes nothing, then what another handle wrote, rolled back: what was read is what is recorded.
        read_again_and_rolled_back: [
            New(0, 0, 0),
            New(4, 0, 0),
            Assign(At(103, 0, 0, 0), 0, 241),
            Remove(At(0, 0, 0, 0), 0, 0, true),
            Save(80),
            Put(At(21, 0, 0, 0), 0, 96),
            Begin,
            Save(0),
            PatchAndSave(75, 20, 430_806_501),
            Refresh(14),
            Rollback,
            Expunge(At(101, 3, 163, 204), 221, 48),
        ];
    }
}

mod shops {
    use super::{
        Assign, At, Begin, Clear, Detach, Find, Load, Merge, Move, New, Patch, PatchAndSave, Put,
        PutRoot, Remove, Replace, Rollback, Save, programs,
    };
    use crate::op::Op::DeleteByKey;

    programs! { Shops;
        /// The version of an aggregate counts what is detached.
        detached: [New(5, 32, 0), Save(0), Detach(0, 0)];
        /// A key that is the parent's is matched by it; the field has what the payload said until it is saved.
        deed_that_is_merged_in: [New(0, 0, 0), Save(0), Load(0, 59), New(0, 0, 240), Merge(0, 0)];
        /// A row that leaves, and comes back as a value under its key, is written anew though nothing differs.
        shelf_that_comes_back: [
            New(0, 0, 32),
            New(0, 0, 0),
            Put(At(20, 0, 0, 0), 13, 96),
            Save(8),
            Remove(At(66, 0, 0, 0), 4, 0, true),
            PutRoot(At(87, 0, 0, 0), 245, 0),
            Save(126),
        ];
        /// An aggregate that is gone is stale: its version is checked.
        detached_and_gone: [New(0, 0, 0), Save(0), DeleteByKey(27, 50), Detach(0, 0)];
        /// A key that leaves and enters is one row, of which what is below it leaves.
        deed_that_is_set_again: [
            New(0, 0, 0),
            Put(At(0, 0, 0, 0), 3, 16),
            Save(0),
            Put(At(0, 0, 0, 0), 3, 16),
            Save(0),
            Find(0, 0),
            Put(At(1, 0, 0, 0), 3, 0),
            Save(1),
        ];
        /// Of rows that leave unseen, a plan can't tell which have the key of one that enters.
        cleared_and_patched: [
            New(0, 0, 208),
            Save(0),
            Clear(At(84, 0, 0, 0), 0),
            Assign(At(50, 0, 0, 0), 88, 0),
            Patch(0, 2_570_817_064),
        ];
        /// What may have the key of a new child is read first: a row that is gone is stale, also there.
        replaced_and_gone: [
            New(7, 0, 0),
            Save(0),
            DeleteByKey(7, 12),
            Replace(At(0, 0, 0, 0), 0, 0),
            Save(0),
        ];
        /// The field of a target has the key that a rollback took from it, and isn't linked by that.
        link_of_a_target_that_was_rolled_back: [
            New(0, 0, 32),
            Assign(At(0, 0, 0, 0), 58, 39),
            Put(At(0, 0, 0, 0), 162, 0),
            Begin,
            Save(0),
            Rollback,
            Patch(0, 844_564_982),
        ];
        /// A row whose key is its owner's moves to another handle of that owner: it has to be there.
        moved_under_the_same_key: [
            New(3, 0, 64),
            New(0, 0, 240),
            Save(0),
            Remove(At(8, 0, 0, 0), 0, 0, true),
            PatchAndSave(9, 254, 309_770_701),
            Move(At(21, 0, 0, 0), 0, 0, At(71, 0, 0, 0)),
            Save(3),
            Save(3),
        ];
    }
}

mod houses {
    use super::{Begin, Clear, Detach, New, Rollback, Save, programs};
    use crate::op::At;

    programs! { Houses;
        /// A relation that is only read is cleared before there is a row: there was nothing to lose.
        cleared_while_new: [New(0, 32, 112), Clear(At(0, 0, 0, 0), 1), Save(0)];
        /// What may not be detached may not be detached from a row that isn't there either.
        detached_and_not_there: [Begin, New(0, 0, 0), Save(0), Rollback, Detach(0, 85)];
    }
}
