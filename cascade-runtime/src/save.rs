//! Saving: graph, plan, execution, write-back.

use std::sync::Arc;

use crate::backend::Backend;
use crate::codec::Erased;
use crate::db::Db;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{Done, Lease, Wire, Work, transact};
use crate::graph::{Graph, Root, Seen, Survey};
use crate::handle::Persistent;
use crate::load;
use crate::meta::Table;
use crate::plan::{self, Abilities, Keys};
use crate::report::{Plan, Report};
use crate::settle::{self, Settled};
use crate::slot::{Fetched, Leave, Left, Outcome, Row, RowState};
use crate::undo::Verdict;

/// The rows at the top of a save, for reading and for writing back.
pub trait Roots: Send {
    #[doc(hidden)]
    fn each<'a>(&'a self, see: &mut dyn FnMut(Root<'a>));
    #[doc(hidden)]
    fn parts(&mut self) -> Vec<(&'static Table, &mut Erased, &mut RowState)>;
}

/// Handles of any types that are saved as one: `&mut Persistent<T>`, vectors and tuples of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be saved together",
    label = "pass a tuple or a vector of `&mut Persistent<..>`"
)]
pub trait Graphs: Roots + Sync {}

impl<T: Entity> Graphs for &mut Persistent<T> {}
impl<G: Graphs> Graphs for Vec<G> {}

macro_rules! tuples {
    ($(($($graph:ident $index:tt),+))*) => { $(
        impl<$($graph: Roots),+> Roots for ($($graph,)+) {
            fn each<'a>(&'a self, see: &mut dyn FnMut(Root<'a>)) {
                $(self.$index.each(see);)+
            }

            fn parts(&mut self) -> Vec<(&'static Table, &mut Erased, &mut RowState)> {
                let mut parts = Vec::new();
                $(parts.extend(self.$index.parts());)+
                parts
            }
        }
        impl<$($graph: Graphs),+> Graphs for ($($graph,)+) {}
    )* };
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}

impl<T: Entity> Roots for Persistent<T> {
    fn each<'a>(&'a self, see: &mut dyn FnMut(Root<'a>)) {
        self.row.each(see);
    }

    fn parts(&mut self) -> Vec<(&'static Table, &mut Erased, &mut RowState)> {
        self.row.parts()
    }
}

impl<T: Entity> Roots for Row<T> {
    fn each<'a>(&'a self, see: &mut dyn FnMut(Root<'a>)) {
        see(Root {
            table: T::table(),
            value: &self.value,
            state: &self.state,
        });
    }

    fn parts(&mut self) -> Vec<(&'static Table, &mut Erased, &mut RowState)> {
        vec![(T::table(), &mut self.value, &mut self.state)]
    }
}

impl<R: Roots> Roots for Vec<R> {
    fn each<'a>(&'a self, see: &mut dyn FnMut(Root<'a>)) {
        for root in self {
            root.each(see);
        }
    }

    fn parts(&mut self) -> Vec<(&'static Table, &mut Erased, &mut RowState)> {
        self.iter_mut().flat_map(R::parts).collect()
    }
}

impl<R: Roots + Sync> Roots for &mut R {
    fn each<'a>(&'a self, see: &mut dyn FnMut(Root<'a>)) {
        (**self).each(see);
    }

    fn parts(&mut self) -> Vec<(&'static Table, &mut Erased, &mut RowState)> {
        (**self).parts()
    }
}

pub(crate) fn roots(rows: &dyn Roots) -> Vec<Root<'_>> {
    let mut roots = Vec::new();
    rows.each(&mut |root| roots.push(root));
    roots
}

/// The outcome of an operation that is about to write these rows, and what is below them.
///
/// A handle whose last write has an unknown outcome writes nothing until it is refreshed.
pub(crate) fn awaited(rows: &mut dyn Roots) -> Result<Arc<Outcome>, Error> {
    let rows = rows.parts();
    if let Some((table, ..)) = rows.iter().find(|(_, _, state)| state.is_in_doubt()) {
        return Err(in_doubt(table, table.entity.to_owned()));
    }
    let outcome = Arc::default();
    for (_, _, state) in rows {
        state.await_outcome(&outcome);
    }
    Ok(outcome)
}

/// Nor does a parent that adopted its row.
fn all_known(graph: &Graph<'_>) -> Result<(), Error> {
    let doubted = |node: &usize| graph.nodes[*node].state.is_in_doubt();
    let node = (0..graph.nodes.len()).find(doubted);
    node.map_or(Ok(()), |node| {
        Err(in_doubt(graph.nodes[node].table, graph.path(node)))
    })
}

fn in_doubt(table: &'static Table, path: String) -> Error {
    let message = "nobody knows whether the last write of this row happened; refresh it first";
    Error::new(ErrorKind::OutcomeUnknown, message).at(table.entity, path)
}

/// Saves everything under some rows in one transaction.
pub(crate) async fn save<D: Db>(rows: &mut (dyn Roots + Sync), mut db: D) -> Result<Report, Error> {
    let survey = Survey::of(&*rows);
    if survey.is_quiet() {
        return Ok(Report::default());
    }
    let outcome = awaited(rows)?;
    let saved = {
        let graph = Graph::build(roots(&*rows), &survey, &[])?;
        all_known(&graph)?;
        if graph.unseen().is_empty() {
            let steps = plan::save(&graph, abilities::<D::Backend>())?;
            if steps.is_empty() {
                return Ok(Report::default());
            }
            let work = Work {
                graph: &graph,
                steps: &steps,
                keys: Keys::NONE,
            };
            let done = work.run::<D::Backend>(db.source(), &outcome).await?;
            Saved::of(&graph, done)
        } else {
            let mut lease = Lease::take(db.source()).await?;
            transact(&mut lease, &outcome, &*rows, |rows, wire| {
                Box::pin(save_in(*rows, wire))
            })
            .await?
        }
    };
    Ok(saved.write_back(rows, db.verdict().as_ref()))
}

/// What a database can do.
pub(crate) fn abilities<DB: Backend>() -> Abilities {
    DB::texts().dialect.abilities()
}

/// A save whose statements have run, for [`write_back`](Self::write_back) after the commit.
pub(crate) struct Saved {
    report: Report,
    settled: Settled,
}

impl Saved {
    fn of(graph: &Graph<'_>, done: Done) -> Self {
        Self {
            report: done.report,
            settled: settle::settled(graph, done.staged),
        }
    }

    /// Writes back into the rows that were saved.
    pub(crate) fn write_back(self, rows: &mut dyn Roots, verdict: Option<&Arc<Verdict>>) -> Report {
        settle::settle(rows.parts(), self.settled, verdict);
        self.report
    }
}

/// The statements of a save, on a connection that is in a transaction.
pub(crate) async fn save_in<DB: Backend>(
    rows: &(dyn Roots + Sync),
    mut wire: Wire<'_, DB>,
) -> Result<Saved, Error> {
    let survey = Survey::of(rows);
    let unseen = Graph::build(roots(rows), &survey, &[])?;
    let seen = see::<DB>(&unseen, wire.lend()).await?;
    let graph = if seen.is_empty() {
        unseen
    } else {
        Graph::build(roots(rows), &survey, &seen)?
    };
    let steps = plan::save(&graph, abilities::<DB>())?;
    let work = Work {
        graph: &graph,
        steps: &steps,
        keys: Keys::NONE,
    };
    Ok(Saved::of(&graph, work.run_in(wire).await?))
}

/// Reads the rows that leave unseen where one of them may have the key of a row that enters.
async fn see<DB: Backend>(graph: &Graph<'_>, mut wire: Wire<'_, DB>) -> Result<Vec<Seen>, Error> {
    let mut seen = Vec::new();
    for whole in graph.unseen() {
        let parent = &graph.nodes[whole.parent];
        let root = Root {
            table: parent.table,
            value: parent.value,
            state: parent.state,
        };
        let rows = load::rows_of::<DB>(wire.lend(), root, whole.relation).await;
        // A row that a save is about is stale where it is gone, whether it is read or written.
        let rows = rows.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let message = "the row isn't there any more; nothing was written";
                Error::new(ErrorKind::Stale, message)
                    .at(parent.table.entity, graph.path(whole.parent))
            }
            _ => error,
        })?;
        let left = |(value, state): Fetched| {
            let expunged = Vec::new();
            let cells = state.identity(whole.table, &*value);
            Left::new(state.handle(), Leave::Removed { expunged }, cells)
        };
        seen.push(Seen {
            parent: whole.parent,
            relation: whole.relation,
            rows: rows.into_iter().map(left).collect(),
        });
    }
    Ok(seen)
}

/// What a save would do.
pub(crate) fn plan(rows: &dyn Roots) -> Result<Plan, Error> {
    let survey = Survey::of(rows);
    let graph = Graph::build(roots(rows), &survey, &[])?;
    let steps = plan::save(&graph, Abilities::default());
    // What one statement has to insert is saved by the databases that can.
    let checks_at_end = cfg!(feature = "postgres");
    let steps = steps.or_else(|_| {
        plan::save(
            &graph,
            Abilities {
                checks_at_end,
                ..Abilities::default()
            },
        )
    })?;
    let rows = |step: &plan::Step| step.rows().map(|rows| rows as u64);
    Ok(Plan::new(
        steps
            .iter()
            .flat_map(plan::Step::parts)
            .filter_map(|step| step.change(rows(step)))
            .collect(),
    ))
}

pub(crate) async fn insert<T: Entity, D: Db>(value: T, db: D) -> Result<Persistent<T>, Error> {
    let mut row = Row::new(value);
    match save(&mut row, db).await {
        Ok(_) => Ok(Persistent { row }),
        Err(error) => Err(error.carrying(row.value)),
    }
}

pub(crate) async fn insert_all<T: Entity, D: Db>(
    values: Vec<T>,
    db: D,
) -> Result<Vec<Persistent<T>>, Error> {
    let mut rows: Vec<Row<T>> = values.into_iter().map(Row::new).collect();
    match save(&mut rows, db).await {
        Ok(_) => Ok(rows.into_iter().map(|row| Persistent { row }).collect()),
        Err(error) => {
            Err(error.carrying(rows.into_iter().map(|row| row.value).collect::<Vec<T>>()))
        }
    }
}
