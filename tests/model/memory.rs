//! What is held in memory: objects, what is recorded of their rows, and wrappers. The methods of wrappers never fail.

use std::collections::BTreeSet;

use crate::model::database::{Row, Value};
use crate::model::schema::{Kind, Schema, TableId};

/// A struct, with a row or without.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) table: TableId,
    /// The column of its version, which nobody changes: what its field holds is never written.
    pub(crate) version: Option<usize>,
    pub(crate) values: Row,
    /// `None`: the object is new.
    pub(crate) recorded: Option<Recorded>,
    /// Its wrappers, in the order of its table's relations.
    pub(crate) slots: Vec<Slot>,
    /// What was recorded before the transaction that is open, where a save in it has changed that.
    pub(crate) before: Option<Before>,
    /// Something below it is written by the save that goes on, and its version counts that.
    pub(crate) raised: bool,
}

/// What was recorded before a transaction; `None`: the object was new.
#[derive(Debug, Clone)]
pub(crate) struct Before(pub(crate) Option<Recorded>);

/// What a handle knows of its row.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// The values as they were loaded or saved last; the first is the key.
    pub(crate) values: Row,
    /// The column by which it hangs on its parent.
    pub(crate) column: Option<usize>,
    /// The handle's own number.
    pub(crate) handle: u64,
    /// The row was expunged from under this handle, and is nobody's until it is adopted and saved; 0: from its own.
    pub(crate) departed: Option<u64>,
}

/// What a wrapper knows of its relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum State {
    #[default]
    NotLoaded,
    Partial,
    Loaded,
}

/// A wrapper.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    pub(crate) state: State,
    /// The children, the targets that are loaded, the parent that is held.
    pub(crate) held: Vec<Object>,
    /// Links by key, to targets that aren't held.
    pub(crate) keys: Vec<Value>,
    /// The links that are there: they were loaded or saved.
    pub(crate) linked: Vec<Value>,
    /// Rows that left by name since the last save, as they are recorded; of links, the keys of their targets.
    pub(crate) left: Vec<Row>,
    /// Keys of rows that were expunged from here.
    pub(crate) away: Vec<Value>,
    /// Keys of rows that left in the transaction that is open and came in it: after a rollback there is none that left.
    pub(crate) fleeting: Vec<Value>,
    /// An operation concerned all rows of the relation.
    pub(crate) whole: bool,
    /// It did so when not all of them were known.
    pub(crate) unseen: bool,
    /// The handle that it was loaded or saved under.
    pub(crate) under: Option<u64>,
    /// What was pending before the transaction that is open, where a save in it has written that: all but what is held.
    pub(crate) before: Option<Box<Slot>>,
}

impl Slot {
    /// The keys of all links that a `ManyToMany` knows.
    pub(crate) fn links(&self) -> BTreeSet<Value> {
        let held = self.held.iter().filter(|target| target.is_persistent());
        let held = held.map(|target| target.key().clone());
        held.chain(self.keys.iter().cloned()).collect()
    }

    /// The same content, of which nothing is recorded.
    fn anew(&self, held: impl Fn(&Object) -> Object) -> Self {
        Self {
            state: self.state,
            held: self.held.iter().map(held).collect(),
            keys: self.keys.clone(),
            ..Self::default()
        }
    }

    /// Whether it knows a link that may not be there yet.
    pub(crate) fn has_new_links(&self) -> bool {
        let is_new = |target: &Object| !target.is_persistent();
        self.held.iter().any(is_new) || self.links().iter().any(|key| !self.linked.contains(key))
    }
}

impl Object {
    /// A new object; relations are not loaded.
    pub(crate) fn new(schema: &Schema, table: TableId, values: Row) -> Self {
        let slots = schema.tables[table].relations.len();
        Self {
            table,
            version: schema.tables[table].version,
            values,
            recorded: None,
            slots: vec![Slot::default(); slots],
            before: None,
            raised: false,
        }
    }

    /// `Default`: nothing refers to anybody.
    pub(crate) fn blank(schema: &Schema, table: TableId) -> Self {
        let declared = &schema.tables[table];
        let value = |column: usize| {
            let of = &declared.columns[column];
            let mut relations = declared.relations.iter();
            let is_held = relations.any(|relation| relation.kind.own_column() == Some(column));
            match (of.nullable || is_held, of.text) {
                (true, _) => Value::Null,
                (false, true) => Value::Text(String::new()),
                (false, false) => Value::Int(0),
            }
        };
        let values = (0..declared.columns.len()).map(value).collect();
        Self::new(schema, table, values)
    }

    /// The recorded key, else that of the field.
    pub(crate) fn key(&self) -> &Value {
        self.recorded
            .as_ref()
            .map_or(&self.values[0], |recorded| &recorded.values[0])
    }

    /// Whether it has a row.
    pub(crate) fn is_persistent(&self) -> bool {
        self.recorded.is_some()
    }

    /// `clone`: everything in it is new, and what was pending stays behind. A parent and the target of a link are referred to by their keys; those
    /// that are new are copied.
    pub(crate) fn copy(&self, schema: &Schema) -> Self {
        let is_there = |slot: &Slot| slot.held.iter().all(Self::is_persistent);
        self.anew(|number, slot| match self.own_key(schema, number) {
            Some(key) if *key != Value::Null && is_there(slot) => Slot::default(),
            _ if !self.is_linked(schema, number) => slot.anew(|held| held.copy(schema)),
            _ => {
                let new = slot.held.iter().filter(|target| !target.is_persistent());
                Slot {
                    state: slot.state,
                    held: new.map(|target| target.copy(schema)).collect(),
                    keys: slot.links().into_iter().collect(),
                    ..Slot::default()
                }
            }
        })
    }

    /// `into_inner`, and what `remove` hands back: the value is new, and all that is below it. A parent, or the target of a link, is not below
    /// it, unless it goes with it.
    pub(crate) fn renewed(&self, schema: &Schema) -> Self {
        let relations = &schema.tables[self.table].relations;
        let mut renewed = self.anew(|number, slot| {
            if self.own_key(schema, number).is_some() && !relations[number].options.cascade.delete {
                return slot.clone();
            }
            if self.is_linked(schema, number) && !relations[number].options.cascade.delete {
                return slot.anew(Self::clone);
            }
            slot.anew(|held| held.renewed(schema))
        });
        for (relation, slot) in relations.iter().zip(&renewed.slots) {
            if let Some(column) = relation.kind.own_column()
                && relation.options.cascade.delete
                && !slot.held.is_empty()
            {
                renewed.values[column] = Value::Null;
            }
        }
        renewed
    }

    /// The key of a parent that a wrapper holds.
    fn own_key(&self, schema: &Schema, relation: usize) -> Option<&Value> {
        let kind = schema.tables[self.table].relations[relation].kind;
        kind.own_column().map(|column| &self.values[column])
    }

    fn is_linked(&self, schema: &Schema, relation: usize) -> bool {
        let kind = schema.tables[self.table].relations[relation].kind;
        matches!(kind, Kind::ManyToMany { .. })
    }

    fn anew(&self, slot: impl Fn(usize, &Slot) -> Slot) -> Self {
        Self {
            table: self.table,
            version: self.version,
            values: self.values.clone(),
            recorded: None,
            slots: (0..self.slots.len())
                .map(|number| slot(number, &self.slots[number]))
                .collect(),
            before: None,
            raised: false,
        }
    }

    /// **After a rollback** what is recorded is what it was, and what was pending is pending again; the fields keep what they hold. Else the record
    /// from before is forgotten.
    pub(crate) fn end(&mut self, commit: bool) {
        if let Some(Before(before)) = self.before.take().filter(|_| !commit) {
            self.recorded = before;
        }
        for slot in &mut self.slots {
            let fleeting = std::mem::take(&mut slot.fleeting);
            if !commit {
                slot.left.retain(|left| !fleeting.contains(&left[0]));
                slot.away.retain(|away| !fleeting.contains(away));
            }
            if let Some(before) = slot.before.take().filter(|_| !commit) {
                *slot = Slot {
                    held: std::mem::take(&mut slot.held),
                    keys: std::mem::take(&mut slot.keys),
                    ..*before
                };
            }
            for held in &mut slot.held {
                held.end(commit);
            }
        }
    }

    /// Whether the row is there also if the open transaction is rolled back.
    pub(crate) fn existed(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.0.is_some())
    }

    /// Whether the row is its parent's also if the open transaction is rolled back: one that was adopted before it, and saved in it, isn't.
    pub(crate) fn was_here(&self) -> bool {
        let stays = |recorded: &Recorded| recorded.departed.is_none();
        let before = self.before.as_ref().map(|before| before.0.as_ref());
        before.is_none_or(|before| before.is_some_and(stays))
    }

    /// The columns that differ from what is recorded.
    pub(crate) fn changed(&self) -> Vec<usize> {
        let Some(recorded) = &self.recorded else {
            return Vec::new();
        };
        (0..self.values.len())
            .filter(|&column| Some(column) != self.version)
            .filter(|&column| self.values[column] != recorded.values[column])
            .collect()
    }

    /// Whether an operation concerned all rows of a relation, known or not. A wrapper that was not loaded or saved under this handle was
    /// assigned from a value, so it did.
    pub(crate) fn is_whole(&self, relation: usize) -> bool {
        let slot = &self.slots[relation];
        let Some(recorded) = &self.recorded else {
            return false;
        };
        slot.whole || (slot.state == State::Loaded && slot.under != Some(recorded.handle))
    }
}

impl Object {
    /// `BelongsTo::set_key`, or a field without a target: the object of another parent is let go.
    pub(crate) fn refer(&mut self, schema: &Schema, relation: usize, key: Value) {
        let Some(column) = schema.tables[self.table].relations[relation]
            .kind
            .own_column()
        else {
            return;
        };
        if self.values[column] != key {
            self.slots[relation] = Slot::default();
            self.values[column] = key;
        } else if key == Value::Null {
            self.slots[relation] = Slot::default();
        }
    }

    /// `BelongsTo::set`: a parent that is new.
    pub(crate) fn set_parent(&mut self, schema: &Schema, relation: usize, parent: Self) {
        self.refer(schema, relation, Value::Null);
        self.slots[relation] = Slot {
            state: State::Loaded,
            held: vec![parent],
            ..Slot::default()
        };
    }
}

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
