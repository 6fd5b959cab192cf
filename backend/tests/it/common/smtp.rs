//! A mail server written by somebody else (aiosmtpd, backend/tests/smtp/server.py), in a process of its own.

use std::io::BufRead as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const VARIABLE: &str = "EPOS_TEST_SMTP_PYTHON";
/// The folder of the server and its certificates.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp");

/// Ends when dropped; its letters stay until then.
pub struct SmtpServer {
    pub port: u16,
    arguments: Vec<String>,
    child: Option<Child>,
    folder: tempfile::TempDir,
}

impl SmtpServer {
    /// Starts one that behaves as these arguments say.
    pub fn start(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { port: 0, arguments, child: None, folder };
        server.start_again();
        server
    }

    /// Starts it where it was before.
    pub fn start_again(&mut self) {
        let python = std::env::var(VARIABLE).unwrap_or_else(|_| {
            panic!(
                "{VARIABLE} is not set: these tests need a mail server. `cargo xtask test` installs one; by \
                 hand, name the Python of a virtual environment with aiosmtpd"
            )
        });
        let mut command = Command::new(python);
        command.arg(format!("{FOLDER}/server.py")).args(["--port", &self.port.to_string(), "--letters"]);
        command.arg(self.folder.path().join("letters.jsonl")).args(&self.arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.port = line.trim().strip_prefix("PORT ").expect("the server listens").parse().unwrap();
        self.child = Some(child);
    }

    /// Ends it at once, as a machine that falls over.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The letters it took, in their order.
    pub fn letters(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("letters.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The letters to this address.
    pub fn letters_to(&self, address: &str) -> Vec<Value> {
        let to = |letter: &Value| letter["to"].as_array().unwrap().iter().any(|to| to == address);
        self.letters().into_iter().filter(to).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A header of a letter.
pub fn header(letter: &Value, name: &str) -> String {
    let headers = letter["headers"].as_array().unwrap();
    let mut found = headers.iter().filter(|header| header[0] == name);
    let value = found.next().unwrap_or_else(|| panic!("no {name}: {letter}"))[1].as_str().unwrap().to_owned();
    assert!(found.next().is_none(), "two {name}: {letter}");
    value
}
