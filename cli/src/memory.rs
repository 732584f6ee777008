//! The allocator, and what a server tells it that other commands need not.

/// A third of the time that history takes would go into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Does without memory in pages of two megabytes. They speed up a program that fills them; what a
/// server keeps is little here and little there, and takes three times as much in them.
pub fn take_small_pages() {
    // Where the system does not do it, nothing but memory is lost.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Gives memory that was freed back to the system. The allocator does so on its own only while more
/// is asked of it.
#[expect(unsafe_code, reason = "the allocator's own functions are declared in C")]
pub fn give_back() {
    // SAFETY: it takes no pointers, and may be called at any time from any thread.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
