//! Repeating what another transaction was in the way of.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::error::{Error, ErrorKind};

/// Repeats an operation as long as another transaction is in its way, eight times at most. The pauses double from 10 ms up to a second, with a part of
/// chance in each, so that two who met don't meet again; [`Retry`] takes others, and is what to use where the future has to be `Send`.
///
/// After an error memory is as it was, so that to repeat is to call again:
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// # let mut ada = user("ada").save(&pool).await?;
/// use sqlx_cascade::retry;
///
/// ada.name = "augusta".into();
/// retry(async || ada.save(&pool).await).await?;
/// # Ok(())
/// # }
/// ```
///
/// # In a transaction
///
/// A conflict is one of the whole transaction: what is repeated begins it, commits it, and reads in it what it decides by. With a
/// [`Transaction`](crate::Transaction) the handles that were saved in it are what they were before. In SQL of your own `?` makes an [`Error`] of a
/// `sqlx::Error`, so that its conflicts are repeated, too.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// # let (mut ada, mut grace) = (user("ada").save(&pool).await?, user("grace").save(&pool).await?);
/// use sqlx_cascade::{Transaction, retry};
///
/// ada.name = "augusta".into();
/// grace.name = "amazing".into();
/// retry(async || {
///     let mut transaction = Transaction::begin(&pool).await?;
///     ada.save(&mut transaction).await?;
///     sqlx::query("UPDATE profiles SET bio = ''").execute(&mut *transaction).await?;
///     grace.save(&mut transaction).await?;
///     transaction.commit().await
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Operations that take what they are given
///
/// `save` of a plain value, `save_all`, `delete`, `delete_all`: the error gives it back, and it goes into the next attempt. (A value that is made or
/// cloned inside the closure needs none of that.)
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let pool = database().await?;
/// use sqlx_cascade::retry;
///
/// let mut held = Some(user("ada"));
/// let ada = retry(async || {
///     let user = held.take().expect("a conflict gives it back");
///     user.save(&pool).await.inspect_err(|error| held = error.take_entity())
/// })
/// .await?;
/// # assert_eq!(ada.name, "ada");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The last [`Conflict`](ErrorKind::Conflict), or what isn't one at once: neither [`Stale`](ErrorKind::Stale), which says that the rows were changed
/// meanwhile, nor [`OutcomeUnknown`](ErrorKind::OutcomeUnknown), is answered by doing the same again.
pub async fn retry<T>(operation: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, Error> {
    Retry::new().run(operation).await
}

/// The pauses before further attempts: those of [`retry`], or your own.
///
/// [`run`](Self::run) takes a closure. Where the future has to be `Send`, in a spawned task or a handler of a web server, rustc 1.95 can't prove it of
/// an async closure that borrows ("`Send` is not general enough"): there the same is a loop with [`again`](Self::again).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let pool = database().await?;
/// # let mut ada = user("ada").save(&pool).await?;
/// use sqlx_cascade::Retry;
///
/// ada.name = "augusta".into();
/// let saved = tokio::spawn(async move {
///     let mut retry = Retry::new();
///     loop {
///         match ada.save(&pool).await {
///             Err(error) if retry.again(&error).await => {}
///             done => break done,
///         }
///     }
/// });
/// println!("{}", saved.await??);
/// # Ok(())
/// # }
/// ```
pub struct Retry {
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

impl Retry {
    /// The pauses of [`retry`].
    #[must_use]
    pub fn new() -> Self {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_secs(1))
            .with_max_times(8)
            .with_jitter();
        Self::with(pauses.build())
    }

    /// Pauses of your own, one before each further attempt: a list, or what the builders of a crate such as `backon` build.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/models.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pool = database().await?;
    /// # let mut ada = user("ada").save(&pool).await?;
    /// use std::time::Duration;
    ///
    /// use sqlx_cascade::Retry;
    ///
    /// ada.name = "augusta".into();
    /// Retry::with([Duration::from_millis(50); 3]).run(async || ada.save(&pool).await).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with(pauses: impl IntoIterator<Item = Duration, IntoIter: Send + 'static>) -> Self {
        Self {
            pauses: Box::new(pauses.into_iter()),
        }
    }

    /// Repeats an operation, as [`retry`] does.
    pub async fn run<T>(
        mut self,
        mut operation: impl AsyncFnMut() -> Result<T, Error>,
    ) -> Result<T, Error> {
        loop {
            match operation().await {
                Err(error) if self.again(&error).await => {}
                done => return done,
            }
        }
    }

    /// Whether to do again what ended in this error: a conflict, while there are pauses. Returns after the pause.
    pub async fn again(&mut self, error: &Error) -> bool {
        if error.kind() != ErrorKind::Conflict {
            return false;
        }
        let Some(pause) = self.pauses.next() else {
            return false;
        };
        // Of whichever runtime sqlx was built for.
        sqlx_core::rt::sleep(pause).await;
        true
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Retry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retry").finish_non_exhaustive()
    }
}
