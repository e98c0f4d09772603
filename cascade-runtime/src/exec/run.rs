//! One run of a plan: the statements of its steps, in messages, and what comes back.
//!
//! Where the database takes several statements as one message, those wait for each other whose cells are known before any of them has run.

use std::ops::Range;

use crate::backend::{Answer, Backend};
use crate::error::{Error, ErrorKind};
use crate::exec::bind::{arguments, bind, take_down};
use crate::exec::transaction::Line;
use crate::exec::{Cause, Done, Failure, Work, insert, sends};
use crate::meta::Table;
use crate::plan::{Action, Fusion, Step, Target};
use crate::report::Report;
use crate::sql::Statement;
use crate::values::Values;

/// What was made of a plan so far.
pub(super) struct Run<'r, 'g, 'a, 'l, 'c, DB: Backend> {
    pub(super) work: &'r Work<'g, 'a>,
    pub(super) line: &'r mut Line<'l, 'c, DB>,
    pub(super) values: Values<'g, 'a>,
    waiting: Waiting<'g, DB>,
    /// By step, and by its parts: how many rows it touched.
    pub(super) touched: Vec<Vec<u64>>,
    /// The key of the row that was inserted last, where it is the rowid that SQLite reports.
    rowid: Option<i64>,
}

/// The statements of the next message.
struct Waiting<'g, DB: Backend> {
    text: String,
    arguments: DB::Arguments,
    sent: Vec<Sent<'g>>,
}

/// A statement, and what it is about.
struct Sent<'g> {
    /// The place of its step in the plan.
    index: usize,
    step: &'g Step,
    /// The rows of the step.
    rows: Range<usize>,
    /// Without its text.
    statement: Statement,
}

impl<DB: Backend> Default for Waiting<'_, DB> {
    fn default() -> Self {
        Self {
            text: String::new(),
            arguments: DB::Arguments::default(),
            sent: Vec::new(),
        }
    }
}

impl<DB: Backend> Waiting<'_, DB> {
    /// One of the statements gives values that rows of a table may take.
    fn gives_to(&self, table: &'static Table) -> bool {
        let gives = |other: &'static Table| {
            let mut giving = self.sent.iter().filter(|sent| sent.statement.gives());
            giving.any(|sent| sent.step.table.ident == other.ident)
        };
        let mut keys = table.foreign_keys.iter();
        !self.sent.is_empty() && (gives(table) || keys.any(|key| gives((key.target)())))
    }

    /// What comes back decides whether the others are to last.
    fn is_checked(&self) -> bool {
        let sure = |sent: &Sent<'_>| matches!(sent.step.action, Action::Sweep { .. });
        !self.sent.iter().all(sure)
    }
}

impl<'r, 'g, 'a, 'l, 'c, DB: Backend> Run<'r, 'g, 'a, 'l, 'c, DB> {
    pub(super) fn new(
        work: &'r Work<'g, 'a>,
        line: &'r mut Line<'l, 'c, DB>,
        values: Values<'g, 'a>,
    ) -> Self {
        let steps = work.steps.iter();
        Self {
            work,
            line,
            values,
            waiting: Waiting::default(),
            touched: steps.map(|step| vec![0; step.parts().len()]).collect(),
            rowid: None,
        }
    }

    /// Runs the steps, group by group.
    pub(super) async fn groups(mut self, groups: &[Fusion]) -> Result<Done, Failure> {
        for group in groups {
            if group.as_one {
                self.group(group.steps.clone()).await?;
                continue;
            }
            for index in group.steps.clone() {
                self.step(index).await?;
            }
        }
        self.flush(true).await?;
        let steps = self.work.steps.iter().zip(self.touched);
        let changes = steps.flat_map(|(step, rows)| {
            let parts = step.parts().iter().zip(rows);
            parts.filter_map(|(part, rows)| part.change(Some(rows)))
        });
        Ok(Done {
            report: Report::new(changes.collect()),
            staged: self.values.into_staged(),
        })
    }

    /// The statements of a step: as many as the database needs for its rows.
    pub(super) async fn step(&mut self, index: usize) -> Result<(), Failure> {
        let step = &self.work.steps[index];
        if self.waiting.gives_to(step.table) {
            self.flush(false).await?;
        }
        if let Action::Together { steps } = &step.action {
            self.touched[index] = self.together(steps).await?;
            return Ok(());
        }
        let listed = step.listed(&|set| self.values.gathered(set));
        self.values.hold_back(match &step.action {
            Action::Insert { late, .. } => late,
            _ => &[],
        });
        let mut skip = 0;
        while skip < listed.len() {
            if let Action::Insert { rows, .. } = &step.action {
                let drawn = insert::draw::<DB>(
                    self.line.wire(),
                    step.table,
                    &rows[skip..],
                    &mut self.values,
                );
                let drawn = drawn.await;
                drawn.map_err(|error| self.work.failure(step, skip..skip + 1, error))?;
            }
            let (statement, taken) = DB::texts().next(step, (&listed, skip), &self.values);
            self.add(index, skip..skip + taken, statement)?;
            if !DB::SEVERAL || step.reads() {
                self.flush(false).await?;
            }
            skip += taken.max(1);
        }
        if let Action::Tie {
            circle, last: true, ..
        } = &step.action
        {
            self.values.decide(circle);
        }
        Ok(())
    }

    /// Adds a statement to the next message.
    fn add(
        &mut self,
        index: usize,
        rows: Range<usize>,
        mut statement: Statement,
    ) -> Result<(), Failure> {
        let step = &self.work.steps[index];
        bind::<DB>(&statement, &self.values, &mut self.waiting.arguments)
            .map_err(|error| self.work.failure(step, rows.clone(), error.into()))?;
        let text = std::mem::take(&mut statement.text);
        sends(step.table, step.verb(), step.rows(), &text);
        follow(&mut self.waiting.text, &text);
        self.waiting.sent.push(Sent {
            index,
            step,
            rows,
            statement,
        });
        Ok(())
    }

    /// Sends what waits, and takes down what comes back. The last message of a transaction ends it, where nothing has to be looked at before.
    async fn flush(&mut self, is_last: bool) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.sent.is_empty() {
            return Ok(());
        }
        let frame = self.line.frame(is_last && !waiting.is_checked());
        let mut text = frame.before.unwrap_or_default().to_owned();
        follow(&mut text, &waiting.text);
        if let Some(after) = frame.after {
            follow(&mut text, after);
        }
        let mut answers = Vec::with_capacity(waiting.sent.len() + 2);
        let mut wire = self.line.wire();
        let done = wire.send(text, waiting.arguments, &mut answers).await;
        let before = usize::from(frame.before.is_some());
        let answered = answers.len().saturating_sub(before);
        let begun = answers.len() >= before;
        let mut parts = waiting.sent.into_iter();
        let answers = answers.into_iter().skip(before);
        for (sent, answer) in parts.by_ref().take(answered).zip(answers) {
            self.take(sent, answer).await?;
        }
        let done = self.line.answered(&frame, begun, done);
        done.map_err(|error| match (begun, parts.next()) {
            (true, Some(sent)) => self.work.failure(sent.step, sent.rows, error),
            _ => Failure { error, place: None },
        })
    }

    /// Takes down what came back of a statement.
    async fn take(&mut self, sent: Sent<'g>, answer: Answer<DB::Row>) -> Result<(), Failure> {
        let Sent {
            index,
            step,
            rows,
            statement,
        } = sent;
        let fail = |error: Cause| self.work.failure(step, rows.clone(), error);
        match &step.action {
            Action::Insert { rows: nodes, .. } if statement.computed => {
                let (nodes, column) = (&nodes[rows.clone()], statement.returns[0]);
                let last = answer.key.cast_signed();
                // A row that is inserted by itself follows none.
                let alone = (last > 0).then(|| last - 1);
                let before = if rows.start == 0 { alone } else { self.rowid };
                let between = (before, last);
                insert::computed(step.table, column, nodes, between, &mut self.values)
                    .map_err(fail)?;
                self.rowid = Some(last);
                self.touched[index][0] += rows.len() as u64;
            }
            Action::Insert { rows: nodes, .. } if !statement.returns.is_empty() => {
                let nodes = &nodes[rows.clone()];
                let reported = answer.key.cast_signed();
                let matched = insert::matched::<DB>(
                    self.line.wire(),
                    step.table,
                    &statement,
                    nodes,
                    answer,
                    &mut self.values,
                );
                matched.await.map_err(fail)?;
                self.rowid = self.is_key_of(nodes, reported).then_some(reported);
                self.touched[index][0] += rows.len() as u64;
            }
            Action::Reread { rows: nodes } => {
                let nodes = &nodes[rows.clone()];
                let values = &mut self.values;
                insert::reread::<DB>(step.table, &statement, nodes, &answer.rows, values)
                    .map_err(fail)?;
            }
            Action::Draw { rows: nodes } => {
                let column = statement.returns[0];
                let values = &mut self.values;
                insert::drawn::<DB>(step.table, column, nodes, &answer.rows, values)
                    .map_err(fail)?;
            }
            Action::Gather { .. } | Action::Trace { .. } | Action::Tie { .. } => {
                for row in &answer.rows {
                    take_down::<DB>(step, row, &mut self.values)
                        .map_err(|error| fail(error.into()))?;
                }
            }
            Action::Lock { .. } => {
                self.work.expect(step, rows, answer.rows.len() as u64)?;
            }
            Action::Insert { .. } | Action::Write { .. } | Action::Delete { .. } => {
                let found = answer.rows_affected;
                self.work.expect(step, rows, found)?;
                self.touched[index][0] += found;
            }
            Action::Sweep { .. } => self.touched[index][0] += answer.rows_affected,
            // One locks, the other runs by itself.
            Action::Hold { .. } | Action::Together { .. } => {}
        }
        Ok(())
    }

    /// A number is the key that the database has given the only one of some rows.
    fn is_key_of(&self, nodes: &[usize], number: i64) -> bool {
        let [node] = nodes else { return false };
        let table = self.work.graph.nodes[*node].table;
        let [column] = table.key else { return false };
        let number = table.columns[*column].codec.number(number);
        number.is_some_and(|number| self.values.is(*node, *column, &*number))
    }

    /// Runs steps as one statement; gives the numbers of rows that each touched.
    async fn together(&mut self, steps: &'g [Step]) -> Result<Vec<u64>, Failure> {
        let first = &steps[0];
        let listed = |step| (step, Step::listed(step, &|set| self.values.gathered(set)));
        let parts: Vec<(&Step, Vec<Target>)> = steps.iter().map(listed).collect();
        let Some(statement) = DB::texts().together(&parts, &self.values) else {
            let message = "more rows refer to each other than one statement takes";
            let error = Error::new(ErrorKind::Unsupported, message);
            return Err(self.work.failure(first, 0..parts[0].1.len(), error.into()));
        };
        let fail = |error: Cause| self.work.failure(first, 0..parts[0].1.len(), error);
        let arguments =
            arguments::<DB>(&statement, &self.values).map_err(|error| fail(error.into()))?;
        sends(first.table, "together", None, &statement.text);
        let found = self.line.wire().fetch(statement.text, arguments).await;
        let found = found.map_err(|error| fail(error.into()))?;
        let mut touched = Vec::with_capacity(steps.len());
        for (index, (step, listed)) in parts.iter().enumerate() {
            let count = found.first().map_or(Ok(0), |row| DB::number(row, index));
            let count = count.map_err(|error| fail(error.into()))?;
            let count = u64::try_from(count).unwrap_or_default();
            if !matches!(step.action, Action::Sweep { .. }) {
                self.work.expect(step, 0..listed.len(), count)?;
            }
            touched.push(count);
        }
        Ok(touched)
    }
}

/// Adds a statement to a text.
fn follow(text: &mut String, statement: &str) {
    if !text.is_empty() {
        text.push_str(";\n");
    }
    text.push_str(statement);
}
