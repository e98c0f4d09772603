//! Writes whose answer nobody waited for.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Whether a write is still on its way whose future was dropped. The handles that it is about share it.
#[derive(Debug, Default)]
pub(crate) struct Limbo(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    left: bool,
    waiting: Vec<Waker>,
}

/// A write that was left on its way: it is done when this is dropped.
#[derive(Debug)]
pub(crate) struct Unanswered(Arc<Limbo>);

impl Limbo {
    /// The write is left on its way.
    pub(crate) fn leave(self: Arc<Self>) -> Unanswered {
        self.lock().left = true;
        Unanswered(self)
    }

    /// Waits until the write is done.
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
