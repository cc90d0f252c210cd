//! How the story is told: each step with what was sent, seen and measured, and whether it passed.

use std::time::Instant;

use crate::packages::{Counts, say};

/// Tells the story and counts.
pub(crate) struct Teller {
    number: usize,
    passed: usize,
    failed: Vec<String>,
    start: Instant,
}

/// What a step says while it happens.
pub(crate) struct Notes;

impl Notes {
    /// What was put on the wire, or typed.
    pub(crate) fn sent(&self, text: impl AsRef<str>) {
        note("sent", text.as_ref());
    }

    /// What was seen.
    pub(crate) fn seen(&self, text: impl AsRef<str>) {
        note("seen", text.as_ref());
    }

    /// A figure.
    pub(crate) fn measured(&self, text: impl AsRef<str>) {
        note("measured", text.as_ref());
    }
}

fn note(kind: &str, text: &str) {
    say(&format!("     {kind:<9} {text}"));
}

impl Teller {
    pub(crate) fn new() -> Self {
        Self {
            number: 0,
            passed: 0,
            failed: Vec::new(),
            start: Instant::now(),
        }
    }

    /// What must be there before the story; without it there is none.
    pub(crate) fn prologue<T>(
        &mut self,
        title: &str,
        step: impl FnOnce(&Notes) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        say(&format!("\n  0. {title}"));
        step(&Notes)
    }

    /// A step of the story.
    pub(crate) fn step(&mut self, title: &str, step: impl FnOnce(&Notes) -> anyhow::Result<()>) {
        self.number += 1;
        say(&format!("\n {:>2}. {title}", self.number));
        let start = Instant::now();
        match step(&Notes) {
            Ok(()) => {
                self.passed += 1;
                note("PASSED", &format!("in {} ms", start.elapsed().as_millis()));
            }
            Err(error) => {
                self.failed.push(title.to_owned());
                note("FAILED", &format!("{error:#}"));
            }
        }
    }

    /// Says how it went, but for the closing line.
    pub(crate) fn sum_up(&self) -> Counts {
        say("");
        for title in &self.failed {
            say(&format!("failed: {title}"));
        }
        say(&format!(
            "The story took {:.1} s.",
            self.start.elapsed().as_secs_f32()
        ));
        Counts {
            passed: self.passed,
            failed: self.failed.len(),
        }
    }
}
