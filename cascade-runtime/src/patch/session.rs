//! What a patch knows while structs are serialised and deserialised: serde has no room for it in a call.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::codec::{Cell, Erased};
use crate::merge::{Before, place_of, without};
use crate::meta::{ForeignKey, RelationDef, Table};
use crate::slot::Slot;

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// A patch on its way through serde.
#[derive(Default)]
pub(super) struct Session {
    /// How many levels of relations are still to be serialised: no more than the payload has.
    depth: usize,
    /// Only columns are read.
    probing: bool,
    /// The relations of the rows that are patched, by the address of their slots.
    known: HashMap<usize, Rc<Known>>,
    names: HashMap<(TypeId, usize), Rc<BTreeSet<String>>>,
    /// The rows that are patched, as their documents say without the payload.
    pub(super) before: Before,
}

/// The rows that a relation holds.
pub(super) struct Known {
    pub(super) relation: &'static RelationDef,
    pub(super) foreign_key: &'static ForeignKey,
    /// The place of each in memory, and its recorded key, without what refers to the owner; none for a row that is new. Of links, the keys of
    /// their targets.
    pub(super) rows: Vec<(usize, Option<Vec<Option<Cell>>>)>,
    /// All rows are held, also because the one that has the relation is new.
    pub(super) is_all: bool,
}

impl Session {
    /// Serialises this many levels of relations.
    pub(super) fn new(depth: usize) -> Self {
        Self {
            depth,
            ..Self::default()
        }
    }

    /// The same, and knows the rows of the relations below a row.
    pub(super) fn below(table: &'static Table, row: &Erased, depth: usize) -> Self {
        let mut session = Self::new(depth);
        let mut rows = vec![(table, row, false, depth)];
        while let Some((table, row, is_fresh, depth)) = rows.pop() {
            (table.functions.view)(row, &mut |_, slots| {
                for (relation, slot) in table.relations.iter().zip(slots) {
                    let foreign_key = relation.foreign_key(table);
                    let Some(foreign_key) = foreign_key.filter(|_| !relation.is_held()) else {
                        continue;
                    };
                    let known = Known::new(relation, foreign_key, *slot, is_fresh);
                    session.known.insert(address(*slot), Rc::new(known));
                    let child = (relation.target)();
                    let held = (0..slot.count()).filter_map(|row| slot.row(row));
                    let held = held.filter(|_| depth > 0 && !child.is_link());
                    rows.extend(held.map(|(row, state)| (child, row, state.is_new(), depth - 1)));
                }
            });
        }
        session
    }

    /// Runs serde within this session, and hands it back.
    pub(super) fn run<R>(self, run: impl FnOnce() -> R) -> (R, Self) {
        struct Leave(Option<Session>);
        impl Drop for Leave {
            fn drop(&mut self) {
                SESSION.set(self.0.take());
            }
        }
        let _leave = Leave(SESSION.replace(Some(self)));
        let result = run();
        (result, SESSION.take().unwrap_or_default())
    }
}

impl Known {
    /// The rows are links.
    pub(super) fn is_link(&self) -> bool {
        (self.relation.target)().is_link()
    }

    fn new(
        relation: &'static RelationDef,
        foreign_key: &'static ForeignKey,
        slot: &dyn Slot,
        is_fresh: bool,
    ) -> Self {
        let child = (relation.target)();
        let rows = (0..slot.count()).filter_map(|row| slot.row(row));
        let rows = rows.map(|(row, state)| {
            let known = child.is_link() || !state.is_new();
            let key = known.then(|| {
                let mut key = state.key(child, row);
                if child.is_link() {
                    let target = (child.relations[0].target)();
                    return key.split_off(key.len() - target.key.len());
                }
                without(child, relation, foreign_key, key)
            });
            (place_of(row), key)
        });
        Self {
            relation,
            foreign_key,
            rows: rows.collect(),
            is_all: is_fresh || slot.link().is_some_and(|link| !link.is_partial()),
        }
    }
}

/// Where a slot is; a wrapper names itself by the same.
pub(super) fn address(slot: &dyn Slot) -> usize {
    std::ptr::from_ref(slot).cast::<()>().addr()
}

fn with<R>(see: impl FnOnce(&mut Session) -> R) -> Option<R> {
    SESSION.with_borrow_mut(|session| session.as_mut().map(see))
}

/// Wrappers are serialised as marks, and read from them.
pub(crate) fn is_patching() -> bool {
    SESSION.try_with(|session| session.borrow().is_some()) == Ok(true)
}

/// Wrappers are not read at all.
pub(crate) fn is_probing() -> bool {
    with(|session| session.probing) == Some(true)
}

/// Reads columns only.
pub(super) fn probing<R>(run: impl FnOnce() -> R) -> R {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            with(|session| session.probing = self.0);
        }
    }
    let was = with(|session| std::mem::replace(&mut session.probing, true));
    let _leave = Leave(was.unwrap_or_default());
    run()
}

/// Serialises one level further down; `None` where the payload doesn't reach.
pub(super) fn descend<R>(run: impl FnOnce() -> R) -> Option<R> {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            with(|session| session.depth += 1);
        }
    }
    let goes_on = with(|session| {
        let goes_on = session.depth > 0;
        session.depth -= usize::from(goes_on);
        goes_on
    });
    (goes_on == Some(true)).then(|| {
        let _leave = Leave;
        run()
    })
}

/// The rows of the relation at this address.
pub(super) fn known(address: usize) -> Option<Rc<Known>> {
    with(|session| session.known.get(&address).cloned()).flatten()
}

/// A row as its document says without the payload.
pub(super) fn note(row: usize, before: Box<Erased>) {
    with(|session| session.before.rows.insert(row, before));
}

/// A parent that is new is replaced by none.
pub(super) fn let_go(parent: usize) {
    with(|session| session.before.let_go.insert(parent));
}

/// What the fields of a key are called in documents of a type, found once for all relations by the same foreign key.
pub(super) fn names(
    child: TypeId,
    known: &Known,
    find: impl FnOnce() -> BTreeSet<String>,
) -> Rc<BTreeSet<String>> {
    let id = (child, std::ptr::from_ref(known.foreign_key).addr());
    if let Some(names) = with(|session| session.names.get(&id).cloned()).flatten() {
        return names;
    }
    let names = Rc::new(find());
    if !names.is_empty() {
        with(|session| session.names.insert(id, Rc::clone(&names)));
    }
    names
}
