//! The texts of a plan's steps.

use crate::meta::{Generated, Table};
use crate::plan::{Action, Step, Target};
use crate::sql::{Bound, Content, List, Statement, Texts, Write, is_row, listed_cell, qualified};
use crate::values::{Side, Values, codec};

impl Texts {
    /// The table's name, with its schema.
    pub(crate) fn table(&self, table: &Table) -> String {
        qualified(self.dialect, table)
    }

    pub(super) fn columns(&self, table: &Table, columns: &[usize], prefix: &str) -> Vec<String> {
        columns
            .iter()
            .map(|column| {
                self.dialect
                    .quote_behind(prefix, table.columns[*column].name)
            })
            .collect()
    }

    /// The statement for as many of the rows that the step lists as one takes, from `skip` on, and how many these are.
    pub(crate) fn next(
        &self,
        step: &Step,
        (listed, skip): (&[Target], usize),
        values: &Values<'_, '_>,
    ) -> (Statement, usize) {
        self.part(Statement::default(), step, (listed, skip), values)
    }

    /// These steps as one statement, each with the rows that it lists. It gives back how many rows each has touched. `None` where a step has more
    /// rows than one statement takes.
    pub(crate) fn together(
        &self,
        steps: &[(&Step, Vec<Target>)],
        values: &Values<'_, '_>,
    ) -> Option<Statement> {
        let mut whole = Statement::default();
        let mut parts = Vec::new();
        let mut counts = Vec::new();
        for (index, (step, listed)) in steps.iter().enumerate() {
            let start = Statement {
                places: whole.places,
                is_part: true,
                ..Statement::default()
            };
            let (part, taken) = self.part(start, step, (listed, 0), values);
            if taken < listed.len() {
                return None;
            }
            whole.places = part.places;
            whole.binds.extend(part.binds);
            parts.push(format!("s{index} AS ({} RETURNING 1)", part.text));
            counts.push(format!("(SELECT count(*) FROM s{index})"));
        }
        whole.text = format!("WITH {} SELECT {}", parts.join(", "), counts.join(", "));
        Some(whole)
    }

    pub(super) fn part(
        &self,
        mut statement: Statement,
        step: &Step,
        (listed, skip): (&[Target], usize),
        values: &Values<'_, '_>,
    ) -> (Statement, usize) {
        let table = step.table;
        let taken = match &step.action {
            Action::Draw { .. } => {
                let column = drawn(table);
                statement.text = self.dialect.draw(table, column, listed.len());
                statement.returns = vec![column];
                listed.len()
            }
            Action::Reread { .. } => self.reread(&mut statement, table, (listed, skip)),
            // One statement, whose parts are made one by one.
            Action::Together { .. } => listed.len(),
            Action::Insert { drawn, .. } => {
                self.insert(&mut statement, table, (listed, skip), *drawn, values)
            }
            Action::Write {
                rows,
                columns,
                when,
            } => self.write(&mut statement, table, (rows, columns, when), skip, values),
            Action::Delete { rows, when } => {
                let list = List::new(table, Side::Recorded, rows.clone(), when.iter().copied());
                let list = self.take(list, skip);
                let taken = list.rows.len();
                let name = self.table(table);
                statement.text = match self.those(&mut statement, (table, when), "", list) {
                    (None, condition) => format!("DELETE FROM {name} WHERE {condition}"),
                    (Some(from), condition) => {
                        format!("DELETE FROM {name} AS t USING {from} WHERE {condition}")
                    }
                };
                taken
            }
            Action::Lock { rows, when } => {
                let list = List::new(table, Side::Recorded, rows.clone(), when.iter().copied());
                let list = self.take(list, skip);
                let taken = list.rows.len();
                let (from, condition) = self.those(&mut statement, (table, when), "t.", list);
                let from = from.map(|from| format!(", {from}"));
                statement.text = format!(
                    "SELECT 1 FROM {} AS t{} WHERE {condition}{}",
                    self.table(table),
                    from.unwrap_or_default(),
                    self.dialect.for_update()
                );
                taken
            }
            Action::Hold { reach } => {
                let (condition, taken) = self.reached(&mut statement, (reach, listed), skip);
                statement.text = format!(
                    "SELECT count(*) FROM (SELECT 1 FROM {} AS t WHERE {condition}{}) AS held",
                    self.table(table),
                    self.dialect.for_update()
                );
                taken
            }
            Action::Sweep { reach, columns } => self.sweep(
                &mut statement,
                table,
                (reach, listed),
                columns.as_deref(),
                skip,
            ),
            Action::Trace { reach, circle } => {
                self.trace(&mut statement, (reach, listed), circle, skip)
            }
            Action::Tie { foreign_key, .. } => {
                self.tie(&mut statement, table, (foreign_key, listed), skip)
            }
            Action::Gather { reach, columns, .. } => {
                let (condition, taken) = self.reached(&mut statement, (reach, listed), skip);
                let columns = self.columns(table, columns, "").join(", ");
                let name = self.table(table);
                // A row that a rival changes meanwhile may refer to another target then: it is locked, and read as it is when it goes.
                let lock = self.dialect.for_update();
                let (before, hint) = self.depth(reach);
                statement.text = if lock.is_empty() {
                    format!("{before}SELECT {hint}DISTINCT {columns} FROM {name} WHERE {condition}")
                } else {
                    format!(
                        "{before}SELECT {hint}DISTINCT {columns} FROM (SELECT {columns} FROM {name} AS t WHERE {condition}{lock}) AS held"
                    )
                };
                taken
            }
        };
        (statement, taken)
    }

    /// The rows that are those of a list by some columns: what they are joined with as `t`, if anything, and the condition.
    fn those(
        &self,
        statement: &mut Statement,
        (table, when): (&'static Table, &[usize]),
        prefix: &str,
        list: List,
    ) -> (Option<String>, String) {
        let columns = self.columns(table, when, prefix);
        let is_key = |column: &usize| table.columns[*column].key;
        if when.iter().all(is_key) || !self.dialect.finds_by_key() {
            let is_listed = list.rows.len() > 1;
            let columns = when.iter().zip(columns).map(|(column, name)| {
                if is_key(column) || !is_listed {
                    name
                } else {
                    self.dialect.beside_key(name)
                }
            });
            let columns: Vec<String> = columns.collect();
            return (None, self.dialect.one_of(statement, &columns, list));
        }
        let is_row = |prefix, cells: &dyn Fn(usize) -> String| {
            is_row(self.dialect, (table, when), prefix, cells)
        };
        if list.rows.len() == 1 {
            let row = self.dialect.row(statement, list);
            return (None, is_row(prefix, &|cell| row[cell].clone()));
        }
        let source = self.dialect.source(statement, list);
        (Some(source), is_row("t.", &listed_cell))
    }

    /// New rows, and what the database fills in of them.
    fn insert(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        (listed, skip): (&[Target], usize),
        drawn: bool,
        values: &Values<'_, '_>,
    ) -> usize {
        let inserts = |column: &usize| self.inserts(table, *column, drawn);
        let columns = (0..table.columns.len()).filter(inserts);
        let mut list = List::new(table, Side::New, listed.to_vec(), columns);
        list.rows.drain(..skip);
        let taken = self.dialect.insert_chunk(&list.cells, list.rows.len());
        list.rows.truncate(taken);
        if !statement.is_part {
            let others = table.generated().filter(|column| !inserts(column));
            statement.returns = others.collect();
        }
        let returns = &statement.returns;
        let computes = !values.is_exact() && self.dialect.computes(table, returns, listed.len());
        let reports = !values.is_exact() && self.dialect.reports(table, returns);
        // The first row says its key, and the others follow it.
        if self.dialect.inserts_singly(table) || computes && skip == 0 {
            list.rows.truncate(1);
        }
        statement.computed = computes && skip > 0 || reports && listed.len() == 1;
        let taken = list.rows.len();
        if table.is_link() {
            self.insert_links(statement, table, list.drawing(values));
        } else {
            self.dialect.insert(statement, table, list);
        }
        taken
    }

    /// The key of rows and what the database has filled in of them.
    fn reread(
        &self,
        statement: &mut Statement,
        table: &'static Table,
        (listed, skip): (&[Target], usize),
    ) -> usize {
        let key = table.key.iter().copied();
        let list = List::new(table, Side::New, listed.to_vec(), key.clone());
        let list = self.take(list, skip);
        let taken = list.rows.len();
        let others = table.generated();
        let others = others.filter(|column| !table.columns[*column].key);
        statement.returns = key.chain(others).collect();
        let key = self.columns(table, table.key, "");
        let condition = self.dialect.one_of(statement, &key, list);
        statement.text = format!(
            "SELECT {} FROM {} WHERE {condition}",
            self.columns(table, &statement.returns, "").join(", "),
            self.table(table)
        );
        taken
    }

    /// What an insert of rows with known keys would have returned.
    pub(crate) fn returned(
        &self,
        insert: &Statement,
        table: &'static Table,
        rows: Vec<Target>,
    ) -> Statement {
        let mut statement = Statement {
            returns: insert.returns.clone(),
            ..Statement::default()
        };
        let list = List::new(table, Side::New, rows, table.key.iter().copied());
        let key = self.columns(table, table.key, "");
        let condition = self.dialect.one_of(&mut statement, &key, list);
        statement.text = format!(
            "SELECT {} FROM {} WHERE {condition}",
            self.columns(table, &statement.returns, "").join(", "),
            self.table(table)
        );
        statement
    }

    /// Links that aren't there: one that is, also where the table has no unique constraint, is no error.
    fn insert_links(&self, statement: &mut Statement, table: &'static Table, list: List) {
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        let names = self.columns(table, &columns, "");
        let cells: Vec<String> = columns.iter().map(|cell| format!("r.c{cell}")).collect();
        let there = self.columns(table, &columns, "t.");
        let same = there
            .iter()
            .zip(&cells)
            .map(|(column, cell)| format!("{column} = {cell}"));
        let same = same.collect::<Vec<_>>().join(" AND ");
        let name = self.table(table);
        let source = self.dialect.source(statement, list);
        statement.text = format!(
            "INSERT INTO {name} ({}) SELECT DISTINCT {} FROM {source} WHERE r.c0 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {same}){}",
            names.join(", "),
            cells.join(", "),
            self.dialect.or_nothing(table)
        );
    }

    /// An INSERT gives the column a value.
    pub(super) fn inserts(&self, table: &Table, column: usize, drawn: bool) -> bool {
        if drawn && table.columns[column].key {
            return true;
        }
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
        values: &Values<'_, '_>,
    ) -> usize {
        let columns: Vec<(usize, bool)> = columns
            .iter()
            .map(|&column| (column, values.masked(rows, column)))
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
        let list = self.take(List::of(table, rows.to_vec(), cells), skip);
        let list = list.drawing(values);
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

    /// Draws keys by an expression, one for each of some rows.
    pub(crate) fn draw(&self, expression: &str, rows: usize) -> Statement {
        Statement {
            text: format!("SELECT {expression} FROM {}", self.dialect.lines(rows)),
            ..Statement::default()
        }
    }
}

/// The column of a table's key that the database draws.
fn drawn(table: &Table) -> usize {
    let mut key = table.key.iter().copied();
    key.find(|&key| table.columns[key].is_generated())
        .unwrap_or_default()
}
