//! The wrappers of the library behind a trait: each does what it can.

use std::any::Any;

use sqlx_cascade::{BelongsTo, HasMany, HasOne, ManyToMany};

use crate::model::memory::State;
use crate::real::{Handle, Loose, Node, Plain, handle, loose, plain};
use crate::step::SeenSlot;

/// A wrapper, whichever.
pub(crate) trait Wrap: Send + Sync {
    fn seen(&self) -> SeenSlot;
    fn child(&mut self, index: usize) -> &mut dyn Plain;
    fn put(&mut self, child: Box<dyn Plain>);
    fn assign(&mut self, children: Vec<Box<dyn Plain>>);
    fn remove(&mut self, _index: usize) -> Option<Box<dyn Plain>> {
        unreachable!("no `remove`")
    }
    fn retain(&mut self, _mask: u8) {
        unreachable!("no `retain`")
    }
    fn clear(&mut self) {
        unreachable!("no `clear`")
    }
    fn replace(&mut self, _children: Vec<Box<dyn Plain>>) {
        unreachable!("no `replace`")
    }
    fn expunge(&mut self, _index: usize) -> Option<Box<dyn Loose>> {
        unreachable!("no `expunge`")
    }
    fn adopt(&mut self, _child: Box<dyn Loose>) {
        unreachable!("no `adopt`")
    }
    fn attach(&mut self, _row: Box<dyn Handle>) {
        unreachable!("no `attach`")
    }
    fn add(&mut self, _key: i64) {
        unreachable!("no `add_key`")
    }
    fn remove_key(&mut self, _key: i64) {
        unreachable!("no `remove_key`")
    }
    fn set_keys(&mut self, _keys: &[i64]) {
        unreachable!("no `set_keys`")
    }
    /// `mem::take`.
    fn take(&mut self) -> Box<dyn Any + Send>;
    /// `mem::replace`.
    fn exchange(&mut self, other: Box<dyn Any + Send>) -> Box<dyn Any + Send>;
}

macro_rules! moved {
    () => {
        fn take(&mut self) -> Box<dyn Any + Send> {
            Box::new(std::mem::take(self))
        }

        fn exchange(&mut self, other: Box<dyn Any + Send>) -> Box<dyn Any + Send> {
            let other = *other.downcast::<Self>().expect("the same wrapper");
            Box::new(std::mem::replace(self, other))
        }
    };
}

fn seen_slot<'a, T: Node>(state: State, held: impl Iterator<Item = &'a T>) -> SeenSlot {
    SeenSlot {
        state,
        held: held.map(Plain::seen).collect(),
        keys: Vec::new(),
        perhaps: Vec::new(),
    }
}

impl<T: Node> Wrap for HasOne<T> {
    fn seen(&self) -> SeenSlot {
        let state = if self.is_loaded() {
            State::Loaded
        } else {
            State::NotLoaded
        };
        seen_slot(state, self.try_get().ok().flatten().into_iter())
    }

    fn child(&mut self, _: usize) -> &mut dyn Plain {
        self.get_mut().expect("a child")
    }

    fn put(&mut self, child: Box<dyn Plain>) {
        self.set(plain(child));
    }

    fn remove(&mut self, _: usize) -> Option<Box<dyn Plain>> {
        HasOne::remove(self).map(|child| Box::new(child) as Box<dyn Plain>)
    }

    fn assign(&mut self, children: Vec<Box<dyn Plain>>) {
        let child = children.into_iter().next();
        *self = child.map_or_else(Self::empty, |child| Self::from(plain::<T>(child)));
    }

    fn expunge(&mut self, _: usize) -> Option<Box<dyn Loose>> {
        HasOne::expunge(self).map(|child| Box::new(child) as Box<dyn Loose>)
    }

    fn adopt(&mut self, child: Box<dyn Loose>) {
        HasOne::adopt(self, loose(child));
    }

    moved!();
}

impl<T: Node> Wrap for HasMany<T> {
    fn seen(&self) -> SeenSlot {
        let state = match (self.is_not_loaded(), self.is_partial()) {
            (true, _) => State::NotLoaded,
            (_, true) => State::Partial,
            _ => State::Loaded,
        };
        seen_slot(state, self.known())
    }

    fn child(&mut self, index: usize) -> &mut dyn Plain {
        self.get_mut(index).expect("a child")
    }

    fn put(&mut self, child: Box<dyn Plain>) {
        self.push(plain(child));
    }

    fn remove(&mut self, index: usize) -> Option<Box<dyn Plain>> {
        Some(Box::new(HasMany::remove(self, index)))
    }

    fn retain(&mut self, mask: u8) {
        let mut index = 0;
        HasMany::retain(self, |_| {
            index += 1;
            keeps(mask, index - 1)
        });
    }

    fn clear(&mut self) {
        HasMany::clear(self);
    }

    fn replace(&mut self, children: Vec<Box<dyn Plain>>) {
        HasMany::replace(self, children.into_iter().map(plain));
    }

    fn assign(&mut self, children: Vec<Box<dyn Plain>>) {
        *self = children.into_iter().map(plain).collect();
    }

    fn expunge(&mut self, index: usize) -> Option<Box<dyn Loose>> {
        Some(Box::new(HasMany::expunge(self, index)))
    }

    fn adopt(&mut self, child: Box<dyn Loose>) {
        HasMany::adopt(self, loose(child));
    }

    fn attach(&mut self, row: Box<dyn Handle>) {
        HasMany::attach(self, vec![handle(row)]);
    }

    moved!();
}

/// Which children a `retain` keeps.
pub(crate) fn keeps(mask: u8, index: usize) -> bool {
    mask >> (index % 8) & 1 == 1
}

impl<T: Node> Wrap for ManyToMany<T> {
    fn seen(&self) -> SeenSlot {
        let state = match (self.is_not_loaded(), self.is_partial()) {
            (true, _) => State::NotLoaded,
            (_, true) => State::Partial,
            _ => State::Loaded,
        };
        let mut seen = seen_slot(state, self.known());
        seen.keys = self.keys().copied().collect();
        seen.keys.sort_unstable();
        seen.keys.dedup();
        seen
    }

    fn child(&mut self, index: usize) -> &mut dyn Plain {
        self.iter_mut().nth(index).expect("a target")
    }

    fn put(&mut self, child: Box<dyn Plain>) {
        self.push(plain(child));
    }

    fn remove(&mut self, index: usize) -> Option<Box<dyn Plain>> {
        Some(Box::new(ManyToMany::remove(self, index)))
    }

    fn clear(&mut self) {
        ManyToMany::clear(self);
    }

    fn assign(&mut self, children: Vec<Box<dyn Plain>>) {
        *self = Self::empty();
        for child in children {
            self.push(plain(child));
        }
    }

    fn add(&mut self, key: i64) {
        self.add_key(key);
    }

    fn remove_key(&mut self, key: i64) {
        ManyToMany::remove_key(self, &key);
    }

    fn set_keys(&mut self, keys: &[i64]) {
        ManyToMany::set_keys(self, keys.iter().copied());
    }

    moved!();
}

impl<T: Node> Wrap for BelongsTo<T> {
    fn seen(&self) -> SeenSlot {
        let state = if self.is_loaded() {
            State::Loaded
        } else {
            State::NotLoaded
        };
        seen_slot(state, self.try_get().ok().flatten().into_iter())
    }

    fn child(&mut self, _: usize) -> &mut dyn Plain {
        self.get_mut().expect("a parent")
    }

    fn put(&mut self, parent: Box<dyn Plain>) {
        self.set(plain(parent));
    }

    fn assign(&mut self, parents: Vec<Box<dyn Plain>>) {
        let parent = parents.into_iter().next();
        *self = parent.map_or_else(Self::default, |parent| Self::new(plain(parent)));
    }

    moved!();
}

impl<T: Node> Wrap for Option<BelongsTo<T>> {
    fn seen(&self) -> SeenSlot {
        let none = || seen_slot::<T>(State::NotLoaded, std::iter::empty());
        self.as_ref().map_or_else(none, Wrap::seen)
    }

    fn child(&mut self, index: usize) -> &mut dyn Plain {
        self.as_mut().expect("a parent").child(index)
    }

    fn put(&mut self, parent: Box<dyn Plain>) {
        self.get_or_insert_default().put(parent);
    }

    fn assign(&mut self, parents: Vec<Box<dyn Plain>>) {
        *self = None;
        for parent in parents {
            self.put(parent);
        }
    }

    moved!();
}
