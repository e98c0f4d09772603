//! The typed tree, flattened: what a save has to do with each row.
//!
//! Synchronous and read-only. What is wrong with the graph by itself is found here, before any SQL.

mod build;
mod quiet;
mod rows;
mod twins;

use std::collections::HashMap;

use crate::codec::{Erased, Null};
use crate::error::Error;
use crate::graph::build::Builder;
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::{Left, RowState};

pub(crate) use quiet::Survey;

/// A row at the top of what is saved.
#[derive(Clone, Copy)]
pub struct Root<'a> {
    pub(crate) table: &'static Table,
    pub(crate) value: &'a Erased,
    pub(crate) state: &'a RowState,
}

/// What is saved of the tree under some roots, parents before children.
#[derive(Default)]
pub(crate) struct Graph<'a> {
    /// How many of the nodes are roots: the first.
    roots: usize,
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) leavers: Vec<Leaver<'a>>,
    pub(crate) wholes: Vec<Whole<'a>>,
    pub(crate) orphans: Vec<Orphan>,
}

/// A row that the tree holds.
pub(crate) struct Node<'a> {
    pub(crate) table: &'static Table,
    pub(crate) value: &'a Erased,
    pub(crate) state: &'a RowState,
    /// The row that holds it, as a child or in a `BelongsTo`.
    pub(crate) above: Option<Owner>,
    /// The rows that it holds in a `BelongsTo`, by its foreign keys.
    pub(crate) held: Vec<Held>,
    /// Its place in the relation that holds it, or among the roots.
    pub(crate) position: usize,
    /// All rows below it are in the graph.
    is_whole: bool,
    pub(crate) fate: Fate,
}

/// The parent that holds a row.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) node: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) foreign_key: &'static ForeignKey,
}

/// A row that another holds in a `BelongsTo`.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) node: usize,
}

/// A row that was the only one to refer to its target, and refers to another now.
pub(crate) struct Orphan {
    /// The row that refers to another target now.
    pub(crate) node: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) foreign_key: &'static ForeignKey,
}

/// What a save does with a row that it holds.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Nothing.
    Keep,
    /// The row is new.
    Insert,
    /// These columns change. `cleared` is the foreign key of the owner that a moving row leaves, where it isn't the one of the new owner.
    Write {
        columns: Vec<usize>,
        moved: bool,
        cleared: Option<&'static ForeignKey>,
    },
    /// Another node of the same row writes it alike.
    Twin,
    /// The value is new and takes over the row of one that leaves with the same key: all these columns change.
    Replace { columns: Vec<usize>, leaver: usize },
}

impl Fate {
    /// These columns change, and nothing else.
    pub(crate) fn write(columns: Vec<usize>) -> Self {
        Self::Write {
            columns,
            moved: false,
            cleared: None,
        }
    }

    /// Nothing is done with the row.
    pub(crate) fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The row is new.
    pub(crate) fn is_insert(&self) -> bool {
        matches!(self, Self::Insert)
    }

    /// The row leaves its owner for another.
    pub(crate) fn is_move(&self) -> bool {
        matches!(self, Self::Write { moved: true, .. })
    }

    /// The row is new where it is: it takes its owner's key.
    pub(crate) fn enters(&self) -> bool {
        matches!(
            self,
            Self::Insert | Self::Replace { .. } | Self::Write { moved: true, .. }
        )
    }

    /// The columns that are written by name.
    pub(crate) fn written(&self) -> &[usize] {
        match self {
            Self::Write { columns, .. } | Self::Replace { columns, .. } => columns,
            Self::Keep | Self::Insert | Self::Twin => &[],
        }
    }
}

/// A row that left its relation by name.
pub(crate) struct Leaver<'a> {
    pub(crate) parent: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) table: &'static Table,
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) left: &'a Left,
    /// Another value takes over the row: only what lies below it goes.
    pub(crate) taken_over: bool,
}

/// Rows of a relation that were read because a whole operation has to know their keys.
pub(crate) struct Seen {
    /// The parent, by its place in the graph.
    pub(crate) parent: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) rows: Vec<Left>,
}

/// A relation all of whose rows leave, but for some.
pub(crate) struct Whole<'a> {
    pub(crate) parent: usize,
    pub(crate) relation: &'static RelationDef,
    pub(crate) table: &'static Table,
    pub(crate) foreign_key: &'static ForeignKey,
    pub(crate) kept: Vec<Kept<'a>>,
}

/// A row that a whole operation spares.
#[derive(Clone, Copy)]
pub(crate) enum Kept<'a> {
    /// It is held.
    Node(usize),
    /// It was expunged and waits to be adopted.
    Expunged(&'a Left),
}

impl<'a> Graph<'a> {
    /// Flattens the trees under `roots`, but for what a survey of them says to be quiet. Rows that were `seen` leave by name where else all rows of their
    /// relation would.
    ///
    /// # Errors
    ///
    /// What the unsaved graph by itself shows to be wrong; where several things are, the one that is the most severe.
    pub(crate) fn build(
        roots: Vec<Root<'a>>,
        survey: &'a Survey,
        seen: &'a [Seen],
    ) -> Result<Self, Error> {
        let graph = Builder::new(roots.iter().copied(), Some(survey), seen).save()?;
        // The parent that a row moves away from may be quiet, and is concerned all the same.
        if graph.nodes.iter().any(|node| node.fate.is_move()) {
            return Builder::new(roots, None, seen).save();
        }
        Ok(graph)
    }

    /// The rows, and nothing to do with them.
    pub(crate) fn of_rows(roots: impl IntoIterator<Item = Root<'a>>) -> Self {
        Builder::new(roots, None, &[]).rows()
    }

    /// The rows that a delete of the roots has to let go first: they left a relation that releases.
    pub(crate) fn releases(roots: impl IntoIterator<Item = Root<'a>>) -> Self {
        Builder::new(roots, None, &[]).releases()
    }

    /// The relations whose rows have to be read before they can leave: one of them may have the key of a row that enters.
    pub(crate) fn unseen(&self) -> Vec<&Whole<'a>> {
        let entering = self.entering();
        let enters =
            |whole: &&Whole<'a>| entering.contains_key(&place(whole.parent, whole.relation));
        let deleted = self
            .wholes
            .iter()
            .filter(|whole| whole.relation.cascade.delete_orphan);
        deleted.filter(enters).collect()
    }

    /// The new rows whose keys the database doesn't draw, by the relation that holds them.
    fn entering(&self) -> HashMap<(usize, *const RelationDef), Vec<usize>> {
        let mut entering: HashMap<_, Vec<usize>> = HashMap::new();
        if self.leavers.is_empty() && self.wholes.is_empty() {
            return entering;
        }
        for (id, node) in self.nodes.iter().enumerate() {
            if node.table.is_link() {
                continue;
            }
            let natural = !node.table.draws_key();
            if let (true, true, Some(owner)) = (natural, node.fate.is_insert(), node.owner()) {
                entering
                    .entry(place(owner.node, owner.relation))
                    .or_default()
                    .push(id);
            }
        }
        entering
    }

    /// Where a row is: `User.profile.picture`.
    pub(crate) fn path(&self, node: usize) -> String {
        let mut names = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next.map(|id| &self.nodes[id]) {
            let above = node.above;
            let name = above.map_or(node.table.entity, |above| above.relation.field);
            let is_listed = above.map_or(self.roots > 1, |above| !above.relation.is_single());
            if !name.is_empty() {
                names.push(if is_listed {
                    format!("{name}[{}]", node.position)
                } else {
                    name.to_owned()
                });
            }
            next = above.map(|above| above.node);
        }
        names.reverse();
        names.join(".")
    }

    /// Where a relation is.
    pub(crate) fn relation_path(&self, parent: usize, relation: &RelationDef) -> String {
        format!("{}.{}", self.path(parent), relation.field)
    }
}

impl<'a> Node<'a> {
    /// The parent whose child it is.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.above.filter(|above| !above.relation.is_held())
    }

    /// A row that moves lets go of the objects of the parents whose keys change by that.
    pub(crate) fn lets_go(&self, key: &ForeignKey) -> bool {
        let (Some(owner), Some(departure)) = (self.owner(), self.state.departure()) else {
            return false;
        };
        let left = departure.foreign_key;
        std::ptr::eq(owner.foreign_key, key) || left.is_some_and(|left| std::ptr::eq(left, key))
    }

    /// The value of a column as the struct has it.
    pub(crate) fn cell(&self, column: usize) -> &'a Erased {
        let mut cell: &'a Erased = &Null;
        (self.table.functions.view)(self.value, &mut |fields, _| {
            cell = self.table.columns[column].cell(fields);
        });
        cell
    }

    /// The value of a column as the database has it.
    pub(crate) fn recorded(&self, column: usize) -> &'a Erased {
        let mut cell: &'a Erased = &Null;
        (self.table.functions.view)(self.value, &mut |fields, _| {
            cell = self.state.recorded(self.table, column, fields);
        });
        cell
    }
}

/// A relation of a row.
fn place(parent: usize, relation: &'static RelationDef) -> (usize, *const RelationDef) {
    (parent, std::ptr::from_ref(relation))
}
