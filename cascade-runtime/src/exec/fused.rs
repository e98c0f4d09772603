//! Runs of steps that go as one statement each.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use crate::backend::{Backend, is_lost, read_cells};
use crate::error::{Error, ErrorKind};
use crate::exec::insert::read_cell;
use crate::exec::run::Run;
use crate::exec::transaction::{Lease, Line, begin};
use crate::exec::{Cause, Done, Failure, Work, arguments, sends};
use crate::plan::{self, Action, Fusion, Step, Target};
use crate::slot::Outcome;
use crate::sql::{Fused, Part, entering};
use crate::values::Values;

thread_local! {
    static STEP_BY_STEP: Cell<bool> = const { Cell::new(false) };
}

/// For tests: what this thread runs is never several steps as one statement.
pub fn step_by_step(on: bool) {
    STEP_BY_STEP.set(on);
}

/// Whether it isn't.
#[must_use]
pub fn is_step_by_step() -> bool {
    STEP_BY_STEP.get()
}

impl Work<'_, '_> {
    /// The steps that go together, where that makes the messages fewer: those of a step for several rows are a BEGIN and a COMMIT, but for one that
    /// checks its own count.
    pub(super) fn groups<DB: Backend>(&self) -> Option<Vec<Fusion>> {
        let dialect = DB::texts().dialect;
        if !dialect.abilities().checks_at_end || is_step_by_step() {
            return None;
        }
        let mut groups = plan::fused(self.graph, self.steps, |step| dialect.is_part(step));
        let is_whole = groups.len() == 1 && !self.is_lone::<DB>();
        for group in &mut groups {
            group.as_one &= is_whole || group.steps.len() > 1;
        }
        groups.iter().any(|group| group.as_one).then_some(groups)
    }

    /// Nothing can go wrong once the statement has run.
    fn is_sure<DB: Backend>(&self) -> bool {
        let dialect = DB::texts().dialect;
        let mut steps = self.steps.iter();
        steps.all(|step| {
            !matches!(step.action, Action::Insert { .. }) || dialect.is_sure(step.table)
        })
    }

    /// Runs the steps, those of a group as one statement. `None` where the database refuses: nothing is done then, and step by step shows
    /// which of them it was, and where, or finds that nothing is in the way any more.
    pub(super) async fn run_fused<DB: Backend>(
        &self,
        lease: &mut Lease<'_, DB>,
        groups: &[Fusion],
        outcome: &Arc<Outcome>,
    ) -> Result<Option<Done>, Error> {
        if groups.len() == 1 && self.is_sure::<DB>() && lease.goes_alone() {
            let done = self.run_alone::<DB>(lease, groups, outcome);
            return again::<DB>(done.await?);
        }
        let mut transaction = begin::<DB>(lease).await?;
        let mut line = Line::Wire(transaction.wire());
        let done = self.run_groups(&mut line, groups);
        match again::<DB>(done.await) {
            Ok(Some(done)) => transaction.end(Ok(done), outcome).await.map(Some),
            Ok(None) => {
                transaction.undo().await?;
                Ok(None)
            }
            Err(error) => transaction.end(Err(error), outcome).await,
        }
    }
}

impl<'g, DB: Backend> Run<'_, 'g, '_, '_, '_, DB> {
    /// Runs steps as one statement.
    pub(super) async fn group(&mut self, places: Range<usize>) -> Result<(), Failure> {
        let (work, first) = (self.work, places.start);
        let steps = &work.steps[places];
        let fail = |error: Cause| work.failure(&steps[0], 0..1, error);
        self.values.hold_back(&[]);
        let part = |(index, step): (usize, &'g Step)| Part {
            index,
            step,
            rows: step.listed(&|set| self.values.gathered(set)),
        };
        // Of keys that were read on the way there may be none.
        let parts = steps.iter().enumerate().map(part);
        let parts: Vec<Part<'_>> = parts.filter(|part| !part.rows.is_empty()).collect();
        match (&parts[..], steps.len() > 1) {
            ([], _) => return Ok(()),
            ([part], true) => return self.step(first + part.index).await,
            _ => {}
        }
        let texts = DB::texts();
        let entering = entering(&parts);
        let values = &mut self.values;
        values.enter(entering.iter().map(|entering| entering.rows.as_slice()));
        let Some(mut fused) = texts.dialect.fused(&texts, (&parts, &entering), values) else {
            return Err(fail(refused().into()));
        };
        let arguments =
            arguments::<DB>(&fused.statement, values).map_err(|error| fail(error.into()))?;
        let text = std::mem::take(&mut fused.statement.text);
        sends(steps[0].table, "together", None, &text);
        let found = self.line.wire().fetch(text, arguments).await;
        let found = found.map_err(|error| fail(error.into()))?;
        let counts = take_down::<DB>(&fused, &found, values).map_err(fail)?;
        values.enter([]);
        for (place, part) in parts.iter().enumerate() {
            let counted = fused.counted.iter().position(|counted| *counted == place);
            let rows = counted.map_or(part.rows.len() as u64, |place| counts[place]);
            self.touched[first + part.index] = vec![rows];
        }
        Ok(())
    }
}

/// Takes down the keys that were drawn; gives the numbers of rows that were touched by the parts that are counted.
fn take_down<DB: Backend>(
    fused: &Fused,
    found: &[DB::Row],
    values: &mut Values<'_, '_>,
) -> Result<Vec<u64>, Cause> {
    let Some(row) = found.first() else {
        return Err(refused().into());
    };
    let mut counts = Vec::with_capacity(fused.counted.len());
    for place in 0..fused.counted.len() {
        let count = DB::number(row, 1 + place)?;
        counts.push(u64::try_from(count).unwrap_or_default());
    }
    let mut position = 1 + fused.counted.len();
    for returned in &fused.returns {
        for &column in &returned.columns {
            let cells = match &returned.rows[..] {
                [_] => vec![read_cell::<DB>(returned.table, column, row, position)?],
                _ => read_cells::<DB>(returned.table, column, row, position)?,
            };
            for (target, cell) in returned.rows.iter().zip(cells) {
                if let Target::Node(node) = target {
                    values.stage(*node, column, cell);
                }
            }
            position += 1;
        }
    }
    Ok(counts)
}

/// The steps can't be one statement.
fn refused() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "these steps can't be the parts of one statement",
    )
}

/// What failed is tried again step by step, but for what says that another transaction was in the way.
fn again<DB: Backend>(done: Result<Done, Failure>) -> Result<Option<Done>, Error> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(failure) => {
            let is_answer = matches!(
                &failure.error,
                Cause::Database(error @ sqlx::Error::Database(_)) if !is_lost::<DB>(error)
            );
            let error = failure.into_error::<DB>();
            let is_refused = is_answer && error.kind() != ErrorKind::Conflict;
            if is_refused || error.kind() == ErrorKind::Unsupported {
                #[cfg(feature = "tracing")]
                tracing::debug!(target: "sqlx_cascade", kind = ?error.kind(), "refused as one statement: once more, step by step");
                Ok(None)
            } else {
                Err(error)
            }
        }
    }
}
