//! Writes whose answer nobody has, or nobody waited for.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Whether what an operation wrote is known to have happened. The handles at its top share it.
///
/// It is in doubt while the answer is in flight that decides it: a future that is dropped there, or a connection that is lost, leaves it so.
#[derive(Debug, Default)]
pub(crate) struct Outcome(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    in_doubt: bool,
    /// The write is still on its way, and its future was dropped.
    left: bool,
    /// Who waits until it is done.
    waiting: Vec<Waker>,
}

/// A write that was left on its way: it is done when this is dropped.
#[derive(Debug)]
pub(crate) struct Unanswered(Arc<Outcome>);

impl Outcome {
    /// Nobody knows, from here on.
    pub(crate) fn doubt(&self) {
        self.lock().in_doubt = true;
    }

    /// The answer came.
    pub(crate) fn settle(&self) {
        self.lock().in_doubt = false;
    }

    /// Nobody knows.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.lock().in_doubt
    }

    /// The write is left on its way.
    pub(crate) fn leave(self: Arc<Self>) -> Unanswered {
        self.lock().left = true;
        Unanswered(self)
    }

    /// Waits until the write is done, where it is on its way.
    pub(crate) async fn done(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            if !state.left {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.left = false;
        state.waiting.drain(..).for_each(Waker::wake);
    }
}
