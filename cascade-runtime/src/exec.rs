//! Running the steps of a plan. With the operations that call it, the only async code.

mod bind;
mod fused;
mod insert;
mod transaction;

use crate::backend::{self, Backend, from_sqlx, is_lost};
use crate::codec::Cell;
use crate::db::Source;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use crate::meta::{Generated, Table};
use crate::plan::{Action, Fusion, Keys, Step, Target};
use crate::report::{Change, Report};
use crate::slot::Outcome;
use crate::values::Values;

pub(crate) use bind::arguments;
use transaction::unknown;
pub(crate) use transaction::{Lease, begin, ended};

/// What a plan is run with.
pub(crate) struct Work<'g, 'a> {
    pub(crate) graph: &'g Graph<'a>,
    pub(crate) steps: &'g [Step],
    pub(crate) keys: &'g Keys,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) report: Report,
    /// By node: what the database has given it.
    pub(crate) staged: Vec<Vec<(usize, Cell)>>,
}

impl<'g, 'a> Work<'g, 'a> {
    /// Runs the steps in one transaction, or a single statement by itself.
    ///
    /// The outcomes are in doubt while the answer is on its way.
    pub(crate) async fn run<DB: Backend>(
        &self,
        source: Source<'_, DB>,
        outcomes: &[&Outcome],
    ) -> Result<Done, Error> {
        self.check::<DB>()?;
        let mut lease = Lease::take(source).await?;
        if let Some(groups) = self.groups::<DB>()
            && let Some(done) = self.run_fused::<DB>(&mut lease, &groups, outcomes).await?
        {
            return Ok(done);
        }
        if self.is_lone::<DB>() && !lease.is_in_transaction() {
            let all = [self.one_by_one()];
            let done = self.run_alone::<DB>(&mut lease, &all, outcomes);
            return done.await?.map_err(Failure::into_error::<DB>);
        }
        let mut transaction = begin::<DB>(&mut lease).await?;
        let done = self.run_steps::<DB>(transaction.connection()).await;
        let done = done.map_err(Failure::into_error::<DB>);
        transaction.end(done, outcomes).await
    }

    /// Runs the steps on a connection that is in a transaction already.
    pub(crate) async fn run_in<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
    ) -> Result<Done, Error> {
        self.check::<DB>()?;
        self.run_steps::<DB>(connection)
            .await
            .map_err(Failure::into_error::<DB>)
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
        outcomes: &[&Outcome],
    ) -> Result<Result<Done, Failure>, Error> {
        let connection = lease.deciding(outcomes);
        match self.run_groups::<DB>(connection, groups).await {
            Err(Failure {
                error: Cause::Database(error),
                entity,
                path,
            }) if is_lost::<DB>(&error) => {
                let error = unknown::<DB>(error);
                // Of several steps it is none in particular.
                Err(match self.steps {
                    [_] => error.at(entity, path),
                    _ => error,
                })
            }
            done => {
                lease.settle(outcomes);
                Ok(done)
            }
        }
    }

    async fn run_steps<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
    ) -> Result<Done, Failure> {
        self.run_groups::<DB>(connection, &[self.one_by_one()])
            .await
    }

    fn one_by_one(&self) -> Fusion {
        Fusion {
            steps: 0..self.steps.len(),
            as_one: false,
        }
    }

    /// Runs a step, or the steps that it stands for; gives what changed.
    async fn run_one<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        step: &Step,
        values: &mut Values<'g, 'a>,
    ) -> Result<Vec<Change>, Failure> {
        let rows = match &step.action {
            Action::Together { steps } => {
                self.run_together::<DB>(connection, steps, values).await?
            }
            _ => vec![self.run_step::<DB>(connection, step, values).await?],
        };
        let parts = step.parts().iter().zip(rows);
        Ok(parts
            .filter_map(|(step, rows)| step.change(Some(rows)))
            .collect())
    }

    /// Runs a step, in as many statements as the database needs for its rows; gives the number of rows that it touched.
    async fn run_step<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        step: &Step,
        values: &mut Values<'g, 'a>,
    ) -> Result<u64, Failure> {
        let texts = DB::texts();
        let listed = step.listed(&|set| values.gathered(set));
        values.hold_back(match &step.action {
            Action::Insert { late, .. } => late,
            _ => &[],
        });
        let mut skip = 0;
        let mut touched = 0;
        while skip < listed.len() {
            if let Action::Insert { rows, .. } = &step.action {
                let drawn = insert::draw::<DB>(connection, step.table, &rows[skip..], values).await;
                drawn.map_err(|error| self.failure(step, skip..skip + 1, error))?;
            }
            let (mut statement, taken) = texts.next(step, (&listed, skip), values);
            let rows = skip..skip + taken;
            let fail =
                |error: sqlx::Error| self.failure(step, rows.clone(), Cause::Database(error));
            let arguments = arguments::<DB>(&statement, values)
                .map_err(|error| self.failure(step, rows.clone(), Cause::Ours(error)))?;
            let text = std::mem::take(&mut statement.text);
            sends(step.table, step.verb(), step.rows(), &text);
            match &step.action {
                Action::Insert { rows: nodes, .. } if !statement.returns.is_empty() => {
                    let returned = DB::insert(connection, text, arguments)
                        .await
                        .map_err(fail)?;
                    let nodes = &nodes[rows.clone()];
                    let matched = insert::matched::<DB>(
                        connection, step.table, &statement, nodes, returned, values,
                    )
                    .await;
                    matched.map_err(|error| self.failure(step, rows.clone(), error))?;
                    touched += taken as u64;
                }
                Action::Reread { rows: nodes } => {
                    let returned = DB::fetch(connection, text, arguments).await.map_err(fail)?;
                    let nodes = &nodes[rows.clone()];
                    insert::reread::<DB>(step.table, &statement, nodes, &returned, values)
                        .map_err(|error| self.failure(step, rows.clone(), error))?;
                }
                // Runs by itself.
                Action::Together { .. } => {}
                Action::Draw { rows: nodes } => {
                    let drawn = DB::fetch(connection, text, arguments).await.map_err(fail)?;
                    insert::drawn::<DB>(step.table, statement.returns[0], nodes, &drawn, values)
                        .map_err(|error| self.failure(step, rows.clone(), error))?;
                }
                Action::Gather { .. } | Action::Trace { .. } | Action::Tie { .. } => {
                    let found = DB::fetch(connection, text, arguments).await.map_err(fail)?;
                    for row in &found {
                        bind::take_down::<DB>(step, row, values)
                            .map_err(|error| self.failure(step, rows.clone(), error.into()))?;
                    }
                }
                Action::Lock { .. } => {
                    let found = DB::fetch(connection, text, arguments)
                        .await
                        .map_err(fail)?
                        .len() as u64;
                    self.expect(step, rows, found)?;
                }
                Action::Insert { .. } | Action::Write { .. } | Action::Delete { .. } => {
                    let found = DB::execute(connection, text, arguments)
                        .await
                        .map_err(fail)?;
                    self.expect(step, rows, found)?;
                    touched += found;
                }
                Action::Hold { .. } => drop(
                    DB::execute(connection, text, arguments)
                        .await
                        .map_err(fail)?,
                ),
                Action::Sweep { .. } => {
                    touched += DB::execute(connection, text, arguments)
                        .await
                        .map_err(fail)?;
                }
            }
            skip += taken.max(1);
        }
        if let Action::Tie {
            circle, last: true, ..
        } = &step.action
        {
            values.decide(circle);
        }
        Ok(touched)
    }

    /// Runs steps as one statement; gives the numbers of rows that each touched.
    async fn run_together<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        steps: &[Step],
        values: &mut Values<'g, 'a>,
    ) -> Result<Vec<u64>, Failure> {
        let first = &steps[0];
        let listed = |step| (step, Step::listed(step, &|set| values.gathered(set)));
        let parts: Vec<(&Step, Vec<Target>)> = steps.iter().map(listed).collect();
        let Some(statement) = DB::texts().together(&parts, values) else {
            let message = "more rows refer to each other than one statement takes";
            let error = Error::new(ErrorKind::Unsupported, message);
            return Err(self.failure(first, 0..parts[0].1.len(), error.into()));
        };
        let fail = |error: Cause| self.failure(first, 0..parts[0].1.len(), error);
        let arguments = arguments::<DB>(&statement, values).map_err(|error| fail(error.into()))?;
        sends(first.table, "together", None, &statement.text);
        let found = DB::fetch(connection, statement.text, arguments).await;
        let found = found.map_err(|error| fail(error.into()))?;
        let mut touched = Vec::with_capacity(steps.len());
        for (index, (step, listed)) in parts.iter().enumerate() {
            let count = found.first().map_or(Ok(0), |row| DB::number(row, index));
            let count = count.map_err(|error| fail(error.into()))?;
            let count = u64::try_from(count).unwrap_or_default();
            if !matches!(step.action, Action::Sweep { .. }) {
                self.expect(step, 0..listed.len(), count)?;
            }
            touched.push(count);
        }
        Ok(touched)
    }

    /// A row that isn't there under its key, owner and version is stale.
    fn expect(&self, step: &Step, rows: std::ops::Range<usize>, found: u64) -> Result<(), Failure> {
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

    fn failure(&self, step: &Step, rows: std::ops::Range<usize>, error: Cause) -> Failure {
        Failure {
            error,
            entity: step.table.entity,
            path: step.path(self.graph, rows),
        }
    }
}

/// An error, not yet ours, and where it happened.
struct Failure {
    error: Cause,
    entity: &'static str,
    path: String,
}

enum Cause {
    Database(sqlx::Error),
    Ours(Error),
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
        };
        error.at(self.entity, self.path)
    }
}

/// Says what is sent: the text and the number of rows, never a value.
pub(crate) fn sends(table: &'static Table, verb: &str, rows: Option<usize>, text: &str) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "sqlx_cascade", table = table.name, verb, rows, "{text}");
    #[cfg(not(feature = "tracing"))]
    let _ = (table, verb, rows, text);
}
