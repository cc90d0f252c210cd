//! Waiting for what nobody announces.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;

/// How long to wait between two looks.
const STEP: Duration = Duration::from_millis(3);

/// Looks again and again until there is something, for what sends no event: a server that does not say when it listens, the kernel's table
/// of addresses.
///
/// # Errors
/// If looking fails, or the time limit passes.
pub fn until<T>(limit: Duration, mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!("it did not happen within {limit:?}");
        }
        thread::sleep(STEP);
    }
}
