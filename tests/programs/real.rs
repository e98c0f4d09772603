//! Programs on the library. Objects of all structs stand side by side, behind traits.

use std::any::Any;
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{MySql, Pool, Postgres, Sqlite};
use sqlx_cascade::{Backend, Detached, Entity, Error, Persistent, Plan, Report, Transaction};

use crate::family::{Family, of_table};
use crate::model::database::Value;
use crate::model::schema::{KeyKind, TableId};
use crate::step::{Seen, Spot, Step, Which};
use crate::wraps::Wrap;

/// What an operation returns.
pub(crate) type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where operations run.
pub(crate) enum Session {
    Sqlite(Pool<Sqlite>, Option<Transaction<'static, Sqlite>>),
    Postgres(Pool<Postgres>, Option<Transaction<'static, Postgres>>),
    MySql(Pool<MySql>, Option<Transaction<'static, MySql>>),
}

/// Does something with the pool, or with the transaction that is open on it.
macro_rules! on {
    ($session:expr, $db:ident => $does:expr) => {
        match $session {
            $crate::real::Session::Sqlite(_, Some($db)) => $does,
            $crate::real::Session::Sqlite($db, None) => {
                let $db = &*$db;
                $does
            }
            $crate::real::Session::Postgres(_, Some($db)) => $does,
            $crate::real::Session::Postgres($db, None) => {
                let $db = &*$db;
                $does
            }
            $crate::real::Session::MySql(_, Some($db)) => $does,
            $crate::real::Session::MySql($db, None) => {
                let $db = &*$db;
                $does
            }
        }
    };
}

impl Session {
    async fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(pool, open) => *open = Some(Transaction::begin(pool).await?),
            Self::Postgres(pool, open) => *open = Some(Transaction::begin(pool).await?),
            Self::MySql(pool, open) => *open = Some(Transaction::begin(pool).await?),
        }
        Ok(())
    }

    async fn end(&mut self, commit: bool) -> Result<(), Error> {
        match self {
            Self::Sqlite(_, open) => ended(open.take(), commit).await,
            Self::Postgres(_, open) => ended(open.take(), commit).await,
            Self::MySql(_, open) => ended(open.take(), commit).await,
        }
    }
}

async fn ended<DB: Backend>(
    open: Option<Transaction<'static, DB>>,
    commit: bool,
) -> Result<(), Error> {
    let open = open.expect("a transaction");
    if commit {
        open.commit().await
    } else {
        open.rollback().await
    }
}

/// A column as the interpreter has it.
pub(crate) fn cell(field: &dyn given::Field) -> Value {
    field.cell()
}

/// Values of columns.
pub(crate) mod given {
    use sqlx_cascade::{BelongsTo, Entity};

    use crate::model::database::Value;

    /// A type of the columns.
    pub(crate) trait Field {
        fn cell(&self) -> Value;
        fn give(&mut self, value: &Value);
    }

    impl Field for i64 {
        fn cell(&self) -> Value {
            Value::Int(*self)
        }

        fn give(&mut self, value: &Value) {
            if let Value::Int(value) = value {
                *self = *value;
            }
        }
    }

    impl Field for Option<i64> {
        fn cell(&self) -> Value {
            self.map_or(Value::Null, Value::Int)
        }

        fn give(&mut self, value: &Value) {
            *self = match value {
                Value::Int(value) => Some(*value),
                _ => None,
            };
        }
    }

    impl<P: Entity<Key = i64>> Field for BelongsTo<P> {
        fn cell(&self) -> Value {
            self.key().copied().map_or(Value::Null, Value::Int)
        }

        fn give(&mut self, value: &Value) {
            match value {
                Value::Int(key) => self.set_key(*key),
                _ => *self = Self::default(),
            }
        }
    }

    impl<P: Entity<Key = i64>> Field for Option<BelongsTo<P>> {
        fn cell(&self) -> Value {
            self.as_ref().map_or(Value::Null, Field::cell)
        }

        fn give(&mut self, value: &Value) {
            match value {
                Value::Int(key) => self.get_or_insert_default().set_key(*key),
                _ => *self = None,
            }
        }
    }

    impl Field for String {
        fn cell(&self) -> Value {
            Value::Text(self.clone())
        }

        fn give(&mut self, value: &Value) {
            if let Value::Text(value) = value {
                self.clone_from(value);
            }
        }
    }
}

/// A struct of the family.
pub(crate) trait Node:
    Entity<Key = i64> + Default + Clone + Serialize + DeserializeOwned
{
    const NUMBER: TableId;
    /// What its columns and its relations are called in documents.
    const NAMES: (&'static [&'static str], &'static [&'static str]);
    /// What it is saved together with.
    type First: Node;
    fn cells(&self) -> Vec<Value>;
    fn give(&mut self, column: usize, value: &Value);
    fn wraps(&self) -> Vec<&dyn Wrap>;
    fn wraps_mut(&mut self) -> Vec<&mut dyn Wrap>;
    fn load<'a, D: sqlx_cascade::Db + 'a>(
        handle: &'a mut Persistent<Self>,
        relation: usize,
        db: D,
    ) -> Fut<'a, Result<(), Error>>;
    fn load_paths<'a, D: sqlx_cascade::Db + 'a>(
        handle: &'a mut Persistent<Self>,
        number: usize,
        db: D,
    ) -> Fut<'a, Result<(), Error>>;
    fn find_many<'a, D: sqlx_cascade::Db + 'a>(
        keys: Vec<i64>,
        with: Option<usize>,
        db: D,
    ) -> Fut<'a, Result<Vec<Persistent<Self>>, Error>>;
    fn detach<'a, D: sqlx_cascade::Db + 'a>(
        handle: &'a mut Persistent<Self>,
        relation: usize,
        db: D,
    ) -> Fut<'a, Result<Report, Error>>;
}

/// A plain struct, whichever.
pub(crate) trait Plain: Send + Sync {
    fn table(&self) -> TableId;
    fn seen(&self) -> Seen;
    fn give(&mut self, column: usize, value: &Value);
    fn wrap(&mut self, relation: usize) -> &mut dyn Wrap;
    fn copied(&self) -> Box<dyn Plain>;
    fn exchange(&mut self, other: &mut dyn Plain);
    fn as_any(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Node> Plain for T {
    fn table(&self) -> TableId {
        T::NUMBER
    }

    fn seen(&self) -> Seen {
        Seen {
            values: self.cells(),
            slots: self.wraps().into_iter().map(Wrap::seen).collect(),
        }
    }

    fn give(&mut self, column: usize, value: &Value) {
        Node::give(self, column, value);
    }

    fn wrap(&mut self, relation: usize) -> &mut dyn Wrap {
        self.wraps_mut().swap_remove(relation)
    }

    fn copied(&self) -> Box<dyn Plain> {
        Box::new(self.clone())
    }

    fn exchange(&mut self, other: &mut dyn Plain) {
        let other = other.as_any().downcast_mut().expect("the same struct");
        std::mem::swap(self, other);
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

pub(crate) fn plain<T: Node>(value: Box<dyn Plain>) -> T {
    *value.into_any().downcast().expect("the struct")
}

/// What `delete` gives.
type Deleted = Result<Box<dyn Plain>, (Error, Option<Box<dyn Handle>>)>;

/// What `delete_all` gives.
type AllDeleted = Result<Vec<Box<dyn Plain>>, (Error, Vec<Box<dyn Handle>>)>;

/// A `Persistent`, whichever.
pub(crate) trait Handle: Send + Sync {
    fn plain(&mut self) -> &mut dyn Plain;
    fn seen(&self) -> Seen;
    fn key(&self) -> i64;
    fn changed(&self) -> Vec<&'static str>;
    fn plan(&self) -> Result<Plan, Error>;
    fn save<'a>(&'a mut self, session: &'a mut Session) -> Fut<'a, Result<Report, Error>>;
    fn refresh<'a>(&'a mut self, session: &'a mut Session) -> Fut<'a, Result<(), Error>>;
    fn load<'a>(
        &'a mut self,
        relation: usize,
        session: &'a mut Session,
    ) -> Fut<'a, Result<(), Error>>;
    fn detach<'a>(
        &'a mut self,
        relation: usize,
        session: &'a mut Session,
    ) -> Fut<'a, Result<Report, Error>>;
    fn save_all<'a>(
        &'a mut self,
        other: &'a mut dyn Handle,
        session: &'a mut Session,
    ) -> Fut<'a, Result<Report, Error>>;
    fn load_paths<'a>(
        &'a mut self,
        number: usize,
        session: &'a mut Session,
    ) -> Fut<'a, Result<(), Error>>;
    fn save_together<'a>(
        &'a mut self,
        first: &'a mut dyn Handle,
        session: &'a mut Session,
    ) -> Fut<'a, Result<Report, Error>>;
    fn delete(self: Box<Self>, session: &mut Session) -> Fut<'_, Deleted>;
    fn delete_all(
        self: Box<Self>,
        other: Box<dyn Handle>,
        session: &mut Session,
    ) -> Fut<'_, AllDeleted>;
    fn expunge(self: Box<Self>) -> Box<dyn Loose>;
    fn merge(&mut self, value: Box<dyn Plain>) -> Result<(), Error>;
    fn patch(&mut self, payload: serde_json::Value) -> Result<(), Error>;
    fn into_inner(self: Box<Self>) -> Box<dyn Plain>;
    fn as_any(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Node> Handle for Persistent<T> {
    fn plain(&mut self) -> &mut dyn Plain {
        &mut **self
    }

    fn seen(&self) -> Seen {
        Plain::seen(&**self)
    }

    fn key(&self) -> i64 {
        Persistent::key(self)
    }

    fn changed(&self) -> Vec<&'static str> {
        self.changed_columns()
    }

    fn plan(&self) -> Result<Plan, Error> {
        Persistent::plan(self)
    }

    fn save<'a>(&'a mut self, session: &'a mut Session) -> Fut<'a, Result<Report, Error>> {
        on!(session, db => Persistent::save(self, db))
    }

    fn refresh<'a>(&'a mut self, session: &'a mut Session) -> Fut<'a, Result<(), Error>> {
        on!(session, db => Persistent::refresh(self, db))
    }

    fn load<'a>(
        &'a mut self,
        relation: usize,
        session: &'a mut Session,
    ) -> Fut<'a, Result<(), Error>> {
        on!(session, db => T::load(self, relation, db))
    }

    fn detach<'a>(
        &'a mut self,
        relation: usize,
        session: &'a mut Session,
    ) -> Fut<'a, Result<Report, Error>> {
        on!(session, db => T::detach(self, relation, db))
    }

    fn save_all<'a>(
        &'a mut self,
        other: &'a mut dyn Handle,
        session: &'a mut Session,
    ) -> Fut<'a, Result<Report, Error>> {
        let other: &mut Self = other.as_any().downcast_mut().expect("the same struct");
        on!(session, db => Persistent::save_all([self, other], db))
    }

    fn load_paths<'a>(
        &'a mut self,
        number: usize,
        session: &'a mut Session,
    ) -> Fut<'a, Result<(), Error>> {
        on!(session, db => T::load_paths(self, number, db))
    }

    fn save_together<'a>(
        &'a mut self,
        first: &'a mut dyn Handle,
        session: &'a mut Session,
    ) -> Fut<'a, Result<Report, Error>> {
        let first: &mut Persistent<T::First> = first.as_any().downcast_mut().expect("the first");
        on!(session, db => sqlx_cascade::save_together((self, first), db))
    }

    fn delete_all(
        self: Box<Self>,
        other: Box<dyn Handle>,
        session: &mut Session,
    ) -> Fut<'_, AllDeleted> {
        let both = vec![*self, handle::<T>(other)];
        Box::pin(async move {
            let deleted = on!(session, db => Persistent::delete_all(both, db).await);
            let boxed = |value| Box::new(value) as Box<dyn Plain>;
            deleted
                .map(|values| values.into_iter().map(boxed).collect())
                .map_err(|error| {
                    let handles: Option<Vec<Self>> = error.take_entity();
                    let handles = handles.into_iter().flatten();
                    let handles = handles.map(|handle| Box::new(handle) as Box<dyn Handle>);
                    (error, handles.collect())
                })
        })
    }

    fn delete(self: Box<Self>, session: &mut Session) -> Fut<'_, Deleted> {
        Box::pin(async move {
            let deleted = on!(session, db => Persistent::delete(*self, db).await);
            deleted
                .map(|value| Box::new(value) as Box<dyn Plain>)
                .map_err(|error| {
                    let handle = error.take_entity::<Self>();
                    (
                        error,
                        handle.map(|handle| Box::new(handle) as Box<dyn Handle>),
                    )
                })
        })
    }

    fn expunge(self: Box<Self>) -> Box<dyn Loose> {
        Box::new(Persistent::expunge(*self))
    }

    fn merge(&mut self, value: Box<dyn Plain>) -> Result<(), Error> {
        Persistent::merge(self, plain(value))
    }

    fn patch(&mut self, payload: serde_json::Value) -> Result<(), Error> {
        Persistent::patch(self, payload)
    }

    fn into_inner(self: Box<Self>) -> Box<dyn Plain> {
        Box::new(Persistent::into_inner(*self))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

pub(crate) fn handle<T: Node>(handle: Box<dyn Handle>) -> Persistent<T> {
    *handle.into_any().downcast().expect("the struct")
}

/// A `Detached`, whichever.
pub(crate) trait Loose: Send + Sync {
    fn plain(&mut self) -> &mut dyn Plain;
    fn seen(&self) -> Seen;
    fn into_persistent(self: Box<Self>) -> Root;
    fn into_inner(self: Box<Self>) -> Box<dyn Plain>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Node> Loose for Detached<T> {
    fn plain(&mut self) -> &mut dyn Plain {
        &mut **self
    }

    fn seen(&self) -> Seen {
        Plain::seen(&**self)
    }

    fn into_persistent(self: Box<Self>) -> Root {
        match Detached::into_persistent(*self) {
            Ok(handle) => Root::Handle(Box::new(handle)),
            Err(value) => Root::Value(Box::new(value)),
        }
    }

    fn into_inner(self: Box<Self>) -> Box<dyn Plain> {
        Box::new(Detached::into_inner(*self))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

pub(crate) fn loose<T: Node>(loose: Box<dyn Loose>) -> Detached<T> {
    *loose.into_any().downcast().expect("the struct")
}

/// A variable of a program.
pub(crate) enum Root {
    Value(Box<dyn Plain>),
    Handle(Box<dyn Handle>),
    Loose(Box<dyn Loose>),
}

impl Root {
    fn seen(&self) -> Seen {
        match self {
            Self::Value(value) => value.seen(),
            Self::Handle(handle) => handle.seen(),
            Self::Loose(loose) => loose.seen(),
        }
    }

    fn plain(&mut self) -> &mut dyn Plain {
        match self {
            Self::Value(value) => &mut **value,
            Self::Handle(handle) => handle.plain(),
            Self::Loose(loose) => loose.plain(),
        }
    }
}

/// The memory of a program, and its database.
pub(crate) struct Real {
    family: Family,
    pub(crate) session: Session,
    pub(crate) roots: Vec<Option<Root>>,
}

impl Family {
    fn plain(self, table: TableId, name: &str, key: i64) -> Box<dyn Plain> {
        let mut value = of_table!(self, table, T => Box::new(T::default()) as Box<dyn Plain>);
        let seen = value.seen();
        value.give(seen.values.len() - 2, &Value::Text(name.to_owned()));
        if self.schema().tables[table].key == KeyKind::Natural {
            value.give(0, &Value::Int(key));
        }
        value
    }

    /// A new object, with one below it where it is asked for.
    fn fresh(self, which: &Which) -> Box<dyn Plain> {
        let mut value = self.plain(which.table, &which.name, which.keys.0);
        if let Some((relation, table)) = which.below {
            let below = self.plain(table, &format!("{} below", which.name), which.keys.1);
            value.wrap(relation).put(below);
        }
        value
    }
}

impl Real {
    pub(crate) fn new(family: Family, session: Session) -> Self {
        Self {
            family,
            session,
            roots: Vec::new(),
        }
    }

    pub(crate) fn seen(&self) -> Vec<Option<Seen>> {
        let roots = self.roots.iter();
        roots.map(|root| root.as_ref().map(Root::seen)).collect()
    }

    pub(crate) fn handle(&self, root: usize) -> Option<&dyn Handle> {
        match self.roots.get(root)? {
            Some(Root::Handle(handle)) => Some(&**handle),
            _ => None,
        }
    }

    fn handle_mut(&mut self, root: usize) -> (&mut dyn Handle, &mut Session) {
        match &mut self.roots[root] {
            Some(Root::Handle(handle)) => (&mut **handle, &mut self.session),
            _ => unreachable!("no handle"),
        }
    }

    fn at(&mut self, spot: &Spot) -> &mut dyn Plain {
        let mut at = self.roots[spot.root].as_mut().expect("a root").plain();
        for &(relation, index) in &spot.path {
            at = at.wrap(relation).child(index);
        }
        at
    }

    fn push(&mut self, root: Root) {
        self.roots.push(Some(root));
    }

    fn take(&mut self, root: usize) -> Root {
        self.roots[root].take().expect("a root")
    }

    /// Does a step; `Some`: what a save reported.
    #[expect(clippy::too_many_lines, reason = "it is a list")]
    pub(crate) async fn apply(&mut self, step: &Step) -> Result<Option<Report>, Error> {
        match step {
            Step::New(which) => self.push(Root::Value(self.family.fresh(which))),
            Step::Give(spot, column, value) => self.at(spot).give(*column, value),
            Step::Put(spot, relation, which) => {
                let child = self.family.fresh(which);
                self.at(spot).wrap(*relation).put(child);
            }
            Step::PutRoot(spot, relation, root) => {
                let Root::Value(value) = self.take(*root) else {
                    unreachable!("no value")
                };
                self.at(spot).wrap(*relation).put(value);
            }
            Step::Remove(spot, relation, index, keep) => {
                let removed = self.at(spot).wrap(*relation).remove(*index);
                if let (Some(removed), true) = (removed, keep) {
                    self.push(Root::Value(removed));
                }
            }
            Step::Retain(spot, relation, mask) => self.at(spot).wrap(*relation).retain(*mask),
            Step::Clear(spot, relation) => self.at(spot).wrap(*relation).clear(),
            Step::Replace(spot, relation, with) => {
                let with = with.iter().map(|which| self.family.fresh(which)).collect();
                self.at(spot).wrap(*relation).replace(with);
            }
            Step::Assign(spot, relation, with) => {
                let with = with.iter().map(|which| self.family.fresh(which)).collect();
                self.at(spot).wrap(*relation).assign(with);
            }
            Step::Forget(spot, relation) => drop(self.at(spot).wrap(*relation).take()),
            Step::Expunge(spot, relation, index) => {
                if let Some(loose) = self.at(spot).wrap(*relation).expunge(*index) {
                    self.push(Root::Loose(loose));
                }
            }
            Step::Adopt(spot, relation, root) => {
                let Root::Loose(loose) = self.take(*root) else {
                    unreachable!("nothing detached")
                };
                self.at(spot).wrap(*relation).adopt(loose);
            }
            Step::Attach(spot, relation, root) => {
                let Root::Handle(handle) = self.take(*root) else {
                    unreachable!("no handle")
                };
                self.at(spot).wrap(*relation).attach(handle);
            }
            Step::AddKey(spot, relation, key) => self.at(spot).wrap(*relation).add(*key),
            Step::RemoveKey(spot, relation, key) => {
                self.at(spot).wrap(*relation).remove_key(*key);
            }
            Step::SetKeys(spot, relation, keys) => self.at(spot).wrap(*relation).set_keys(keys),
            Step::SwapWraps(a, b, relation) => {
                let of_a = self.at(a).wrap(*relation).take();
                let of_b = self.at(b).wrap(*relation).exchange(of_a);
                drop(self.at(a).wrap(*relation).exchange(of_b));
            }
            Step::SwapStructs(a, b) => {
                let mut of_a = self.take(*a);
                of_a.plain()
                    .exchange(self.roots[*b].as_mut().expect("a root").plain());
                self.roots[*a] = Some(of_a);
            }
            Step::Copy(spot) => {
                let copy = self.at(spot).copied();
                self.push(Root::Value(copy));
            }
            Step::Drop(root) => drop(self.take(*root)),
            Step::ExpungeRoot(root) => {
                let Root::Handle(handle) = self.take(*root) else {
                    unreachable!("no handle")
                };
                self.roots[*root] = Some(Root::Loose(handle.expunge()));
            }
            Step::Persist(root) => {
                let Root::Loose(loose) = self.take(*root) else {
                    unreachable!("nothing detached")
                };
                self.roots[*root] = Some(loose.into_persistent());
            }
            Step::Inner(root) => {
                let value = match self.take(*root) {
                    Root::Handle(handle) => handle.into_inner(),
                    Root::Loose(loose) => loose.into_inner(),
                    Root::Value(value) => value,
                };
                self.roots[*root] = Some(Root::Value(value));
            }
            Step::Merge(root, from) => {
                let Root::Value(value) = self.take(*from) else {
                    unreachable!("no value")
                };
                self.handle_mut(*root).0.merge(value)?;
            }
            Step::Patch(root, document) => {
                let schema = self.family.schema();
                let (handle, _) = self.handle_mut(*root);
                let table = handle.plain().table();
                let payload = self.family.payload(&schema, table, document);
                self.handle_mut(*root).0.patch(payload)?;
            }
            step => return self.operate(step).await,
        }
        Ok(None)
    }

    #[expect(clippy::too_many_lines, reason = "it is a list")]
    async fn operate(&mut self, step: &Step) -> Result<Option<Report>, Error> {
        match step {
            Step::Save(root) => return self.save(*root).await,
            Step::SaveAll(a, b) => {
                let Root::Handle(mut other) = self.take(*b) else {
                    unreachable!("no handle")
                };
                let (handle, session) = self.handle_mut(*a);
                let saved = handle.save_all(&mut *other, session).await;
                self.roots[*b] = Some(Root::Handle(other));
                return saved.map(Some);
            }
            Step::Delete(root) => {
                let Root::Handle(handle) = self.take(*root) else {
                    unreachable!("no handle")
                };
                match handle.delete(&mut self.session).await {
                    Ok(value) => self.roots[*root] = Some(Root::Value(value)),
                    Err((error, handle)) => {
                        self.roots[*root] = handle.map(Root::Handle);
                        return Err(error);
                    }
                }
            }
            Step::SaveTogether(a, b) => {
                let Root::Handle(mut first) = self.take(*b) else {
                    unreachable!("no handle")
                };
                let (handle, session) = self.handle_mut(*a);
                let saved = handle.save_together(&mut *first, session).await;
                self.roots[*b] = Some(Root::Handle(first));
                return saved.map(Some);
            }
            Step::DeleteAll(a, b) => return self.delete_all(*a, *b).await,
            Step::LoadPaths(root, number) => {
                let (handle, session) = self.handle_mut(*root);
                handle.load_paths(*number, session).await?;
            }
            Step::FindMany(table, keys, with) => {
                let session = &mut self.session;
                let (keys, with) = (keys.clone(), *with);
                let found: Vec<Box<dyn Handle>> = of_table!(self.family, *table, T => {
                    let found = on!(session, db => <T as Node>::find_many(keys, with, db).await)?;
                    let boxed = |handle| Box::new(handle) as Box<dyn Handle>;
                    found.into_iter().map(boxed).collect()
                });
                self.roots
                    .extend(found.into_iter().map(|found| Some(Root::Handle(found))));
            }
            Step::DeleteByKey(table, key) => {
                let session = &mut self.session;
                let table = *table;
                return of_table!(self.family, table, T => on!(session, db => T::delete_by_key(*key, db).await))
                    .map(Some);
            }
            Step::Refresh(root) => {
                let (handle, session) = self.handle_mut(*root);
                handle.refresh(session).await?;
            }
            Step::Load(root, relation) => {
                let (handle, session) = self.handle_mut(*root);
                handle.load(*relation, session).await?;
            }
            Step::Detach(root, relation) => {
                let (handle, session) = self.handle_mut(*root);
                return handle.detach(*relation, session).await.map(Some);
            }
            Step::Find(table, key) => {
                let session = &mut self.session;
                let found: Box<dyn Handle> = of_table!(self.family, *table, T => {
                    let found: Persistent<T> = on!(session, db => T::find(*key).one(db).await)?;
                    Box::new(found)
                });
                self.push(Root::Handle(found));
            }
            Step::MergeAndSave(from) => {
                let Root::Value(value) = self.take(*from) else {
                    unreachable!("no value")
                };
                let table = value.table();
                let session = &mut self.session;
                let merged: Box<dyn Handle> = of_table!(self.family, table, T => {
                    let value: T = plain(value);
                    Box::new(on!(session, db => T::merge(value, db).await)?)
                });
                self.push(Root::Handle(merged));
            }
            Step::PatchAndSave(table, key, document) => {
                let payload = self.family.payload(&self.family.schema(), *table, document);
                let session = &mut self.session;
                let patched: Box<dyn Handle> = of_table!(self.family, *table, T => {
                    Box::new(on!(session, db => T::patch(*key, payload, db).await)?)
                });
                self.push(Root::Handle(patched));
            }
            Step::Begin => self.session.begin().await?,
            Step::End(commit) => self.session.end(*commit).await?,
            step => unreachable!("{step:?} is done in memory"),
        }
        Ok(None)
    }

    async fn delete_all(&mut self, a: usize, b: usize) -> Result<Option<Report>, Error> {
        let (Root::Handle(one), Root::Handle(other)) = (self.take(a), self.take(b)) else {
            unreachable!("no handles")
        };
        let (roots, outcome): (Vec<Root>, _) = match one.delete_all(other, &mut self.session).await
        {
            Ok(values) => (values.into_iter().map(Root::Value).collect(), Ok(None)),
            Err((error, handles)) => (handles.into_iter().map(Root::Handle).collect(), Err(error)),
        };
        for (root, back) in [a, b].into_iter().zip(roots) {
            self.roots[root] = Some(back);
        }
        outcome
    }

    async fn save(&mut self, root: usize) -> Result<Option<Report>, Error> {
        match self.take(root) {
            Root::Handle(mut handle) => {
                let saved = handle.save(&mut self.session).await;
                self.roots[root] = Some(Root::Handle(handle));
                saved.map(Some)
            }
            Root::Value(value) => {
                let table = value.table();
                let session = &mut self.session;
                let saved: Result<Box<dyn Handle>, (Error, Root)> = of_table!(self.family, table, T => {
                    let value: T = plain(value);
                    match on!(session, db => T::save(value, db).await) {
                        Ok(handle) => Ok(Box::new(handle)),
                        Err(error) => {
                            let value: T = error.take_entity().expect("what was passed");
                            Err((error, Root::Value(Box::new(value))))
                        }
                    }
                });
                match saved {
                    Ok(handle) => {
                        self.roots[root] = Some(Root::Handle(handle));
                        Ok(None)
                    }
                    Err((error, value)) => {
                        self.roots[root] = Some(value);
                        Err(error)
                    }
                }
            }
            Root::Loose(_) => unreachable!("what is detached isn't saved"),
        }
    }
}
