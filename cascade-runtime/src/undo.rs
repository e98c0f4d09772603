//! What a transaction of ours may undo: what was recorded before it stays beside what is recorded since, until the transaction ends.
//!
//! Nobody walks the graphs that were saved in it. They share its verdict, and who looks at a record finds the one that is true.
//!
//! A graph has a record for each row and each relation, most of which say little: what few say is behind one pointer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::slot::Outcome;

/// How a transaction ended, shared by all that was saved in it.
#[derive(Debug, Default)]
pub struct Verdict(AtomicU8);

const OPEN: u8 = 0;
const KEPT: u8 = 1;
const UNDONE: u8 = 2;
const DOUBT: u8 = 3;

impl Verdict {
    /// It was committed.
    pub(crate) fn keep(&self) {
        self.0.store(KEPT, Ordering::Release);
    }

    /// It was rolled back.
    pub(crate) fn undo(&self) {
        self.0.store(UNDONE, Ordering::Release);
    }

    /// Its COMMIT is on its way.
    pub(crate) fn doubt(&self) {
        self.0.store(DOUBT, Ordering::Release);
    }

    pub(crate) fn is_undone(&self) -> bool {
        self.is(UNDONE)
    }

    fn is(&self, verdict: u8) -> bool {
        self.0.load(Ordering::Acquire) == verdict
    }
}

/// What a record says beside its plain part. Most say nothing.
pub(crate) trait Rest: Default + 'static {
    /// Nothing.
    const NOTHING: &'static Self;
    fn is_nothing(&self) -> bool;
}

/// A record, and the one from before a transaction that has changed it.
#[derive(Debug, Default)]
pub(crate) struct Undoable<T, R> {
    plain: T,
    rare: Option<Box<Rare<T, R>>>,
}

/// What few records have.
#[derive(Debug, Default)]
struct Rare<T, R> {
    rest: R,
    before: Option<Box<Before<T, R>>>,
    /// That of the operation that has last written what this is about; once it is known, it says nothing.
    outcome: Option<Arc<Outcome>>,
}

#[derive(Debug)]
struct Before<T, R> {
    verdict: Arc<Verdict>,
    /// `None` where the transaction has changed nothing.
    was: Option<Record<T, R>>,
}

/// All that a record says.
#[derive(Debug)]
pub(crate) struct Record<T, R> {
    pub(crate) plain: T,
    pub(crate) rest: R,
}

impl<T, R: Rest> Rare<T, R> {
    /// What is known from before this transaction.
    fn before(&mut self, verdict: &Arc<Verdict>) -> &mut Before<T, R> {
        let is_other = |before: &mut Box<Before<T, R>>| !Arc::ptr_eq(&before.verdict, verdict);
        self.before.take_if(is_other);
        self.before.get_or_insert_with(|| {
            Box::new(Before {
                verdict: Arc::clone(verdict),
                was: None,
            })
        })
    }

    /// In its place, where there is something.
    fn held(self) -> Option<Box<Self>> {
        (!self.is_nothing()).then(|| Box::new(self))
    }

    fn is_nothing(&self) -> bool {
        let mut outcomes = self.outcome.iter();
        self.rest.is_nothing() && self.before.is_none() && outcomes.all(|it| !it.is_in_doubt())
    }
}

impl<T: Copy + Default, R: Rest> Undoable<T, R> {
    pub(crate) fn new(plain: T, rest: R) -> Self {
        let rare = Rare {
            rest,
            ..Rare::default()
        };
        Self {
            plain,
            rare: rare.held(),
        }
    }

    /// The plain part of the record that is true.
    pub(crate) fn plain(&self) -> T {
        self.was().map_or(self.plain, |was| was.plain)
    }

    /// The rest of it.
    pub(crate) fn rest(&self) -> &R {
        let now = self.rare.as_ref().map(|rare| &rare.rest);
        let was = self.was().map(|was| &was.rest);
        was.or(now).unwrap_or(R::NOTHING)
    }

    /// The record from before, if it is the one that is true.
    fn was(&self) -> Option<&Record<T, R>> {
        let before = self.rare.as_ref()?.before.as_ref()?;
        before.was.as_ref().filter(|_| before.verdict.is_undone())
    }

    /// The plain part of the record that is true, for changing.
    pub(crate) fn plain_mut(&mut self) -> &mut T {
        self.settle();
        &mut self.plain
    }

    /// The rest of it, for changing.
    pub(crate) fn rest_mut(&mut self) -> &mut R {
        self.settle();
        &mut self.rare.get_or_insert_default().rest
    }

    /// The record that will be true if the transaction is rolled back.
    pub(crate) fn before_mut(&mut self) -> Option<&mut Record<T, R>> {
        self.settle();
        self.rare.as_mut()?.before.as_mut()?.was.as_mut()
    }

    /// Puts another record in place, known to be written; what a transaction may undo stays beside it.
    pub(crate) fn change(&mut self, next: Record<T, R>, verdict: Option<&Arc<Verdict>>) {
        self.settle();
        if let (None, None, true) = (&self.rare, verdict, next.rest.is_nothing()) {
            self.plain = next.plain;
            return;
        }
        let mut rare = self.rare.take().map_or_else(Rare::default, |rare| *rare);
        let was = Record {
            plain: std::mem::replace(&mut self.plain, next.plain),
            rest: std::mem::replace(&mut rare.rest, next.rest),
        };
        if let Some(verdict) = verdict {
            rare.before(verdict).was.get_or_insert(was);
        } else {
            rare.before = None;
        }
        rare.outcome = None;
        self.rare = rare.held();
    }

    /// A transaction may have changed this, or what hangs on it.
    pub(crate) fn share(&mut self, verdict: &Arc<Verdict>) {
        self.settle();
        self.rare.get_or_insert_default().before(verdict);
    }

    /// The record from before a transaction that is open and has changed it, and that transaction's verdict.
    pub(crate) fn before(&self) -> Option<(&Record<T, R>, &Arc<Verdict>)> {
        let before = self.rare.as_ref()?.before.as_ref()?;
        let was = before.was.as_ref()?;
        before.verdict.is(OPEN).then_some((was, &before.verdict))
    }

    /// Takes over what an open transaction may undo.
    pub(crate) fn inherit(&mut self, old: Self) {
        let before = old.rare.and_then(|rare| rare.before);
        let open = before.filter(|before| before.verdict.is(OPEN));
        if open.is_some() {
            self.rare.get_or_insert_default().before = open;
        }
    }

    /// An operation is about to write what this is about.
    pub(crate) fn await_outcome(&mut self, outcome: &Arc<Outcome>) {
        self.rare.get_or_insert_default().outcome = Some(Arc::clone(outcome));
    }

    /// That of the operation that has last written what this is about.
    pub(crate) fn outcome(&self) -> Option<&Arc<Outcome>> {
        self.rare.as_ref()?.outcome.as_ref()
    }

    /// Nobody knows whether what was last written happened, or whether the record from before is the one that is true.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| {
            let before = rare.before.as_ref();
            let outcome = rare.outcome.as_ref();
            before.is_some_and(|before| before.verdict.is(DOUBT))
                || outcome.is_some_and(|outcome| outcome.is_in_doubt())
        })
    }

    /// Forgets the record that a transaction has decided against.
    fn settle(&mut self) {
        let Some(rare) = &mut self.rare else { return };
        let undone = rare.before.take_if(|before| before.verdict.is_undone());
        if let Some(was) = undone.and_then(|before| before.was) {
            self.plain = was.plain;
            rare.rest = was.rest;
        }
        rare.before.take_if(|before| before.verdict.is(KEPT));
        self.rare.take_if(|rare| rare.is_nothing());
    }
}
