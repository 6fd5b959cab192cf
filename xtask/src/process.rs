//! Running other programs: their output shown or kept, a time limit, and an orderly end on Ctrl-C.

use crate::ui;
use anyhow::{Context, Result, anyhow, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static TERMINATED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Ctrl-C reaches the children through the terminal by itself; they get this long before they are told again.
const GRACE: Duration = Duration::from_secs(10);

/// From here on Ctrl-C and SIGTERM end the running child and let the command clean up after itself.
pub fn catch_signals() -> Result<()> {
    signal_hook::flag::register(SIGINT, Arc::clone(&INTERRUPTED)).context("SIGINT")?;
    signal_hook::flag::register(SIGTERM, Arc::clone(&TERMINATED)).context("SIGTERM")?;
    Ok(())
}

/// Whether somebody asked the command to end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed) || TERMINATED.load(Ordering::Relaxed)
}

/// What becomes of a child's output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Printed as it comes.
    Always,
    /// Printed whole if the child fails.
    OnFailure,
    /// Only kept.
    Never,
}

/// How a child ended and what it said, both streams in the order they came.
pub struct Finished {
    /// The exit status.
    pub status: ExitStatus,
    /// The lines of both streams.
    pub lines: Vec<String>,
}

/// Runs a program to its end.
pub fn run(command: &mut Command, show: Show) -> Result<Finished> {
    run_within(command, show, None)
}

/// Runs a program to its end; past the limit it is ended, and that is an error.
pub fn run_within(command: &mut Command, show: Show, limit: Option<Duration>) -> Result<Finished> {
    let label = describe(command);
    if ui::colour() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{label}`"))?;
    let lines = Arc::new(Mutex::new(Vec::new()));
    let readers = [
        child.stdout.take().map(|stream| collect(stream, Arc::clone(&lines), show)),
        child.stderr.take().map(|stream| collect(stream, Arc::clone(&lines), show)),
    ];
    let status = wait(&mut child, limit);
    for reader in readers.into_iter().flatten() {
        let _ = reader.join();
    }
    let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
    let failed = status.as_ref().map_or(true, |status| !status.success());
    if show == Show::OnFailure && failed {
        lines.iter().for_each(|line| ui::child(line));
    }
    let status = status.with_context(|| format!("`{label}`"))?;
    if interrupted() {
        bail!("interrupted");
    }
    Ok(Finished { status, lines })
}

/// Runs a program that must end well; answers its output.
pub fn expect(command: &mut Command, show: Show) -> Result<Vec<String>> {
    let finished = run(command, show)?;
    if finished.status.success() {
        Ok(finished.lines)
    } else {
        Err(anyhow!("`{}` failed ({})", describe(command), finished.status))
    }
}

/// The first line that a program prints, if it can be started and ends well.
pub fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8_lossy(&output.stdout).lines().next().map(|line| line.trim().to_owned())
}

/// Asks a child to end with SIGTERM, waits for it, and kills it if it does not listen.
pub fn end(child: &mut Child) -> Result<ExitStatus> {
    terminate(child.id());
    let asked = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if asked.elapsed() > GRACE {
            child.kill()?;
            return Ok(child.wait()?);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// A program that goes on beside this one; it is asked to end when this is dropped.
pub struct Guard(pub Child);

impl Drop for Guard {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = end(&mut self.0);
        }
    }
}

/// The program and its arguments as one would type them.
pub fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut text = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn terminate(pid: u32) {
    let _ = Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).stderr(Stdio::null()).status();
}

fn wait(child: &mut Child, limit: Option<Duration>) -> Result<ExitStatus> {
    let started = Instant::now();
    let mut interrupted_at = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if limit.is_some_and(|limit| started.elapsed() > limit) {
            end(child)?;
            bail!("took longer than {}", ui::elapsed(limit.unwrap_or_default()));
        }
        if TERMINATED.load(Ordering::Relaxed) {
            return end(child);
        }
        if INTERRUPTED.load(Ordering::Relaxed)
            && interrupted_at.get_or_insert_with(Instant::now).elapsed() > GRACE
        {
            return end(child);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn collect(
    stream: impl Read + Send + 'static,
    lines: Arc<Mutex<Vec<String>>>,
    show: Show,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut buffer = Vec::new();
        while stream.read_until(b'\n', &mut buffer).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&buffer).trim_end().to_owned();
            buffer.clear();
            if show == Show::Always {
                ui::child(&line);
            }
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = expect(Command::new("sh").args(["-c", "exit 3"]), Show::Never).unwrap_err();
        assert!(error.to_string().contains("sh -c exit 3"), "{error}");
    }

    #[test]
    fn both_streams_are_kept() {
        let finished = run(Command::new("sh").args(["-c", "echo out; echo err >&2"]), Show::Never).unwrap();
        let mut lines = finished.lines;
        lines.sort();
        assert_eq!(lines, ["err", "out"]);
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let limit = Some(Duration::from_millis(100));
        let error = run_within(Command::new("sleep").arg("30"), Show::Never, limit).err().unwrap();
        assert!(format!("{error:#}").contains("longer than"), "{error:#}");
    }
}
