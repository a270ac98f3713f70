//! How a process that runs for months keeps its memory.
//!
//! The GNU C library gives up to eight heaps to each core and threads to heaps, and never moves what is in them. Threads come and go here, so
//! that in time every heap has held a large document and keeps the room for it: the tracker grew by 110 MB in weeks that way, and by 3 MB with
//! one heap (`tracker/tests/endurance.rs`; docs/benchmarks.md). One heap for each core is as fast, for no more threads run at once.

/// Holds the allocator to one heap for each core; to be called before there are threads. Nothing to do but with the GNU C library.
pub fn keep_steady() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        #[expect(unsafe_code, reason = "mallopt sets a number of the allocator's, and is safe to call at any time")]
        // SAFETY: no pointer is passed, and the allocator takes its own lock.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, i32::try_from(cores).unwrap_or(i32::MAX));
        }
    }
}
