//! Connections and transactions of an operation, and what is known of their outcome.

use std::sync::Arc;

use futures_core::future::BoxFuture;
use sqlx::Connection as _;
use sqlx::pool::PoolConnection;
use sqlx_core::transaction::TransactionManager as _;

use crate::backend::{Backend, from_sqlx, is_lost};
use crate::db::{Place, Source};
use crate::error::{Error, ErrorKind};
use crate::exec::{Cause, Wire};
use crate::slot::Outcome;
use crate::undo::Verdict;

/// How often something is done again at most, should a pooler part what a transaction holds together: an operation has fewer statements.
const REPEATS: u32 = 100;

/// A connection for an operation: the caller's, or one of the pool's.
pub(crate) struct Lease<'c, DB: Backend> {
    held: Held<'c, DB>,
    /// See [`Source::named`].
    named: bool,
    /// How often its work was done again.
    repeated: u32,
    /// A BEGIN is on its way.
    beginning: bool,
    progress: Progress,
}

/// How far an operation is.
#[derive(Default)]
pub(super) struct Progress {
    /// It has something to send, and isn't done.
    busy: bool,
    /// The answer is on its way that decides its outcome.
    outcome: Option<Arc<Outcome>>,
}

enum Held<'c, DB: Backend> {
    /// Until it is dropped.
    Pool(Option<PoolConnection<DB>>),
    Caller(&'c mut DB::Connection),
    Ours(&'c mut DB::Connection, Arc<Verdict>),
}

impl<DB: Backend> Held<'_, DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pool(connection) => connection.as_mut().expect("only a drop takes it"),
            Self::Caller(connection) | Self::Ours(connection, _) => connection,
        }
    }
}

impl<DB: Backend> Drop for Lease<'_, DB> {
    fn drop(&mut self) {
        if self.beginning {
            DB::undo_begin(self.held.connection());
        }
        let closes = self.progress.busy && DB::CLOSES;
        match &mut self.held {
            Held::Pool(connection) => {
                let Some(mut connection) = connection.take() else {
                    return;
                };
                if closes {
                    connection.close_on_drop();
                } else if let Some(outcome) = self.progress.outcome.take() {
                    // The answer to a ping comes after those to all that was sent before it.
                    let unanswered = outcome.leave();
                    sqlx_core::rt::spawn(async move {
                        drop(connection.ping().await);
                        drop((connection, unanswered));
                    });
                }
            }
            Held::Ours(_, verdict) if closes => verdict.undo(),
            Held::Ours(..) | Held::Caller(_) => {}
        }
    }
}

impl<'c, DB: Backend> Lease<'c, DB> {
    pub(crate) async fn take(source: Source<'c, DB>) -> Result<Self, Error> {
        let held = match source.place {
            Place::Pool(pool) => Held::Pool(Some(pool.acquire().await.map_err(from_sqlx::<DB>)?)),
            Place::Connection(connection) => Held::Caller(connection),
            Place::Transaction(_, verdict) if verdict.is_undone() => return Err(ended()),
            Place::Transaction(connection, verdict) => Held::Ours(connection, verdict),
        };
        Ok(Self::of(held, source.named))
    }

    fn of(held: Held<'c, DB>, named: bool) -> Self {
        Self {
            held,
            named,
            repeated: 0,
            beginning: false,
            progress: Progress::default(),
        }
    }

    /// The caller's connection is in a transaction.
    pub(crate) fn is_in_transaction(&mut self) -> bool {
        self.held.connection().is_in_transaction()
    }

    /// A statement needs no transaction around it.
    pub(super) fn goes_alone(&mut self) -> bool {
        self.named && !self.is_in_transaction()
    }

    /// What failed with this error is to be done again.
    ///
    /// Where sqlx meets a type for the first time on a connection, it asks for it between the preparation of a statement and its execution, by a
    /// plain query, with which the server forgets a statement without a name. From then on it knows the type.
    pub(super) fn repeats(&mut self, error: &Error) -> bool {
        let Some(sqlx::Error::Database(error)) = error.database_error() else {
            return false;
        };
        let is_forgotten = !self.named && DB::has_forgotten(&**error);
        self.repeated += u32::from(is_forgotten);
        is_forgotten && self.repeated <= REPEATS
    }

    /// For statements without a transaction; [`done`](Self::done) follows.
    fn wire(&mut self) -> Wire<'_, DB> {
        self.progress.busy = true;
        Wire {
            named: self.named,
            connection: self.held.connection(),
        }
    }

    /// For a statement without a transaction that decides an outcome by itself; [`done`](Self::done) follows.
    pub(super) fn deciding(&mut self, outcome: &Arc<Outcome>) -> Wire<'_, DB> {
        self.progress.doubt(outcome);
        self.wire()
    }

    /// The answers to all statements were read.
    fn done(&mut self) {
        self.progress.busy = false;
    }

    /// The same, of one that decided an outcome.
    pub(super) fn settle(&mut self) {
        self.done();
        self.progress.settle();
    }
}

/// A transaction on a connection: of its own, or a savepoint in the caller's.
pub(crate) async fn begin<'l, DB: Backend>(
    lease: &'l mut Lease<'_, DB>,
) -> Result<Transaction<'l, DB>, Error> {
    let is_savepoint = lease.is_in_transaction();
    lease.progress.busy = true;
    lease.beginning = !is_savepoint;
    let begun = DB::begin(lease.held.connection()).await;
    lease.beginning = false;
    lease.progress.busy = begun.is_ok();
    if let Err(sqlx::Error::BeginFailed) = begun {
        return Err(ended());
    }
    begun.map_err(from_sqlx::<DB>)?;
    let named = lease.named;
    let (connection, verdict) = match &mut lease.held {
        Held::Ours(connection, verdict) => (&mut **connection, Some(&**verdict)),
        held => (held.connection(), None),
    };
    Ok(Transaction {
        wire: Wire { connection, named },
        verdict,
        progress: &mut lease.progress,
        open: true,
        kind: if is_savepoint {
            Kind::Savepoint
        } else {
            Kind::Whole
        },
    })
}

/// The same, for steps that are run on a [`Line`]: where a message takes several statements, BEGIN and COMMIT go with others.
pub(super) async fn begin_framed<'l, DB: Backend>(
    lease: &'l mut Lease<'_, DB>,
) -> Result<Transaction<'l, DB>, Error> {
    if !DB::SEVERAL || lease.is_in_transaction() {
        return begin::<DB>(lease).await;
    }
    lease.progress.busy = true;
    Ok(Transaction {
        wire: Wire {
            named: lease.named,
            connection: lease.held.connection(),
        },
        verdict: None,
        progress: &mut lease.progress,
        open: false,
        kind: Kind::Framed,
    })
}

/// Does something in a transaction, and does it again where it has to be.
pub(crate) async fn transact<DB: Backend, S, T>(
    lease: &mut Lease<'_, DB>,
    outcome: &Arc<Outcome>,
    mut state: S,
    mut work: impl for<'w> FnMut(&'w mut S, Wire<'w, DB>) -> BoxFuture<'w, Result<T, Error>>,
) -> Result<T, Error> {
    loop {
        let mut transaction = begin(lease).await?;
        let done = work(&mut state, transaction.wire()).await;
        match transaction.end(done, outcome).await {
            Err(error) if lease.repeats(&error) => {}
            done => return done,
        }
    }
}

/// Does what needs no transaction of its own: it only reads, or is a part of what is done in one. Where statements have no names it gets one.
pub(crate) async fn part<DB: Backend, S, T>(
    lease: &mut Lease<'_, DB>,
    mut state: S,
    mut work: impl for<'w> FnMut(&'w mut S, Wire<'w, DB>) -> BoxFuture<'w, Result<T, Error>>,
) -> Result<T, Error> {
    if lease.named {
        let done = work(&mut state, lease.wire()).await;
        lease.done();
        return done;
    }
    let done = transact(lease, &Arc::default(), state, work).await;
    done.map_err(|error| match error.kind() {
        ErrorKind::OutcomeUnknown => {
            let message = "the connection was lost before what was read was known to be true";
            error.recast(ErrorKind::Database, message)
        }
        _ => error,
    })
}

/// A transaction of the library's own.
pub(crate) struct Transaction<'c, DB: Backend> {
    wire: Wire<'c, DB>,
    /// That of the transaction of ours that it is in.
    verdict: Option<&'c Verdict>,
    /// The lease's.
    progress: &'c mut Progress,
    /// There is something to undo.
    open: bool,
    kind: Kind,
}

/// Who begins and ends a transaction.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// sqlx.
    Whole,
    /// sqlx, in the caller's.
    Savepoint,
    /// The messages of its statements. sqlx knows nothing of it.
    Framed,
}

/// Where the steps of a plan are run.
pub(super) enum Line<'l, 'c, DB: Backend> {
    /// Here.
    Wire(Wire<'l, DB>),
    /// In a transaction that decides this outcome.
    Framed(&'l mut Transaction<'c, DB>, &'l Arc<Outcome>),
}

/// What goes with a message of statements.
#[derive(Default)]
pub(super) struct Frame {
    /// Begins the transaction.
    pub(super) before: Option<&'static str>,
    /// Commits it.
    pub(super) after: Option<&'static str>,
}

impl<DB: Backend> Line<'_, '_, DB> {
    pub(super) fn wire(&mut self) -> Wire<'_, DB> {
        match self {
            Self::Wire(wire) => wire.lend(),
            Self::Framed(transaction, _) => transaction.wire(),
        }
    }

    /// What goes with the next message, the last that there is if `ends`.
    pub(super) fn frame(&mut self, ends: bool) -> Frame {
        let Self::Framed(transaction, outcome) = self else {
            return Frame::default();
        };
        if transaction.kind != Kind::Framed {
            return Frame::default();
        }
        if ends {
            transaction.progress.doubt(outcome);
        }
        // From here on there is something to undo, also for who drops it on its way.
        let is_open = std::mem::replace(&mut transaction.open, true);
        Frame {
            before: DB::BEGIN.filter(|_| !is_open),
            after: ends.then_some("COMMIT"),
        }
    }

    /// The answer to a message came. It `begun` the transaction, if that was with it.
    pub(super) fn answered(
        &mut self,
        frame: &Frame,
        begun: bool,
        done: Result<(), sqlx::Error>,
    ) -> Result<(), Cause> {
        let Self::Framed(transaction, _) = self else {
            return done.map_err(Cause::Database);
        };
        if frame.before.is_some() {
            transaction.open = begun;
        }
        match done {
            Err(error) if frame.after.is_some() && is_lost::<DB>(&error) => {
                Err(unknown::<DB>(error).into())
            }
            done => {
                if frame.after.is_some() {
                    transaction.open &= done.is_err();
                    transaction.progress.settle();
                }
                done.map_err(Cause::Database)
            }
        }
    }
}

impl<DB: Backend> Transaction<'_, DB> {
    pub(crate) fn wire(&mut self) -> Wire<'_, DB> {
        self.wire.lend()
    }

    /// For a [`part`] of what is done in it.
    pub(crate) fn lease(&mut self) -> Lease<'_, DB> {
        Lease::of(Held::Caller(self.wire.connection), self.wire.named)
    }

    /// Commits what was done, or rolls back what failed.
    ///
    /// Where the rollback fails too, the first failure says more; sqlx rolls back a connection before it is used again.
    pub(crate) async fn end<T>(
        mut self,
        done: Result<T, Error>,
        outcome: &Arc<Outcome>,
    ) -> Result<T, Error> {
        let ended = match done {
            Ok(done) => self.commit(outcome).await.map(|()| done),
            Err(error) => {
                if let (Some(verdict), Some(sqlx::Error::Database(database))) =
                    (self.verdict, error.database_error())
                    && DB::ends_transaction(&**database)
                {
                    verdict.undo();
                }
                drop(self.rollback().await);
                Err(error)
            }
        };
        self.progress.busy = false;
        ended
    }

    /// Undoes what was done, for something else to be done instead.
    pub(crate) async fn undo(mut self) -> Result<(), Error> {
        let undone = self.rollback().await;
        self.progress.busy = false;
        undone.map_err(from_sqlx::<DB>)
    }

    async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        match self.kind {
            Kind::Framed if self.open => self.say("ROLLBACK").await,
            Kind::Framed => Ok(()),
            Kind::Whole | Kind::Savepoint => {
                DB::rollback(self.wire.connection, &mut self.open).await
            }
        }
    }

    /// While a commit is on its way, nobody knows the outcome.
    async fn commit(&mut self, outcome: &Arc<Outcome>) -> Result<(), Error> {
        if self.kind == Kind::Framed && !self.open {
            return Ok(());
        }
        self.progress.doubt(outcome);
        let committed = match self.kind {
            Kind::Framed => self.say("COMMIT").await,
            Kind::Whole => DB::commit(self.wire.connection, &mut self.open).await,
            Kind::Savepoint => DB::release(self.wire.connection, &mut self.open).await,
        };
        match committed {
            // With the caller's transaction everything in it is gone.
            Err(error) if self.kind != Kind::Savepoint && is_lost::<DB>(&error) => {
                Err(unknown::<DB>(error))
            }
            answered => {
                self.progress.settle();
                answered.map_err(from_sqlx::<DB>)
            }
        }
    }

    /// Ends a transaction that sqlx knows nothing of.
    async fn say(&mut self, end: &'static str) -> Result<(), sqlx::Error> {
        let (arguments, mut answers) = (DB::Arguments::default(), Vec::new());
        let text = end.to_owned();
        self.wire.send(text, arguments, &mut answers).await?;
        self.open = false;
        Ok(())
    }
}

impl<DB: Backend> Drop for Transaction<'_, DB> {
    /// Queues what undoes it.
    fn drop(&mut self) {
        match self.kind {
            Kind::Framed if self.open => DB::undo_begin(self.wire.connection),
            Kind::Whole | Kind::Savepoint if self.open => {
                DB::TransactionManager::start_rollback(self.wire.connection);
            }
            _ => {}
        }
    }
}

/// The database has ended a transaction before its owner did.
pub(crate) fn ended() -> Error {
    let message = "the transaction was rolled back by the database, or its connection can't be used any more; roll it back, and repeat all of it";
    Error::new(ErrorKind::Conflict, message)
}

impl Progress {
    /// From here on nobody knows whether the handles' rows were written.
    fn doubt(&mut self, outcome: &Arc<Outcome>) {
        outcome.doubt();
        self.outcome = Some(Arc::clone(outcome));
    }

    /// The answer came.
    fn settle(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            outcome.settle();
        }
    }
}

/// The connection was lost in place of the answer that decides an outcome.
pub(super) fn unknown<DB: Backend>(error: sqlx::Error) -> Error {
    let message = "the connection was lost while the outcome was on its way: refresh to learn whether it was written";
    from_sqlx::<DB>(error).recast(ErrorKind::OutcomeUnknown, message)
}
