//! What a transaction of ours may undo: what was recorded before it stays beside what is recorded since, until the transaction ends.
//!
//! Nobody walks the graphs that were saved in it. They share its verdict, and who looks at a record finds the one that is true.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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

/// A record, and the one from before a transaction that has changed it.
#[derive(Debug, Default)]
pub(crate) struct Undoable<T> {
    now: T,
    before: Option<Box<Before<T>>>,
}

#[derive(Debug)]
pub(crate) struct Before<T> {
    verdict: Arc<Verdict>,
    /// `None` where the transaction has changed nothing.
    was: Option<T>,
}

impl<T: Default> Undoable<T> {
    pub(crate) fn new(now: T) -> Self {
        Self { now, before: None }
    }

    /// The record that is true.
    pub(crate) fn get(&self) -> &T {
        match &self.before {
            Some(before) if before.verdict.is_undone() => before.was.as_ref().unwrap_or(&self.now),
            _ => &self.now,
        }
    }

    /// The record that is true, for changing.
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.settle();
        &mut self.now
    }

    /// The record that is true, and the one that will be if the transaction is rolled back.
    pub(crate) fn both_mut(&mut self) -> (&mut T, Option<&mut T>) {
        self.settle();
        (
            &mut self.now,
            self.before.as_mut().and_then(|before| before.was.as_mut()),
        )
    }

    /// Puts another record in place; what a transaction may undo stays beside it.
    pub(crate) fn change(&mut self, next: T, verdict: Option<&Arc<Verdict>>) {
        self.settle();
        let was = std::mem::replace(&mut self.now, next);
        let Some(verdict) = verdict else {
            self.before = None;
            return;
        };
        self.share(verdict).was.get_or_insert(was);
    }

    /// A transaction may have changed this, or what hangs on it.
    pub(crate) fn share(&mut self, verdict: &Arc<Verdict>) -> &mut Before<T> {
        let new = || Before {
            verdict: Arc::clone(verdict),
            was: None,
        };
        let before = self.before.get_or_insert_with(|| Box::new(new()));
        if !Arc::ptr_eq(&before.verdict, verdict) {
            **before = new();
        }
        before
    }

    /// The record from before a transaction that is open and has changed it, and that transaction's verdict.
    pub(crate) fn before(&self) -> Option<(&T, &Arc<Verdict>)> {
        let before = self.before.as_ref()?;
        let was = before.was.as_ref()?;
        before.verdict.is(OPEN).then_some((was, &before.verdict))
    }

    /// Takes over what an open transaction may undo.
    pub(crate) fn inherit(&mut self, old: Self) {
        let open = old.before.filter(|before| before.verdict.is(OPEN));
        if open.is_some() {
            self.before = open;
        }
    }

    /// Nobody knows whether the record from before is the one that is true.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let before = self.before.as_ref();
        before.is_some_and(|before| before.verdict.is(DOUBT))
    }

    /// Forgets the record that a transaction has decided against.
    fn settle(&mut self) {
        let undone = self.before.take_if(|before| before.verdict.is_undone());
        if let Some(was) = undone.and_then(|before| before.was) {
            self.now = was;
        }
        self.before.take_if(|before| before.verdict.is(KEPT));
    }
}
