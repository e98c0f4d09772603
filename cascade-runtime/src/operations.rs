//! What a user calls on a handle, and on several.

use crate::db::Db;
use crate::entity::Entity;
use crate::error::Error;
use crate::exec::{Lease, part};
use crate::find::{load_into, there};
use crate::handle::{Detached, Persistent};
use crate::load::Above;
use crate::relation::{Relation, RelationsOf, Tree};
use crate::report::{Plan, Report};
use crate::save::Graphs;
use crate::slot::Row;
use crate::{Run, delete, refresh, save};

impl<T: Entity> Persistent<T> {
    /// Writes what changed in the row and under it since it was loaded or saved, in one transaction. Nothing changed: no statement, and no
    /// connection is taken from the pool.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let mut ada = user("ada").save(&pool).await?;
    /// assert!(ada.save(&pool).await?.is_empty());
    ///
    /// ada.name = "augusta".into();
    /// ada.profile.set(profile("mathematician"));
    /// println!("{}", ada.save(&pool).await?);
    /// // users     updated        1  name
    /// // profiles  inserted       1  user_id, bio
    /// # Ok(())
    /// # }
    /// ```
    pub fn save<'a>(&'a mut self, db: impl Db + 'a) -> Run<'a, Report> {
        Box::pin(save::save(&mut self.row, db))
    }

    /// Saves several rows as one.
    pub fn save_all<'a>(
        handles: impl IntoIterator<Item = &'a mut Self>,
        db: impl Db + 'a,
    ) -> Run<'a, Report> {
        let mut rows: Vec<&'a mut Row<T>> =
            handles.into_iter().map(|handle| &mut handle.row).collect();
        Box::pin(async move { save::save(&mut rows, db).await })
    }

    /// Deletes the row with everything that its cascades delete, by one statement per table. Gives the value back, new.
    ///
    /// After an error [`Error::take_entity`] gives the handle back.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let ada = user("ada").save(&pool).await?;
    /// let ada: User = ada.delete(&pool).await?; // DELETE profiles, DELETE users
    /// ada.save(&pool).await?; // a new row
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete<'a>(self, db: impl Db + 'a) -> Run<'a, T> {
        Box::pin(async move {
            let mut values =
                delete::delete(vec![self.row], db)
                    .await
                    .map_err(|(error, mut rows)| match rows.pop() {
                        Some(row) => error.carrying(Self { row }),
                        None => error,
                    })?;
            Ok(values.swap_remove(0))
        })
    }

    /// Deletes several rows as [`delete`](Self::delete) does one.
    pub fn delete_all<'a>(handles: Vec<Self>, db: impl Db + 'a) -> Run<'a, Vec<T>> {
        Box::pin(async move {
            let rows = handles.into_iter().map(|handle| handle.row).collect();
            let carried = |rows: Vec<Row<T>>| {
                rows.into_iter()
                    .map(|row| Self { row })
                    .collect::<Vec<Self>>()
            };
            delete::delete(rows, db)
                .await
                .map_err(|(error, rows)| error.carrying(carried(rows)))
        })
    }

    /// Reads the row again, and the loaded relations whose cascade has `refresh-expire`; what is unsaved in them is discarded. It tells what
    /// became of a write whose outcome was unknown, and waits for one that was dropped on its way: on a pool that takes as long as the write does; a
    /// connection or a transaction of yours has to be the same one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where the row is gone.
    pub fn refresh<'a>(&'a mut self, db: impl Db + 'a) -> Run<'a, ()> {
        Box::pin(refresh::refresh(self, db))
    }

    /// Loads a relation, and those below it: `user.load(User::PROFILE.then(Profile::PICTURE), &pool)`; several in a tuple:
    /// `user.load((User::PROFILE, User::POSTS.then(Post::COMMENTS)), &pool)`. One query per table. What is loaded already stays.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// user("ada").save(&pool).await?;
    /// let mut ada = User::find(1).one(&pool).await?;
    /// assert!(ada.profile.is_not_loaded());
    /// ada.load(User::PROFILE, &pool).await?;
    /// assert!(ada.profile.get().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn load<'a>(&'a mut self, relations: impl RelationsOf<T>, db: impl Db + 'a) -> Run<'a, ()> {
        load_all(vec![self], relations, db)
    }

    /// Applies the relation's removal rule to all its rows in the database, now. In memory it is loaded and empty afterwards.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let mut ada = user("ada");
    /// ada.profile.set(profile("mathematician"));
    /// let mut ada = ada.save(&pool).await?;
    /// let report = ada.detach(User::PROFILE, &pool).await?; // DELETE FROM profiles WHERE user_id = 1
    /// assert_eq!(report.changes()[0].rows, Some(1));
    /// assert!(ada.profile.get().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach<'a, C: Entity>(
        &'a mut self,
        relation: Relation<T, C>,
        db: impl Db + 'a,
    ) -> Run<'a, Report> {
        Box::pin(delete::detach(self, relation.index, db))
    }

    /// Lets the handle go, with the row in the database: for another parent to adopt. The relations whose cascade has `expunge` travel.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let mut ada = user("ada");
    /// ada.profile.set(profile("mathematician"));
    /// ada.save(&pool).await?;
    /// let mut grace = user("grace").save(&pool).await?;
    ///
    /// let found: sqlx_cascade::Persistent<Profile> = Profile::find(1).one(&pool).await?;
    /// grace.profile.adopt(found.expunge());
    /// grace.save(&pool).await?;
    /// assert_eq!(grace.profile.get().unwrap().user_id, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn expunge(self) -> Detached<T> {
        refresh::expunge(self)
    }

    /// Copies a plain value, and what its relations hold, into the row in memory: a PUT. A save writes it.
    ///
    /// Children are matched by key: a generated key that is equal to its `Default` is a new row, and any other has to be this parent's. What the
    /// value doesn't hold leaves; a relation that the value has not loaded stays as it is. Keys, `generated` columns and versions aren't copied. The value
    /// is one with all that is in it: a row that was adopted there is new like the rest.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// user("ada").save(&pool).await?;
    /// // The row that this caller may write, with its own condition.
    /// let mut ada: sqlx_cascade::Persistent<User> =
    ///     sqlx::query_as("SELECT * FROM users WHERE id = 1 AND name = 'ada'").fetch_one(&pool).await?;
    /// ada.load(User::PROFILE, &pool).await?;
    ///
    /// let mut put = user("augusta");
    /// put.profile.set(profile("mathematician"));
    /// ada.merge(put)?;
    /// ada.save(&pool).await?; // UPDATE users, INSERT profiles
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOwned`](crate::ErrorKind::NotOwned), [`ErrorKind::NotLoaded`](crate::ErrorKind::NotLoaded), and
    /// [`ErrorKind::Stale`](crate::ErrorKind::Stale) for another version; memory is as it was then.
    pub fn merge(&mut self, value: T) -> Result<(), Error> {
        crate::merge::merge(&mut self.row, value)
    }

    /// Lays a JSON merge patch (RFC 7396) over the row in memory: what is absent stays as it is, at every level. A save writes it.
    ///
    /// In a list, an object with the key of a child is a patch of it, and one without a key, or with the `Default` of a generated one, is a new
    /// child, which the payload has to hold whole. Children that are not in the list leave, and the others come in its order. In a many-to-many
    /// relation, only links come and go. A [`BelongsTo`](crate::BelongsTo) is its key.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// use serde_json::json;
    ///
    /// let mut ada = user("ada").save(&pool).await?;
    /// ada.patch(json!({ "name": "augusta" }))?;
    /// assert_eq!(ada.changed_columns(), ["name"]);
    ///
    /// let error = ada.patch(json!({ "name": 7 })).unwrap_err();
    /// assert_eq!(error.kind(), sqlx_cascade::ErrorKind::InvalidPayload);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`merge`](Self::merge), and [`ErrorKind::InvalidPayload`](crate::ErrorKind::InvalidPayload) with the place of what doesn't fit.
    #[cfg(feature = "json")]
    pub fn patch(&mut self, payload: serde_json::Value) -> Result<(), Error>
    where
        for<'later> T: crate::patch::Document<'later>,
    {
        crate::patch::patch(&mut self.row, payload)
    }

    /// What a save would do, without a database.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// let mut ada = user("ada").save(&pool).await?;
    /// assert!(ada.plan()?.is_empty());
    /// ada.name = "augusta".into();
    /// assert_eq!(ada.plan()?.changes()[0].columns, ["name"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn plan(&self) -> Result<Plan, Error> {
        save::plan(&self.row)
    }

    /// The key of the row, as it is recorded.
    ///
    /// # Panics
    ///
    /// Never for a struct that the derive made.
    #[must_use]
    pub fn key(&self) -> T::Key {
        let table = T::table();
        let mut key = None;
        (table.functions.view)(&self.row.value, &mut |fields, _| {
            let parts: Vec<_> = table
                .key
                .iter()
                .map(|&column| self.row.state.recorded(table, column, fields))
                .collect();
            key = T::key_from(&parts);
        });
        key.unwrap_or_else(|| unreachable!("the derive makes the parts of a key of its type"))
    }

    /// The names of the columns that differ from what was loaded or saved last.
    #[must_use]
    pub fn changed_columns(&self) -> Vec<&'static str> {
        let table = T::table();
        let mut changed = Vec::new();
        (table.functions.view)(&self.row.value, &mut |fields, _| {
            changed = self.row.state.changed(table, fields);
        });
        // A version is the library's: after a rollback the field may hold one that never was.
        let version = table.version.as_ref().map(|version| version.column);
        changed
            .into_iter()
            .filter(|column| Some(*column) != version)
            .map(|column| table.columns[column].name)
            .collect()
    }
}

/// Loads a relation, or a tuple of several, for many parents, by one query per table.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// User::save_all(vec![user("ada"), user("grace")], &pool).await?;
/// let mut users = User::find_many([1, 2]).all(&pool).await?;
/// sqlx_cascade::load(&mut users, User::PROFILE, &pool).await?; // one query
/// assert!(users.iter().all(|user| user.profile.is_loaded()));
/// # Ok(())
/// # }
/// ```
pub fn load<'a, T: Entity>(
    parents: impl IntoIterator<Item = &'a mut Persistent<T>>,
    relations: impl RelationsOf<T>,
    db: impl Db + 'a,
) -> Run<'a, ()> {
    load_all(parents.into_iter().collect(), relations, db)
}

/// Saves graphs of different types as one, in one transaction: rows can move between them.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// let mut ada = user("ada");
/// ada.profile.set(profile("mathematician"));
/// let mut ada = ada.save(&pool).await?;
/// let mut grace = user("grace").save(&pool).await?;
///
/// ada.name = "augusta".into();
/// grace.profile.adopt(ada.profile.expunge().unwrap());
/// sqlx_cascade::save_together((&mut ada, &mut grace), &pool).await?;
/// assert_eq!(grace.profile.get().unwrap().user_id, grace.id);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn save_together<'a>(graphs: impl Graphs + 'a, db: impl Db + 'a) -> Run<'a, Report> {
    Box::pin(async move {
        let mut graphs = graphs;
        save::save(&mut graphs, db).await
    })
}

fn load_all<'a, T: Entity, D: Db + 'a>(
    parents: Vec<&'a mut Persistent<T>>,
    relations: impl RelationsOf<T>,
    mut db: D,
) -> Run<'a, ()> {
    let mut tree = Tree::default();
    tree.add_all(relations);
    Box::pin(async move {
        if parents.is_empty() {
            return Ok(());
        }
        for parent in &parents {
            there(&parent.row)?;
        }
        let mut lease = Lease::take(db.source()).await?;
        part(&mut lease, (parents, tree), |(parents, tree), wire| {
            let rows = parents.iter_mut().map(|parent| &mut parent.row);
            Box::pin(load_into(wire, rows.collect(), tree, Above::Known))
        })
        .await
    })
}
