//! Programs as data: every number is taken modulo what there is when its turn comes, so that any part of a program is a program, too.

use proptest::prelude::*;

use crate::documents;
use crate::family::REFUSED;
use crate::imagined::{Form, Imagined, is_reachable};
use crate::model::database::Value;
use crate::model::memory::{Object, Slot, State};
use crate::model::schema::{Kind, Relation, TableId};
use crate::step::{Spot, Step, Which};

/// An object: the variable, how far down, and which of those that are held there, twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(pub(crate) u8, pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// An operation of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// A new object of a table, with a name, and with something below it.
    New(u8, u8, u8),
    /// A name.
    Name(At, u8),
    /// A rank, or NULL.
    Rank(At, u8),
    /// The key, or the key to the owner.
    Key(At, u8, u8),
    Put(At, u8, u8),
    PutRoot(At, u8, u8),
    Remove(At, u8, u8, bool),
    Retain(At, u8, u8),
    Clear(At, u8),
    Replace(At, u8, u8),
    Assign(At, u8, u8),
    Forget(At, u8),
    Expunge(At, u8, u8),
    Adopt(At, u8, u8),
    Attach(At, u8, u8),
    AddKey(At, u8, u8),
    RemoveKey(At, u8, u8),
    SetKeys(At, u8, u8),
    /// An `expunge` and an `adopt`.
    Move(At, u8, u8, At),
    SwapWraps(At, At, u8),
    SwapStructs(u8, u8),
    Copy(At),
    Drop(u8),
    ExpungeRoot(u8),
    Persist(u8),
    Inner(u8),
    Merge(u8, u8),
    /// A document that a number makes of what is there.
    Patch(u8, u32),
    Save(u8),
    SaveAll(u8, u8),
    SaveTogether(u8, u8),
    Delete(u8),
    DeleteAll(u8, u8),
    DeleteByKey(u8, u8),
    Refresh(u8),
    Load(u8, u8),
    Detach(u8, u8),
    LoadPaths(u8, u8),
    Find(u8, u8),
    FindMany(u8, u8, u8, u8),
    MergeAndSave(u8),
    PatchAndSave(u8, u8, u32),
    Begin,
    Commit,
    Rollback,
    /// A trigger fails at the next row of a table that is inserted, updated or deleted, in the next operation.
    Fault(u8, u8),
}

fn at() -> impl Strategy<Value = At> + Clone {
    (any::<u8>(), 0..4_u8, any::<u8>(), any::<u8>()).prop_map(|(a, b, c, d)| At(a, b, c, d))
}

/// An operation.
pub(crate) fn op() -> impl Strategy<Value = Op> {
    let n = any::<u8>;
    let changes = prop_oneof![
        6 => (0..8_u8, n(), n()).prop_map(|(a, b, c)| Op::New(a, b, c)),
        4 => (0..1_u8, n(), n()).prop_map(|(a, b, c)| Op::New(a, b, c)),
        5 => (at(), n()).prop_map(|(a, b)| Op::Name(a, b)),
        3 => (at(), n()).prop_map(|(a, b)| Op::Rank(a, b)),
        2 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Key(a, b, c)),
        8 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Put(a, b, c)),
        3 => (at(), n(), n()).prop_map(|(a, b, c)| Op::PutRoot(a, b, c)),
        5 => (at(), n(), n(), any::<bool>()).prop_map(|(a, b, c, d)| Op::Remove(a, b, c, d)),
        2 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Retain(a, b, c)),
        2 => (at(), n()).prop_map(|(a, b)| Op::Clear(a, b)),
        2 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Replace(a, b, c)),
        2 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Assign(a, b, c)),
        1 => (at(), n()).prop_map(|(a, b)| Op::Forget(a, b)),
    ];
    let moves = prop_oneof![
        3 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Expunge(a, b, c)),
        3 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Adopt(a, b, c)),
        3 => (at(), n(), n()).prop_map(|(a, b, c)| Op::Attach(a, b, c)),
        6 => (at(), n(), n(), at()).prop_map(|(a, b, c, d)| Op::Move(a, b, c, d)),
        2 => (at(), at(), n()).prop_map(|(a, b, c)| Op::SwapWraps(a, b, c)),
        1 => (n(), n()).prop_map(|(a, b)| Op::SwapStructs(a, b)),
        3 => at().prop_map(Op::Copy),
        1 => n().prop_map(Op::Drop),
        1 => n().prop_map(Op::ExpungeRoot),
        1 => n().prop_map(Op::Persist),
        1 => n().prop_map(Op::Inner),
        3 => (n(), n()).prop_map(|(a, b)| Op::Merge(a, b)),
        4 => (n(), any::<u32>()).prop_map(|(a, b)| Op::Patch(a, b)),
        2 => (at(), n(), n()).prop_map(|(a, b, c)| Op::AddKey(a, b, c)),
        1 => (at(), n(), n()).prop_map(|(a, b, c)| Op::RemoveKey(a, b, c)),
        1 => (at(), n(), n()).prop_map(|(a, b, c)| Op::SetKeys(a, b, c)),
    ];
    let operations = prop_oneof![
        16 => n().prop_map(Op::Save),
        2 => (n(), n()).prop_map(|(a, b)| Op::SaveAll(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Op::SaveTogether(a, b)),
        2 => n().prop_map(Op::Delete),
        1 => (n(), n()).prop_map(|(a, b)| Op::DeleteAll(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Op::DeleteByKey(a, b)),
        2 => n().prop_map(Op::Refresh),
        5 => (n(), n()).prop_map(|(a, b)| Op::Load(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Op::Detach(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Op::LoadPaths(a, b)),
        4 => (n(), n()).prop_map(|(a, b)| Op::Find(a, b)),
        2 => (n(), n(), n(), n()).prop_map(|(a, b, c, d)| Op::FindMany(a, b, c, d)),
        2 => n().prop_map(Op::MergeAndSave),
        3 => (n(), n(), any::<u32>()).prop_map(|(a, b, c)| Op::PatchAndSave(a, b, c)),
        2 => Just(Op::Begin),
        1 => Just(Op::Commit),
        2 => Just(Op::Rollback),
        1 => (n(), n()).prop_map(|(a, b)| Op::Fault(a, b)),
    ];
    prop_oneof![4 => changes, 2 => moves, 4 => operations]
}

/// A program.
pub(crate) fn program() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..=60)
}

/// How many objects a program has at most.
const OBJECTS: usize = 30;

fn name(number: u8) -> String {
    match number % 32 {
        31 => REFUSED.to_owned(),
        number => format!("n{}", number % 8),
    }
}

/// What there is when an operation's turn comes.
pub(crate) struct Now<'a>(pub(crate) &'a Imagined);

impl Now<'_> {
    /// Variables like this, by number.
    fn roots(&self, is_it: impl Fn(Form, &Object) -> bool) -> Vec<usize> {
        let roots = self.0.roots.iter().enumerate();
        roots
            .filter(|(_, root)| {
                root.as_ref()
                    .is_some_and(|(form, object)| is_it(*form, object))
            })
            .map(|(number, _)| number)
            .collect()
    }

    fn root(&self, number: u8, is_it: impl Fn(Form, &Object) -> bool) -> Option<usize> {
        let roots = self.roots(is_it);
        roots.get(usize::from(number) % roots.len().max(1)).copied()
    }

    fn handle(&self, number: u8) -> Option<usize> {
        self.root(number, |form, _| form == Form::Handle)
    }

    fn kind(&self, table: TableId, relation: usize) -> Kind {
        self.0.world.schema.tables[table].relations[relation].kind
    }

    /// An object.
    fn spot(&self, At(root, depth, first, second): At) -> Option<Spot> {
        let mut spot = Spot {
            root: self.root(root, |_, _| true)?,
            path: Vec::new(),
        };
        for level in 0..depth {
            let object = self.0.object(&spot);
            let mut below = Vec::new();
            for (relation, slot) in object.slots.iter().enumerate() {
                if is_reachable(self.kind(object.table, relation), slot) {
                    below.extend((0..slot.held.len()).map(|index| (relation, index)));
                }
            }
            let by = if level % 2 == 0 { first } else { second };
            match below.get(usize::from(by) % below.len().max(1)) {
                Some(step) => spot.path.push(*step),
                None => break,
            }
        }
        Some(spot)
    }

    /// A wrapper of an object, or of the next one above that has any.
    fn wrap(
        &self,
        at: At,
        relation: u8,
        is_it: impl Fn(Kind, &Object, usize) -> bool,
    ) -> Option<(Spot, usize)> {
        let mut spot = self.spot(at)?;
        loop {
            let object = self.0.object(&spot);
            let all = 0..object.slots.len();
            let fits: Vec<usize> = all
                .filter(|number| is_it(self.kind(object.table, *number), object, *number))
                .collect();
            if let Some(number) = fits.get(usize::from(relation) % fits.len().max(1)) {
                return Some((spot, *number));
            }
            spot.path.pop()?;
        }
    }

    fn held(&self, (spot, relation): &(Spot, usize)) -> TableId {
        self.kind(self.0.object(spot).table, *relation).held()
    }

    fn which(&self, table: TableId, number: u8) -> Which {
        let relations = &self.0.world.schema.tables[table].relations;
        let below = usize::from(number / 16) % (relations.len() + 2);
        let below = relations.get(below).filter(|_| self.0.count() < OBJECTS);
        let below = below.filter(|relation| !matches!(relation.kind, Kind::ManyToMany { .. }));
        let number_of = |kind: Kind| relations.iter().position(|other| other.kind == kind);
        Which {
            table,
            name: name(number),
            keys: (1 + i64::from(number % 16), 1 + i64::from(number / 16)),
            below: below.and_then(|below| Some((number_of(below.kind)?, below.kind.held()))),
        }
    }

    fn key(&self, table: TableId, number: u8) -> i64 {
        let rows = &self.0.world.database.tables[table].rows;
        match rows.get(usize::from(number) % (rows.len() + 1)) {
            Some(row) => match row[0] {
                Value::Int(key) => key,
                _ => unreachable!("keys are numbers"),
            },
            None => 999,
        }
    }

    fn has_room(&self) -> bool {
        self.0.count() < OBJECTS
    }

    /// What an operation is now; nothing where there is nothing that it could be done to.
    pub(crate) fn step(&self, op: Op) -> Vec<Step> {
        self.one(op).into_iter().flatten().collect()
    }

    fn one(&self, op: Op) -> Option<Vec<Step>> {
        let is_links = |kind: Kind, _: &Object, _: usize| matches!(kind, Kind::ManyToMany { .. });
        Some(vec![match op {
            Op::New(table, number, below) => {
                let table = usize::from(table) % self.0.kinds();
                let mut which = self.which(table, below);
                which.name = name(number);
                self.has_room().then_some(Step::New(which))?
            }
            Op::Name(at, number) => {
                let spot = self.spot(at)?;
                let column = self.0.object(&spot).values.len() - 2;
                Step::Give(spot, column, Value::Text(name(number)))
            }
            Op::Rank(at, number) => {
                let spot = self.spot(at)?;
                let column = self.0.object(&spot).values.len() - 1;
                let rank = match number % 4 {
                    0 => Value::Null,
                    rank => Value::Int(rank.into()),
                };
                Step::Give(spot, column, rank)
            }
            Op::Key(at, column, number) => {
                let spot = self.spot(at)?;
                let object = self.0.object(&spot);
                let columns = &self.0.world.schema.tables[object.table].columns;
                let keys = columns.iter().enumerate();
                let keys: Vec<usize> = keys
                    .filter(|(_, column)| column.references.is_some())
                    .map(|(number, _)| number)
                    .collect();
                let column = match column % 8 {
                    0 => 0,
                    number => *keys.get(usize::from(number) % keys.len().max(1))?,
                };
                let declared = &columns[column];
                let value = match (column, declared.references) {
                    (0, _) => Value::Int(self.key(object.table, number)),
                    (_, Some(_)) if declared.nullable && number % 4 == 0 => Value::Null,
                    (_, Some(reference)) => Value::Int(self.key(reference.table, number)),
                    (_, None) => return None,
                };
                Step::Give(spot, column, value)
            }
            Op::AddKey(at, relation, number) => {
                let wrap = self.wrap(at, relation, is_links)?;
                let key = self.key(self.held(&wrap), number);
                Step::AddKey(wrap.0, wrap.1, key)
            }
            Op::RemoveKey(at, relation, number) => {
                let wrap = self.wrap(at, relation, is_links)?;
                let key = self.key(self.held(&wrap), number);
                Step::RemoveKey(wrap.0, wrap.1, key)
            }
            Op::SetKeys(at, relation, number) => {
                let wrap = self.wrap(at, relation, is_links)?;
                let key = self.key(self.held(&wrap), number);
                Step::SetKeys(wrap.0, wrap.1, vec![key])
            }
            op => return self.of_wrappers(op).or_else(|| self.of_variables(op)),
        }])
    }

    #[expect(clippy::too_many_lines, reason = "it is a list")]
    fn of_wrappers(&self, op: Op) -> Option<Vec<Step>> {
        let has_children = |kind: Kind, _: &Object, _: usize| kind.child().is_some();
        let holds = |_: Kind, _: &Object, _: usize| true;
        let is_many = |kind: Kind, _: &Object, _: usize| matches!(kind, Kind::HasMany { .. });
        let has_any = |kind: Kind, object: &Object, number: usize| match kind {
            Kind::HasOne { .. } => true,
            Kind::HasMany { .. } => !object.slots[number].held.is_empty(),
            Kind::ManyToMany { .. } => {
                let slot = &object.slots[number];
                slot.state == State::Loaded && !slot.held.is_empty()
            }
            Kind::BelongsTo { .. } => false,
        };
        let index = |wrap: &(Spot, usize), by: u8| {
            let held = self.0.object(&wrap.0).slots[wrap.1].held.len();
            usize::from(by) % held.max(1)
        };
        Some(vec![match op {
            Op::Put(at, relation, number) => {
                let wrap = self.wrap(at, relation, holds)?;
                let which = self.which(self.held(&wrap), number);
                self.has_room()
                    .then_some(Step::Put(wrap.0, wrap.1, which))?
            }
            Op::PutRoot(at, relation, number) => {
                let wrap = self.wrap(at, relation, holds)?;
                let table = self.held(&wrap);
                let mut roots =
                    self.roots(|form, object| form == Form::Value && object.table == table);
                roots.retain(|root| *root != wrap.0.root);
                let root = *roots.get(usize::from(number) % roots.len().max(1))?;
                Step::PutRoot(wrap.0, wrap.1, root)
            }
            Op::Remove(at, relation, number, keep) => {
                let wrap = self.wrap(at, relation, has_any)?;
                let index = index(&wrap, number);
                Step::Remove(wrap.0, wrap.1, index, keep)
            }
            Op::Retain(at, relation, mask) => {
                let wrap = self.wrap(at, relation, is_many)?;
                Step::Retain(wrap.0, wrap.1, mask)
            }
            Op::Clear(at, relation) => {
                let wrap = self.wrap(at, relation, is_many)?;
                Step::Clear(wrap.0, wrap.1)
            }
            Op::Replace(at, relation, number) => {
                let wrap = self.wrap(at, relation, is_many)?;
                let which = self.which(self.held(&wrap), number);
                self.has_room()
                    .then_some(Step::Replace(wrap.0, wrap.1, vec![which]))?
            }
            Op::Assign(at, relation, number) => {
                let wrap = self.wrap(at, relation, holds)?;
                let which = self.which(self.held(&wrap), number);
                let is_empty = number % 3 == 0 || !self.has_room();
                let with = if is_empty { Vec::new() } else { vec![which] };
                Step::Assign(wrap.0, wrap.1, with)
            }
            Op::Forget(at, relation) => {
                let wrap = self.wrap(at, relation, holds)?;
                Step::Forget(wrap.0, wrap.1)
            }
            Op::Expunge(at, relation, number) => {
                let wrap = self.wrap(at, relation, |kind, object, number| {
                    kind.child().is_some() && !object.slots[number].held.is_empty()
                })?;
                let index = index(&wrap, number);
                Step::Expunge(wrap.0, wrap.1, index)
            }
            Op::Adopt(at, relation, number) => {
                let wrap = self.wrap(at, relation, has_children)?;
                let root = self.fitting(&wrap, Form::Loose, number)?;
                Step::Adopt(wrap.0, wrap.1, root)
            }
            Op::Attach(at, relation, number) => {
                let wrap = self.wrap(at, relation, is_many)?;
                let root = self.fitting(&wrap, Form::Handle, number)?;
                self.0.handle(root).filter(|row| row.is_persistent())?;
                Step::Attach(wrap.0, wrap.1, root)
            }
            Op::Move(from, relation, number, to) => {
                let wrap = self.wrap(from, relation, |kind, object, number| {
                    kind.child().is_some() && !object.slots[number].held.is_empty()
                })?;
                let table = self.held(&wrap);
                let into = self.wrap(to, relation, |kind, _, _| {
                    kind.child().is_some() && kind.held() == table
                })?;
                let index = index(&wrap, number);
                // The way to the new parent must not lead through the child, nor through the places behind it.
                if into.0.root == wrap.0.root && into.0.path.len() > wrap.0.path.len() {
                    return None;
                }
                let root = self.0.roots.len();
                return Some(vec![
                    Step::Expunge(wrap.0, wrap.1, index),
                    Step::Adopt(into.0, into.1, root),
                ]);
            }
            Op::SwapWraps(a, b, relation) => {
                let wrap = self.wrap(a, relation, holds)?;
                let other = self.spot(b)?;
                let same = self.0.object(&other).table == self.0.object(&wrap.0).table;
                (same && other.root != wrap.0.root)
                    .then_some(Step::SwapWraps(wrap.0, other, wrap.1))?
            }
            _ => return None,
        }])
    }

    fn fitting(&self, wrap: &(Spot, usize), form: Form, number: u8) -> Option<usize> {
        let table = self.held(wrap);
        let mut roots = self.roots(|of, object| of == form && object.table == table);
        roots.retain(|root| *root != wrap.0.root);
        roots.get(usize::from(number) % roots.len().max(1)).copied()
    }

    /// A child without a parent is mostly left alone: no database takes it.
    fn may_be_saved(&self, object: &Object, number: u8) -> bool {
        let table = &self.0.world.schema.tables[object.table];
        let is_alone = |(number, value): (usize, &Value)| {
            let column = &table.columns[number];
            let is_held = |(relation, slot): (&Relation, &Slot)| {
                relation.kind.own_column() == Some(number) && !slot.held.is_empty()
            };
            column.references.is_some()
                && !column.nullable
                && matches!(value, Value::Int(0) | Value::Null)
                && !table.relations.iter().zip(&object.slots).any(is_held)
        };
        number % 16 == 15
            || !object
                .values
                .iter()
                .enumerate()
                .any(|(number, value)| is_alone((number, value)))
    }

    /// Two handles, of which the second is of the table that goes with the first's.
    fn two(&self, a: u8, b: u8, other: impl Fn(TableId) -> TableId) -> Option<(usize, usize)> {
        let a = self.handle(a)?;
        let table = other(self.0.handle(a)?.table);
        let mut roots = self.roots(|form, object| form == Form::Handle && object.table == table);
        roots.retain(|root| *root != a);
        let b = roots.get(usize::from(b) % roots.len().max(1))?;
        Some((a, *b))
    }

    /// What is loaded at once.
    fn paths(&self, table: TableId, number: u8) -> Option<usize> {
        let paths = self.0.family.paths(table);
        (!paths.is_empty()).then(|| usize::from(number) % paths.len())
    }

    #[expect(clippy::too_many_lines, reason = "it is a list")]
    fn of_variables(&self, op: Op) -> Option<Vec<Step>> {
        let relation = |root: usize, number: u8| {
            let (_, object) = self.0.roots[root].as_ref()?;
            let all = object.slots.len();
            (all > 0).then(|| usize::from(number) % all)
        };
        let is_once = |roots: &[usize]| !self.0.has_twins(roots) && !self.0.is_uneven(roots);
        let step = match op {
            Op::SwapStructs(a, b) => {
                let (a, b) = self.two(a, b, |table| table)?;
                Step::SwapStructs(a, b)
            }
            Op::Copy(at) => {
                let spot = self.spot(at)?;
                self.has_room().then_some(Step::Copy(spot))?
            }
            Op::Drop(root) => Step::Drop(self.root(root, |_, _| true)?),
            Op::ExpungeRoot(root) => Step::ExpungeRoot(self.handle(root)?),
            Op::Persist(root) => Step::Persist(self.root(root, |form, _| form == Form::Loose)?),
            Op::Inner(root) => Step::Inner(self.root(root, |form, _| form != Form::Value)?),
            Op::Merge(root, from) => {
                let root = self.handle(root)?;
                let table = self.0.handle(root)?.table;
                let from = self.root(from, |form, object| {
                    form == Form::Value && object.table == table
                })?;
                Step::Merge(root, from)
            }
            Op::Patch(root, dice) => {
                let root = self.handle(root)?;
                let object = self.0.handle(root)?;
                Step::Patch(root, documents::of(&self.0.world, object, dice))
            }
            Op::Save(root) => {
                let root = self.root(root, |form, object| {
                    form == Form::Handle || form == Form::Value && self.may_be_saved(object, root)
                })?;
                is_once(&[root]).then_some(Step::Save(root))?
            }
            Op::SaveAll(a, b) => {
                let (a, b) = self.two(a, b, |table| table)?;
                is_once(&[a, b]).then_some(Step::SaveAll(a, b))?
            }
            Op::SaveTogether(a, b) => {
                let (a, b) = self.two(a, b, |_| 0)?;
                is_once(&[a, b]).then_some(Step::SaveTogether(a, b))?
            }
            Op::DeleteAll(a, b) => {
                let (a, b) = self.two(a, b, |table| table)?;
                is_once(&[a, b]).then_some(Step::DeleteAll(a, b))?
            }
            Op::Delete(root) => {
                let root = self.handle(root)?;
                is_once(&[root]).then_some(Step::Delete(root))?
            }
            Op::DeleteByKey(table, key) => {
                let table = usize::from(table) % self.0.kinds();
                Step::DeleteByKey(table, self.key(table, key))
            }
            Op::Refresh(root) => {
                let root = self.handle(root)?;
                Step::Refresh(root)
            }
            Op::Load(root, number) => {
                let root = self.handle(root)?;
                Step::Load(root, relation(root, number)?)
            }
            Op::Detach(root, number) => {
                let root = self.handle(root)?;
                let relation = relation(root, number)?;
                is_once(&[root]).then_some(Step::Detach(root, relation))?
            }
            Op::Find(table, key) => {
                let table = usize::from(table) % self.0.kinds();
                self.has_room()
                    .then(|| Step::Find(table, self.key(table, key)))?
            }
            Op::LoadPaths(root, number) => {
                let root = self.handle(root)?;
                Step::LoadPaths(root, self.paths(self.0.handle(root)?.table, number)?)
            }
            Op::FindMany(table, a, b, with) => {
                let table = usize::from(table) % self.0.kinds();
                let mut keys = vec![self.key(table, a), self.key(table, b)];
                keys.dedup();
                let with = self.paths(table, with).filter(|_| with % 3 > 0);
                self.has_room()
                    .then_some(Step::FindMany(table, keys, with))?
            }
            Op::Begin => self.0.begun.is_none().then_some(Step::Begin)?,
            Op::Commit => self.0.begun.is_some().then_some(Step::End(true))?,
            Op::Rollback => self.0.begun.is_some().then_some(Step::End(false))?,
            Op::MergeAndSave(from) => {
                Step::MergeAndSave(self.root(from, |form, _| form == Form::Value)?)
            }
            Op::PatchAndSave(table, key, dice) => {
                let table = usize::from(table) % self.0.kinds();
                let key = self.key(table, key);
                let document = documents::of_row(&self.0.world, table, key, dice);
                self.has_room()
                    .then_some(Step::PatchAndSave(table, key, document))?
            }
            _ => return None,
        };
        Some(vec![step])
    }
}
