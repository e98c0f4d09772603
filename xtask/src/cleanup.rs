//! What has to be undone at the end.

use crate::Outcome;

/// Actions that undo what was made, the latest first. They run when this is dropped, too.
#[derive(Default)]
pub(crate) struct Cleanup {
    actions: Vec<Box<dyn FnOnce() -> Outcome>>,
}

impl Cleanup {
    pub(crate) fn later(&mut self, action: impl FnOnce() -> Outcome + 'static) {
        self.actions.push(Box::new(action));
    }

    /// Runs all actions, also after one that failed.
    pub(crate) fn run(&mut self) -> Outcome {
        let mut failures = Vec::new();
        while let Some(action) = self.actions.pop() {
            failures.extend(action().err());
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(failures.join("\n"))
        }
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if let Err(message) = self.run() {
            say!("xtask: {message}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cleanup;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn every_action_runs_and_the_latest_is_first() {
        let ran = Rc::new(RefCell::new(Vec::new()));
        let mut cleanup = Cleanup::default();
        for number in [1, 2, 3] {
            let ran = Rc::clone(&ran);
            cleanup.later(move || {
                ran.borrow_mut().push(number);
                if number == 2 {
                    Err("two".to_owned())
                } else {
                    Ok(())
                }
            });
        }
        assert_eq!(cleanup.run(), Err("two".to_owned()));
        assert_eq!(*ran.borrow(), [3, 2, 1]);
    }
}
