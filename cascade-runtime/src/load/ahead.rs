//! Reading rows and everything below them by one message, before it is known which rows there are: what lies below them is found by a condition.
//!
//! Its rows say by their keys which others they belong to. All of it is as it was at one time, where it is one statement.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use crate::backend::{Backend, Places, RowOf, from_sqlx, is_lost};
use crate::codec::Erased;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{Wire, arguments, read_cell, sends};
use crate::graph::{Graph, Root};
use crate::keys::{ByKey, Cells};
use crate::load::{Above, absent, differs, read_child, target_of};
use crate::meta::{ForeignKey, Table};
use crate::plan::Keys;
use crate::read::Reader;
use crate::relation::Tree;
use crate::slot::{Fetched, RowState};
use crate::sql::{Arm, Bind, List, Statement, Way};
use crate::values::{Values, stored};

/// More tables are read level by level: each asks for those above it once more.
const ARMS: usize = 12;
/// And so are more columns: of all the tables a row has all columns.
const COLUMNS: usize = 600;

/// The texts that are kept.
const TEXTS: usize = 1000;

/// What was read, before it is dealt out.
pub(crate) struct Ahead<DB: Backend> {
    arms: Vec<Arm>,
    /// By arm: the rows in their order, those that all starts from with their numbers in the list.
    rows: Vec<Vec<(i64, DB::Row)>>,
    /// By arm: where its columns are in a row.
    first: Vec<usize>,
    /// By arm: the relation of the table above.
    relations: Vec<usize>,
}

/// The tables of a tree, each after the one above it; `None` where it has to be read level by level.
fn arms(table: &'static Table, tree: &Tree) -> Option<(Vec<Arm>, Vec<usize>)> {
    let mut arms = vec![Arm {
        table,
        above: None,
        order_by: None,
    }];
    let mut relations = vec![0];
    let mut next: Vec<(usize, usize, &Tree)> = Vec::new();
    next.extend(below(0, tree));
    while let Some((above, index, tree)) = next.pop() {
        let relation = &arms[above].table.relations[index];
        let foreign_key = relation.foreign_key(arms[above].table)?;
        let link = (relation.target)();
        let way = if relation.is_held() {
            Way::Holders(foreign_key)
        } else if link.is_link() {
            Way::Links(link)
        } else {
            Way::Children(foreign_key)
        };
        next.extend(below(arms.len(), tree));
        arms.push(Arm {
            table: target_of(relation),
            above: Some((above, way)),
            order_by: relation.order_by,
        });
        relations.push(index);
        if arms.len() > ARMS {
            return None;
        }
    }
    let columns: usize = arms.iter().map(Arm::width).sum();
    (columns <= COLUMNS).then_some((arms, relations))
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
    if !DB::SEVERAL && !dialect.unites() {
        return Ok(None);
    }
    let Some((arms, relations)) = arms(table, tree) else {
        return Ok(None);
    };
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
    match wire.send(statement.text, arguments, &mut answers).await {
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
    let mut ahead = Ahead {
        first: Vec::with_capacity(arms.len()),
        rows: arms.iter().map(|_| Vec::new()).collect(),
        arms,
        relations,
    };
    if DB::SEVERAL {
        for (arm, answer) in answers.into_iter().enumerate() {
            ahead.first.push(1);
            let rows = answer.rows.into_iter();
            let rows = rows.map(|row| Ok((DB::number(&row, 0)?, row)));
            let rows: Result<_, sqlx::Error> = rows.collect();
            ahead.rows[arm] = rows.map_err(from_sqlx::<DB>)?;
        }
        return Ok(Some(ahead));
    }
    let mut first = 2;
    for arm in &ahead.arms {
        ahead.first.push(first);
        first += arm.width();
    }
    for row in answers.into_iter().flat_map(|answer| answer.rows) {
        let arm = DB::number(&row, 0).map_err(from_sqlx::<DB>)?;
        let number = DB::number(&row, 1).map_err(from_sqlx::<DB>)?;
        let rows = usize::try_from(arm).ok();
        if let Some(rows) = rows.and_then(|arm| ahead.rows.get_mut(arm)) {
            rows.push((number, row));
        }
    }
    for rows in &mut ahead.rows {
        rows.sort_by_key(|(number, _)| *number);
    }
    Ok(Some(ahead))
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
        let places = Places::From(self.first[0]);
        let rows = self.rows[0].iter();
        let rows = rows
            .map(|(_, row)| T::read(&mut Reader::new(T::table(), &RowOf::<DB> { row, places })));
        rows.collect()
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
        let places = Places::From(self.first[arm] + self.arms[arm].before());
        let read = |row| read_child(parents[0], index, &RowOf::<DB> { row, places });
        let mut give = |parent: usize, value| dealt[parent].push((value, RowState::persistent()));
        if let Way::Holders(foreign_key) = way {
            let targets = self.by_key(arm)?;
            let mut asked = vec![false; self.rows[arm].len()];
            let mut is_complete = true;
            for (parent, row) in parents.iter().enumerate() {
                if let Some(target) = targets.find(&target_key(*row, foreign_key)) {
                    give(parent, read(&self.rows[arm][target].1)?);
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
        for (_, row) in &self.rows[arm] {
            let value = read(row)?;
            let owner = match way {
                Way::Links(_) => owners.by_key.find(&self.source(arm, row)?),
                Way::Children(key) | Way::Holders(key) => {
                    owners.find_of(self.arms[arm].table, key, &*value)
                }
            };
            let owner = owner.ok_or_else(|| differs(self.arms[arm].table, path))?;
            let mut parent = owner;
            while let Some(next) = owners.next[parent] {
                give(next, read(row)?);
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
        for (number, (_, row)) in self.rows[arm].iter().enumerate() {
            let places = table.key.iter().map(|column| self.first[arm] + column);
            by_key.add(number, cells::<DB>(table, places, row)?);
        }
        Ok(by_key)
    }

    /// The key of the row that a link belongs to.
    fn source(&self, arm: usize, row: &DB::Row) -> Result<Cells, Error> {
        let Some((above, _)) = self.arms[arm].above else {
            return Ok(Cells::new());
        };
        let first = self.first[arm];
        cells::<DB>(
            self.arms[above].table,
            first..first + self.arms[arm].before(),
            row,
        )
    }
}

/// The key of a row of `table`, whose parts are in these places.
fn cells<DB: Backend>(
    table: &'static Table,
    places: impl Iterator<Item = usize>,
    row: &DB::Row,
) -> Result<Cells, Error> {
    let parts = table.key.iter().zip(places);
    let parts = parts.map(|(&column, place)| read_cell::<DB>(table, column, row, place).map(Some));
    parts.collect()
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
}

impl Owners {
    fn new(rows: &[Root<'_>]) -> Self {
        let mut owners = Self {
            by_key: ByKey::new(rows[0].table),
            next: vec![None; rows.len()],
        };
        for (number, row) in rows.iter().enumerate() {
            let key = row.state.key(row.table, row.value);
            match owners.by_key.find(&key) {
                Some(first) => owners.next[number] = owners.next[first].replace(number),
                None => owners.by_key.add(number, key),
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
