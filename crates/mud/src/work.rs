//! Counts the steps of a reading in tests, so that they can tell linear from quadratic without a clock. Elsewhere it does nothing.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// So many steps were made.
#[inline]
pub(crate) fn done(steps: usize) {
    #[cfg(test)]
    STEPS.set(STEPS.get() + steps);
    #[cfg(not(test))]
    let _ = steps;
}

/// How many steps `work` makes.
#[cfg(test)]
pub(crate) fn steps(work: impl FnOnce()) -> usize {
    STEPS.set(0);
    work();
    STEPS.get()
}
