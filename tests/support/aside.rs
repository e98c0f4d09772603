//! What has to be done when a test is over, also where it has failed.

use std::error::Error;
use std::io;
use std::thread;

/// Does something on a thread of its own: the runtime of a test that has failed may be stuck. `left` is left behind where it fails.
pub(crate) fn aside<E>(left: &str, work: impl Future<Output = Result<(), E>> + Send + 'static)
where
    E: Error + Send + Sync + 'static,
{
    let done = thread::spawn(|| -> io::Result<Result<(), E>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(runtime.block_on(work))
    });
    if !matches!(done.join(), Ok(Ok(Ok(())))) {
        eprintln!("{left} is left behind");
    }
}
