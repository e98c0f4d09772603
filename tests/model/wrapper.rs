//! What the methods of wrappers do. They never fail.

use crate::model::database::Value;
use crate::model::memory::{Object, Slot, State};
use crate::model::schema::{Kind, Schema};

/// A wrapper of an object, with what its methods need to know.
pub(crate) struct Wrapper<'a> {
    kind: Kind,
    /// The parent's recorded key.
    key: Option<Value>,
    slot: &'a mut Slot,
}

impl Object {
    /// One of its wrappers.
    pub(crate) fn wrapper(&mut self, schema: &Schema, relation: usize) -> Wrapper<'_> {
        Wrapper {
            kind: schema.tables[self.table].relations[relation].kind,
            key: self
                .recorded
                .as_ref()
                .map(|recorded| recorded.values[0].clone()),
            slot: &mut self.slots[relation],
        }
    }
}

impl Wrapper<'_> {
    fn is_single(&self) -> bool {
        matches!(self.kind, Kind::HasOne { .. })
    }

    /// `HasOne::set`, `HasMany::push`, `ManyToMany::push`: a new child. A `HasOne` has one: the other leaves.
    pub(crate) fn put(&mut self, child: Object) {
        if self.is_single() {
            self.leave_all();
            self.know_all();
            // Where a rollback leaves it unknown, the new child is instead of whichever is there.
            let before = self.slot.before.as_mut();
            if let Some(before) = before.filter(|before| before.state != State::Loaded) {
                before.whole = true;
                before.unseen = true;
                before.state = State::Loaded;
            }
        } else {
            self.know_some();
        }
        self.slot.held.push(child);
    }

    /// `HasOne::remove`, `HasMany::remove(i)`: a child leaves by name.
    pub(crate) fn remove(&mut self, index: usize) {
        if self.is_single() {
            self.leave_all();
            self.know_all();
        } else {
            let child = self.slot.held.remove(index);
            self.leave(child);
        }
    }

    /// `HasMany::clear`, `ManyToMany::clear`: all leave, known or not.
    pub(crate) fn clear(&mut self) {
        self.leave_all();
        self.slot.linked.clear();
        self.slot.whole = true;
        if let Some(before) = &mut self.slot.before {
            before.whole = true;
            before.unseen |= before.state != State::Loaded;
            before.state = State::Loaded;
        }
        self.slot.unseen |= self.slot.state != State::Loaded;
        self.slot.state = State::Loaded;
    }

    /// `HasMany::replace`: these instead of all.
    pub(crate) fn replace(&mut self, children: Vec<Object>) {
        self.clear();
        self.slot.held = children;
    }

    /// `ManyToMany::add_key`: a link. One that left and comes back was never away.
    pub(crate) fn add_key(&mut self, key: Value) {
        if self.slot.links().contains(&key) {
            return;
        }
        self.know_some();
        self.slot.left.retain(|left| left[0] != key);
        self.slot.keys.push(key);
    }

    /// `ManyToMany::remove_key`: a link leaves by name, also one that nobody has seen.
    pub(crate) fn remove_key(&mut self, key: &Value) {
        let is_known = self.slot.links().contains(key);
        self.slot
            .held
            .retain(|held| !held.is_persistent() || held.key() != key);
        self.slot.keys.retain(|known| known != key);
        if is_known {
            self.unlink(key);
        } else if self.slot.state != State::Loaded {
            self.know_some();
            self.slot.left.push(vec![key.clone()]);
        }
    }

    /// `ManyToMany::set_keys`: these links instead of all.
    pub(crate) fn set_keys(&mut self, keys: &[Value]) {
        self.clear();
        for key in keys {
            self.add_key(key.clone());
        }
    }

    /// A link leaves if it is there, or may be there.
    fn unlink(&mut self, key: &Value) {
        let is_there = |slot: &Slot| slot.linked.contains(key) || slot.state == State::Partial;
        if let Some(before) = self.slot.before.as_mut().filter(|before| is_there(before)) {
            before.left.push(vec![key.clone()]);
        }
        if is_there(self.slot) {
            self.slot.left.push(vec![key.clone()]);
        }
    }

    /// An assignment from a value: a wrapper that was never under a parent.
    pub(crate) fn assign(&mut self, children: Vec<Object>) {
        *self.slot = Slot {
            state: State::Loaded,
            held: children,
            ..Slot::default()
        };
    }

    /// `mem::take`: not loaded, nothing leaves.
    pub(crate) fn forget(&mut self) {
        *self.slot = Slot::default();
    }

    /// `expunge`: a child goes with its row.
    pub(crate) fn expunge(&mut self, index: usize) -> Option<Object> {
        if index >= self.slot.held.len() {
            return None;
        }
        let mut child = self.slot.held.remove(index);
        let was_here = child.was_here();
        if let Some(recorded) = child.recorded.as_mut().filter(|row| row.departed.is_none()) {
            self.slot.away.push(recorded.values[0].clone());
            if !was_here {
                self.slot.fleeting.push(recorded.values[0].clone());
            }
            if let Some(before) = self.slot.before.as_mut().filter(|_| was_here) {
                before.away.push(recorded.values[0].clone());
            }
            recorded.departed = Some(self.slot.under.unwrap_or_default());
        }
        Some(child)
    }

    /// `adopt`: a child comes with its row; without one it is like `put`.
    pub(crate) fn adopt(&mut self, mut child: Object) {
        if let Some(recorded) = &mut child.recorded
            && let Some(away) = self
                .slot
                .away
                .iter()
                .position(|away| *away == recorded.values[0])
        {
            self.slot.away.remove(away);
            if recorded.departed == Some(self.slot.under.unwrap_or_default()) {
                recorded.departed = None;
            }
        }
        self.put(child);
    }

    /// `HasMany::attach`: rows that the user's own query found.
    pub(crate) fn attach(&mut self, rows: Vec<Object>) {
        self.know_some();
        for row in rows {
            if self
                .slot
                .held
                .iter()
                .all(|held| !held.is_persistent() || held.key() != row.key())
            {
                self.slot.held.push(row);
            }
        }
    }

    /// A child leaves, and its row will. One that was adopted and isn't saved stays with its old owner; one that was never saved is gone.
    pub(crate) fn leave(&mut self, child: Object) {
        if self.kind.child().is_none() {
            if child.is_persistent() {
                self.unlink(child.key());
            }
            return;
        }
        let was_here = child.was_here();
        if let Some(recorded) = child.recorded
            && recorded.departed.is_none()
        {
            if !was_here {
                self.slot.fleeting.push(recorded.values[0].clone());
            }
            if let Some(before) = self.slot.before.as_mut().filter(|_| was_here) {
                before.left.push(recorded.values.clone());
            }
            self.slot.left.push(recorded.values);
        }
    }

    /// All that are held leave by name.
    pub(crate) fn leave_all(&mut self) {
        for child in std::mem::take(&mut self.slot.held) {
            self.leave(child);
        }
        for key in std::mem::take(&mut self.slot.keys) {
            self.unlink(&key);
        }
    }

    /// A merge: what is held leaves, but for these, which were taken out before. A new only child takes its place like one that is put there.
    pub(crate) fn arrange(&mut self, children: Vec<Object>) {
        self.leave_all();
        for child in children {
            if self.is_single() && !child.is_persistent() {
                self.put(child);
            } else {
                self.slot.held.push(child);
            }
        }
    }

    /// From now on all rows are known: where they weren't, that is an operation on the whole relation.
    fn know_all(&mut self) {
        if self.slot.state != State::Loaded {
            self.slot.state = State::Loaded;
            self.slot.under = None;
            self.slot.unseen = true;
        }
    }

    /// From now on some rows are known.
    fn know_some(&mut self) {
        if self.slot.state == State::NotLoaded {
            self.slot.state = State::Partial;
        }
    }
}
