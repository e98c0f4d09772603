//! Programs on the library: structs behind traits, so that a program knows no type.

use std::pin::Pin;

use sqlx::{MySql, Pool, Postgres, Sqlite};
use sqlx_cascade::{
    BelongsTo, Detached, Entity, Error, HasMany, HasOne, ManyToMany, Persistent, Relation, Report,
};

use crate::imagined::{BELOW, NEW, Seen};
use crate::model::memory::State;
use crate::program::{Payload, Step, Who};

/// What an operation of a program returns.
pub(crate) type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A pool of a database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Sqlite(Pool<Sqlite>),
    Postgres(Pool<Postgres>),
    MySql(Pool<MySql>),
}

/// Does something with the pool, whichever it is.
macro_rules! on {
    ($db:expr, $pool:ident => $does:expr) => {
        match $db {
            Db::Sqlite($pool) => $does,
            Db::Postgres($pool) => $does,
            Db::MySql($pool) => $does,
        }
    };
}
pub(crate) use on;

/// A struct of the matrix. Its key is `id`, its name `name`.
pub(crate) trait Node: Entity<Key = i64> + Default {
    fn seen(&self) -> Seen;
    fn id(&mut self) -> &mut i64;
    fn name(&mut self) -> &mut String;
    /// Changes the key to the owner.
    fn own(&mut self, key: i64);
    /// Puts a new row below it.
    fn put_below(&mut self);
    /// Everything below it, too.
    fn touch(&mut self);
}

/// A struct with the relation that the matrix is about.
pub(crate) trait Parent: Node {
    type Child: Node;
    type Wrap: Wrap<Self::Child>;
    fn relation() -> Relation<Self, Self::Child>;
    fn wrap(&mut self) -> &mut Self::Wrap;
}

/// What wrappers can do: each what it has.
pub(crate) trait Wrap<T: Node>: Default + Send + Sync + 'static {
    fn state(&self) -> State;
    fn held(&self) -> Vec<&T>;
    fn held_mut(&mut self) -> Vec<&mut T>;
    fn put(&mut self, child: T);
    fn of(children: Vec<T>) -> Self;
    fn remove(&mut self, _index: usize) {
        unreachable!("no `remove`")
    }
    fn expunge(&mut self, _index: usize) -> Option<Detached<T>> {
        unreachable!("no `expunge`")
    }
    fn adopt(&mut self, _child: Detached<T>) {
        unreachable!("no `adopt`")
    }
    fn clear(&mut self) {
        unreachable!("no `clear`")
    }
    fn replace(&mut self, _children: Vec<T>) {
        unreachable!("no `replace`")
    }
    fn attach(&mut self, _rows: Vec<Persistent<T>>) {
        unreachable!("no `attach`")
    }
    /// The keys of links.
    fn keys(&self) -> Vec<i64> {
        Vec::new()
    }
    fn of_keys(_keys: &[i64]) -> Self {
        unreachable!("no keys")
    }
    fn add_key(&mut self, _key: i64) {
        unreachable!("no `add_key`")
    }
    fn remove_key(&mut self, _key: i64) {
        unreachable!("no `remove_key`")
    }
    fn set_keys(&mut self, _keys: &[i64]) {
        unreachable!("no `set_keys`")
    }
}

impl<T: Node> Wrap<T> for HasOne<T> {
    fn state(&self) -> State {
        if self.is_loaded() {
            State::Loaded
        } else {
            State::NotLoaded
        }
    }

    fn held(&self) -> Vec<&T> {
        self.try_get().ok().flatten().into_iter().collect()
    }

    fn held_mut(&mut self) -> Vec<&mut T> {
        let is_loaded = self.is_loaded();
        is_loaded
            .then(|| self.get_mut())
            .flatten()
            .into_iter()
            .collect()
    }

    fn put(&mut self, child: T) {
        self.set(child);
    }

    fn remove(&mut self, _: usize) {
        HasOne::remove(self);
    }

    fn expunge(&mut self, _: usize) -> Option<Detached<T>> {
        HasOne::expunge(self)
    }

    fn adopt(&mut self, child: Detached<T>) {
        HasOne::adopt(self, child);
    }

    fn of(children: Vec<T>) -> Self {
        children
            .into_iter()
            .next()
            .map_or_else(Self::empty, Self::from)
    }
}

impl<T: Node> Wrap<T> for HasMany<T> {
    fn state(&self) -> State {
        match (self.is_not_loaded(), self.is_partial()) {
            (true, _) => State::NotLoaded,
            (_, true) => State::Partial,
            _ => State::Loaded,
        }
    }

    fn held(&self) -> Vec<&T> {
        self.known().collect()
    }

    fn held_mut(&mut self) -> Vec<&mut T> {
        self.known_mut().collect()
    }

    fn put(&mut self, child: T) {
        self.push(child);
    }

    fn remove(&mut self, index: usize) {
        HasMany::remove(self, index);
    }

    fn expunge(&mut self, index: usize) -> Option<Detached<T>> {
        Some(HasMany::expunge(self, index))
    }

    fn adopt(&mut self, child: Detached<T>) {
        HasMany::adopt(self, child);
    }

    fn of(children: Vec<T>) -> Self {
        Self::from(children)
    }

    fn clear(&mut self) {
        HasMany::clear(self);
    }

    fn replace(&mut self, children: Vec<T>) {
        HasMany::replace(self, children);
    }

    fn attach(&mut self, rows: Vec<Persistent<T>>) {
        HasMany::attach(self, rows);
    }
}

impl<T: Node> Wrap<T> for ManyToMany<T> {
    fn state(&self) -> State {
        match (self.is_not_loaded(), self.is_partial()) {
            (true, _) => State::NotLoaded,
            (_, true) => State::Partial,
            _ => State::Loaded,
        }
    }

    fn held(&self) -> Vec<&T> {
        self.known().collect()
    }

    fn held_mut(&mut self) -> Vec<&mut T> {
        let is_loaded = self.is_loaded();
        let held = is_loaded.then(|| self.iter_mut());
        held.into_iter().flatten().collect()
    }

    fn put(&mut self, child: T) {
        self.push(child);
    }

    fn of(children: Vec<T>) -> Self {
        let mut links = Self::empty();
        for child in children {
            links.push(child);
        }
        links
    }

    fn remove(&mut self, index: usize) {
        ManyToMany::remove(self, index);
    }

    fn clear(&mut self) {
        ManyToMany::clear(self);
    }

    fn keys(&self) -> Vec<i64> {
        let mut keys: Vec<i64> = ManyToMany::keys(self).copied().collect();
        keys.sort_unstable();
        keys
    }

    fn of_keys(keys: &[i64]) -> Self {
        let mut links = Self::empty();
        for key in keys {
            links.add_key(*key);
        }
        links
    }

    fn add_key(&mut self, key: i64) {
        ManyToMany::add_key(self, key);
    }

    fn remove_key(&mut self, key: i64) {
        ManyToMany::remove_key(self, &key);
    }

    fn set_keys(&mut self, keys: &[i64]) {
        ManyToMany::set_keys(self, keys.iter().copied());
    }
}

impl<T: Node> Wrap<T> for BelongsTo<T> {
    fn state(&self) -> State {
        if self.is_loaded() {
            State::Loaded
        } else {
            State::NotLoaded
        }
    }

    fn held(&self) -> Vec<&T> {
        self.try_get().ok().flatten().into_iter().collect()
    }

    fn held_mut(&mut self) -> Vec<&mut T> {
        let is_loaded = self.is_loaded();
        let held = is_loaded.then(|| self.get_mut());
        held.flatten().into_iter().collect()
    }

    fn put(&mut self, child: T) {
        self.set(child);
    }

    fn of(children: Vec<T>) -> Self {
        let parent = children.into_iter().next();
        parent.map_or_else(Self::default, Self::new)
    }

    fn of_keys(keys: &[i64]) -> Self {
        keys.first()
            .map_or_else(Self::default, |key| Self::to(*key))
    }

    fn set_keys(&mut self, keys: &[i64]) {
        self.set_key(keys[0]);
    }
}

impl<T: Node> Wrap<T> for Option<BelongsTo<T>> {
    fn state(&self) -> State {
        self.as_ref().map_or(State::NotLoaded, Wrap::state)
    }

    fn held(&self) -> Vec<&T> {
        self.as_ref().map(Wrap::held).unwrap_or_default()
    }

    fn held_mut(&mut self) -> Vec<&mut T> {
        self.as_mut().map(Wrap::held_mut).unwrap_or_default()
    }

    fn put(&mut self, child: T) {
        self.get_or_insert_default().set(child);
    }

    fn of(children: Vec<T>) -> Self {
        (!children.is_empty()).then(|| Wrap::of(children))
    }

    fn of_keys(keys: &[i64]) -> Self {
        (!keys.is_empty()).then(|| Wrap::of_keys(keys))
    }

    fn set_keys(&mut self, keys: &[i64]) {
        self.get_or_insert_default().set_key(keys[0]);
    }
}

/// What a wrapper holds.
pub(crate) fn seen_in<T: Node>(wrap: &impl Wrap<T>) -> (State, Vec<Seen>, Vec<i64>) {
    let held = wrap.held().into_iter().map(Node::seen);
    (wrap.state(), held.collect(), wrap.keys())
}

/// A child with something below it.
pub(crate) fn new_child<T: Node>(name: &str) -> T {
    let mut child = T::default();
    name.clone_into(child.name());
    child.put_below();
    child
}

/// What is below a new child.
pub(crate) fn below<T: Node>() -> T {
    let mut below = T::default();
    BELOW.clone_into(below.name());
    below
}

/// The memory of a program.
pub(crate) struct Real<P: Parent> {
    a: Option<Persistent<P>>,
    b: Option<Persistent<P>>,
    value: Option<P>,
}

/// The same, whatever the structs.
pub(crate) trait Memory: Send + Sync {
    fn seen(&self) -> [Option<Seen>; 3];
    fn prepare<'a>(&'a mut self, db: &'a Db, step: Step) -> Fut<'a, ()>;
    fn operate<'a>(&'a mut self, db: &'a Db, step: Step) -> Fut<'a, Result<Option<Report>, Error>>;
}

impl<P: Parent> Real<P> {
    pub(crate) fn boxed() -> Box<dyn Memory> {
        Box::new(Self {
            a: None,
            b: None,
            value: None,
        })
    }

    fn handle(&mut self, who: Who) -> &mut Option<Persistent<P>> {
        match who {
            Who::A => &mut self.a,
            Who::B => &mut self.b,
        }
    }

    fn object(&mut self, who: Who) -> &mut P {
        self.handle(who).as_mut().expect("a handle")
    }

    fn wrap(&mut self, who: Who) -> &mut P::Wrap {
        self.object(who).wrap()
    }

    fn child(&mut self, who: Who, index: usize) -> &mut P::Child {
        self.wrap(who).held_mut().swap_remove(index)
    }

    fn parent(&self, payload: Payload) -> P {
        let mut parent = P::default();
        *parent.id() = self.a.as_ref().expect("a handle").key();
        "merged".clone_into(parent.name());
        if let Some(children) = payload {
            let child = |(key, name): &(i64, &str)| {
                let mut child = P::Child::default();
                *child.id() = *key;
                (*name).clone_into(child.name());
                child
            };
            *parent.wrap() = P::Wrap::of(children.iter().map(child).collect());
        }
        parent
    }

    fn parent_of(&self, keys: &[i64]) -> P {
        let mut parent = self.parent(None);
        *parent.wrap() = P::Wrap::of_keys(keys);
        parent
    }

    async fn find(&mut self, db: &Db, who: Who, key: i64, load: bool) {
        let find = P::find(key);
        let find = if load { find.with(P::relation()) } else { find };
        let found = on!(db, pool => find.one(pool).await);
        *self.handle(who) = Some(found.expect("the parent"));
    }

    fn change(&mut self, step: Step) {
        match step {
            Step::Make(with_child) => {
                let mut parent = P::default();
                "made".clone_into(parent.name());
                if with_child {
                    *parent.wrap() = P::Wrap::of(vec![new_child(NEW)]);
                }
                self.value = Some(parent);
            }
            Step::MakeKeys(keys) => {
                let mut parent = P::default();
                "made".clone_into(parent.name());
                *parent.wrap() = P::Wrap::of_keys(keys);
                self.value = Some(parent);
            }
            Step::AddKey(who, key) => self.wrap(who).add_key(key),
            Step::RemoveKey(who, key) => self.wrap(who).remove_key(key),
            Step::SetKeys(who, keys) => self.wrap(who).set_keys(keys),
            Step::AssignKeys(who, keys) => *self.wrap(who) = P::Wrap::of_keys(keys),
            Step::RenameOtherwise(who, index) => {
                "otherwise".clone_into(self.child(who, index).name());
            }
            Step::Rename(who) => "changed".clone_into(self.object(who).name()),
            Step::RenameChild(who, index) => "changed".clone_into(self.child(who, index).name()),
            Step::TamperRoot(who) => *self.object(who).id() = 77,
            Step::TamperKey(who, index) => *self.child(who, index).id() = 77,
            Step::TamperOwner(who, index) => self.child(who, index).own(3),
            Step::Put(who) => self.wrap(who).put(new_child(NEW)),
            Step::Remove(who, index) => self.wrap(who).remove(index),
            Step::Clear(who) => self.wrap(who).clear(),
            Step::Replace(who) => self.wrap(who).replace(vec![new_child(NEW)]),
            Step::Assign(who, with_child) => {
                let child = with_child.then(|| new_child(NEW));
                *self.wrap(who) = P::Wrap::of(child.into_iter().collect());
            }
            Step::Forget(who) => *self.wrap(who) = P::Wrap::default(),
            Step::Move(from, index, to) => {
                let child = self.wrap(from).expunge(index).expect("a child");
                self.wrap(to).adopt(child);
            }
            Step::Away(who, index) => drop(self.wrap(who).expunge(index)),
            Step::Swap => {
                let (a, b) = (self.a.as_mut(), self.b.as_mut());
                let (a, b) = (a.expect("a handle"), b.expect("a handle"));
                std::mem::swap(a.wrap(), b.wrap());
            }
            Step::Exchange => {
                let of_a = self.wrap(Who::A).expunge(0).expect("a child");
                let of_b = self.wrap(Who::B).expunge(0).expect("a child");
                self.wrap(Who::A).adopt(of_b);
                self.wrap(Who::B).adopt(of_a);
            }
            Step::Touch(who) => {
                if let Some(handle) = self.handle(who) {
                    handle.touch();
                }
            }
            step => unreachable!("{step:?} is for the database"),
        }
    }

    async fn delete(&mut self, db: &Db) -> Result<Option<Report>, Error> {
        let handle = self.a.take().expect("a handle");
        match on!(db, pool => handle.delete(pool).await) {
            Ok(value) => {
                self.value = Some(value);
                Ok(None)
            }
            Err(error) => {
                self.a = error.take_entity();
                Err(error)
            }
        }
    }

    async fn save_new(&mut self, db: &Db) -> Result<Option<Report>, Error> {
        let value = self.value.take().expect("a value");
        match on!(db, pool => P::save(value, pool).await) {
            Ok(handle) => {
                self.a = Some(handle);
                Ok(None)
            }
            Err(error) => {
                self.value = error.take_entity();
                Err(error)
            }
        }
    }

    fn merge(&mut self, value: P) -> Result<Option<Report>, Error> {
        let handle = self.a.as_mut().expect("a handle");
        handle.merge(value).map(|()| None)
    }

    async fn put(&mut self, db: &Db, value: P) -> Result<Option<Report>, Error> {
        self.a = Some(on!(db, pool => P::merge(value, pool).await)?);
        Ok(None)
    }

    async fn save_both(&mut self, db: &Db) -> Result<Option<Report>, Error> {
        let (a, b) = (self.a.as_mut(), self.b.as_mut());
        let both = [a.expect("a handle"), b.expect("a handle")];
        on!(db, pool => Persistent::save_all(both, pool).await).map(Some)
    }
}

impl<P: Parent> Memory for Real<P> {
    fn seen(&self) -> [Option<Seen>; 3] {
        let handle = |handle: &Option<Persistent<P>>| handle.as_ref().map(|handle| handle.seen());
        [
            handle(&self.a),
            handle(&self.b),
            self.value.as_ref().map(Node::seen),
        ]
    }

    fn prepare<'a>(&'a mut self, db: &'a Db, step: Step) -> Fut<'a, ()> {
        Box::pin(async move {
            match step {
                Step::Find(who, key, load) => self.find(db, who, key, load).await,
                Step::Attach(who, key) => {
                    let find = P::Child::find(key);
                    let found = on!(db, pool => find.one(pool).await).expect("the child");
                    self.wrap(who).attach(vec![found]);
                }
                step => self.change(step),
            }
        })
    }

    fn operate<'a>(&'a mut self, db: &'a Db, step: Step) -> Fut<'a, Result<Option<Report>, Error>> {
        Box::pin(async move {
            match step {
                Step::SaveNew => return self.save_new(db).await,
                Step::SaveBoth => return self.save_both(db).await,
                Step::Delete => return self.delete(db).await,
                Step::Expunge => {
                    let handle = self.a.take().expect("a handle");
                    self.a = handle.expunge().into_persistent().ok();
                    return Ok(None);
                }
                Step::MergeAndSave(payload) => return self.put(db, self.parent(payload)).await,
                Step::MergeKeysAndSave(keys) => return self.put(db, self.parent_of(keys)).await,
                Step::Merge(payload) => return self.merge(self.parent(payload)),
                Step::MergeKeys(keys) => return self.merge(self.parent_of(keys)),
                _ => {}
            }
            let who = match step {
                Step::Save(who) => who,
                _ => Who::A,
            };
            let handle = self.handle(who).as_mut().expect("a handle");
            match step {
                Step::Save(_) => on!(db, pool => handle.save(pool).await).map(Some),
                Step::Refresh => on!(db, pool => handle.refresh(pool).await).map(|()| None),
                Step::Load => {
                    on!(db, pool => handle.load(P::relation(), pool).await).map(|()| None)
                }
                Step::Detach => on!(db, pool => handle.detach(P::relation(), pool).await).map(Some),
                step => unreachable!("{step:?} is no operation"),
            }
        })
    }
}
