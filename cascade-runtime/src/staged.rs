//! What the database has given the rows of a graph so far.

use std::num::NonZeroUsize;

use crate::codec::Cell;

/// Cells by node, in one block of memory: a list for each would be one more allocation for each row.
#[derive(Default)]
pub(crate) struct Staged {
    given: Vec<Given>,
    /// By node: behind which of them its last one stands.
    last: Vec<Option<NonZeroUsize>>,
}

/// A column of a node.
pub(crate) struct Given {
    pub(crate) node: usize,
    pub(crate) column: usize,
    pub(crate) cell: Cell,
    /// Behind which one stands the one that the node was given before it.
    before: Option<NonZeroUsize>,
}

impl Staged {
    /// Takes down what a node was given: what it was given before, for the same column, is no longer found.
    pub(crate) fn add(&mut self, node: usize, column: usize, cell: Cell) {
        if self.last.len() <= node {
            self.last.resize(node + 1, None);
        }
        self.given.push(Given {
            node,
            column,
            cell,
            before: self.last[node],
        });
        self.last[node] = NonZeroUsize::new(self.given.len());
    }

    /// What a node was given for a column.
    pub(crate) fn find(&self, node: usize, column: usize) -> Option<&Cell> {
        let mut next = self.last.get(node).copied().flatten();
        while let Some(behind) = next {
            let given = &self.given[behind.get() - 1];
            if given.column == column {
                return Some(&given.cell);
            }
            next = given.before;
        }
        None
    }

    /// All that was given, node by node, and in the order in which each was given it.
    pub(crate) fn into_given(mut self) -> Vec<Given> {
        self.given.sort_by_key(|given| given.node);
        self.given
    }

    /// What the only node was given.
    pub(crate) fn into_cells(self) -> Vec<(usize, Cell)> {
        let given = self.given.into_iter();
        given.map(|given| (given.column, given.cell)).collect()
    }
}
