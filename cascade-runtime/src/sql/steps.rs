//! The texts of a plan's steps.

use crate::meta::{Generated, Table};
use crate::plan::{Action, Step, Target};
use crate::sql::{Bound, Content, List, Statement, Texts, Write, qualified};
use crate::values::{Side, codec};

impl Texts {
    /// The table's name, with its schema.
    pub(crate) fn table(&self, table: &Table) -> String {
        qualified(self.dialect, table)
    }

    pub(super) fn columns(&self, table: &Table, columns: &[usize], prefix: &str) -> Vec<String> {
        columns
            .iter()
            .map(|column| {
                format!(
                    "{prefix}{}",
                    self.dialect.quote(table.columns[*column].name)
                )
            })
            .collect()
    }

    /// The statement for as many rows of the step as one takes, and the rest of the step.
    ///
    /// `masked` says whether only some of the rows write a column.
    pub(crate) fn next(
        &self,
        step: &Step,
        skip: usize,
        masked: &dyn Fn(&[Target], usize) -> bool,
    ) -> (Statement, usize) {
        let mut statement = Statement::default();
        let table = step.table;
        let taken = match &step.action {
            Action::Insert { rows } => {
                let columns =
                    (0..table.columns.len()).filter(|&column| self.inserts(table, column));
                let mut list = self.take(
                    List::new(
                        table,
                        Side::New,
                        rows.iter().map(|row| Target::Node(*row)).collect(),
                        columns,
                    ),
                    skip,
                );
                if self.dialect.inserts_singly(table) {
                    list.rows.truncate(1);
                }
                let taken = list.rows.len();
                statement.returns = table
                    .generated()
                    .filter(|&column| !self.inserts(table, column))
                    .collect();
                self.dialect.insert(&mut statement, table, list);
                taken
            }
            Action::Write {
                rows,
                columns,
                when,
            } => self.write(&mut statement, table, (rows, columns, when), skip, masked),
            Action::Delete { rows, when } => {
                let list = self.take(
                    List::new(table, Side::Recorded, rows.clone(), when.iter().copied()),
                    skip,
                );
                let taken = list.rows.len();
                let condition =
                    self.dialect
                        .one_of(&mut statement, &self.columns(table, when, ""), list);
                statement.text = format!("DELETE FROM {} WHERE {condition}", self.table(table));
                taken
            }
            Action::Lock { rows, when } => {
                let list = self.take(
                    List::new(table, Side::Recorded, rows.clone(), when.iter().copied()),
                    skip,
                );
                let taken = list.rows.len();
                let condition =
                    self.dialect
                        .one_of(&mut statement, &self.columns(table, when, "t."), list);
                statement.text = format!(
                    "SELECT 1 FROM {} AS t WHERE {condition}{}",
                    self.table(table),
                    self.dialect.for_update()
                );
                taken
            }
            Action::Sweep { reach, columns } => {
                self.sweep(&mut statement, table, reach, columns.as_deref(), skip)
            }
        };
        (statement, taken)
    }

    /// An INSERT gives the column a value.
    fn inserts(&self, table: &Table, column: usize) -> bool {
        match table.columns[column].generated {
            Generated::No => true,
            Generated::Database => false,
            Generated::Expression(_) => self.dialect.draws_keys(),
        }
    }

    fn write(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        (rows, columns, when): (&[Target], &[usize], &[usize]),
        skip: usize,
        masked: &dyn Fn(&[Target], usize) -> bool,
    ) -> usize {
        let columns: Vec<(usize, bool)> = columns
            .iter()
            .map(|&column| (column, masked(rows, column)))
            .collect();
        let mut cells = Vec::new();
        for &(column, masked) in &columns {
            cells.push(Bound::column(table, Side::New, column));
            if masked {
                cells.push(Bound {
                    content: Content::Mask { column },
                    codec: codec(table, column),
                });
            }
        }
        cells.extend(
            when.iter()
                .map(|&column| Bound::column(table, Side::Recorded, column)),
        );
        let list = self.take(
            List {
                rows: rows.to_vec(),
                cells,
            },
            skip,
        );
        let taken = list.rows.len();
        self.dialect.write(
            statement,
            &Write {
                table,
                columns,
                when: when.to_vec(),
            },
            list,
        );
        taken
    }

    /// The rows of a list that the next statement takes.
    pub(super) fn take(&self, mut list: List, skip: usize) -> List {
        list.rows.drain(..skip);
        let taken = self.dialect.chunk(&list.cells, list.rows.len());
        list.rows.truncate(taken);
        list
    }

    /// Whether the largest rowid that there can be is taken.
    pub(crate) fn largest_rowid(&self, table: &Table) -> Statement {
        let key = self.dialect.quote(table.columns[table.key[0]].name);
        Statement {
            text: format!(
                "SELECT 1 FROM {} WHERE {key} = {}",
                self.table(table),
                i64::MAX
            ),
            ..Statement::default()
        }
    }
}

/// Draws keys by an expression, one for each of some rows.
pub(crate) fn draw(expression: &str, rows: usize) -> Statement {
    let rows = vec!["(0)"; rows].join(", ");
    Statement {
        text: format!("SELECT {expression} FROM (VALUES {rows}) AS r"),
        ..Statement::default()
    }
}
