//! Deleting rows with everything that their cascades delete, and detaching the rows of a relation.

use std::sync::Arc;

use crate::codec::{Cell, Erased, Null};
use crate::db::Db;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::Work;
use crate::find::{keys, not_found, there};
use crate::graph::{Fate, Graph, Orphan, Root};
use crate::handle::{Persistent, plain};
use crate::meta::{ForeignKey, PassiveDeletes, RelationDef, Table};
use crate::plan::{self, Action, Base, Keys, Sets, Step, Target, naming};
use crate::report::{ChangeKind, Report};
use crate::save::{abilities, awaited, roots};
use crate::settle::{refer, written};
use crate::slot::{Link, Row};
use crate::undo::Verdict;

/// Deletes the rows of some handles; gives their values, new, or the handles with the error.
pub(crate) async fn delete<T: Entity, D: Db>(
    mut rows: Vec<Row<T>>,
    db: D,
) -> Result<Vec<T>, (Error, Vec<Row<T>>)> {
    match run(&mut rows, db).await {
        Ok(()) => Ok(rows.into_iter().map(survivor).collect()),
        Err(error) => Err((error, rows)),
    }
}

async fn run<T: Entity, D: Db>(rows: &mut Vec<Row<T>>, mut db: D) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = T::table();
    let outcome = awaited(rows)?;
    rows.iter().try_for_each(there)?;
    let graph = Graph::releases(roots(&*rows));
    // What was taken out to survive is released before the delete would reach it.
    let mut steps = plan::save(&graph, abilities::<D::Backend>())?;
    let delete = plan::delete(
        table,
        naming(table, None),
        (0..rows.len()).map(Target::Node).collect(),
        &mut Sets::new(abilities::<D::Backend>()),
    );
    steps.extend(plan::joined(delete, abilities::<D::Backend>()));
    Work {
        graph: &graph,
        steps: &steps,
        keys: Keys::NONE,
    }
    .run::<D::Backend>(db.source(), &outcome)
    .await?;
    Ok(())
}

/// Deletes a row that is known by its key alone.
pub(crate) async fn delete_by_key<T: Entity, D: Db>(
    key: T::Key,
    mut db: D,
) -> Result<Report, Error> {
    let table = T::table();
    let keys = keys::<T>(&[key]);
    let graph = Graph::default();
    let steps = plan::delete(
        table,
        table.key.to_vec(),
        keys.targets(),
        &mut Sets::new(abilities::<D::Backend>()),
    );
    let steps = plan::joined(steps, abilities::<D::Backend>());
    let work = Work {
        graph: &graph,
        steps: &steps,
        keys: &keys,
    };
    match work.run::<D::Backend>(db.source(), &Arc::default()).await {
        Ok(done) => Ok(done.report),
        Err(error) if error.kind() == ErrorKind::Stale => Err(not_found(table)),
        Err(error) => Err(error),
    }
}

/// Applies the removal rule of a relation to all its rows in the database.
pub(crate) async fn detach<T: Entity, D: Db>(
    handle: &mut Persistent<T>,
    index: usize,
    mut db: D,
) -> Result<Report, Error> {
    let table = T::table();
    let relation = &table.relations[index];
    detachable(table, relation)?;
    there(&handle.row)?;
    let Some(foreign_key) = relation.foreign_key(table) else {
        return Ok(Report::default());
    };
    if relation.is_held() {
        return let_go(handle, index, foreign_key, db).await;
    }
    let outcome = awaited(&mut handle.row)?;
    let aggregate = table.version.as_ref().filter(|version| version.aggregate);
    let done = {
        let root = Root {
            table,
            value: &handle.row.value,
            state: &handle.row.state,
        };
        let mut graph = Graph::of_rows([root]);
        let rows = vec![Target::Node(0)];
        let mut steps = vec![match aggregate {
            None => Step {
                table,
                kind: None,
                action: Action::Lock {
                    rows,
                    when: table.key.to_vec(),
                },
            },
            Some(version) => {
                graph.nodes[0].fate = Fate::write(vec![version.column]);
                Step {
                    table,
                    kind: Some(ChangeKind::Updated),
                    action: Action::Write {
                        rows,
                        columns: vec![version.column],
                        when: naming(table, None),
                    },
                }
            }
        }];
        let mut sets = Sets::new(abilities::<D::Backend>());
        let leaving = plan::detach(
            relation,
            Base::Owned {
                table: (relation.target)(),
                foreign_key,
                parents: vec![0],
                kept: Vec::new(),
            },
            &mut sets,
        );
        steps.extend(leaving.steps(&mut sets));
        let steps = plan::joined(steps, abilities::<D::Backend>());
        let work = Work {
            graph: &graph,
            steps: &steps,
            keys: Keys::NONE,
        };
        let done = work.run::<D::Backend>(db.source(), &outcome);
        done.await
            .map_err(|error| gone(error, aggregate.is_some(), table))?
    };
    let verdict = db.verdict();
    let staged = done.staged.into_cells();
    if !staged.is_empty() || verdict.is_some() {
        record(&mut handle.row, Vec::new(), &staged, verdict.as_ref());
    }
    let Row { value, state } = &mut handle.row;
    let parts = written(table, value, staged);
    if let Some(slot) = parts.slots.into_iter().nth(index) {
        slot.empty(Link::emptied(state, foreign_key, verdict.as_ref()));
    }
    Ok(done.report)
}

/// Lets go of the parent that a foreign key of the row refers to.
async fn let_go<T: Entity, D: Db>(
    handle: &mut Persistent<T>,
    index: usize,
    foreign_key: &'static ForeignKey,
    mut db: D,
) -> Result<Report, Error> {
    let table = T::table();
    let relation = &table.relations[index];
    let columns: Vec<usize> = foreign_key.own_columns().map(|part| part.column).collect();
    if !foreign_key.nullable || columns.is_empty() {
        let message = format!(
            "`{}` can't be NULL; point it to another row",
            relation.field
        );
        let path = format!("{}.{}", table.entity, relation.field);
        return Err(Error::new(ErrorKind::MissingRequired, message).at(table.entity, path));
    }
    let outcome = awaited(&mut handle.row)?;
    let done = {
        let root = Root {
            table,
            value: &handle.row.value,
            state: &handle.row.state,
        };
        let mut graph = Graph::of_rows([root]);
        let version = table.version.as_ref().map(|version| version.column);
        let mut written: Vec<usize> = columns.iter().copied().chain(version).collect();
        written.sort_unstable();
        graph.nodes[0].fate = Fate::Write {
            columns: written,
            moved: false,
            cleared: Some(foreign_key),
        };
        if relation.cascade.delete_orphan {
            graph.orphans.push(Orphan {
                node: 0,
                relation,
                foreign_key,
            });
        }
        let steps = plan::save(&graph, abilities::<D::Backend>())?;
        let work = Work {
            graph: &graph,
            steps: &steps,
            keys: Keys::NONE,
        };
        let done = work.run::<D::Backend>(db.source(), &outcome);
        done.await
            .map_err(|error| gone(error, version.is_some(), table))?
    };
    let staged = done.staged.into_cells();
    let nulls = columns
        .iter()
        .map(|&column| (column, Box::new(Null) as Cell));
    record(
        &mut handle.row,
        nulls.collect(),
        &staged,
        db.verdict().as_ref(),
    );
    let mut parts = written(table, &mut handle.row.value, staged);
    refer::<Cell>(table, &mut parts, foreign_key, None);
    Ok(done.report)
}

/// A row that isn't there is not found. Under a version that is checked, it can't be told from one that moved on.
fn gone(error: Error, is_versioned: bool, table: &'static Table) -> Error {
    if error.kind() == ErrorKind::Stale && !is_versioned {
        not_found(table)
    } else {
        error
    }
}

/// The database has these cells now, and those that it gave.
fn record<T: Entity>(
    row: &mut Row<T>,
    mut cells: Vec<(usize, Cell)>,
    staged: &[(usize, Cell)],
    verdict: Option<&Arc<Verdict>>,
) {
    let table = T::table();
    cells.extend(staged.iter().map(|(column, cell)| {
        let codec = &table.columns[*column].codec;
        (*column, (codec.clone)(&**cell))
    }));
    row.state.record(table, &row.value, cells, verdict);
}

fn detachable(table: &'static Table, relation: &RelationDef) -> Result<(), Error> {
    let refused = if relation.viewonly || !relation.cascade.save_update {
        Some((
            ErrorKind::NotCascaded,
            "the relation isn't written through its parent: it is `viewonly`, or has no `save-update` in its cascade",
        ))
    } else if relation.deny {
        Some((
            ErrorKind::RemovalDenied,
            "removals are denied by `on_remove = \"deny\"`",
        ))
    } else if relation.required {
        Some((
            ErrorKind::MissingRequired,
            "a child is required; replace it with `set`",
        ))
    } else {
        None
    };
    refused.map_or(Ok(()), |(kind, message)| {
        Err(Error::new(kind, message).at(
            (relation.target)().entity,
            format!("{}.{}", table.entity, relation.field),
        ))
    })
}

/// The value of a deleted row, new throughout: relations whose rows survive are not loaded.
fn survivor<T: Entity>(mut row: Row<T>) -> T {
    let mut rows: Vec<(&'static Table, &mut Erased)> = vec![(T::table(), &mut row.value)];
    while let Some((table, value)) = rows.pop() {
        for (relation, slot) in table
            .relations
            .iter()
            .zip(table.functions.parts(value).slots)
        {
            let survives = (relation.target)().is_link() && !relation.single_parent;
            if relation.cascade.delete
                && !survives
                && relation.passive_deletes != PassiveDeletes::All
                && !relation.viewonly
            {
                rows.extend(
                    slot.rows_mut()
                        .into_iter()
                        .map(|(value, _)| ((relation.target)(), value)),
                );
            } else {
                slot.unload();
            }
        }
    }
    plain(row)
}
