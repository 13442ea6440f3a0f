//! Input that wants to hurt: refused with its reason, in bounded memory, and shown harmlessly.
#![expect(clippy::disallowed_methods, reason = "these tests measure real time")]

#[cfg(test)]
mod inputs;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod selection;
#[cfg(test)]
#[path = "../../fuzz/targets/mod.rs"]
mod targets;
#[cfg(test)]
mod texts;

/// What is in use is counted for the whole program, so one test runs at a time.
#[cfg(test)]
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Counts what is in use, for the whole program.
#[cfg(test)]
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
