//! Memory that was needed for a moment.

/// Gives what is free back to the system. The allocator of glibc keeps it otherwise: after a rush of sign-ins, a file
/// of a hundred thousand cards or the start itself a server would stay as large as it ever was.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a function of the system's allocator, the only one of its kind here")]
pub fn give_back() {
    // SAFETY: malloc_trim(3) is safe to be called at any time and from any thread; it changes no memory in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators give it back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
