//! A program that runs beside the test, its output, and waiting for what it says.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};

/// How much of a program's output is kept; the oldest goes first.
const KEPT: usize = 4 << 20;

/// A program that runs. It is killed and waited for when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: Arc<Log>,
}

#[derive(Debug, Default)]
struct Log {
    state: Mutex<LogState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LogState {
    bytes: VecDeque<u8>,
    /// The program and all that inherited its output have ended.
    ended: bool,
}

impl Running {
    /// Starts a program with nothing on its standard input; its output and errors go to one log.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let (reader, writer) = io::pipe()?;
        command
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", text(&command)))?;
        // The command holds the writing end; the log would never end.
        drop(command);
        let log = Arc::new(Log::default());
        let copy = Arc::clone(&log);
        thread::spawn(move || copy.fill(reader));
        Ok(Self { child, log })
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written until now.
    pub fn log(&self) -> String {
        self.log.lock().text()
    }

    /// Waits until the log says what is looked for, and returns what `find` made of it.
    ///
    /// # Errors
    /// If the program ends before, or the time limit passes. The log is part of the error.
    pub fn wait_for<T>(&self, limit: Duration, find: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        let deadline = Instant::now() + limit;
        let mut state = self.log.lock();
        loop {
            let text = state.text();
            if let Some(found) = find(&text) {
                return Ok(found);
            }
            if state.ended {
                bail!("the program ended before it said what was waited for; its log:\n{text}");
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the program did not say what was waited for within {limit:?}; its log:\n{text}");
            }
            state = self
                .log
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Whether it has ended, and how.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    /// If it has ended.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        signal::kill(Pid::from_raw(i32::try_from(self.id())?), signal).context("the program has ended")
    }

    /// Kills it with SIGKILL, which it cannot catch, and waits for its end.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }

    /// Waits until it ends on its own.
    ///
    /// # Errors
    /// If the time limit passes. The log is part of the error; the program runs on.
    pub fn wait(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        let mut state = self.log.lock();
        while !state.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!(
                    "the program did not end within {limit:?}; its log:\n{}",
                    state.text()
                );
            }
            state = self
                .log
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(state);
        Ok(self.child.wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a process that is already gone and waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, LogState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, mut output: impl Read) {
        let mut buffer = [0; 8192];
        loop {
            let length = match output.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => break,
                Ok(length) => length,
            };
            let mut state = self.lock();
            state.bytes.extend(&buffer[..length]);
            let surplus = state.bytes.len().saturating_sub(KEPT);
            state.bytes.drain(..surplus);
            self.changed.notify_all();
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }
}

impl LogState {
    fn text(&self) -> String {
        let (front, back) = self.bytes.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }
}

/// Runs a program to its end and returns what it wrote to standard output.
///
/// # Errors
/// If it cannot be started or ends with a failure; what it wrote to standard error is part of the error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("{} cannot be started", text(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed ({}): {}",
            text(command),
            output.status,
            complaint.trim_end()
        );
    }
    Ok(output.stdout)
}

/// Runs a program to its end with this on its standard input, and returns what it wrote to standard output.
///
/// # Errors
/// As [`run`].
pub(crate) fn feed(command: &mut Command, input: impl AsRef<[u8]>) -> anyhow::Result<Vec<u8>> {
    let (reader, mut writer) = io::pipe()?;
    // A pipe holds little: another thread writes while the program reads.
    let input = input.as_ref().to_owned();
    let writing = thread::spawn(move || writer.write_all(&input));
    let result = run(command.stdin(reader));
    // The command holds the reading end; without a reader the other thread cannot wait for ever.
    command.stdin(Stdio::null());
    // The program may end without reading everything; its own failure is then the better message.
    let written = writing.join().unwrap_or(Ok(()));
    let output = result?;
    written.with_context(|| format!("{} did not read its input", text(command)))?;
    Ok(output)
}

/// The command as it would be typed, without quotation marks.
fn text(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
