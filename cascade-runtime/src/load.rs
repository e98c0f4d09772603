//! Reading rows and relations: one query per table, or one message for all, whatever the number of rows.
//!
//! What was read is held apart until all of it is there: memory changes only after success.

mod ahead;
mod descend;
mod found;
mod held;

use futures_core::future::BoxFuture;

use crate::backend::{Backend, Places, RowOf, from_sqlx, supports};
use crate::codec::Erased;
use crate::entity::{Entity, Parts};
use crate::error::{Error, ErrorKind};
use crate::exec::{Wire, arguments, sends};
use crate::graph::{Graph, Root};
use crate::meta::{ForeignKey, ForeignKeyPart, Kind, RelationDef, Table};
use crate::plan::{Keys, Target};
use crate::read::{ReadRow, Reader};
use crate::relation::Tree;
use crate::slot::{Fetched, Handle, RowState, Slot};
use crate::sql::{From, List, Select};
use crate::values::{Side, Values, stored};

use ahead::Ahead;
use descend::descend;
pub(crate) use held::held;

/// When the rows were read below which more is to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Above {
    /// Before: one that is gone is an error.
    Known,
    /// By a query of the same operation. What another transaction did between the two is no mistake of the one who reads: below a row that is
    /// gone meanwhile is nothing.
    JustRead,
}

/// A relation as it was read, for the parents in their order.
pub(crate) struct Staged {
    relation: usize,
    /// `None` where the relation was loaded already.
    children: Vec<Option<Vec<Fetched>>>,
    /// What was read below the children that were there already.
    below: Vec<Staged>,
}

/// A connection that rows are read on, or what was read of them already.
pub(crate) struct Reading<'c, DB: Backend> {
    wire: Wire<'c, DB>,
    ahead: Option<Ahead<DB>>,
}

impl<'c, DB: Backend> Reading<'c, DB> {
    pub(crate) fn new(wire: Wire<'c, DB>) -> Self {
        Self { wire, ahead: None }
    }

    /// Reads rows by their keys, and ahead what lies below them, where the database can do it at once.
    pub(crate) async fn roots<T: Entity>(
        &mut self,
        keys: &Keys,
        tree: &Tree,
        lock: bool,
    ) -> Result<Vec<T>, Error> {
        supports::<DB>(T::table())?;
        if !tree.is_empty() && !lock {
            self.ahead = ahead::read::<DB>(self.wire.lend(), T::table(), (keys, tree)).await?;
        }
        match &self.ahead {
            Some(ahead) => ahead.roots(),
            None => rows::<DB, T>(self.wire.lend(), keys, lock).await,
        }
    }

    /// What was read ahead of a relation of the rows of another arm.
    fn arm(&self, above: usize, relation: usize) -> usize {
        let arm = self
            .ahead
            .as_ref()
            .and_then(|ahead| ahead.arm(above, relation));
        arm.unwrap_or_default()
    }
}

/// Reads rows by their keys: in the order asked, without the absent.
pub(crate) async fn rows<DB: Backend, T: Entity>(
    mut wire: Wire<'_, DB>,
    keys: &Keys,
    lock: bool,
) -> Result<Vec<T>, Error> {
    let table = T::table();
    supports::<DB>(table)?;
    let graph = Graph::default();
    let values = Values::new(&graph, keys);
    let select = Select {
        table,
        from: From::Keys,
        order_by: None,
        lock,
    };
    let mut found = Vec::new();
    for list in chunks::<DB>(&List::keys(table, keys.targets())) {
        let statement = DB::texts().select(&select, list);
        sends(table, "read", None, &statement.text);
        let arguments = arguments::<DB>(&statement, &values)?;
        for row in wire
            .fetch(statement.text, arguments)
            .await
            .map_err(from_sqlx::<DB>)?
        {
            found.push(T::read(&mut Reader::new(
                table,
                &RowOf::<DB> {
                    row: &row,
                    places: Places::From(1),
                },
            ))?);
        }
    }
    Ok(found)
}

/// Reads all rows of one relation of one parent.
pub(crate) async fn rows_of<DB: Backend>(
    wire: Wire<'_, DB>,
    parent: Root<'_>,
    relation: &'static RelationDef,
) -> Result<Vec<Fetched>, Error> {
    let index = parent
        .table
        .relations
        .iter()
        .position(|known| std::ptr::eq(known, relation));
    let relation = (index.unwrap_or_default(), 0);
    let reading = &mut Reading::new(wire);
    let fetched = children_of::<DB>(reading, &[parent], relation, Above::Known).await?;
    Ok(fetched.into_iter().flatten().collect())
}

/// Reads the relations of a tree under some rows of one table.
pub(crate) fn fetch<'f, DB: Backend>(
    reading: &'f mut Reading<'_, DB>,
    parents: Vec<Root<'f>>,
    tree: &'f Tree,
    above: Above,
) -> BoxFuture<'f, Result<Vec<Staged>, Error>> {
    Box::pin(async move {
        let mut staged = Vec::new();
        for (relation, below) in &tree.0 {
            staged.push(relation_of::<DB>(reading, &parents, *relation, below, above).await?);
        }
        Ok(staged)
    })
}

async fn relation_of<DB: Backend>(
    reading: &mut Reading<'_, DB>,
    parents: &[Root<'_>],
    index: usize,
    below: &Tree,
    above: Above,
) -> Result<Staged, Error> {
    let mut loaded = Vec::new();
    for parent in parents {
        let relation = &parent.table.relations[index];
        (parent.table.functions.view)(parent.value, &mut |_, slots| {
            let rows = (0..slots[index].count()).filter_map(|row| slots[index].row(row));
            loaded.extend(rows.filter_map(|row| reached(relation, row)));
        });
    }
    let arm = reading.arm(0, index);
    let mut children = missing::<DB>(reading, parents, (index, arm), above).await?;
    if let Some(parent) = parents.first() {
        let relation = &parent.table.relations[index];
        descend::<DB>(reading, &mut children, (relation, arm), below).await?;
    }
    let below = if loaded.is_empty() {
        Vec::new()
    } else {
        fetch::<DB>(reading, loaded, below, above).await?
    };
    Ok(Staged {
        relation: index,
        children,
        below,
    })
}

/// By parent: what it hasn't loaded of a relation.
async fn missing<DB: Backend>(
    reading: &mut Reading<'_, DB>,
    parents: &[Root<'_>],
    (index, arm): (usize, usize),
    above: Above,
) -> Result<Vec<Option<Vec<Fetched>>>, Error> {
    let mut missing = Vec::new();
    for (position, parent) in parents.iter().enumerate() {
        let relation = &parent.table.relations[index];
        (parent.table.functions.view)(parent.value, &mut |fields, slots| {
            if !is_complete(*parent, relation, slots[index]) && is_there(*parent, relation, fields)
            {
                missing.push(position);
            }
        });
    }
    let mut children: Vec<Option<Vec<Fetched>>> = parents.iter().map(|_| None).collect();
    if missing.is_empty() {
        return Ok(children);
    }
    let rows: Vec<Root<'_>> = missing.iter().map(|position| parents[*position]).collect();
    let fetched = children_of::<DB>(reading, &rows, (index, arm), above).await?;
    for (position, fetched) in missing.into_iter().zip(fetched) {
        children[position] = Some(fetched);
    }
    Ok(children)
}

/// Whether nothing is left to load: of links, the targets are held too.
fn is_complete(row: Root<'_>, relation: &RelationDef, slot: &dyn Slot) -> bool {
    let Some(link) = slot.link() else {
        return false;
    };
    // What all leave but for some can't be told from what is there.
    let pending = link.whole || link.home().parent != row.state.handle();
    let mut rows = (0..slot.count()).filter_map(|index| slot.row(index));
    !link.is_partial() && (pending || rows.all(|row| reached(relation, row).is_some()))
}

/// Whether the database has something to load: for rows that exist, and where the key of a parent is set.
fn is_there(row: Root<'_>, relation: &RelationDef, fields: &[&Erased]) -> bool {
    let key = relation.foreign_key(row.table);
    let mut parts = key.iter().flat_map(|key| key.parts);
    let is_set =
        |part: &ForeignKeyPart| (part.key)(row.table.columns[part.column].cell(fields)).is_some();
    if relation.is_held() {
        parts.all(is_set)
    } else {
        !row.state.is_new()
    }
}

/// The row that a path goes on from: behind a link, its target.
pub(crate) fn reached<'r>(
    relation: &RelationDef,
    (value, state): (&'r Erased, &'r RowState),
) -> Option<Root<'r>> {
    let table = (relation.target)();
    if !table.is_link() {
        return Some(Root {
            table,
            value,
            state,
        });
    }
    let mut target = None;
    (table.functions.view)(value, &mut |_, slots| target = slots[0].row(0));
    let (value, state) = target?;
    Some(Root {
        table: target_of(relation),
        value,
        state,
    })
}

/// The same, for writing.
fn reached_mut<'r>(
    relation: &RelationDef,
    (value, state): (&'r mut Erased, &'r mut RowState),
) -> Option<(&'r mut Erased, Handle)> {
    let table = (relation.target)();
    if !table.is_link() {
        return Some((value, state.handle()));
    }
    let slot = table.functions.parts(value).slots.into_iter().next()?;
    let (value, state) = slot.rows_mut().into_iter().next()?;
    Some((value, state.handle()))
}

/// The table of the rows that a relation is about: behind links, that of their targets.
pub(crate) fn target_of(relation: &RelationDef) -> &'static Table {
    let table = (relation.target)();
    if table.is_link() {
        (table.relations[0].target)()
    } else {
        table
    }
}

/// Puts the children of a relation that were read into their parents.
fn fill<'r>(
    (table, index): (&'static Table, usize),
    foreign_key: &'static ForeignKey,
    parents: impl IntoIterator<Item = (&'r mut Erased, Handle)>,
    children: Vec<Option<Vec<Fetched>>>,
) {
    let mut parts = Parts::default();
    for ((parent, handle), children) in parents.into_iter().zip(children) {
        let Some(children) = children else { continue };
        table.functions.parts_in(parent, &mut parts);
        if let Some(slot) = parts.slots.get_mut(index) {
            let child = (table.relations[index].target)();
            slot.fill(handle, foreign_key, children, child);
        }
    }
}

/// Reads the rows of a relation of some rows, by one query for as many as a list takes, if they weren't read ahead.
async fn children_of<DB: Backend>(
    reading: &mut Reading<'_, DB>,
    parents: &[Root<'_>],
    (index, arm): (usize, usize),
    above: Above,
) -> Result<Vec<Vec<Fetched>>, Error> {
    let table = parents[0].table;
    let relation = &table.relations[index];
    let child = target_of(relation);
    let mut fetched: Vec<Vec<Fetched>> = parents.iter().map(|_| Vec::new()).collect();
    let Some(foreign_key) = relation.foreign_key(table) else {
        return Ok(fetched);
    };
    supports::<DB>(child)?;
    let path = format!("{}.{}", table.entity, relation.field);
    if let Some(ahead) = &reading.ahead {
        let dealt = ahead.deal((parents, index, arm), &path)?;
        return one_each(relation, dealt, path);
    }
    let in_lists = DB::texts().dialect.reads_in_lists() && above == Above::JustRead;
    if in_lists && parents.len() > 1 {
        let rows = (parents, index);
        if let Some(level) = ahead::level::<DB>(&mut reading.wire, rows, &path).await? {
            let dealt = level.deal((parents, index, 1), &path)?;
            return one_each(relation, dealt, path);
        }
    }
    let graph = Graph::of_rows(parents.iter().copied());
    let values = Values::new(&graph, Keys::NONE);
    let link = (relation.target)();
    let (from, side, columns) = if relation.is_held() {
        let columns = foreign_key.parts.iter().map(|part| part.column).collect();
        (From::Holders, Side::New, columns)
    } else if link.is_link() {
        let from = From::Links {
            parent: table,
            link,
            source: foreign_key,
            target: &link.foreign_keys[1],
        };
        (from, Side::Recorded, table.key.to_vec())
    } else {
        let from = match above {
            Above::Known => From::Parents(table, foreign_key),
            Above::JustRead => From::Children(foreign_key),
        };
        (from, Side::Recorded, table.key.to_vec())
    };
    let select = Select {
        table: child,
        from,
        order_by: relation.order_by,
        lock: false,
    };
    let slot = slot_of(parents[0], index);
    let mut first = 0;
    let rows = (0..parents.len()).map(Target::Node).collect();
    for list in chunks::<DB>(&List::new(table, side, rows, columns)) {
        let count = list.rows.len();
        let mut found = vec![false; count];
        let statement = DB::texts().select(&select, list);
        sends(child, "read", None, &statement.text);
        let arguments = arguments::<DB>(&statement, &values)?;
        let rows = reading
            .wire
            .fetch(statement.text, arguments)
            .await
            .map_err(|error| from_sqlx::<DB>(error).at(child.entity, path.clone()))?;
        for row in &rows {
            // Of one row there is none.
            let number = match count {
                1 => 0,
                _ => usize::try_from(DB::number(row, 0).map_err(from_sqlx::<DB>)?).unwrap_or(count),
            };
            let Some(seen) = found.get_mut(number) else {
                continue;
            };
            *seen = true;
            // Behind the number stands, of parents that may be gone, whether there is a row.
            let places = if matches!(select.from, From::Holders | From::Children(_)) {
                Places::From(1)
            } else if DB::flag(row, 1).map_err(from_sqlx::<DB>)? {
                Places::From(2)
            } else {
                continue;
            };
            let parent = &graph.nodes[first + number];
            let value = read_child(slot, child, &RowOf::<DB> { row, places })?;
            if !link.is_link() {
                refers((relation, foreign_key), child, &*value, parent, &path)?;
            }
            fetched[first + number].push((value, RowState::persistent()));
        }
        if found.contains(&false) {
            absent(table, relation, above)?;
        }
        first += count;
    }
    one_each(relation, fetched, path)
}

/// Behind a one-to-one relation there is one row at most.
fn one_each(
    relation: &RelationDef,
    fetched: Vec<Vec<Fetched>>,
    path: String,
) -> Result<Vec<Vec<Fetched>>, Error> {
    if relation.kind == Kind::OneToOne && fetched.iter().any(|children| children.len() > 1) {
        return Err(Error::new(ErrorKind::TooMany, "more than one row refers to the parent of a one-to-one relation; its foreign key needs a UNIQUE constraint").at(target_of(relation).entity, path));
    }
    Ok(fetched)
}

/// A row is gone below which a relation is to be read, or the one that it refers to.
fn absent(table: &'static Table, relation: &RelationDef, above: Above) -> Result<(), Error> {
    let (kind, message) = match (relation.is_held(), above) {
        (false, Above::JustRead) => return Ok(()),
        (true, Above::JustRead) => (
            ErrorKind::Conflict,
            "the row that this one refers to is gone since this one was read; read it again",
        ),
        (true, Above::Known) => (
            ErrorKind::NotFound,
            "the row that this one refers to is gone",
        ),
        (false, Above::Known) => (
            ErrorKind::NotFound,
            "the row whose relation is to be loaded is gone",
        ),
    };
    Err(Error::new(kind, message).at(table.entity, table.entity))
}

/// A relation of a row: it can read the children of any other, too.
fn slot_of(parent: Root<'_>, index: usize) -> Option<&dyn Slot> {
    let mut slot = None;
    (parent.table.functions.view)(parent.value, &mut |_, slots| {
        slot = slots.get(index).copied();
    });
    slot
}

fn read_child(
    slot: Option<&dyn Slot>,
    child: &'static Table,
    row: &dyn ReadRow,
) -> Result<Box<Erased>, Error> {
    let missing = || Error::new(ErrorKind::Database, "the relation can't be read");
    slot.ok_or_else(missing)?.read(&mut Reader::new(child, row))
}

/// A row has to hold exactly the key that it refers to: a collation may call more than that equal.
fn refers(
    (relation, foreign_key): (&RelationDef, &ForeignKey),
    child: &'static Table,
    value: &Erased,
    parent: &crate::graph::Node<'_>,
    path: &str,
) -> Result<(), Error> {
    let mut same = true;
    (child.functions.view)(value, &mut |fields, _| {
        let there = |column: usize| stored(child, column, child.columns[column].cell(fields));
        let target = (foreign_key.target)();
        for (part, &key) in foreign_key.parts.iter().zip(target.key) {
            let codec = crate::values::codec(target, key);
            let (held, key) = if relation.is_held() {
                let held = stored(parent.table, part.column, parent.cell(part.column));
                (held, there(key))
            } else {
                let key = stored(parent.table, key, parent.recorded(key));
                (there(part.column), key)
            };
            same &= matches!((held, key), (Some(held), Some(key)) if (codec.same)(held, key));
        }
    });
    if same {
        return Ok(());
    }
    Err(differs(child, path))
}

fn differs(child: &'static Table, path: &str) -> Error {
    let message = "a row refers to another by a key that the database calls equal, but that is not the same; the collation ignores a difference";
    Error::new(ErrorKind::KeyChanged, message).at(child.entity, path)
}

/// Puts what was read into place.
pub(crate) fn apply(
    table: &'static Table,
    parents: Vec<(&mut Erased, Handle)>,
    staged: Vec<Staged>,
) {
    let mut parents = parents;
    for Staged {
        relation,
        children,
        below,
    } in staged
    {
        let definition = &table.relations[relation];
        let Some(foreign_key) = definition.foreign_key(table) else {
            continue;
        };
        let mut loaded = Vec::new();
        for (parent, _) in &mut parents {
            let slot = table
                .functions
                .parts(&mut **parent)
                .slots
                .into_iter()
                .nth(relation);
            let rows = slot.into_iter().flat_map(Slot::rows_mut);
            loaded.extend(rows.filter_map(|row| reached_mut(definition, row)));
        }
        apply(target_of(definition), loaded, below);
        let parents = parents.iter_mut();
        let parents = parents.map(|(parent, handle)| (&mut **parent, *handle));
        fill((table, relation), foreign_key, parents, children);
    }
}

/// A list in the lengths that the database takes.
fn chunks<DB: Backend>(list: &List) -> Vec<List> {
    let mut rest = list.rows.as_slice();
    let mut lists = Vec::new();
    while !rest.is_empty() {
        let (rows, after) = rest.split_at(
            DB::texts()
                .dialect
                .read_chunk(&list.cells, rest.len())
                .max(1),
        );
        let mut part = list.clone();
        part.rows = rows.to_vec();
        lists.push(part);
        rest = after;
    }
    lists
}
