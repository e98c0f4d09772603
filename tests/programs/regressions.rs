//! What random programs found, shrunk and pinned: each is run on every database.

use crate::op::At;
use crate::op::Op::{
    Adopt, Attach, Begin, Clear, Copy, Delete, Detach, Expunge, Fault, Find, Inner, Key,
    MergeAndSave, Move, Name, New, Put, Refresh, Remove, Replace, Retain, Rollback, Save,
    SwapStructs,
};
use crate::programs;

programs! {
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
}
