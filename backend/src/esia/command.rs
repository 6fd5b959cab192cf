//! Programs that sign and verify: bytes in, bytes out, for a bounded time.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The largest answer that is read.
const MAX_OUTPUT: u64 = 256 * 1024;
/// How often a running command is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// A command could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It cannot be run.
    #[error("{0}: {1}")]
    Run(String, String),
    /// It took too long.
    #[error("{0}: no answer within {1} ms")]
    Timeout(String, u128),
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub success: bool,
    pub stdout: Vec<u8>,
    /// What it said on standard error, in one line.
    pub said: String,
}

/// Runs a program without a shell. Blocks.
///
/// # Errors
/// It cannot be run, or takes too long.
pub(super) fn run(line: &[String], input: &[u8], timeout: Duration) -> Result<Ended, CommandError> {
    let (program, arguments) =
        line.split_first().ok_or_else(|| CommandError::Run("command".to_owned(), "empty".to_owned()))?;
    let failed = |error: std::io::Error| CommandError::Run(program.clone(), error.to_string());
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let ended = std::thread::scope(|scope| {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                // A command that stopped reading says why by itself; its exit code is what counts.
                let _ = stdin.write_all(input);
            }
        });
        let stdout = scope.spawn(move || all(stdout));
        let stderr = scope.spawn(move || all(stderr));
        let success = wait(&mut child, timeout);
        // Pipes are closed when the command is gone, so that the threads end.
        (success, stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default())
    });
    let (success, stdout, stderr) = ended;
    let success = success.map_err(failed)?;
    let said = String::from_utf8_lossy(&stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    match success {
        None => Err(CommandError::Timeout(program.clone(), timeout.as_millis())),
        Some(success) => Ok(Ended { success, stdout, said: said.chars().take(500).collect() }),
    }
}

fn all(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(MAX_OUTPUT).read_to_end(&mut bytes);
    }
    bytes
}

/// Whether it succeeded; nothing where it took too long and was ended.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<bool>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if begun.elapsed() >= timeout {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_gets_the_bytes_and_answers() {
        let long = vec![b'x'; 200_000];
        let ended = run(&line(&["cat"]), &long, Duration::from_secs(10)).unwrap();
        assert!(ended.success && ended.stdout == long);
        let ended = run(&line(&["sh", "-c", "echo a  b >&2; exit 3"]), b"", Duration::from_secs(10)).unwrap();
        assert!(!ended.success);
        assert_eq!(ended.said, "a b");
    }

    #[test]
    fn a_command_that_hangs_or_is_not_there_is_told() {
        let begun = Instant::now();
        let error = run(&line(&["sleep", "20"]), b"", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error, CommandError::Timeout("sleep".to_owned(), 50));
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(matches!(run(&line(&["/nowhere/x"]), b"", LOOK), Err(CommandError::Run(..))));
        assert!(matches!(run(&[], b"", LOOK), Err(CommandError::Run(..))));
    }
}
