//! Reading rows and relations: one query per table, whatever the number of rows.
//!
//! What was read is held apart until all of it is there: memory changes only after success.

use futures_core::future::BoxFuture;

use crate::backend::{Backend, Places, RowOf, from_sqlx, supports};
use crate::codec::Erased;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{arguments, sends};
use crate::graph::{Graph, Root};
use crate::meta::{ForeignKey, Kind, RelationDef, Table};
use crate::plan::{Keys, Target};
use crate::read::Reader;
use crate::relation::Tree;
use crate::slot::{Fetched, Handle, RowState};
use crate::sql::{List, Select};
use crate::values::{Side, Values, stored};

/// A relation as it was read, for the parents in their order.
pub(crate) struct Staged {
    relation: usize,
    /// `None` where the relation was loaded already.
    children: Vec<Option<Vec<Fetched>>>,
    /// What was read below the children that were there already.
    below: Vec<Staged>,
}

/// Reads rows by their keys: in the order asked, without the absent.
pub(crate) async fn rows<DB: Backend, T: Entity>(
    connection: &mut DB::Connection,
    keys: &Keys,
    lock: bool,
) -> Result<Vec<T>, Error> {
    let table = T::table();
    supports::<DB>(table)?;
    let graph = Graph::default();
    let values = Values::new(&graph, keys);
    let select = Select {
        table,
        parent: None,
        lock,
    };
    let mut found = Vec::new();
    for list in chunks::<DB>(&List::keys(table, keys.targets())) {
        let statement = DB::texts().select(&select, list);
        sends(table, "read", None, &statement.text);
        let arguments = arguments::<DB>(&statement, &values)?;
        for row in DB::fetch(connection, statement.text, arguments)
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
    connection: &mut DB::Connection,
    parent: Root<'_>,
    relation: &'static RelationDef,
) -> Result<Vec<Fetched>, Error> {
    let index = parent
        .table
        .relations
        .iter()
        .position(|known| std::ptr::eq(known, relation));
    let fetched = children_of::<DB>(connection, &[parent], index.unwrap_or_default()).await?;
    Ok(fetched.into_iter().flatten().collect())
}

/// Reads the relations of a tree under some rows of one table.
pub(crate) fn fetch<'f, DB: Backend>(
    connection: &'f mut DB::Connection,
    parents: Vec<Root<'f>>,
    tree: &'f Tree,
) -> BoxFuture<'f, Result<Vec<Staged>, Error>> {
    Box::pin(async move {
        let mut staged = Vec::new();
        for (relation, below) in &tree.0 {
            staged.push(relation_of::<DB>(connection, &parents, *relation, below).await?);
        }
        Ok(staged)
    })
}

async fn relation_of<DB: Backend>(
    connection: &mut DB::Connection,
    parents: &[Root<'_>],
    index: usize,
    below: &Tree,
) -> Result<Staged, Error> {
    let mut missing = Vec::new();
    let mut loaded = Vec::new();
    for (position, parent) in parents.iter().enumerate() {
        let child = (parent.table.relations[index].target)();
        (parent.table.functions.view)(parent.value, &mut |_, slots| match slots[index].link() {
            None if !parent.state.is_new() => missing.push(position),
            None => {}
            Some(_) => loaded.extend(
                (0..slots[index].count())
                    .filter_map(|row| slots[index].row(row))
                    .map(|(value, state)| Root {
                        table: child,
                        value,
                        state,
                    }),
            ),
        });
    }
    let mut children: Vec<Option<Vec<Fetched>>> = parents.iter().map(|_| None).collect();
    if !missing.is_empty() {
        let rows: Vec<Root<'_>> = missing.iter().map(|position| parents[*position]).collect();
        let mut fetched = children_of::<DB>(connection, &rows, index).await?;
        descend::<DB>(
            connection,
            &mut fetched,
            &rows[0].table.relations[index],
            below,
        )
        .await?;
        for (position, fetched) in missing.into_iter().zip(fetched) {
            children[position] = Some(fetched);
        }
    }
    let below = if loaded.is_empty() {
        Vec::new()
    } else {
        fetch::<DB>(connection, loaded, below).await?
    };
    Ok(Staged {
        relation: index,
        children,
        below,
    })
}

/// Reads what lies below children that were just read, into them: nobody sees them yet.
async fn descend<DB: Backend>(
    connection: &mut DB::Connection,
    fetched: &mut [Vec<Fetched>],
    relation: &RelationDef,
    below: &Tree,
) -> Result<(), Error> {
    if below.is_empty() {
        return Ok(());
    }
    let table = (relation.target)();
    let staged = {
        let roots = fetched.iter().flatten().map(|(value, state)| Root {
            table,
            value: &**value,
            state,
        });
        fetch::<DB>(connection, roots.collect(), below).await?
    };
    apply(
        table,
        fetched
            .iter_mut()
            .flatten()
            .map(|(value, state)| (&mut **value, state.handle()))
            .collect(),
        staged,
    );
    Ok(())
}

/// Reads the children of some rows, by one query for as many as a list takes.
async fn children_of<DB: Backend>(
    connection: &mut DB::Connection,
    parents: &[Root<'_>],
    index: usize,
) -> Result<Vec<Vec<Fetched>>, Error> {
    let table = parents[0].table;
    let relation = &table.relations[index];
    let child = (relation.target)();
    let mut fetched: Vec<Vec<Fetched>> = parents.iter().map(|_| Vec::new()).collect();
    let Some(foreign_key) = relation.foreign_key(table) else {
        return Ok(fetched);
    };
    supports::<DB>(child)?;
    let graph = Graph::of_rows(parents.iter().copied());
    let values = Values::new(&graph, Keys::NONE);
    let select = Select {
        table: child,
        parent: Some((table, foreign_key)),
        lock: false,
    };
    let path = format!("{}.{}", table.entity, relation.field);
    let mut first = 0;
    for list in chunks::<DB>(&List::new(
        table,
        Side::Recorded,
        (0..parents.len()).map(Target::Node).collect(),
        table.key.iter().copied(),
    )) {
        let count = list.rows.len();
        let mut found = vec![false; count];
        let statement = DB::texts().select(&select, list);
        sends(child, "read", None, &statement.text);
        let arguments = arguments::<DB>(&statement, &values)?;
        let rows = DB::fetch(connection, statement.text, arguments)
            .await
            .map_err(|error| from_sqlx::<DB>(error).at(child.entity, path.clone()))?;
        for row in &rows {
            let number =
                usize::try_from(DB::number(row, 0).map_err(from_sqlx::<DB>)?).unwrap_or(count);
            let Some(seen) = found.get_mut(number) else {
                continue;
            };
            *seen = true;
            if DB::flag(row, 1).map_err(from_sqlx::<DB>)? {
                let value = read_child(
                    parents[first + number],
                    index,
                    &RowOf::<DB> {
                        row,
                        places: Places::From(2),
                    },
                )?;
                refers(
                    child,
                    &*value,
                    foreign_key,
                    &graph.nodes[first + number],
                    &path,
                )?;
                fetched[first + number].push((value, RowState::persistent()));
            }
        }
        if found.contains(&false) {
            return Err(Error::new(
                ErrorKind::NotFound,
                "the row whose relation is to be loaded is gone",
            )
            .at(table.entity, table.entity));
        }
        first += count;
    }
    if relation.kind == Kind::OneToOne && fetched.iter().any(|children| children.len() > 1) {
        return Err(Error::new(ErrorKind::TooMany, "more than one row refers to the parent of a one-to-one relation; its foreign key needs a UNIQUE constraint").at(child.entity, path));
    }
    Ok(fetched)
}

fn read_child<DB: Backend>(
    parent: Root<'_>,
    index: usize,
    row: &RowOf<'_, DB>,
) -> Result<Box<Erased>, Error> {
    let child = (parent.table.relations[index].target)();
    let mut read = None;
    (parent.table.functions.view)(parent.value, &mut |_, slots| {
        read = Some(slots[index].read(&mut Reader::new(child, row)));
    });
    read.unwrap_or_else(|| {
        Err(Error::new(
            ErrorKind::Database,
            "the relation can't be read",
        ))
    })
}

/// A child has to hold exactly the key of its parent: a collation may call more than that equal.
fn refers(
    child: &'static Table,
    value: &Erased,
    foreign_key: &ForeignKey,
    parent: &crate::graph::Node<'_>,
    path: &str,
) -> Result<(), Error> {
    let mut same = true;
    (child.functions.view)(value, &mut |fields, _| {
        for (part, key) in foreign_key.parts.iter().zip(parent.table.key) {
            let held = stored(child, part.column, child.columns[part.column].cell(fields));
            let codec = crate::values::codec(parent.table, *key);
            let key = stored(parent.table, *key, parent.recorded(*key));
            same &= matches!((held, key), (Some(held), Some(key)) if (codec.same)(held, key));
        }
    });
    if same {
        return Ok(());
    }
    let message = "a row refers to its parent by a key that the database calls equal, but that is not the same; the collation ignores a difference";
    Err(Error::new(ErrorKind::KeyChanged, message).at(child.entity, path))
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
        let child = (table.relations[relation].target)();
        let Some(foreign_key) = table.relations[relation].foreign_key(table) else {
            continue;
        };
        let mut loaded = Vec::new();
        for ((parent, handle), children) in parents.iter_mut().zip(children) {
            let Some(slot) = (table.functions.visit)(&mut **parent)
                .slots
                .into_iter()
                .nth(relation)
            else {
                continue;
            };
            match children {
                Some(children) => slot.fill(*handle, foreign_key, children),
                None => loaded.extend(
                    slot.rows_mut()
                        .into_iter()
                        .map(|(value, state)| (value, state.handle())),
                ),
            }
        }
        apply(child, loaded, below);
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
        lists.push(List {
            rows: rows.to_vec(),
            cells: list.cells.clone(),
        });
        rest = after;
    }
    lists
}
