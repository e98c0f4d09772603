//! Running the steps of a plan. With the operations that call it, the only async code.

mod bind;
mod fused;
mod insert;
mod run;
mod transaction;
mod wire;

use std::ops::Range;
use std::sync::Arc;

use crate::backend::{self, Backend, from_sqlx, is_lost};
use crate::db::Source;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use crate::meta::{Generated, Table};
use crate::plan::{Action, Fusion, Keys, Step};
use crate::report::Report;
use crate::slot::Outcome;
use crate::staged::Staged;
use crate::values::Values;

pub(crate) use bind::arguments;
pub use fused::{is_step_by_step, step_by_step};
use run::Run;
pub(crate) use transaction::{Lease, begin, ended, part, transact};
use transaction::{Line, begin_framed, unknown};
pub(crate) use wire::Wire;

/// What a plan is run with.
pub(crate) struct Work<'g, 'a> {
    pub(crate) graph: &'g Graph<'a>,
    pub(crate) steps: &'g [Step],
    pub(crate) keys: &'g Keys,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) report: Report,
    /// What the database has given.
    pub(crate) staged: Staged,
}

impl Work<'_, '_> {
    /// Runs the steps in one transaction, or a single statement by itself.
    ///
    /// The outcome is in doubt while the answer is on its way.
    pub(crate) async fn run<DB: Backend>(
        &self,
        source: Source<'_, DB>,
        outcome: &Arc<Outcome>,
    ) -> Result<Done, Error> {
        self.check::<DB>()?;
        let mut lease = Lease::take(source).await?;
        if let Some(groups) = self.groups::<DB>()
            && let Some(done) = self.run_fused::<DB>(&mut lease, &groups, outcome).await?
        {
            return Ok(done);
        }
        if self.is_lone::<DB>() && lease.goes_alone() {
            let all = [self.one_by_one()];
            let done = self.run_alone::<DB>(&mut lease, &all, outcome);
            return done.await?.map_err(Failure::into_error::<DB>);
        }
        let mut values = Values::new(self.graph, self.keys).computing();
        loop {
            let mut transaction = begin_framed::<DB>(&mut lease).await?;
            let mut line = Line::Framed(&mut transaction, outcome);
            let done = Run::new(self, &mut line, values);
            let done = done.groups(&[self.one_by_one()]).await;
            if matches!(&done, Err(failure) if matches!(failure.error, Cause::Uneven)) {
                transaction.undo().await?;
                values = Values::new(self.graph, self.keys);
                continue;
            }
            let done = done.map_err(Failure::into_error::<DB>);
            match transaction.end(done, outcome).await {
                Err(error) if lease.repeats(&error) => {
                    values = Values::new(self.graph, self.keys);
                }
                done => return done,
            }
        }
    }

    /// Runs the steps on a connection that is in a transaction already.
    pub(crate) async fn run_in<DB: Backend>(&self, wire: Wire<'_, DB>) -> Result<Done, Error> {
        self.check::<DB>()?;
        let mut line = Line::Wire(wire);
        let done = self.run_groups(&mut line, &[self.one_by_one()]).await;
        done.map_err(Failure::into_error::<DB>)
    }

    fn check<DB: Backend>(&self) -> Result<(), Error> {
        self.steps
            .iter()
            .try_for_each(|step| backend::supports::<DB>(step.table))
    }

    fn is_lone<DB: Backend>(&self) -> bool {
        let [step] = self.steps else {
            return false;
        };
        let mut columns = step.table.columns.iter();
        let draws = columns.any(|column| matches!(column.generated, Generated::Expression(_)));
        // An insert whose key nobody learns is undone: the server says so only after it.
        let dialect = DB::texts().dialect;
        let is_blind = matches!(step.action, Action::Insert { .. })
            && !dialect.returns_rows()
            && dialect.inserts_singly(step.table);
        step.is_single() && !draws && !is_blind
    }

    /// Runs the steps as one statement without a transaction. Where the connection is lost, nobody knows whether it has run.
    async fn run_alone<DB: Backend>(
        &self,
        lease: &mut Lease<'_, DB>,
        groups: &[Fusion],
        outcome: &Arc<Outcome>,
    ) -> Result<Result<Done, Failure>, Error> {
        let mut line = Line::Wire(lease.deciding(outcome));
        match self.run_groups(&mut line, groups).await {
            Err(Failure {
                error: Cause::Database(error),
                place,
            }) if is_lost::<DB>(&error) => {
                let error = unknown::<DB>(error);
                // Of several steps it is none in particular.
                Err(match (self.steps, place) {
                    ([_], Some((entity, path))) => error.at(entity, path),
                    _ => error,
                })
            }
            done => {
                lease.settle();
                Ok(done)
            }
        }
    }

    async fn run_groups<DB: Backend>(
        &self,
        line: &mut Line<'_, '_, DB>,
        groups: &[Fusion],
    ) -> Result<Done, Failure> {
        let values = Values::new(self.graph, self.keys);
        Run::new(self, line, values).groups(groups).await
    }

    fn one_by_one(&self) -> Fusion {
        Fusion {
            steps: 0..self.steps.len(),
            as_one: false,
        }
    }

    /// A row that isn't there under its key, owner and version is stale.
    fn expect(&self, step: &Step, rows: Range<usize>, found: u64) -> Result<(), Failure> {
        if found == rows.len() as u64 || !step.is_counted() {
            return Ok(());
        }
        let message = "the row is not there any more under its key, its owner and its version: it was changed, moved or deleted meanwhile; refresh, and try again";
        Err(self.failure(
            step,
            rows,
            Cause::Ours(Error::new(ErrorKind::Stale, message)),
        ))
    }

    fn failure(&self, step: &Step, rows: Range<usize>, error: Cause) -> Failure {
        let path = step.path(self.graph, rows);
        Failure {
            error,
            place: Some((step.table.entity, path)),
        }
    }
}

/// An error, not yet ours, and where it happened.
struct Failure {
    error: Cause,
    /// The struct and the path, where it is about a row.
    place: Option<(&'static str, String)>,
}

enum Cause {
    Database(sqlx::Error),
    Ours(Error),
    /// Keys that were to be computed aren't what they were taken for.
    Uneven,
}

impl From<sqlx::Error> for Cause {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Error> for Cause {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Failure {
    fn into_error<DB: Backend>(self) -> Error {
        let error = match self.error {
            Cause::Database(error) => from_sqlx::<DB>(error),
            Cause::Ours(error) => error,
            Cause::Uneven => Error::new(ErrorKind::Database, "the keys of the rows are not known"),
        };
        match self.place {
            Some((entity, path)) => error.at(entity, path),
            None => error,
        }
    }
}

/// Says what is sent: the text and the number of rows, never a value.
pub(crate) fn sends(table: &'static Table, verb: &str, rows: Option<usize>, text: &str) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "sqlx_cascade", table = table.name, verb, rows, "{text}");
    #[cfg(not(feature = "tracing"))]
    let _ = (table, verb, rows, text);
}
