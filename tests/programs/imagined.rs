//! Programs on the interpreter.

use crate::family::Family;
use crate::model::database::{Database, Value};
use crate::model::memory::{Object, Slot, State};
use crate::model::read::{expunge, find, load, load_paths, refresh};
use crate::model::schema::{KeyKind, Kind, Schema, TableId};
use crate::model::{Effects, Refusal, World, delete, merge, patch, save};
use crate::step::{Seen, SeenSlot, Spot, Step, Which};
use crate::wraps::keeps;

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Value,
    Handle,
    Loose,
}

/// The memory of a program, and its database.
#[derive(Debug, Clone)]
pub(crate) struct Imagined {
    pub(crate) family: Family,
    pub(crate) world: World,
    pub(crate) roots: Vec<Option<(Form, Object)>>,
    /// The tables as they were before the open transaction.
    pub(crate) begun: Option<Database>,
}

impl Imagined {
    pub(crate) fn new(family: Family) -> Self {
        Self {
            family,
            world: family.world(),
            roots: Vec::new(),
            begun: None,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Option<Seen>> {
        let roots = self.roots.iter();
        roots
            .map(|root| root.as_ref().map(|(_, object)| self.seen_of(object)))
            .collect()
    }

    fn seen_of(&self, object: &Object) -> Seen {
        let relations = &self.world.schema.tables[object.table].relations;
        let slot = |(slot, number): (&Slot, usize)| {
            let links = matches!(relations[number].kind, Kind::ManyToMany { .. });
            let number_of = |key: &Value| match key {
                Value::Int(key) => *key,
                other => unreachable!("{other} is no key"),
            };
            let (known, new): (Vec<&Object>, Vec<&Object>) = slot
                .held
                .iter()
                .filter(|_| links)
                .partition(|target| target.is_persistent());
            let known = known.into_iter().map(Object::key);
            let mut keys: Vec<i64> = known.chain(&slot.keys).map(number_of).collect();
            keys.sort_unstable();
            keys.dedup();
            // One child is there or not: where others may be, it is not loaded.
            let is_one = matches!(relations[number].kind, Kind::HasOne { .. });
            let is_hidden = is_one && slot.state == State::Partial;
            SeenSlot {
                state: if is_hidden {
                    State::NotLoaded
                } else {
                    slot.state
                },
                held: slot.held.iter().map(|held| self.seen_of(held)).collect(),
                keys,
                perhaps: new.into_iter().map(|of| number_of(of.key())).collect(),
            }
        };
        Seen {
            values: object.values.clone(),
            slots: object.slots.iter().zip(0..).map(slot).collect(),
        }
    }

    /// A variable that is a handle.
    pub(crate) fn handle(&self, root: usize) -> Option<&Object> {
        match self.roots.get(root)? {
            Some((Form::Handle, object)) => Some(object),
            _ => None,
        }
    }

    fn root(&mut self, root: usize) -> &mut Object {
        &mut self.roots[root].as_mut().expect("a root").1
    }

    /// An object.
    pub(crate) fn object(&self, spot: &Spot) -> &Object {
        let mut at = &self.roots[spot.root].as_ref().expect("a root").1;
        for &(relation, index) in &spot.path {
            at = &at.slots[relation].held[index];
        }
        at
    }

    fn at(&mut self, spot: &Spot) -> &mut Object {
        let mut at = self.root(spot.root);
        for &(relation, index) in &spot.path {
            at = &mut at.slots[relation].held[index];
        }
        at
    }

    fn take(&mut self, root: usize) -> Object {
        self.roots[root].take().expect("a root").1
    }

    fn push(&mut self, form: Form, object: Object) {
        self.roots.push(Some((form, object)));
    }

    fn plain(&self, table: TableId, name: &str, key: i64) -> Object {
        let mut object = Object::blank(&self.world.schema, table);
        let at = object.values.len() - 2;
        object.values[at] = Value::Text(name.to_owned());
        if self.world.schema.tables[table].key == KeyKind::Natural {
            object.values[0] = Value::Int(key);
        }
        object
    }

    fn fresh(&self, which: &Which) -> Object {
        let mut object = self.plain(which.table, &which.name, which.keys.0);
        if let Some((relation, table)) = which.below {
            let below = self.plain(table, &format!("{} below", which.name), which.keys.1);
            put(&self.world.schema, &mut object, relation, below);
        }
        object
    }

    /// Does a step.
    #[expect(clippy::too_many_lines, reason = "it is a list")]
    pub(crate) fn apply(&mut self, step: &Step) -> Result<Effects, Refusal> {
        let schema = self.world.schema.clone();
        match step {
            Step::New(which) => {
                let object = self.fresh(which);
                self.push(Form::Value, object);
            }
            Step::Give(spot, column, value) => {
                let object = self.at(spot);
                match holder(&schema, object.table, *column) {
                    Some(relation) => object.refer(&schema, relation, value.clone()),
                    None => object.values[*column] = value.clone(),
                }
            }
            Step::Put(spot, relation, which) => {
                let child = self.fresh(which);
                put(&schema, self.at(spot), *relation, child);
            }
            Step::PutRoot(spot, relation, root) => {
                let child = self.take(*root);
                put(&schema, self.at(spot), *relation, child);
            }
            Step::Remove(spot, relation, index, keep) => {
                let at = self.at(spot);
                let removed = at.slots[*relation]
                    .held
                    .get(*index)
                    .map(|held| held.renewed(&schema));
                at.wrapper(&schema, *relation).remove(*index);
                if let (Some(removed), true) = (removed, keep) {
                    self.push(Form::Value, removed);
                }
            }
            Step::Retain(spot, relation, mask) => {
                let at = self.at(spot);
                for index in (0..at.slots[*relation].held.len()).rev() {
                    if !keeps(*mask, index) {
                        at.wrapper(&schema, *relation).remove(index);
                    }
                }
            }
            Step::Clear(spot, relation) => self.at(spot).wrapper(&schema, *relation).clear(),
            Step::Replace(spot, relation, with) => {
                let with = with.iter().map(|which| self.fresh(which)).collect();
                self.at(spot).wrapper(&schema, *relation).replace(with);
            }
            Step::Assign(spot, relation, with) => {
                let with: Vec<Object> = with.iter().map(|which| self.fresh(which)).collect();
                let object = self.at(spot);
                if own_column(&schema, object, *relation).is_some() {
                    object.refer(&schema, *relation, Value::Null);
                    for parent in with {
                        object.set_parent(&schema, *relation, parent);
                    }
                } else {
                    object.wrapper(&schema, *relation).assign(with);
                }
            }
            Step::Forget(spot, relation) => {
                let object = self.at(spot);
                if own_column(&schema, object, *relation).is_some() {
                    object.refer(&schema, *relation, Value::Null);
                } else {
                    object.wrapper(&schema, *relation).forget();
                }
            }
            Step::Expunge(spot, relation, index) => {
                let expunged = self.at(spot).wrapper(&schema, *relation).expunge(*index);
                if let Some(expunged) = expunged {
                    self.push(Form::Loose, expunged);
                }
            }
            Step::Adopt(spot, relation, root) => {
                let child = self.take(*root);
                self.at(spot).wrapper(&schema, *relation).adopt(child);
            }
            Step::Attach(spot, relation, root) => {
                let row = self.take(*root);
                self.at(spot).wrapper(&schema, *relation).attach(vec![row]);
            }
            Step::AddKey(spot, relation, key) => {
                let mut wrapper = self.at(spot).wrapper(&schema, *relation);
                wrapper.add_key(Value::Int(*key));
            }
            Step::RemoveKey(spot, relation, key) => {
                let mut wrapper = self.at(spot).wrapper(&schema, *relation);
                wrapper.remove_key(&Value::Int(*key));
            }
            Step::SetKeys(spot, relation, keys) => {
                let keys: Vec<Value> = keys.iter().copied().map(Value::Int).collect();
                self.at(spot).wrapper(&schema, *relation).set_keys(&keys);
            }
            Step::SwapWraps(a, b, relation) => {
                let of_a = std::mem::take(&mut self.at(a).slots[*relation]);
                let of_b = std::mem::replace(&mut self.at(b).slots[*relation], of_a);
                self.at(a).slots[*relation] = of_b;
                if let Some(column) = own_column(&schema, self.at(a), *relation) {
                    let of_b = self.at(b).values[column].clone();
                    let of_a = std::mem::replace(&mut self.at(a).values[column], of_b);
                    self.at(b).values[column] = of_a;
                }
            }
            Step::SwapStructs(a, b) => {
                let (form, mut of_a) = self.roots[*a].take().expect("a root");
                let of_b = self.root(*b);
                std::mem::swap(&mut of_a.values, &mut of_b.values);
                std::mem::swap(&mut of_a.slots, &mut of_b.slots);
                self.roots[*a] = Some((form, of_a));
            }
            Step::Copy(spot) => {
                let copy = self.at(spot).copy(&schema);
                self.push(Form::Value, copy);
            }
            Step::Drop(root) => drop(self.take(*root)),
            Step::ExpungeRoot(root) => {
                let mut object = self.take(*root);
                expunge(&self.world, &mut object);
                if let Some(recorded) = &mut object.recorded {
                    recorded.departed.get_or_insert(0);
                }
                self.roots[*root] = Some((Form::Loose, object));
            }
            Step::Persist(root) => {
                let mut object = self.take(*root);
                if let Some(recorded) = &mut object.recorded {
                    recorded.departed = None;
                }
                let form = if object.is_persistent() {
                    Form::Handle
                } else {
                    Form::Value
                };
                self.roots[*root] = Some((form, object));
            }
            Step::Inner(root) => {
                let value = self.take(*root).renewed(&schema);
                self.roots[*root] = Some((Form::Value, value));
            }
            Step::Merge(root, from) => {
                let value = self.take(*from);
                merge::merge(&schema, self.root(*root), &value)?;
            }
            Step::Patch(root, document) => patch::patch(&schema, self.root(*root), document)?,
            step => return self.operate(step),
        }
        Ok(Effects::default())
    }

    fn operate(&mut self, step: &Step) -> Result<Effects, Refusal> {
        let mut effects = Effects::default();
        if let Step::Delete(root)
        | Step::Refresh(root)
        | Step::Load(root, _)
        | Step::LoadPaths(root, _) = *step
            && !self.root(root).is_persistent()
        {
            // Its INSERT was rolled back.
            return Err(Refusal::of(crate::model::Kind::NotFound));
        }
        match *step {
            Step::Save(root) => {
                let mut object = self.root(root).clone();
                effects = save::save(&mut self.world, &mut [&mut object])?;
                self.roots[root] = Some((Form::Handle, object));
            }
            Step::SaveAll(a, b) | Step::SaveTogether(a, b) => {
                let (mut of_a, mut of_b) = (self.root(a).clone(), self.root(b).clone());
                effects = save::save(&mut self.world, &mut [&mut of_a, &mut of_b])?;
                self.roots[a] = Some((Form::Handle, of_a));
                self.roots[b] = Some((Form::Handle, of_b));
            }
            Step::Delete(root) => {
                let object = self.root(root).clone();
                let (value, done) = delete::delete(&mut self.world, &object)?;
                effects = done;
                self.roots[root] = Some((Form::Value, value));
            }
            Step::DeleteAll(a, b) => {
                let both = [self.root(a).clone(), self.root(b).clone()];
                if !both.iter().all(Object::is_persistent) {
                    return Err(Refusal::of(crate::model::Kind::NotFound));
                }
                let (values, done) = delete::delete_all(&mut self.world, &[&both[0], &both[1]])?;
                effects = done;
                for (root, value) in [a, b].into_iter().zip(values) {
                    self.roots[root] = Some((Form::Value, value));
                }
            }
            Step::LoadPaths(root, number) => {
                let mut object = self.root(root).clone();
                let paths = self.family.paths(object.table)[number];
                effects = load_paths(&mut self.world, &mut object, paths)?;
                *self.root(root) = object;
            }
            Step::FindMany(table, ref keys, with) => {
                self.find_many(table, keys, with)?;
            }
            Step::DeleteByKey(table, key) => {
                let found = find(&mut self.world, table, &Value::Int(key))?;
                effects = delete::delete(&mut self.world, &found)?.1;
            }
            Step::Refresh(root) => {
                let mut object = self.root(root).clone();
                effects = refresh(&mut self.world, &mut object)?;
                *self.root(root) = object;
            }
            Step::Load(root, relation) => {
                let mut object = self.root(root).clone();
                effects = load(&mut self.world, &mut object, relation)?;
                *self.root(root) = object;
            }
            Step::Detach(root, relation) => {
                let mut object = self.root(root).clone();
                effects = delete::detach(&mut self.world, &mut object, relation)?;
                *self.root(root) = object;
            }
            Step::Find(table, key) => {
                let found = find(&mut self.world, table, &Value::Int(key))?;
                self.push(Form::Handle, found);
            }
            Step::MergeAndSave(from) => {
                let value = self.take(from);
                let (merged, done) = merge::merge_and_save(&mut self.world, &value)?;
                effects = done;
                self.push(Form::Handle, merged);
            }
            Step::PatchAndSave(table, key, ref document) => {
                let key = Value::Int(key);
                let (patched, done) =
                    patch::patch_and_save(&mut self.world, table, &key, document)?;
                effects = done;
                self.push(Form::Handle, patched);
            }
            Step::Begin => {
                self.begun = Some(self.world.database.clone());
                self.world.in_transaction = true;
            }
            Step::End(commit) => self.end(commit),
            ref step => unreachable!("{step:?}"),
        }
        Ok(effects)
    }

    /// The transaction ends: keys that were given in it are never given again.
    fn end(&mut self, commit: bool) {
        let mut begun = self.begun.take().expect("a transaction");
        if !commit {
            begun.keep_keys(&self.world.database);
            self.world.database = begun;
        }
        self.world.in_transaction = false;
        for (_, object) in self.roots.iter_mut().flatten() {
            object.end(commit);
        }
    }

    /// In the order of the keys, without the absent.
    fn find_many(
        &mut self,
        table: TableId,
        keys: &[i64],
        with: Option<usize>,
    ) -> Result<(), Refusal> {
        let paths = with.map_or(&[] as &[&[usize]], |with| self.family.paths(table)[with]);
        let mut all = Vec::new();
        for key in keys {
            if let Ok(mut found) = find(&mut self.world, table, &Value::Int(*key)) {
                load_paths(&mut self.world, &mut found, paths)?;
                all.push(found);
            }
        }
        for found in all {
            self.push(Form::Handle, found);
        }
        Ok(())
    }

    /// How many kinds of objects there are; the tables after them have links.
    pub(crate) fn kinds(&self) -> usize {
        let tables = self.world.schema.tables.iter();
        tables.filter(|table| table.key != KeyKind::Link).count()
    }

    /// How many objects there are.
    pub(crate) fn count(&self) -> usize {
        self.roots
            .iter()
            .flatten()
            .map(|(_, object)| count(object))
            .sum()
    }

    /// Whether new rows of a tree wait for their parents longer or shorter than their depth says: the order in which they get their keys is the
    /// database's then, but for siblings.
    pub(crate) fn is_uneven(&self, roots: &[usize]) -> bool {
        let mut tree = Tree::default();
        for root in roots {
            let (_, object) = self.roots[*root].as_ref().expect("a root");
            tree.add(object, 0, 0);
        }
        tree.starts.sort_unstable();
        tree.starts.dedup();
        tree.starts.len() > 1
    }

    /// Whether a new child may have the key of a row that leaves with all of its relation: a save reads which, and a plan calls it inserted.
    pub(crate) fn may_take_over(&self, root: usize) -> bool {
        let root = self.roots[root].as_ref();
        root.is_some_and(|(_, object)| takes_over(&self.world, object))
    }

    /// Whether one row is told of twice in what is saved: held by two handles, or held and left.
    pub(crate) fn has_twins(&self, roots: &[usize]) -> bool {
        let mut rows = Vec::new();
        for root in roots {
            let (_, object) = self.roots[*root].as_ref().expect("a root");
            rows_of(&self.world, object, &mut rows);
        }
        let all = rows.len();
        rows.sort();
        rows.dedup();
        rows.len() < all
    }
}

/// The relation that holds a column, where a `BelongsTo` does.
fn holder(schema: &Schema, table: TableId, column: usize) -> Option<usize> {
    let mut relations = schema.tables[table].relations.iter();
    relations.position(|relation| relation.kind.own_column() == Some(column))
}

/// The column of a `BelongsTo`.
fn own_column(schema: &Schema, object: &Object, relation: usize) -> Option<usize> {
    schema.tables[object.table].relations[relation]
        .kind
        .own_column()
}

/// `set`, `push`.
fn put(schema: &Schema, object: &mut Object, relation: usize, put: Object) {
    if own_column(schema, object, relation).is_some() {
        object.set_parent(schema, relation, put);
    } else {
        object.wrapper(schema, relation).put(put);
    }
}

fn count(object: &Object) -> usize {
    let held = object.slots.iter().flat_map(|slot| &slot.held);
    1 + held.map(count).sum::<usize>()
}

/// The new rows of a tree: how deep down those are that wait for none.
#[derive(Default)]
struct Tree {
    starts: Vec<usize>,
}

impl Tree {
    fn add(&mut self, object: &Object, depth: usize, waits: usize) {
        if !object.is_persistent() {
            self.starts.push(depth - waits);
        }
        for slot in &object.slots {
            for held in slot.held.iter().filter(|held| held.table == object.table) {
                let waits = if object.is_persistent() { 0 } else { waits + 1 };
                self.add(held, depth + 1, waits);
            }
        }
    }
}

fn rows_of(world: &World, object: &Object, rows: &mut Vec<(TableId, Value)>) {
    if object.is_persistent() {
        rows.push((object.table, object.key().clone()));
    }
    let relations = &world.schema.tables[object.table].relations;
    for (relation, slot) in relations.iter().zip(&object.slots) {
        let table = relation.kind.held();
        let left = slot.left.iter().map(|left| left[0].clone());
        rows.extend(left.map(|key| (table, key)));
        for held in &slot.held {
            rows_of(world, held, rows);
        }
    }
}

fn takes_over(world: &World, object: &Object) -> bool {
    let mut slots = object.slots.iter().enumerate();
    slots.any(|(number, slot)| {
        let is_new = |held: &Object| {
            let key = world.schema.tables[held.table].key;
            key == KeyKind::Natural && !held.is_persistent()
        };
        object.is_whole(number) && slot.held.iter().any(is_new)
            || slot.held.iter().any(|held| takes_over(world, held))
    })
}

/// Whether a wrapper's children can be reached by their places.
pub(crate) fn is_reachable(kind: Kind, slot: &Slot) -> bool {
    let is_hidden = matches!(kind, Kind::ManyToMany { .. } | Kind::HasOne { .. });
    !is_hidden || slot.state == State::Loaded
}
