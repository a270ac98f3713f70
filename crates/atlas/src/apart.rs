//! Work that keeps a core busy, apart from the threads that wait for many things at once.
//!
//! A page takes milliseconds to read and to compress, a long one a second. Done where it is awaited, it would hold up everything else that is
//! waited for there, and use one core of several. It is done by as many threads as there are cores, which stay: what a reader of clauses
//! remembers for each thread is then found again, and no more pages are held in memory.
use std::panic::{self, AssertUnwindSafe};

use tokio::sync::oneshot;

/// Runs work as soon as a core may be had for it.
///
/// # Panics
/// If the work does.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waiting) = oneshot::channel();
    // Nobody waits for it any more if it cannot be sent.
    rayon::spawn(move || drop(done.send(panic::catch_unwind(AssertUnwindSafe(work)))));
    match waiting.await.expect("work ends, or panics and is caught") {
        Ok(done) => done,
        Err(panicked) => panic::resume_unwind(panicked),
    }
}

#[cfg(test)]
mod tests {
    use super::run;

    #[tokio::test]
    async fn work_is_done_elsewhere_and_its_panic_is_the_callers() {
        let here = std::thread::current().id();
        assert_ne!(run(|| std::thread::current().id()).await, here);
        let failed = tokio::spawn(run(|| panic!("a hostile page"))).await.unwrap_err();
        assert_eq!(failed.into_panic().downcast_ref(), Some(&"a hostile page"));
        assert_eq!(run(|| 7).await, 7, "its thread goes on");
    }
}
