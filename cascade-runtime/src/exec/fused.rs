//! Runs of steps that go as one statement each.

use crate::backend::{Backend, is_lost};
use crate::error::{Error, ErrorKind};
use crate::exec::insert::read_cell;
use crate::exec::transaction::{Lease, begin};
use crate::exec::{Cause, Done, Failure, Work, arguments, sends};
use crate::plan::{self, Action, Fusion, Step, Target};
use crate::report::Report;
use crate::slot::Outcome;
use crate::sql::{Fused, Part, entering};
use crate::values::Values;

impl<'g, 'a> Work<'g, 'a> {
    /// The steps that go together, where that makes the messages fewer: those of a step for several rows are a BEGIN and a COMMIT, but for one that
    /// checks its own count.
    pub(super) fn groups<DB: Backend>(&self) -> Option<Vec<Fusion>> {
        let dialect = DB::texts().dialect;
        if !dialect.abilities().checks_at_end {
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
        outcomes: &[&Outcome],
    ) -> Result<Option<Done>, Error> {
        if groups.len() == 1 && self.is_sure::<DB>() && !lease.is_in_transaction() {
            let done = self.run_alone::<DB>(lease, groups, outcomes);
            return again::<DB>(done.await?);
        }
        let mut transaction = begin::<DB>(lease).await?;
        let done = self.run_groups::<DB>(transaction.connection(), groups);
        match again::<DB>(done.await) {
            Ok(Some(done)) => transaction.end(Ok(done), outcomes).await.map(Some),
            Ok(None) => {
                transaction.undo().await?;
                Ok(None)
            }
            Err(error) => transaction.end(Err(error), outcomes).await,
        }
    }

    /// Runs the steps, group by group.
    pub(super) async fn run_groups<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        groups: &[Fusion],
    ) -> Result<Done, Failure> {
        let mut values = Values::new(self.graph, self.keys);
        let mut changes = Vec::with_capacity(self.steps.len());
        for group in groups {
            let steps = &self.steps[group.steps.clone()];
            if !group.as_one {
                for step in steps {
                    changes.extend(self.run_one::<DB>(connection, step, &mut values).await?);
                }
                continue;
            }
            let rows = self.run_group::<DB>(connection, steps, &mut values).await?;
            let parts = steps.iter().zip(rows);
            changes.extend(parts.filter_map(|(step, rows)| step.change(Some(rows))));
        }
        Ok(Done {
            report: Report::new(changes),
            staged: values.into_staged(),
        })
    }

    /// Runs steps as one statement; gives the number of rows that each touched.
    async fn run_group<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        steps: &'g [Step],
        values: &mut Values<'g, 'a>,
    ) -> Result<Vec<u64>, Failure> {
        let fail = |error: Cause| self.failure(&steps[0], 0..1, error);
        values.hold_back(&[]);
        let part = |(index, step): (usize, &'g Step)| Part {
            index,
            step,
            rows: step.listed(&|set| values.gathered(set)),
        };
        // Of keys that were read on the way there may be none.
        let parts = steps.iter().enumerate().map(part);
        let parts: Vec<Part<'_>> = parts.filter(|part| !part.rows.is_empty()).collect();
        let mut touched = vec![0; steps.len()];
        if let ([part], true) = (&parts[..], steps.len() > 1) {
            touched[part.index] = self.run_step::<DB>(connection, part.step, values).await?;
            return Ok(touched);
        }
        if parts.is_empty() {
            return Ok(touched);
        }
        let texts = DB::texts();
        let entering = entering(&parts);
        values.enter(entering.iter().map(|entering| entering.rows.as_slice()));
        let Some(mut fused) = texts.dialect.fused(&texts, (&parts, &entering), values) else {
            return Err(fail(refused().into()));
        };
        let arguments =
            arguments::<DB>(&fused.statement, values).map_err(|error| fail(error.into()))?;
        let text = std::mem::take(&mut fused.statement.text);
        sends(steps[0].table, "together", None, &text);
        let found = DB::fetch(connection, text, arguments).await;
        let found = found.map_err(|error| fail(error.into()))?;
        let counts = take_down::<DB>(&fused, &found, values).map_err(fail)?;
        values.enter([]);
        for (place, part) in parts.iter().enumerate() {
            let counted = fused.counted.iter().position(|counted| *counted == place);
            touched[part.index] = counted.map_or(part.rows.len() as u64, |place| counts[place]);
        }
        Ok(touched)
    }
}

/// Takes down the keys that were drawn; gives the numbers of rows that were touched by the parts that are counted.
fn take_down<DB: Backend>(
    fused: &Fused,
    found: &[DB::Row],
    values: &mut Values<'_, '_>,
) -> Result<Vec<u64>, Cause> {
    let Some(first) = found.first() else {
        return Err(refused().into());
    };
    let mut counts = Vec::with_capacity(fused.counted.len());
    for place in 0..fused.counted.len() {
        let count = DB::number(first, 1 + place)?;
        counts.push(u64::try_from(count).unwrap_or_default());
    }
    if fused.returns.is_empty() {
        return Ok(counts);
    }
    let numbered = 1 + fused.counted.len();
    for row in found {
        let number = usize::try_from(DB::number(row, numbered)?).unwrap_or(usize::MAX);
        let mut position = numbered + 1;
        for returned in &fused.returns {
            if let Some(Target::Node(node)) = returned.rows.get(number) {
                for (place, column) in returned.columns.iter().enumerate() {
                    let cell = read_cell::<DB>(returned.table, *column, row, position + place)?;
                    values.stage(*node, *column, cell);
                }
            }
            position += returned.columns.len();
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
