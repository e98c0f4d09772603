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
