//! The table at the terminal, and `docs/benchmarks.md`.

use super::Figure;
use crate::process;
use crate::project::Project;
use crate::ui;
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::path::Path;

/// What people have written below this line stays.
const BY_HAND: &str = "## Remarks";

/// In what a number is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// One thing against another.
    Ratio,
    /// How many times as much.
    Times,
    Count,
    PerSecond,
    Milliseconds,
    Seconds,
    Kilobytes,
    Megabytes,
}

impl Unit {
    fn show(self, number: f64) -> String {
        match self {
            Self::Ratio => format!("{number:.2}"),
            Self::Times => format!("{number:.2} ×"),
            Self::Count => format!("{number:.0}"),
            Self::PerSecond => format!("{number:.0}/s"),
            Self::Milliseconds => format!("{number:.1} ms"),
            Self::Seconds => format!("{number:.3} s"),
            Self::Kilobytes => format!("{number:.1} kB"),
            Self::Megabytes => format!("{number:.1} MB"),
        }
    }
}

/// Which side of a limit is the good one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

/// A number beside its limit.
pub struct Line {
    pub what: String,
    pub measured: f64,
    pub unit: Unit,
    pub limit: Limit,
    /// What the number was made from.
    pub raw: String,
}

impl Line {
    fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtLeast(least) => self.measured >= least,
            Limit::AtMost(most) => self.measured <= most,
        }
    }

    fn limit(&self) -> String {
        match self.limit {
            Limit::AtLeast(least) => format!("≥ {}", self.unit.show(least)),
            Limit::AtMost(most) => format!("≤ {}", self.unit.show(most)),
        }
    }

    /// «met, 31 % to spare», «missed by 12 %».
    fn verdict(&self) -> String {
        let (Limit::AtLeast(limit) | Limit::AtMost(limit)) = self.limit;
        let distance = (self.measured - limit).abs() / limit * 100.0;
        if self.is_met() {
            format!("met, {distance:.0} % to spare")
        } else {
            format!("missed by {distance:.0} %")
        }
    }
}

struct Section {
    title: &'static str,
    method: &'static str,
    lines: Vec<Line>,
    /// A table of more than the limits ask for.
    details: Vec<String>,
}

/// Everything that was measured.
pub struct Report {
    machine: String,
    state: String,
    date: String,
    load: String,
    sections: Vec<Section>,
}

impl Report {
    /// Notes the machine and the moment.
    pub fn begin(project: &Project) -> Self {
        let line = |program: &str, args: &[&str]| {
            process::first_line(project.command(program).args(args)).unwrap_or_default()
        };
        let commit = line("git", &["rev-parse", "--short", "HEAD"]);
        let changed =
            line("git", &["status", "--porcelain", "--", "backend", "shared", "migrations", "frontend"]);
        let state =
            if changed.is_empty() { commit } else { format!("{commit} with changes not committed yet") };
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            machine: machine(),
            state,
            date: line("date", &["--utc", "+%Y-%m-%d"]),
            load: load.split_whitespace().next().unwrap_or("?").to_owned(),
            sections: Vec::new(),
        }
    }

    /// What follows belongs to this figure.
    pub fn enter(&mut self, figure: &Figure) {
        let Figure { title, method, .. } = *figure;
        self.sections.push(Section { title, method, lines: Vec::new(), details: Vec::new() });
    }

    /// A number beside its limit.
    pub fn line(&mut self, line: Line) {
        ui::line(&format!("    {}: {} ({}), {}", line.what, line.unit.show(line.measured), line.limit(), {
            if line.is_met() { ui::good(&line.verdict()) } else { ui::bad(&line.verdict()) }
        }));
        ui::note(&line.raw);
        if let Some(section) = self.sections.last_mut() {
            section.lines.push(line);
        }
    }

    /// A row of a table of more than the limits ask for.
    pub fn detail(&mut self, row: String) {
        if let Some(section) = self.sections.last_mut() {
            section.details.push(row);
        }
    }

    /// The table.
    pub fn print(&self) {
        let lines = || self.sections.iter().flat_map(|section| &section.lines);
        let width = lines().map(|line| line.what.chars().count()).max().unwrap_or(0);
        ui::line("");
        for line in lines() {
            let pad = width - line.what.chars().count();
            let verdict = if line.is_met() { ui::good(&line.verdict()) } else { ui::bad(&line.verdict()) };
            ui::line(&format!(
                "  {}{:pad$}  {:>12}  {:>12}  {verdict}",
                line.what,
                "",
                line.unit.show(line.measured),
                line.limit()
            ));
        }
        ui::line("");
    }

    /// Writes the document; what people have added below [`BY_HAND`] stays.
    pub fn write(&self, file: &Path) -> Result<()> {
        let before = std::fs::read_to_string(file).unwrap_or_default();
        let by_hand = before.find(BY_HAND).and_then(|at| before.get(at..)).unwrap_or(BY_HAND);
        let text = format!("{}\n{}\n", self.markdown()?, by_hand.trim_end());
        std::fs::write(file, text).with_context(|| file.display().to_string())
    }

    fn markdown(&self) -> Result<String> {
        let mut out = String::new();
        writeln!(out, "# Benchmarks\n")?;
        writeln!(
            out,
            "Written by `cargo xtask bench`, which builds for release, makes its own data with `epos seed` and \
             measures on the machine it runs on. Limits that guard against many failed sign-ins from one address \
             are lifted for the load; everything else is the default configuration, the log at `info` included. \
             Load generator and PostgreSQL share the machine with the server. Latencies at a rate count from the \
             moment a request was due. Run it on a machine that does nothing else.\n"
        )?;
        writeln!(out, "* Machine: {}", self.machine)?;
        writeln!(out, "* Date and state: {}, {}", self.date, self.state)?;
        writeln!(out, "* Load average before: {}\n", self.load)?;
        writeln!(out, "| what | measured | limit | |\n|---|---|---|---|")?;
        for line in self.sections.iter().flat_map(|section| &section.lines) {
            let verdict = if line.is_met() { line.verdict() } else { format!("**{}**", line.verdict()) };
            writeln!(
                out,
                "| {} | {} | {} | {verdict} |",
                line.what,
                line.unit.show(line.measured),
                line.limit()
            )?;
        }
        writeln!(out)?;
        for section in &self.sections {
            writeln!(out, "## {}\n\n{}\n", section.title, section.method)?;
            for line in &section.lines {
                writeln!(out, "* {}: {}", line.what, line.raw)?;
            }
            if !section.details.is_empty() {
                writeln!(out)?;
                for row in &section.details {
                    writeln!(out, "{row}")?;
                }
            }
            writeln!(out)?;
        }
        Ok(out.trim_end().to_owned() + "\n")
    }
}

fn machine() -> String {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, model)| model.trim()))
        .unwrap_or("unknown processor");
    let memory = read("/proc/meminfo");
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{cores} cores of {model}, {:.0} GB of memory, {}", kib as f64 / 1e6, std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_limit_says_by_how_much() {
        let line = |measured, limit| Line {
            what: String::new(),
            measured,
            unit: Unit::Milliseconds,
            limit,
            raw: String::new(),
        };
        assert_eq!(line(60.0, Limit::AtMost(50.0)).verdict(), "missed by 20 %");
        assert_eq!(line(25.0, Limit::AtMost(50.0)).verdict(), "met, 50 % to spare");
        assert_eq!(line(45.0, Limit::AtLeast(50.0)).verdict(), "missed by 10 %");
        assert!(!line(f64::NAN, Limit::AtMost(50.0)).is_met());
    }
}
