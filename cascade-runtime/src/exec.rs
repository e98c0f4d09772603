//! Running the steps of a plan. With the operations that call it, the only async code.

use sqlx::Connection as _;

use crate::backend::{self, Backend, Own, RowOf, from_sqlx, is_lost};
use crate::codec::{Cell, Erased};
use crate::db::Source;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use crate::meta::{Generated, Table};
use crate::plan::{Action, Keys, Step, Target};
use crate::read::ReadRow as _;
use crate::report::{Change, Report};
use crate::slot::Outcome;
use crate::sql::{Bind, Content, List, Statement};
use crate::values::Values;

/// A connection for an operation: the caller's, or one of the pool's.
pub(crate) enum Lease<'c, DB: Backend> {
    Pool(sqlx::pool::PoolConnection<DB>),
    Caller(&'c mut DB::Connection),
}

impl<'c, DB: Backend> Lease<'c, DB> {
    pub(crate) async fn take(source: Source<'c, DB>) -> Result<Self, Error> {
        match source {
            Source::Pool(pool) => Ok(Self::Pool(pool.acquire().await.map_err(from_sqlx::<DB>)?)),
            Source::Connection(connection) => Ok(Self::Caller(connection)),
        }
    }

    /// The caller's connection is in a transaction.
    pub(crate) fn is_in_transaction(&mut self) -> bool {
        self.connection().is_in_transaction()
    }

    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pool(connection) => connection,
            Self::Caller(connection) => connection,
        }
    }
}

/// What a plan is run with.
pub(crate) struct Work<'g, 'a> {
    pub(crate) graph: &'g Graph<'a>,
    pub(crate) steps: &'g [Step],
    pub(crate) keys: &'g Keys,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) report: Report,
    /// By node: what the database has given it.
    pub(crate) staged: Vec<Vec<(usize, Cell)>>,
}

/// A transaction on a connection: of its own, or a savepoint in the caller's.
pub(crate) async fn begin<DB: Backend>(
    connection: &mut DB::Connection,
) -> Result<Transaction<'_, DB>, Error> {
    let is_savepoint = connection.is_in_transaction();
    let begun = match DB::BEGIN.filter(|_| !is_savepoint) {
        Some(statement) => connection.begin_with(statement).await,
        None => connection.begin().await,
    };
    Ok(Transaction {
        inner: begun.map_err(from_sqlx::<DB>)?,
        is_savepoint,
    })
}

/// A transaction of the library's own.
pub(crate) struct Transaction<'c, DB: Backend> {
    inner: sqlx::Transaction<'c, DB>,
    is_savepoint: bool,
}

impl<DB: Backend> Transaction<'_, DB> {
    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.inner
    }

    /// Rolls back. Where that fails too, what went wrong before says more; sqlx rolls back a connection before it is used again.
    pub(crate) async fn rollback(self) {
        drop(self.inner.rollback().await);
    }

    /// Commits; while that is on its way, nobody knows the outcome.
    pub(crate) async fn commit(self, outcomes: &[&Outcome]) -> Result<(), Error> {
        // The release of a savepoint decides nothing: the caller's commit does.
        let decides = !self.is_savepoint;
        let outcomes = if decides { outcomes } else { &[] };
        outcomes.iter().for_each(|outcome| outcome.doubt());
        let committed = self.inner.commit().await;
        committed.map_err(|error| settle::<DB>(error, decides, outcomes))?;
        outcomes.iter().for_each(|outcome| outcome.settle());
        Ok(())
    }
}

/// An error of what decides an outcome: unless the connection was lost, it says that nothing was written.
fn settle<DB: Backend>(error: sqlx::Error, decides: bool, outcomes: &[&Outcome]) -> Error {
    if decides && is_lost(&error) {
        let message = "the connection was lost while the outcome was on its way: refresh to learn whether it was written";
        return from_sqlx::<DB>(error).recast(ErrorKind::OutcomeUnknown, message);
    }
    outcomes.iter().for_each(|outcome| outcome.settle());
    from_sqlx::<DB>(error)
}

impl<'g, 'a> Work<'g, 'a> {
    /// Runs the steps in one transaction, or a single one by itself; without a step, without a connection.
    ///
    /// The outcomes are in doubt while the answer is on its way.
    pub(crate) async fn run<DB: Backend>(
        &self,
        source: Source<'_, DB>,
        outcomes: &[&Outcome],
    ) -> Result<Done, Error> {
        if self.steps.is_empty() {
            return Ok(Done {
                staged: Values::new(self.graph, self.keys).into_staged(),
                ..Done::default()
            });
        }
        self.check::<DB>()?;
        let mut lease = Lease::take(source).await?;
        let connection = lease.connection();
        if self.is_lone() && !connection.is_in_transaction() {
            return self.run_alone::<DB>(connection, outcomes).await;
        }
        let mut transaction = begin::<DB>(connection).await?;
        match self.run_steps::<DB>(transaction.connection()).await {
            Ok(done) => {
                transaction.commit(outcomes).await?;
                Ok(done)
            }
            Err(failure) => {
                transaction.rollback().await;
                Err(failure.into_error::<DB>())
            }
        }
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

    fn is_lone(&self) -> bool {
        matches!(self.steps, [step] if step.is_single() && !step.table.columns.iter().any(|column| matches!(column.generated, Generated::Expression(_))))
    }

    async fn run_alone<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        outcomes: &[&Outcome],
    ) -> Result<Done, Error> {
        outcomes.iter().for_each(|outcome| outcome.doubt());
        match self.run_steps::<DB>(connection).await {
            Ok(done) => {
                outcomes.iter().for_each(|outcome| outcome.settle());
                Ok(done)
            }
            Err(Failure {
                error: Cause::Database(error),
                entity,
                path,
            }) => Err(settle::<DB>(error, true, outcomes).at(entity, path)),
            Err(failure) => {
                outcomes.iter().for_each(|outcome| outcome.settle());
                Err(failure.into_error::<DB>())
            }
        }
    }

    async fn run_steps<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
    ) -> Result<Done, Failure> {
        let mut values = Values::new(self.graph, self.keys);
        let mut changes: Vec<Change> = Vec::with_capacity(self.steps.len());
        for step in self.steps {
            let rows = self.run_step::<DB>(connection, step, &mut values).await?;
            changes.extend(step.change(Some(rows)));
        }
        Ok(Done {
            report: Report::new(changes),
            staged: values.into_staged(),
        })
    }

    /// Runs a step, in as many statements as the database needs for its rows; gives the number of rows that it touched.
    async fn run_step<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        step: &Step,
        values: &mut Values<'g, 'a>,
    ) -> Result<u64, Failure> {
        let texts = DB::texts();
        let total = self.base_rows(step);
        let mut skip = 0;
        let mut touched = 0;
        while skip < total {
            if let Action::Insert { rows } = &step.action {
                self.draw::<DB>(connection, step, &rows[skip..], values)
                    .await?;
            }
            let masked = |rows: &[Target], column: usize| {
                rows.iter().any(|row| !values.writes(*row, column))
            };
            let (statement, taken) = texts.next(step, skip, &masked);
            let rows = skip..skip + taken;
            let fail =
                |error: sqlx::Error| self.failure(step, rows.clone(), Cause::Database(error));
            let arguments = arguments::<DB>(&statement, values)
                .map_err(|error| self.failure(step, rows.clone(), Cause::Ours(error)))?;
            trace(step, &statement);
            match &step.action {
                Action::Insert { rows: nodes } if !statement.returns.is_empty() => {
                    let returned = DB::fetch(connection, statement.text.clone(), arguments)
                        .await
                        .map_err(fail)?;
                    let nodes = &nodes[rows.clone()];
                    let matched = self
                        .matched::<DB>(connection, step.table, &statement, nodes, &returned, values)
                        .await;
                    matched.map_err(|error| self.failure(step, rows.clone(), error))?;
                    touched += taken as u64;
                }
                Action::Lock { .. } => {
                    let found = DB::fetch(connection, statement.text, arguments)
                        .await
                        .map_err(fail)?
                        .len() as u64;
                    self.expect(step, rows, found)?;
                }
                Action::Insert { .. } | Action::Write { .. } | Action::Delete { .. } => {
                    let found = DB::execute(connection, statement.text, arguments)
                        .await
                        .map_err(fail)?;
                    self.expect(step, rows, found)?;
                    touched += found;
                }
                Action::Sweep { .. } => {
                    touched += DB::execute(connection, statement.text, arguments)
                        .await
                        .map_err(fail)?
                }
            }
            skip += taken.max(1);
        }
        Ok(touched)
    }

    /// A row that isn't there under its key, owner and version is stale.
    fn expect(&self, step: &Step, rows: std::ops::Range<usize>, found: u64) -> Result<(), Failure> {
        if found == rows.len() as u64 {
            return Ok(());
        }
        let message = "the row is not there any more under its key, its owner and its version: it was changed, moved or deleted meanwhile; refresh, and try again";
        Err(self.failure(
            step,
            rows,
            Cause::Ours(Error::new(ErrorKind::Stale, message)),
        ))
    }

    /// Draws keys by an expression where an insert can't tell which row got which.
    async fn draw<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        step: &Step,
        nodes: &[usize],
        values: &mut Values<'g, 'a>,
    ) -> Result<(), Failure> {
        let texts = DB::texts();
        let table = step.table;
        let drawn =
            (0..table.columns.len()).find_map(|column| match table.columns[column].generated {
                Generated::Expression(expression) if texts.dialect.draws_keys() => {
                    Some((column, expression))
                }
                _ => None,
            });
        let Some((column, expression)) = drawn else {
            return Ok(());
        };
        let missing = nodes.iter().filter(|node| !values.has(**node, column));
        let missing: Vec<usize> = missing.copied().take(256).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let fail = |error| self.failure(step, 0..1, error);
        let statement = texts.draw(expression, missing.len());
        let rows = DB::fetch(connection, statement.text, DB::Arguments::default())
            .await
            .map_err(|error| fail(Cause::Database(error)))?;
        for (node, row) in missing.iter().zip(&rows) {
            let cell =
                read_cell::<DB>(table, column, row, 0).map_err(|error| fail(Cause::Ours(error)))?;
            values.stage(*node, column, cell);
        }
        Ok(())
    }

    /// Matches what an insert returned to the rows that it inserted.
    async fn matched<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        table: &'static Table,
        statement: &Statement,
        nodes: &[usize],
        returned: &[DB::Row],
        values: &mut Values<'g, 'a>,
    ) -> Result<(), Cause> {
        if returned.len() != nodes.len() {
            let message = "the insert gave back another number of rows than it was given; a trigger or a rule of the table swallows them";
            return Err(Cause::Ours(Error::new(ErrorKind::Database, message)));
        }
        let first = usize::from(statement.numbered);
        let order = if statement.numbered {
            let numbers = returned
                .iter()
                .map(|row| Ok(usize::try_from(DB::number(row, 0)?).unwrap_or(usize::MAX)));
            numbers.collect::<Result<Vec<usize>, sqlx::Error>>()?
        } else {
            self.ranked::<DB>(connection, table, statement, nodes, returned, values)
                .await?
        };
        for (row, number) in returned.iter().zip(order) {
            let Some(node) = nodes.get(number) else {
                continue;
            };
            for (position, column) in statement.returns.iter().enumerate() {
                let cell = read_cell::<DB>(table, *column, row, first + position)?;
                values.stage(*node, *column, cell);
            }
        }
        Ok(())
    }

    /// The number, in the list, of each row that came back without one.
    async fn ranked<DB: Backend>(
        &self,
        connection: &mut DB::Connection,
        table: &'static Table,
        statement: &Statement,
        nodes: &[usize],
        returned: &[DB::Row],
        values: &Values<'g, 'a>,
    ) -> Result<Vec<usize>, Cause> {
        if let [_] = nodes {
            return Ok(vec![0]);
        }
        let key = statement.returns.iter().position(|column| {
            table.columns[*column].generated == Generated::Database && table.columns[*column].key
        });
        let Some(key) = key else {
            return by_key::<DB>(table, statement, nodes, returned, values);
        };
        // The rows of a VALUES list are inserted in their order, and each takes a rowid above every one in the table, so the n-th key in
        // order is the n-th row's. The order of RETURNING guarantees nothing. Only where the largest rowid there can be is taken, keys are
        // drawn at random: keys that don't follow each other make us look.
        let mut keys = Vec::with_capacity(returned.len());
        for (index, row) in returned.iter().enumerate() {
            keys.push((DB::number(row, key)?, index));
        }
        keys.sort_unstable();
        let consecutive = keys
            .windows(2)
            .all(|pair| pair[1].0.wrapping_sub(pair[0].0) == 1);
        if !consecutive {
            let statement = DB::texts().largest_rowid(table);
            if !DB::fetch(connection, statement.text, DB::Arguments::default())
                .await?
                .is_empty()
            {
                let message = "the largest rowid is taken, so that SQLite draws keys at random; insert one row at a time, or assign keys yourself";
                return Err(Cause::Ours(Error::new(ErrorKind::Unsupported, message)));
            }
        }
        let mut order = vec![0; keys.len()];
        for (rank, (_, index)) in keys.into_iter().enumerate() {
            order[index] = rank;
        }
        Ok(order)
    }

    /// How many rows the step goes through in lists.
    fn base_rows(&self, step: &Step) -> usize {
        match &step.action {
            Action::Sweep { reach, .. } => reach.base.rows(),
            _ => step.rows().unwrap_or(1),
        }
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

/// Matches rows by the keys that the application gave them.
fn by_key<DB: Backend>(
    table: &'static Table,
    statement: &Statement,
    nodes: &[usize],
    returned: &[DB::Row],
    values: &Values<'_, '_>,
) -> Result<Vec<usize>, Cause> {
    let positions: Vec<(usize, usize)> = table
        .key
        .iter()
        .filter_map(|column| {
            Some((
                *column,
                statement
                    .returns
                    .iter()
                    .position(|returned| returned == column)?,
            ))
        })
        .collect();
    let mut order = Vec::with_capacity(returned.len());
    for (index, row) in returned.iter().enumerate() {
        let mut cells = Vec::with_capacity(positions.len());
        for (column, position) in &positions {
            cells.push((*column, read_cell::<DB>(table, *column, row, *position)?));
        }
        let same = |node: &usize| {
            cells
                .iter()
                .all(|(column, cell)| values.is(*node, *column, &**cell))
        };
        // They come in the order of the list as a rule.
        let found = if nodes.get(index).is_some_and(same) {
            Some(index)
        } else {
            nodes.iter().position(same)
        };
        order.push(found.ok_or_else(|| {
            Error::new(
                ErrorKind::Database,
                "the insert gave back a row with another key than it was given",
            )
        })?);
    }
    Ok(order)
}

fn read_cell<DB: Backend>(
    table: &'static Table,
    column: usize,
    row: &DB::Row,
    position: usize,
) -> Result<Cell, Error> {
    // The reader counts in columns of the table; this row has some of them only.
    let reader = RowOf::<DB> {
        row,
        first: Some(position.wrapping_sub(column)),
    };
    (table.columns[column].codec.read)(&mut |out| reader.decode(table, column, out))
}

/// Binds the lists of a statement.
pub(crate) fn arguments<DB: Backend>(
    statement: &Statement,
    values: &Values<'_, '_>,
) -> Result<DB::Arguments, Error> {
    let mut arguments = DB::Arguments::default();
    for bind in &statement.binds {
        match bind {
            Bind::Rows(list) => {
                for (number, row) in list.rows.iter().enumerate() {
                    for cell in &list.cells {
                        match cell.content {
                            Content::Column { side, column } => backend::bind::<DB>(
                                cell.codec,
                                values.cell(side, *row, column),
                                &mut arguments,
                            )?,
                            Content::Key { part } => backend::bind::<DB>(
                                cell.codec,
                                values.key(*row, part),
                                &mut arguments,
                            )?,
                            Content::Mask { column } => {
                                DB::bind_own(Own::Flag(values.writes(*row, column)), &mut arguments)
                                    .map_err(backend::encoding)?
                            }
                            Content::Number => {
                                DB::bind_own(Own::Number(number as i64), &mut arguments)
                                    .map_err(backend::encoding)?
                            }
                        }
                    }
                }
            }
            Bind::Arrays(list) => arrays::<DB>(list, values, &mut arguments)?,
        }
    }
    Ok(arguments)
}

fn arrays<DB: Backend>(
    list: &List,
    values: &Values<'_, '_>,
    arguments: &mut DB::Arguments,
) -> Result<(), Error> {
    for cell in &list.cells {
        let bound: Vec<Option<&Erased>> = match cell.content {
            Content::Column { side, column } => list
                .rows
                .iter()
                .map(|row| values.cell(side, *row, column))
                .collect(),
            Content::Key { part } => list.rows.iter().map(|row| values.key(*row, part)).collect(),
            Content::Mask { .. } | Content::Number => Vec::new(),
        };
        match cell.content {
            Content::Column { .. } | Content::Key { .. } => {
                backend::bind_array::<DB>(cell.codec, &bound, arguments)?
            }
            Content::Mask { column } => {
                let flags: Vec<bool> = list
                    .rows
                    .iter()
                    .map(|row| values.writes(*row, column))
                    .collect();
                DB::bind_own(Own::Flags(&flags), arguments).map_err(backend::encoding)?;
            }
            Content::Number => {
                let numbers: Vec<i64> = (0..list.rows.len() as i64).collect();
                DB::bind_own(Own::Numbers(&numbers), arguments).map_err(backend::encoding)?;
            }
        }
    }
    Ok(())
}

/// Says what is sent: the text and the number of rows, never a value.
fn trace(step: &Step, statement: &Statement) {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "sqlx_cascade", table = step.table.name, kind = %step.kind, rows = step.rows(), "{}", statement.text);
    #[cfg(not(feature = "tracing"))]
    let _ = (step, statement);
}
