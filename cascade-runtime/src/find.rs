//! `find` and `find_many`.

use crate::codec::Cell;
use crate::db::Db;
use crate::entity::Entity;
use crate::error::{Error, ErrorKind};
use crate::exec::{Lease, Wire, part};
use crate::graph::Root;
use crate::handle::Persistent;
use crate::load::{self, Above, Reading};
use crate::meta::Table;
use crate::plan::Keys;
use crate::relation::{RelationsOf, Tree};
use crate::slot::Row;
use crate::{Backend, Run};

/// A row that is looked for by its key: `User::find(1).with(User::PROFILE).one(&pool)`.
#[must_use = "a query does nothing before `one` or `optional`"]
pub struct Find<T: Entity> {
    query: Query<T>,
}

/// Rows that are looked for by their keys: `User::find_many([1, 2]).all(&pool)`.
#[must_use = "a query does nothing before `all`"]
pub struct FindMany<T: Entity> {
    query: Query<T>,
}

struct Query<T: Entity> {
    keys: Vec<T::Key>,
    tree: Tree,
    lock: bool,
}

impl<T: Entity> Find<T> {
    pub(crate) fn new(key: T::Key) -> Self {
        Self {
            query: Query {
                keys: vec![key],
                tree: Tree::default(),
                lock: false,
            },
        }
    }

    /// Loads a relation too, or a tuple of several: on PostgreSQL by one statement, which sees all tables as they were at one time, on SQLite by one
    /// message; on MySQL, after [`for_update`](Self::for_update), and of more than eleven relations by one query each.
    ///
    /// Each query sees what is committed when it begins, unless a transaction has one view for all of them. [`ErrorKind::Conflict`]: a row refers
    /// to one that was deleted in between.
    pub fn with(mut self, relations: impl RelationsOf<T>) -> Self {
        self.query.tree.add_all(relations);
        self
    }

    /// Locks the row until the end of the caller's transaction. On SQLite, where a writer locks the database, it changes nothing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// user("ada").save(&pool).await?;
    /// let mut transaction = pool.begin().await?;
    /// let mut ada = User::find(1).for_update().one(&mut transaction).await?;
    /// ada.name = "augusta".into();
    /// ada.save(&mut transaction).await?;
    /// transaction.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_update(mut self) -> Self {
        self.query.lock = true;
        self
    }

    /// The row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where no row has the key; [`ErrorKind::Unsupported`] for `for_update` outside a transaction.
    #[must_use]
    pub fn one<'a>(self, db: impl Db + 'a) -> Run<'a, Persistent<T>> {
        let found = self.optional(db);
        Box::pin(async move { found.await?.ok_or_else(|| not_found(T::table())) })
    }

    /// The row, if there is one with that key.
    #[must_use]
    pub fn optional<'a>(self, db: impl Db + 'a) -> Run<'a, Option<Persistent<T>>> {
        Box::pin(async move { Ok(self.query.run(db).await?.pop()) })
    }
}

impl<T: Entity> FindMany<T> {
    pub(crate) fn new(keys: impl IntoIterator<Item = T::Key>) -> Self {
        Self {
            query: Query {
                keys: keys.into_iter().collect(),
                tree: Tree::default(),
                lock: false,
            },
        }
    }

    /// Loads a relation of all the rows too, or a tuple of several: see [`Find::with`].
    pub fn with(mut self, relations: impl RelationsOf<T>) -> Self {
        self.query.tree.add_all(relations);
        self
    }

    /// Locks the rows until the end of the caller's transaction.
    pub fn for_update(mut self) -> Self {
        self.query.lock = true;
        self
    }

    /// The rows in the order of their keys, without those that are absent.
    #[must_use]
    pub fn all<'a>(self, db: impl Db + 'a) -> Run<'a, Vec<Persistent<T>>> {
        Box::pin(async move { self.query.run(db).await })
    }
}

impl<T: Entity> Query<T> {
    async fn run<D: Db>(self, mut db: D) -> Result<Vec<Persistent<T>>, Error> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys::<T>(&self.keys);
        let mut lease = Lease::take(db.source()).await?;
        if self.lock && !lease.is_in_transaction() {
            let message = "`for_update` locks until the end of a transaction, and there is none; pass `&mut transaction`";
            return Err(Error::new(ErrorKind::Unsupported, message).at(T::NAME, T::NAME));
        }
        part(&mut lease, (keys, self.tree), |(keys, tree), wire| {
            Box::pin(find(wire, keys, tree, self.lock))
        })
        .await
    }
}

/// Reads rows with their relations.
pub(crate) async fn find<DB: Backend, T: Entity>(
    wire: Wire<'_, DB>,
    keys: &Keys,
    tree: &Tree,
    lock: bool,
) -> Result<Vec<Persistent<T>>, Error> {
    let mut reading = Reading::new(wire);
    let rows = reading.roots::<T>(keys, tree, lock).await?;
    let mut rows: Vec<Row<T>> = rows.into_iter().map(Row::persistent).collect();
    if !tree.is_empty() && !rows.is_empty() {
        let below = rows.iter_mut().collect();
        load_below::<DB, T>(&mut reading, below, tree, Above::JustRead).await?;
    }
    Ok(rows.into_iter().map(|row| Persistent { row }).collect())
}

/// Loads relations under rows.
pub(crate) async fn load_into<DB: Backend, T: Entity>(
    wire: Wire<'_, DB>,
    rows: Vec<&mut Row<T>>,
    tree: &Tree,
    above: Above,
) -> Result<(), Error> {
    load_below::<DB, T>(&mut Reading::new(wire), rows, tree, above).await
}

async fn load_below<DB: Backend, T: Entity>(
    reading: &mut Reading<'_, DB>,
    rows: Vec<&mut Row<T>>,
    tree: &Tree,
    above: Above,
) -> Result<(), Error> {
    let staged = {
        let roots = rows.iter().map(|row| Root {
            table: T::table(),
            value: &row.value,
            state: &row.state,
        });
        load::fetch::<DB>(reading, roots.collect(), tree, above).await?
    };
    let parents = rows
        .into_iter()
        .map(|row| (&mut row.value as _, row.state.handle()));
    load::apply(T::table(), parents.collect(), staged);
    Ok(())
}

/// Keys as cells.
pub(crate) fn keys<T: Entity>(keys: &[T::Key]) -> Keys {
    let table = T::table();
    let cells = |key: &T::Key| -> Vec<Cell> {
        table
            .key
            .iter()
            .enumerate()
            .map(|(part, column)| (table.columns[*column].codec.clone)(T::key_part(key, part)))
            .collect()
    };
    Keys::new(table, keys.iter().map(cells).collect())
}

/// The row of a handle is not there where the transaction that inserted it was rolled back.
pub(crate) fn there<T: Entity>(row: &Row<T>) -> Result<(), Error> {
    if row.state.is_new() {
        return Err(not_found(T::table()));
    }
    Ok(())
}

pub(crate) fn not_found(table: &'static Table) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("there is no `{}` with that key", table.entity),
    )
    .at(table.entity, table.entity)
}
