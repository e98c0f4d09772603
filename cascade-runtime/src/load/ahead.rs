//! Reading rows and everything below them by one message, before it is known which rows there are: what lies below them is found by a condition.
//!
//! Its rows say by their keys which others they belong to. All of it is as it was at one time, where it is one statement.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use crate::backend::{Answer, Backend, from_sqlx, is_lost};
use crate::codec::Erased;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{Wire, arguments, sends};
use crate::graph::{Graph, Root};
use crate::keys::{ByKey, Cells};
use crate::load::found::{self, Found};
use crate::load::{Above, absent, chunks, differs, read_child, slot_of, target_of};
use crate::meta::{ForeignKey, Table};
use crate::plan::{Keys, Target};
use crate::read::Reader;
use crate::relation::Tree;
use crate::slot::{Fetched, RowState};
use crate::sql::{Arm, Bind, List, Statement, Way, parts};
use crate::values::{Side, Values, stored};

/// More tables are read level by level: each asks for those above it once more.
const ARMS: usize = 12;
/// And so are more columns: of all the tables a row has all columns.
const COLUMNS: usize = 600;

/// The texts that are kept.
const TEXTS: usize = 1000;

/// What was read, before it is dealt out.
pub(crate) struct Ahead<DB: Backend> {
    arms: Vec<Arm>,
    /// By arm: the rows in their order.
    found: Vec<Found<DB>>,
    /// By arm: the relation of the table above.
    relations: Vec<usize>,
}

/// The tables of a tree, each after the one above it; `None` where it has to be read level by level.
fn arms(table: &'static Table, tree: &Tree) -> Option<(Vec<Arm>, Vec<usize>)> {
    let mut arms = vec![Arm::root(table)];
    let mut relations = vec![0];
    let mut next: Vec<(usize, usize, &Tree)> = Vec::new();
    next.extend(below(0, tree));
    while let Some((above, index, tree)) = next.pop() {
        next.extend(below(arms.len(), tree));
        arms.push(arm_below((above, arms[above].table), index)?);
        relations.push(index);
        if arms.len() > ARMS {
            return None;
        }
    }
    let columns: usize = arms.iter().map(Arm::width).sum();
    (columns <= COLUMNS).then_some((arms, relations))
}

/// The arm of a relation of the rows of another.
fn arm_below((above, table): (usize, &'static Table), index: usize) -> Option<Arm> {
    let relation = &table.relations[index];
    let foreign_key = relation.foreign_key(table)?;
    let link = (relation.target)();
    let way = if relation.is_held() {
        Way::Holders(foreign_key)
    } else if link.is_link() {
        Way::Links(link)
    } else {
        Way::Children(foreign_key)
    };
    Some(Arm {
        table: target_of(relation),
        above: Some((above, way)),
        order_by: relation.order_by,
    })
}

/// The relations of a tree, below an arm.
fn below(arm: usize, tree: &Tree) -> impl Iterator<Item = (usize, usize, &Tree)> {
    let relations = tree.0.iter();
    relations.map(move |(index, tree)| (arm, *index, tree))
}

/// Reads rows by their keys, and what lies below them. `None` where the database can't do it at once, or refuses: level by level shows where.
pub(super) async fn read<DB: Backend>(
    mut wire: Wire<'_, DB>,
    table: &'static Table,
    (keys, tree): (&Keys, &Tree),
) -> Result<Option<Ahead<DB>>, Error> {
    let dialect = DB::texts().dialect;
    let Some((arms, relations)) = arms(table, tree) else {
        return Ok(None);
    };
    if !DB::SEVERAL && !arms.iter().all(|arm| dialect.unites(arm.table)) {
        return Ok(None);
    }
    let list = List::keys(table, keys.targets());
    if dialect.read_chunk(&list.cells, list.rows.len()) < list.rows.len() {
        return Ok(None);
    }
    let graph = Graph::default();
    let values = Values::new(&graph, keys);
    let statement = text::<DB>(&arms, tree, list);
    let arguments = arguments::<DB>(&statement, &values)?;
    sends(table, "read", None, &statement.text);
    let mut answers = Vec::new();
    match at_once::<DB>(&mut wire, statement.text, arguments, &mut answers).await {
        Ok(()) => {}
        Err(error) => {
            let is_answer = matches!(error, sqlx::Error::Database(_)) && !is_lost::<DB>(&error);
            // There the transaction of the caller can't go on.
            let is_last = !DB::SEVERAL && wire.is_in_transaction();
            let error = from_sqlx::<DB>(error);
            return match error.kind() {
                ErrorKind::Database if is_answer && !is_last => Ok(None),
                _ => Err(error.at(table.entity, table.entity)),
            };
        }
    }
    let found = if DB::SEVERAL {
        let rows = answers.into_iter().map(|one| Found::Rows(one.rows));
        rows.collect()
    } else {
        let rows = answers.into_iter().flat_map(|answer| answer.rows);
        found::united::<DB>(&arms, rows)?
    };
    Ok(Some(Ahead {
        arms,
        found,
        relations,
    }))
}

/// Sends what reads all of it, as of one time: several statements are in a transaction, which begins with the first of them to read.
async fn at_once<DB: Backend>(
    wire: &mut Wire<'_, DB>,
    text: String,
    arguments: DB::Arguments,
    answers: &mut Vec<Answer<DB::Row>>,
) -> Result<(), sqlx::Error> {
    if !DB::SEVERAL || wire.is_in_transaction() {
        return wire.send(text, arguments, answers).await;
    }
    let framed = format!("BEGIN;\n{text};\nCOMMIT");
    let mut open = Open {
        wire: wire.lend(),
        is_open: true,
    };
    let sent = open.wire.send(framed, arguments, answers).await;
    // Where the BEGIN is refused, the caller has begun one by a text, of which sqlx knows nothing.
    open.is_open = sent.is_err() && !answers.is_empty();
    drop(open);
    sent?;
    answers.pop();
    answers.remove(0);
    Ok(())
}

/// A transaction that sqlx knows nothing of: who drops it on its way leaves a ROLLBACK behind it.
struct Open<'w, DB: Backend> {
    wire: Wire<'w, DB>,
    is_open: bool,
}

impl<DB: Backend> Drop for Open<'_, DB> {
    fn drop(&mut self) {
        if self.is_open {
            self.wire.undo_begin();
        }
    }
}

/// Reads a relation of several rows by lists of the keys that its rows hold.
pub(super) async fn level<DB: Backend>(
    wire: &mut Wire<'_, DB>,
    (parents, index): (&[Root<'_>], usize),
    path: &str,
) -> Result<Option<Ahead<DB>>, Error> {
    let table = parents[0].table;
    let Some(arm) = arm_below((0, table), index) else {
        return Ok(None);
    };
    let child = arm.table;
    let (side, columns) = match arm.above {
        Some((_, Way::Holders(foreign_key))) => (Side::New, parts(foreign_key)),
        _ => (Side::Recorded, table.key.to_vec()),
    };
    let graph = Graph::of_rows(parents.iter().copied());
    let values = Values::new(&graph, Keys::NONE);
    let arms = vec![Arm::root(table), arm];
    let mut rows = Vec::new();
    for list in chunks::<DB>(&List::new(table, side, unlike(parents, &arms[1]), columns)) {
        let statement = DB::texts().level(&arms, list);
        sends(child, "read", None, &statement.text);
        let arguments = arguments::<DB>(&statement, &values)?;
        let found = wire.fetch(statement.text, arguments).await;
        let at_path = |error| from_sqlx::<DB>(error).at(child.entity, path);
        rows.append(&mut found.map_err(at_path)?);
    }
    Ok(Some(Ahead {
        arms,
        found: vec![Found::Rows(Vec::new()), Found::Rows(rows)],
        relations: vec![0, index],
    }))
}

/// The rows that an arm lies below, one for each key: what lies below the others is the same.
fn unlike(parents: &[Root<'_>], arm: &Arm) -> Vec<Target> {
    let mut seen = match arm.above {
        Some((_, Way::Holders(_))) => ByKey::new(arm.table),
        _ => ByKey::new(parents[0].table),
    };
    let mut unlike = Vec::with_capacity(parents.len());
    for (number, row) in parents.iter().enumerate() {
        let is_seen = match arm.above {
            Some((_, Way::Holders(foreign_key))) => {
                let key = target_key(*row, foreign_key);
                let found = seen.find(&key);
                if found.is_none() {
                    seen.add(number, key);
                }
                found
            }
            _ => find_or_add(&mut seen, number, *row),
        };
        if is_seen.is_none() {
            unlike.push(Target::Node(number));
        }
    }
    unlike
}

/// The first row with the key of this one; where there is none, takes down this one.
fn find_or_add(known: &mut ByKey, number: usize, row: Root<'_>) -> Option<usize> {
    let mut found = None;
    (row.table.functions.view)(row.value, &mut |fields, _| {
        let part = |part| row.state.key_part(row.table, part, fields);
        found = known.find_or_add(number, part);
    });
    found
}

/// The statement of some arms. That for a single row is kept: it depends on nothing but the tree.
fn text<DB: Backend>(arms: &[Arm], tree: &Tree, list: List) -> Statement {
    type Shape = (TypeId, usize, Tree);
    static KEPT: LazyLock<RwLock<HashMap<Shape, String>>> = LazyLock::new(RwLock::default);
    let write = |list| {
        if DB::SEVERAL {
            DB::texts().arms(arms, list)
        } else {
            DB::texts().union(arms, list)
        }
    };
    if list.rows.len() > 1 {
        return write(&list);
    }
    let table = std::ptr::from_ref(arms[0].table).addr();
    let shape = (TypeId::of::<DB>(), table, tree.clone());
    let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = kept.get(&shape) {
        return Statement {
            text: text.clone(),
            // Each arm names the row by its key.
            binds: vec![Bind::Rows(list); arms.len()],
            ..Statement::default()
        };
    }
    drop(kept);
    let statement = write(&list);
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= TEXTS {
        kept.clear();
    }
    kept.insert(shape, statement.text.clone());
    statement
}

impl<DB: Backend> Ahead<DB> {
    /// The arm of a relation of the rows of another.
    pub(super) fn arm(&self, above: usize, relation: usize) -> Option<usize> {
        let mut arms = self.arms.iter().zip(&self.relations);
        arms.position(|(arm, index)| {
            *index == relation && arm.above.is_some_and(|(arm, _)| arm == above)
        })
    }

    /// The rows that all starts from, in the order of their keys.
    pub(super) fn roots<T: Entity>(&self) -> Result<Vec<T>, Error> {
        let rows = 0..self.found[0].count();
        let read = |row| {
            self.found[0].read((row, false), 0, |row| {
                T::read(&mut Reader::new(T::table(), row))
            })
        };
        rows.map(read).collect()
    }

    /// By parent: its rows of a relation.
    pub(super) fn deal(
        &self,
        (parents, index, arm): (&[Root<'_>], usize, usize),
        path: &str,
    ) -> Result<Vec<Vec<Fetched>>, Error> {
        let table = parents[0].table;
        let mut dealt: Vec<Vec<Fetched>> = parents.iter().map(|_| Vec::new()).collect();
        let Some((_, way)) = self.arms[arm].above else {
            return Ok(dealt);
        };
        let (found, before) = (&self.found[arm], self.arms[arm].before());
        let slot = slot_of(parents[0], index);
        let child = self.arms[arm].table;
        let read = |row, keep| found.read((row, keep), before, |row| read_child(slot, child, row));
        let mut give = |parent: usize, value| dealt[parent].push((value, RowState::persistent()));
        if let Way::Holders(foreign_key) = way {
            let targets = self.by_key(arm)?;
            let mut asked = vec![false; found.count()];
            let mut is_complete = true;
            for (parent, row) in parents.iter().enumerate() {
                if let Some(target) = targets.find(&target_key(*row, foreign_key)) {
                    give(parent, read(target, true)?);
                    asked[target] = true;
                } else {
                    is_complete = false;
                }
            }
            // A row that nobody asked for is one that the database calls equal to what somebody did.
            return match (is_complete, asked.contains(&false)) {
                (true, _) => Ok(dealt),
                (false, true) => Err(differs(self.arms[arm].table, path)),
                (false, false) => {
                    absent(table, &table.relations[index], Above::JustRead).map(|()| dealt)
                }
            };
        }
        let owners = Owners::new(parents);
        for row in 0..found.count() {
            let value = read(row, owners.have_twins)?;
            let owner = match way {
                Way::Links(_) => owners.by_key.find(&self.source(arm, row)?),
                Way::Children(key) | Way::Holders(key) => {
                    owners.find_of(self.arms[arm].table, key, &*value)
                }
            };
            let owner = owner.ok_or_else(|| differs(self.arms[arm].table, path))?;
            let mut parent = owner;
            while let Some(next) = owners.next[parent] {
                give(next, read(row, true)?);
                parent = next;
            }
            give(owner, value);
        }
        Ok(dealt)
    }

    /// The rows of an arm, by their keys.
    fn by_key(&self, arm: usize) -> Result<ByKey, Error> {
        let table = self.arms[arm].table;
        let mut by_key = ByKey::new(table);
        for row in 0..self.found[arm].count() {
            by_key.add(
                row,
                self.found[arm].key(row, table, table.key.iter().copied())?,
            );
        }
        Ok(by_key)
    }

    /// The key of the row that a link belongs to.
    fn source(&self, arm: usize, row: usize) -> Result<Cells, Error> {
        let Some((above, _)) = self.arms[arm].above else {
            return Ok(Cells::new());
        };
        let places = 0..self.arms[arm].before();
        self.found[arm].key(row, self.arms[above].table, places)
    }
}

/// The key of the row that a row refers to.
fn target_key(row: Root<'_>, foreign_key: &ForeignKey) -> Cells {
    let mut cells = Cells::new();
    (row.table.functions.view)(row.value, &mut |fields, _| {
        let parts = foreign_key.parts.iter().map(|part| {
            let cell = row.table.columns[part.column].cell(fields);
            let cell = stored(row.table, part.column, cell)?;
            Some((crate::values::codec(row.table, part.column).clone)(cell))
        });
        cells = parts.collect();
    });
    cells
}

/// Rows by their keys; one that was read twice is there twice.
struct Owners {
    by_key: ByKey,
    /// By row: the next one with the same key.
    next: Vec<Option<usize>>,
    have_twins: bool,
}

impl Owners {
    fn new(rows: &[Root<'_>]) -> Self {
        let mut owners = Self {
            by_key: ByKey::new(rows[0].table),
            next: vec![None; rows.len()],
            have_twins: false,
        };
        for (number, row) in rows.iter().enumerate() {
            if let Some(first) = find_or_add(&mut owners.by_key, number, *row) {
                owners.next[number] = owners.next[first].replace(number);
                owners.have_twins = true;
            }
        }
        owners
    }

    /// The row that another refers to.
    fn find_of(
        &self,
        table: &'static Table,
        foreign_key: &ForeignKey,
        value: &Erased,
    ) -> Option<usize> {
        let mut found = None;
        (table.functions.view)(value, &mut |fields, _| {
            found = self.by_key.find_by(|part| {
                let column = foreign_key.parts[part].column;
                stored(table, column, table.columns[column].cell(fields))
            });
        });
        found
    }
}
