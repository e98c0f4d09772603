//! Several steps as the parts of one statement: what they are made from, and what comes back.

use crate::meta::Table;
use crate::plan::{Action, Step, Target};
use crate::sql::{Bound, Content, List, Statement};
use crate::values::{Drawn, Side, Values};

/// A cell that takes a key which the statement draws, in some rows and not in others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DrawnCell {
    /// The cell.
    pub(crate) cell: usize,
    /// The cell with the place of the row whose key it is.
    pub(crate) place: usize,
    pub(crate) by: Drawn,
}

/// A step with the rows that it lists.
pub(crate) struct Part<'s> {
    /// Its place among the steps.
    pub(crate) index: usize,
    pub(crate) step: &'s Step,
    pub(crate) rows: Vec<Target>,
}

/// Several steps as one statement.
pub(crate) struct Fused {
    pub(crate) statement: Statement,
    /// The parts whose rows are counted, behind one number that says nothing.
    pub(crate) counted: Vec<usize>,
    /// What comes back, behind that, of the tables that it inserts into, in this order.
    pub(crate) returns: Vec<Returned>,
}

/// What comes back of a table: columns, each of them an array where the rows are several.
pub(crate) struct Returned {
    pub(crate) table: &'static Table,
    pub(crate) rows: Vec<Target>,
    pub(crate) columns: Vec<usize>,
}

/// Rows that go into a table.
pub(crate) struct Entering {
    pub(crate) table: &'static Table,
    pub(crate) rows: Vec<Target>,
    /// The last part that inserts some of them.
    pub(crate) last: usize,
}

/// The rows that go into each table, but for links.
pub(crate) fn entering(parts: &[Part<'_>]) -> Vec<Entering> {
    let mut entering: Vec<Entering> = Vec::new();
    for (last, part) in parts.iter().enumerate() {
        let table = part.step.table;
        if !matches!(part.step.action, Action::Insert { .. }) || table.is_link() {
            continue;
        }
        let same = |other: &&mut Entering| other.table.ident == table.ident;
        match entering.iter_mut().find(same) {
            Some(other) => {
                other.rows.extend(&part.rows);
                other.last = last;
            }
            None => entering.push(Entering {
                table,
                rows: part.rows.clone(),
                last,
            }),
        }
    }
    entering
}

impl List {
    /// Takes keys that the statement draws, where it does.
    pub(super) fn drawing(mut self, values: &Values<'_, '_>) -> Self {
        for cell in 0..self.cells.len() {
            let Content::Column {
                side: Side::New,
                column,
            } = self.cells[cell].content
            else {
                continue;
            };
            if let Some(by) = values.drawn_by_all(&self.rows, column) {
                self.cells[cell].content = Content::Drawn { column, by };
                continue;
            }
            for by in values.drawn(&self.rows, column) {
                let place = self.cells.len();
                self.cells.push(Bound {
                    content: Content::Place { column, by },
                    codec: self.cells[cell].codec,
                });
                self.drawn.push(DrawnCell { cell, place, by });
            }
        }
        self
    }

    /// Some cells take keys that the statement draws.
    pub(super) fn is_drawing(&self) -> bool {
        self.takes().next().is_some()
    }

    /// Which of the tables that the statement inserts into draw the keys that it takes.
    pub(super) fn takes(&self) -> impl Iterator<Item = usize> {
        self.cells.iter().filter_map(|cell| match cell.content {
            Content::Drawn { by, .. } | Content::Place { by, .. } => Some(by.insert),
            _ => None,
        })
    }
}
