//! How a process that runs for months keeps its memory.
//!
//! The GNU C library gives up to eight heaps to each core and threads to heaps, and never moves what is in them. Threads come and go here, so
//! that in time every heap has held a large document and keeps the room for it: the tracker grew by 110 MB in weeks that way, and by 3 MB with
//! one heap (`tracker/tests/endurance.rs`; docs/benchmarks.md). One heap for each core is as fast, for no more threads run at once.
//!
//! It also moves the size from which a buffer has pages of its own, which are given back at once, up to 32 MB after the largest that was
//! freed: then the buffers of documents stay in the heaps as well. Held where it begins, the tracker keeps 16 MB instead of 40 to 55, at no cost
//! that could be measured.

/// The size from which a buffer has pages of its own, and the room at the end of a heap that is kept: those with which the library begins.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 128 * 1024;

/// Holds the allocator to one heap for each core, and large buffers to pages of their own; to be called before there are threads. Nothing to do
/// but with the GNU C library.
pub fn keep_steady() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        #[expect(unsafe_code, reason = "mallopt sets a number of the allocator's, and is safe to call at any time")]
        // SAFETY: no pointer is passed, and the allocator takes its own lock.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, i32::try_from(cores).unwrap_or(i32::MAX));
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE);
        }
    }
}
