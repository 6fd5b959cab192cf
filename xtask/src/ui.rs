//! What the person at the terminal sees.

use std::io::{IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

static COLOUR: LazyLock<bool> =
    LazyLock::new(|| std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none());

/// Whether colours are wanted: a terminal, and no `NO_COLOR`.
pub fn colour() -> bool {
    *COLOUR
}

fn paint(code: &str, text: &str) -> String {
    if colour() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Bold.
pub fn bold(text: &str) -> String {
    paint("1", text)
}

/// Green: it went well.
pub fn good(text: &str) -> String {
    paint("32", text)
}

/// Red: it failed.
pub fn bad(text: &str) -> String {
    paint("31", text)
}

/// Grey: an aside.
pub fn dim(text: &str) -> String {
    paint("2", text)
}

/// A line on standard output, at once.
pub fn line(text: &str) {
    println!("{text}");
    let _ = std::io::stdout().flush();
}

/// A line of a child's output.
pub fn child(text: &str) {
    line(&format!("    {} {text}", dim("│")));
}

/// A note under the current step.
pub fn note(text: &str) {
    line(&format!("    {}", dim(text)));
}

/// An error that ends the command.
pub fn error(text: &str) {
    line(&format!("{} {text}", bad("error:")));
}

/// `0.4 s`, `12.3 s`, `2 min 05 s`.
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// `96.4 kB`: thousands of bytes, as in the size limits.
pub fn kilobytes(bytes: u64) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

/// A text without its terminal escapes, for reading numbers out of it.
pub fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(next) = chars.next() {
        if next == '\u{1b}' {
            // "ESC [ … letter" is all that the tools here print.
            for inner in chars.by_ref() {
                if inner.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(next);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_short() {
        assert_eq!(elapsed(Duration::from_millis(432)), "0.4 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 05 s");
        assert_eq!(kilobytes(96_450), "96.4 kB");
    }

    #[test]
    fn escapes_are_removed() {
        assert_eq!(without_escapes("\u{1b}[32;1m3\u{1b}[0m passed"), "3 passed");
    }
}
