//! Programs on the interpreter.

use crate::model::database::Value;
use crate::model::leave::Keys;
use crate::model::memory::{Object, Slot, State};
use crate::model::read::{expunge, find, load, refresh};
use crate::model::schema::{KeyKind, Kind, Relation, Schema, TableId};
use crate::model::{Effects, Refusal, World, delete, merge, save};
use crate::program::{Payload, Step, Who};

/// What is in memory: an object's values, and what its wrappers hold: objects, and the keys of links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) values: Vec<Value>,
    pub(crate) slots: Vec<(State, Vec<Seen>, Vec<i64>)>,
}

/// The parents' table is the first, that of the children is what its first relation says.
#[derive(Debug, Clone)]
pub(crate) struct Imagined {
    pub(crate) world: World,
    a: Option<Object>,
    b: Option<Object>,
    value: Option<Object>,
}

const PARENTS: TableId = 0;
const LINKS: TableId = 3;
const RELATION: usize = 0;

/// The name of a new child.
pub(crate) const NEW: &str = "new";
/// The name of what is below it.
pub(crate) const BELOW: &str = "below";

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

impl Imagined {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world,
            a: None,
            b: None,
            value: None,
        }
    }

    /// What is in memory.
    pub(crate) fn seen(&self) -> [Option<Seen>; 3] {
        let schema = &self.world.schema;
        [&self.a, &self.b, &self.value]
            .map(|object| object.as_ref().map(|object| seen(schema, object)))
    }

    fn slot(&mut self, who: Who) -> (&mut Option<Object>, Schema) {
        let schema = (*self.world.schema).clone();
        match who {
            Who::A => (&mut self.a, schema),
            Who::B => (&mut self.b, schema),
        }
    }

    fn object(&mut self, who: Who) -> &mut Object {
        self.slot(who).0.as_mut().expect("a handle")
    }

    fn children(&self) -> TableId {
        self.world.schema.tables[PARENTS].relations[RELATION]
            .kind
            .held()
    }

    /// A plain child; `below` it, another.
    fn child(&self, key: i64, name: &str, below: bool) -> Object {
        let schema = &self.world.schema;
        let table = self.children();
        let mut child = plain(schema, table, key, name);
        if below {
            let kind = schema.tables[table].relations[RELATION].kind;
            let grandchild = plain(schema, kind.held(), 0, BELOW);
            child.slots[RELATION] = Slot {
                state: State::NotLoaded,
                ..Slot::default()
            };
            child.wrapper(schema, RELATION).put(grandchild);
        }
        child
    }

    fn parent(&self, key: Value, payload: Payload) -> Object {
        let mut parent = plain(&self.world.schema, PARENTS, 0, "merged");
        parent.values[0] = key;
        if let Some(children) = payload {
            let children = children.iter();
            let children = children.map(|(key, name)| self.child(*key, name, false));
            hold(&self.world.schema, &mut parent, children.collect());
        }
        parent
    }

    fn parent_of(&self, key: Value, keys: &[i64]) -> Object {
        let mut parent = self.parent(key, None);
        assign_keys(&self.world.schema, &mut parent, keys);
        parent
    }

    /// A step that isn't compared.
    pub(crate) fn prepare(&mut self, step: Step) {
        let schema = self.world.schema.clone();
        match step {
            Step::Find(who, key, loaded) => {
                let mut object =
                    find(&mut self.world, PARENTS, &Value::Int(key)).expect("the parent");
                if loaded {
                    load(&mut self.world, &mut object, RELATION).expect("its children");
                }
                *self.slot(who).0 = Some(object);
            }
            Step::Make(with_child) => {
                let mut parent = plain(&schema, PARENTS, 0, "made");
                if with_child {
                    hold(&schema, &mut parent, vec![self.child(0, NEW, true)]);
                }
                self.value = Some(parent);
            }
            Step::MakeKeys(keys) => {
                let mut parent = plain(&schema, PARENTS, 0, "made");
                assign_keys(&schema, &mut parent, keys);
                self.value = Some(parent);
            }
            Step::Rename(who) => rename(self.object(who), "changed"),
            Step::RenameChild(who, index) => {
                rename(&mut self.object(who).slots[RELATION].held[index], "changed");
            }
            Step::RenameOtherwise(who, index) => {
                rename(
                    &mut self.object(who).slots[RELATION].held[index],
                    "otherwise",
                );
            }
            Step::TamperRoot(who) => self.object(who).values[0] = Value::Int(77),
            Step::TamperKey(who, index) => {
                self.object(who).slots[RELATION].held[index].values[0] = Value::Int(77);
            }
            Step::TamperOwner(who, index) => {
                self.object(who).slots[RELATION].held[index].values[1] = Value::Int(3);
            }
            step => self.change(step),
        }
    }

    /// What the methods of wrappers do.
    fn change(&mut self, step: Step) {
        let schema = self.world.schema.clone();
        match step {
            Step::Put(who) => {
                let child = self.child(0, NEW, true);
                if is_parent(&schema) {
                    self.object(who).set_parent(&schema, RELATION, child);
                } else {
                    self.object(who).wrapper(&schema, RELATION).put(child);
                }
            }
            Step::AddKey(who, key) => {
                let mut wrapper = self.object(who).wrapper(&schema, RELATION);
                wrapper.add_key(Value::Int(key));
            }
            Step::RemoveKey(who, key) => {
                let mut wrapper = self.object(who).wrapper(&schema, RELATION);
                wrapper.remove_key(&Value::Int(key));
            }
            Step::SetKeys(who, keys) => {
                let object = self.object(who);
                if is_parent(&schema) {
                    object.refer(&schema, RELATION, Value::Int(keys[0]));
                } else {
                    let keys: Vec<Value> = keys.iter().copied().map(Value::Int).collect();
                    object.wrapper(&schema, RELATION).set_keys(&keys);
                }
            }
            Step::AssignKeys(who, keys) => assign_keys(&schema, self.object(who), keys),
            Step::Remove(who, index) => self.object(who).wrapper(&schema, RELATION).remove(index),
            Step::Clear(who) => self.object(who).wrapper(&schema, RELATION).clear(),
            Step::Replace(who) => {
                let child = self.child(0, NEW, true);
                self.object(who)
                    .wrapper(&schema, RELATION)
                    .replace(vec![child]);
            }
            Step::Assign(who, with_child) => {
                let child = with_child.then(|| self.child(0, NEW, true));
                let children = child.into_iter().collect();
                self.object(who).wrapper(&schema, RELATION).assign(children);
            }
            Step::Forget(who) => self.object(who).wrapper(&schema, RELATION).forget(),
            Step::Move(from, index, to) => {
                let child = self.object(from).wrapper(&schema, RELATION).expunge(index);
                let child = child.expect("a child");
                self.object(to).wrapper(&schema, RELATION).adopt(child);
            }
            Step::Away(who, index) => {
                drop(self.object(who).wrapper(&schema, RELATION).expunge(index));
            }
            Step::Attach(who, key) => {
                let table = self.children();
                let row = find(&mut self.world, table, &Value::Int(key)).expect("the child");
                self.object(who)
                    .wrapper(&schema, RELATION)
                    .attach(vec![row]);
            }
            Step::Swap => {
                let (a, b) = (self.a.as_mut(), self.b.as_mut());
                let (a, b) = (a.expect("a handle"), b.expect("a handle"));
                std::mem::swap(&mut a.slots[RELATION], &mut b.slots[RELATION]);
                if is_parent(&schema) {
                    std::mem::swap(&mut a.values[1], &mut b.values[1]);
                }
            }
            Step::Exchange => {
                let mut take = |who| {
                    let mut wrapper = self.object(who).wrapper(&schema, RELATION);
                    wrapper.expunge(0).expect("a child")
                };
                let (of_a, of_b) = (take(Who::A), take(Who::B));
                self.object(Who::A).wrapper(&schema, RELATION).adopt(of_b);
                self.object(Who::B).wrapper(&schema, RELATION).adopt(of_a);
            }
            step => self.meanwhile(step),
        }
    }

    /// What others do, and a change of everything.
    fn meanwhile(&mut self, step: Step) {
        let schema = self.world.schema.clone();
        match step {
            Step::OthersDelete(key) => {
                let table = self.children();
                self.others_delete(table, &Keys::from([Value::Int(key)]));
            }
            Step::OthersAdd(parent) => {
                let table = self.children();
                let key = self.world.database.next_key(table);
                let row = vec![key, Value::Int(parent), text("rival")];
                self.world.database.insert(table, row);
            }
            Step::OthersDeleteParent(key) => {
                self.others_delete(PARENTS, &Keys::from([Value::Int(key)]));
            }
            Step::OthersLink(row, target) if is_parent(&schema) => {
                let row = self.world.database.row_mut(PARENTS, &Value::Int(row));
                row.expect("a row")[1] = Value::Int(target);
            }
            Step::OthersLink(row, target) => {
                let row = vec![Value::Int(row), Value::Int(target)];
                self.world.database.insert(LINKS, row);
            }
            Step::OthersUnlink(row, target) => {
                let link = vec![Value::Int(row), Value::Int(target)];
                self.world.database.tables[LINKS]
                    .rows
                    .retain(|row| *row != link);
            }
            Step::Touch(who) => {
                if let Some(object) = self.slot(who).0 {
                    touch(&schema, object);
                }
            }
            step => unreachable!("{step:?} is an operation"),
        }
    }

    /// Deletes rows with everything that refers to them.
    fn others_delete(&mut self, table: TableId, keys: &Keys) {
        let schema = self.world.schema.clone();
        for (child, column, _) in schema.references_to(table) {
            if schema.tables[child].key == KeyKind::Link {
                let links = &mut self.world.database.tables[child].rows;
                links.retain(|row| !keys.contains(&row[column]));
                continue;
            }
            let below = self.world.database.having(child, column, keys);
            let below: Keys = below
                .into_iter()
                .map(|mut row| row.swap_remove(0))
                .collect();
            if !below.is_empty() {
                self.others_delete(child, &below);
            }
        }
        self.world.database.delete(&schema, table, keys);
    }

    /// A step that is compared.
    pub(crate) fn operate(&mut self, step: Step) -> Result<Effects, Refusal> {
        let schema = self.world.schema.clone();
        match step {
            Step::Save(who) => {
                let handle = match who {
                    Who::A => &mut self.a,
                    Who::B => &mut self.b,
                };
                save::save(&mut self.world, &mut [handle.as_mut().expect("a handle")])
            }
            Step::SaveBoth => {
                let (a, b) = (self.a.as_mut(), self.b.as_mut());
                save::save(
                    &mut self.world,
                    &mut [a.expect("a handle"), b.expect("a handle")],
                )
            }
            Step::SaveNew => {
                let mut value = self.value.clone().expect("a value");
                let effects = save::save(&mut self.world, &mut [&mut value])?;
                self.value = None;
                self.a = Some(value);
                Ok(effects)
            }
            Step::Delete => {
                let object = self.a.as_ref().expect("a handle");
                let (value, effects) = delete::delete(&mut self.world, object)?;
                self.a = None;
                self.value = Some(value);
                Ok(effects)
            }
            Step::Refresh => refresh(&mut self.world, self.a.as_mut().expect("a handle")),
            Step::Load => load(
                &mut self.world,
                self.a.as_mut().expect("a handle"),
                RELATION,
            ),
            Step::Detach => delete::detach(
                &mut self.world,
                self.a.as_mut().expect("a handle"),
                RELATION,
            ),
            Step::Expunge => {
                expunge(&self.world, self.a.as_mut().expect("a handle"));
                Ok(Effects::default())
            }
            Step::Merge(payload) => {
                let key = self.object(Who::A).key().clone();
                let value = self.parent(key, payload);
                merge::merge(&schema, self.object(Who::A), &value)?;
                Ok(Effects::default())
            }
            Step::MergeAndSave(payload) => {
                let key = self.object(Who::A).key().clone();
                let value = self.parent(key, payload);
                let (merged, effects) = merge::merge_and_save(&mut self.world, &value)?;
                self.a = Some(merged);
                Ok(effects)
            }
            Step::MergeKeys(keys) => {
                let key = self.object(Who::A).key().clone();
                let value = self.parent_of(key, keys);
                merge::merge(&schema, self.object(Who::A), &value)?;
                Ok(Effects::default())
            }
            Step::MergeKeysAndSave(keys) => {
                let key = self.object(Who::A).key().clone();
                let value = self.parent_of(key, keys);
                let (merged, effects) = merge::merge_and_save(&mut self.world, &value)?;
                self.a = Some(merged);
                Ok(effects)
            }
            step => unreachable!("{step:?} is no operation"),
        }
    }
}

/// Whether the relation is a `BelongsTo`.
fn is_parent(schema: &Schema) -> bool {
    let relation = &schema.tables[PARENTS].relations[RELATION];
    relation.kind.own_column().is_some()
}

/// A wrapper that holds these new objects.
fn hold(schema: &Schema, of: &mut Object, mut held: Vec<Object>) {
    if !is_parent(schema) {
        of.wrapper(schema, RELATION).assign(held);
    } else if let Some(parent) = held.pop() {
        of.set_parent(schema, RELATION, parent);
    }
}

/// A wrapper that was made of keys.
fn assign_keys(schema: &Schema, of: &mut Object, keys: &[i64]) {
    if is_parent(schema) {
        let key = keys.first().map_or(Value::Null, |key| Value::Int(*key));
        of.refer(schema, RELATION, Value::Null);
        of.refer(schema, RELATION, key);
    } else {
        of.wrapper(schema, RELATION).assign(Vec::new());
        of.slots[RELATION].keys = keys.iter().copied().map(Value::Int).collect();
    }
}

/// A plain object with a name, which is in the last column of every table.
fn plain(schema: &Schema, table: TableId, key: i64, name: &str) -> Object {
    let declared = &schema.tables[table];
    debug_assert_eq!(
        declared.key,
        KeyKind::Generated,
        "every table here has a key"
    );
    let mut values: Vec<Value> = declared
        .columns
        .iter()
        .map(|column| match (column.nullable, column.text) {
            (true, _) => Value::Null,
            (false, true) => text(""),
            (false, false) => Value::Int(0),
        })
        .collect();
    values[0] = Value::Int(key);
    for relation in &declared.relations {
        if let Some(column) = relation.kind.own_column() {
            values[column] = Value::Null;
        }
    }
    *values.last_mut().expect("a column") = text(name);
    Object::new(schema, table, values)
}

fn rename(object: &mut Object, name: &str) {
    *object.values.last_mut().expect("a column") = text(name);
}

/// The targets of a relation that is partial can't be reached for changing.
fn touch(schema: &Schema, object: &mut Object) {
    if let Some(Value::Text(name)) = object.values.last_mut() {
        name.push('!');
    }
    let relations = &schema.tables[object.table].relations;
    for (relation, slot) in relations.iter().zip(&mut object.slots) {
        let is_linked = matches!(relation.kind, Kind::ManyToMany { .. });
        if slot.state == State::Loaded || !is_linked {
            slot.held.iter_mut().for_each(|held| touch(schema, held));
        }
    }
}

fn seen(schema: &Schema, object: &Object) -> Seen {
    let relations = &schema.tables[object.table].relations;
    let slot = |(relation, slot): (&Relation, &Slot)| {
        let held = slot.held.iter().map(|held| seen(schema, held)).collect();
        let keys = match relation.kind {
            Kind::ManyToMany { .. } => slot.links(),
            _ => Keys::new(),
        };
        let int = |key| match key {
            Value::Int(key) => key,
            other => unreachable!("{other} is no key"),
        };
        (slot.state, held, keys.into_iter().map(int).collect())
    };
    Seen {
        values: object.values.clone(),
        slots: relations.iter().zip(&object.slots).map(slot).collect(),
    }
}
