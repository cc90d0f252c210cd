//! Mudguard in the router of a home, started, stopped and asked as anybody would: by its binary, its configuration file and its commands.

use std::{
    env, fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{
    Home,
    addresses::{RESOLVER_IPV4, TREAT_AS_GLOBAL},
    clock::MovableClock,
    internet::trust_anchor,
    namespace::Namespace,
    running::Running,
    wait::until,
};

/// How long the gateway may take to be ready or to stop.
const LIMIT: Duration = Duration::from_secs(20);
/// Names the binary to test, instead of the one that cargo builds.
pub const BINARY_VARIABLE: &str = "MUDGUARD_BINARY";

/// A gateway. It is killed when this is dropped; its tables stay in the kernel until the home goes.
#[derive(Debug)]
pub struct Gateway {
    router: Namespace,
    binary: PathBuf,
    folder: PathBuf,
    running: Option<Running>,
    /// What lies between its programs and the machine's clock.
    clock: Option<MovableClock>,
}

/// The end of a command, and what it printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// The JSON on standard output; null if there was none.
    pub json: Value,
    /// The text on standard error.
    pub complaint: String,
}

/// The binary that tests run: the one of [`BINARY_VARIABLE`], or else the one that cargo builds now.
///
/// # Errors
/// If it does not build.
pub fn binary() -> anyhow::Result<PathBuf> {
    // Many tests of one process want it, and cargo takes a moment even if there is nothing to build.
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    if let Some(path) = env::var_os(BINARY_VARIABLE) {
        return Ok(path.into());
    }
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = &*built {
        return Ok(path.clone());
    }
    Ok(built.insert(build(false)?).clone())
}

/// Builds the binary and says where it is.
///
/// # Errors
/// If it does not build.
pub fn build(release: bool) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit());
    command.args([
        "build",
        "--package",
        "mudguard",
        "--message-format",
        "json-render-diagnostics",
    ]);
    if release {
        command.arg("--release");
    }
    let output = command.output().context("cargo cannot be started")?;
    ensure!(output.status.success(), "the daemon does not build; see above");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "mudguard")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo did not say where the daemon is")
}

impl Gateway {
    /// The configuration under which a gateway works in this home. Tests may change the text before they start one with it.
    pub fn configuration(home: &Home) -> String {
        let folder = folder(home);
        format!(
            "mode = \"ask\"\n\n\
             [lan]\ninterfaces = [\"br-lan\"]\n\n\
             [fetch]\ntls-roots = {roots}\n\n\
             [trust]\nanchors = {anchors}\n\n\
             [resolver]\nupstreams = [\"{RESOLVER_IPV4}\"]\nmode = \"forward\"\ntrust-anchors = [{root}]\n\n\
             [paths]\nstate = {state}\ncontrol = {control}\n\n\
             [laboratory]\ntreat-as-global = {treat_as_global}\n",
            root = quoted(&trust_anchor(home.folder())),
            roots = quoted(home.internet().files().roots()),
            anchors = quoted(home.mud().anchors()),
            state = quoted(&folder.join("state")),
            control = quoted(&control(&folder)),
            treat_as_global = Value::from(TREAT_AS_GLOBAL.to_vec()),
        )
    }

    /// Starts a gateway in the router with this configuration, and waits until it is ready.
    ///
    /// # Errors
    /// If it ends, or is not ready within 20 seconds; its log is part of the error.
    pub fn start(home: &Home, binary: &Path, configuration: &str) -> anyhow::Result<Self> {
        let folder = folder(home);
        fs::create_dir_all(folder.join("state"))?;
        let router = Namespace::clone(home.router());
        let mut gateway = Self {
            router,
            binary: binary.to_owned(),
            folder,
            running: None,
            clock: None,
        };
        gateway.restart(configuration)?;
        Ok(gateway)
    }

    /// From its next start, its clocks can be moved with what this returns.
    ///
    /// # Errors
    /// If `faketime` is not installed.
    pub fn make_clock_movable(&mut self) -> anyhow::Result<MovableClock> {
        let clock = MovableClock::new(&self.folder)?;
        self.clock = Some(clock.clone());
        Ok(clock)
    }

    /// Starts it again after it has ended, with this configuration, on the same state.
    ///
    /// # Errors
    /// If it runs, or as [`Gateway::start`].
    pub fn restart(&mut self, configuration: &str) -> anyhow::Result<()> {
        self.launch(configuration)?;
        self.wait_until_ready()
    }

    /// The same without waiting until it is ready.
    ///
    /// # Errors
    /// If it runs, or cannot be started.
    pub fn launch(&mut self, configuration: &str) -> anyhow::Result<()> {
        ensure!(self.running.is_none(), "the gateway runs already");
        let file = self.configuration_file();
        fs::write(&file, configuration)?;
        let mut command = self.router.command(&self.binary);
        command.arg("run").arg("--config").arg(file);
        if let Some(clock) = &self.clock {
            clock.applies_to(&mut command);
        }
        self.running = Some(Running::start(command)?);
        Ok(())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// If it ends, or is not ready within 20 seconds; its log is part of the error.
    pub fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let running = self.running.as_mut().context("the gateway does not run")?;
        let control = control(&self.folder);
        // A socket of an earlier run may be there, but nobody listens on it.
        until(LIMIT, || {
            if let Some(status) = running.ended()? {
                bail!(
                    "the gateway ended ({status}) before it was ready; its log:\n{}",
                    running.log()
                );
            }
            Ok(UnixStream::connect(&control).ok().map(drop))
        })
        .with_context(|| format!("the gateway did not get ready; its log:\n{}", running.log()))
    }

    /// Kills it with SIGKILL and waits for its end.
    ///
    /// # Errors
    /// If it does not run.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.running.take().context("the gateway does not run")?.kill()?;
        Ok(())
    }

    /// Tells it to stop (SIGTERM) and returns its end and its whole log.
    ///
    /// # Errors
    /// If it does not run or does not stop within 20 seconds.
    pub fn stop(&mut self) -> anyhow::Result<(ExitStatus, String)> {
        let mut running = self.running.take().context("the gateway does not run")?;
        running.signal(Signal::SIGTERM)?;
        let status = running.wait(LIMIT)?;
        Ok((status, running.log()))
    }

    /// The process, while it runs.
    ///
    /// # Errors
    /// If it does not run.
    pub fn process(&mut self) -> anyhow::Result<&mut Running> {
        self.running.as_mut().context("the gateway does not run")
    }

    /// The folder of its database.
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The program and the socket by which others than this test ask it.
    pub fn program(&self) -> (&Path, PathBuf) {
        (&self.binary, control(&self.folder))
    }

    /// The file of its configuration.
    pub fn configuration_file(&self) -> PathBuf {
        self.folder.join("mudguard.toml")
    }

    /// Runs a command of the running gateway, such as `["why", "lamp"]`, with its JSON output.
    ///
    /// # Errors
    /// If it cannot be started, is ended by a signal, or prints something else than JSON.
    pub fn ask(&self, arguments: &[&str]) -> anyhow::Result<Answer> {
        let mut command = self.router.command(&self.binary);
        command
            .args(arguments)
            .arg("--json")
            .arg("--control")
            .arg(control(&self.folder));
        Answer::of(&mut command)
    }

    /// Runs `mudguard off` with its JSON output; no gateway needs to run.
    ///
    /// # Errors
    /// As [`Gateway::ask`].
    pub fn off(&self) -> anyhow::Result<Answer> {
        self.ask(&["off"])
    }

    /// What the running gateway answers to a GET of this path, such as `/api/v1/things/lamp`. Quicker than a command.
    ///
    /// # Errors
    /// If it does not answer, or not with JSON.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let mut stream = UnixStream::connect(control(&self.folder))?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let (_, content) = response
            .split_once("\r\n\r\n")
            .context("no head in the response")?;
        serde_json::from_str(content).with_context(|| format!("no JSON in {response}"))
    }

    /// Waits until a Thing looks as wanted to the running gateway, and returns what `find` made of it.
    ///
    /// # Errors
    /// If it does not within the limit; what it looks like is part of the error.
    pub fn wait_for_thing<T>(
        &self,
        name: &str,
        limit: Duration,
        find: impl Fn(&Value) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut last = Value::Null;
        until(limit, || {
            last = self.get(&format!("/api/v1/things/{name}"))?;
            Ok(find(&last))
        })
        .with_context(|| {
            let log = self.running.as_ref().map(Running::log).unwrap_or_default();
            format!("{name} does not become what is waited for: {last:#}; the gateway's log:\n{log}")
        })
    }
}

impl Answer {
    fn of(command: &mut Command) -> anyhow::Result<Self> {
        let output = command.stdin(Stdio::null()).output()?;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = match output.stdout.trim_ascii() {
            b"" => Value::Null,
            text => serde_json::from_slice(text).with_context(|| {
                format!(
                    "the command printed what is not JSON: {}",
                    String::from_utf8_lossy(text)
                )
            })?,
        };
        let code = output
            .status
            .code()
            .with_context(|| format!("the command ended by a signal: {complaint}"))?;
        Ok(Self {
            code,
            json,
            complaint,
        })
    }
}

fn folder(home: &Home) -> PathBuf {
    home.folder().join("gateway")
}

fn control(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// A path as a TOML string.
fn quoted(path: &Path) -> String {
    Value::from(path.to_string_lossy()).to_string()
}
