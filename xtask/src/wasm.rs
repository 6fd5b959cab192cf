//! How the client is compiled for wasm32.
//!
//! The ordinary way is rustup's target. Where rustup cannot download it, Debian's web toolchain is used: its
//! compiler with the standard library's sources, from which cargo builds `std` itself. The decision is
//! remembered in the user's cache. `EPOS_WASM=rustup` or `EPOS_WASM=debian` forces one of them.

use crate::process::{self, Show};
use crate::project::Project;
use crate::system;
use crate::ui;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The target triple of the client.
pub const TARGET: &str = "wasm32-unknown-unknown";

const RUSTUP_LIMIT: Duration = Duration::from_secs(60);
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CLIPPY: &str = "/usr/bin/cargo-clippy";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std";

/// The compiler of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wasm {
    /// The workspace's own compiler with rustup's target.
    Rustup,
    /// Debian's compiler, building `std` from Debian's sources.
    Debian {
        /// The line that `rustc --version` prints.
        version: String,
        /// The linker, by its full path.
        linker: PathBuf,
    },
}

impl Wasm {
    /// Settles how the client is compiled, and installs what that needs.
    pub fn settle(project: &Project) -> Result<Self> {
        let forced = std::env::var("EPOS_WASM").unwrap_or_default();
        match forced.as_str() {
            "" => {}
            "rustup" => return Self::rustup(project),
            "debian" => return Self::debian(project),
            other => bail!("EPOS_WASM is `{other}`; it can be `rustup` or `debian`"),
        }
        if has_target(project) {
            return Ok(Self::Rustup);
        }
        let memory = memory(project)?;
        if memory.is_file()
            && let Some(known) = Self::installed_debian()
        {
            ui::note(&format!(
                "rustup could not get the target before; delete {} to try again",
                tilde(&memory)
            ));
            return Ok(known);
        }
        match Self::rustup(project) {
            Ok(settled) => Ok(settled),
            Err(error) => {
                ui::note(&format!("rustup could not get {TARGET} ({error:#}); taking Debian's compiler"));
                let settled = Self::debian(project)?;
                if let Some(folder) = memory.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::write(&memory, "debian\n")?;
                Ok(settled)
            }
        }
    }

    /// Makes a cargo (or Trunk) command compile for wasm32 this way.
    pub fn apply(&self, project: &Project, command: &mut Command) {
        command.env("CARGO_TARGET_DIR", self.target_dir(project));
        // Views of one type instead of a type for each: a tenth less to download, and quicker to build.
        let mut flags = "--cfg erase_components -Zlocation-detail=none -Zfmt-debug=none".to_owned();
        command.env("RUSTC_BOOTSTRAP", "1");
        // Messages of panics name source files; what ships should not name the builder's home.
        if let Some(home) = cargo_home() {
            flags.push_str(&format!(" --remap-path-prefix={}=crates", home.join("registry/src").display()));
        }
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        if let Self::Debian { linker, .. } = self {
            command
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }

    /// `cargo <subcommand>` for wasm32; `clippy` is the one that belongs to the compiler.
    pub fn cargo(&self, project: &Project, subcommand: &str) -> Command {
        let mut command = match (self, subcommand) {
            (Self::Debian { .. }, "clippy") => {
                let mut command = project.command(DEBIAN_CLIPPY);
                command.env("CARGO", "cargo");
                command
            }
            _ => project.command("cargo"),
        };
        command.arg(subcommand);
        self.apply(project, &mut command);
        command
    }

    /// The client's own target folder, so that its build and the server's do not wait for each other.
    pub fn target_dir(&self, project: &Project) -> PathBuf {
        match self {
            Self::Rustup => project.target.join("client"),
            // Its own folder: two compilers in one would rebuild each other's work.
            Self::Debian { .. } => project.target.join("client-debian"),
        }
    }

    /// Installs clippy for this compiler where it does not come along.
    pub fn ensure_clippy(&self, project: &Project) -> Result<()> {
        if matches!(self, Self::Debian { .. }) && !Path::new(DEBIAN_CLIPPY).is_file() {
            system::install(project, &["rust-web-clippy".to_owned()])?;
        }
        Ok(())
    }

    fn rustup(project: &Project) -> Result<Self> {
        if has_target(project) {
            return Ok(Self::Rustup);
        }
        let mut add = project.command("rustup");
        add.args(["target", "add", TARGET]);
        let finished = process::run_within(&mut add, Show::Never, Some(RUSTUP_LIMIT))?;
        if finished.status.success() && has_target(project) {
            return Ok(Self::Rustup);
        }
        let last = finished.lines.iter().rev().find(|line| !line.trim().is_empty());
        bail!("{}", last.map_or("`rustup target add` failed", |line| line.trim()))
    }

    fn debian(project: &Project) -> Result<Self> {
        if let Some(installed) = Self::installed_debian() {
            return Ok(installed);
        }
        system::install(project, &["rustc-web".to_owned(), "rust-web-src".to_owned()])?;
        // The linker must be the one of the compiler's own LLVM.
        let llvm = llvm_major().context("Debian's rustc does not tell its LLVM version")?;
        system::install(project, &[format!("lld-{llvm}")])?;
        Self::installed_debian()
            .context("rustc-web, rust-web-src and lld are installed and still not complete")
    }

    fn installed_debian() -> Option<Self> {
        if !Path::new(DEBIAN_SOURCES).is_dir() {
            return None;
        }
        let version = process::first_line(Command::new(DEBIAN_RUSTC).arg("--version"))?;
        let linker = system::on_path(&format!("wasm-ld-{}", llvm_major()?))?;
        Some(Self::Debian { version, linker })
    }
}

impl std::fmt::Display for Wasm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rustup => write!(f, "rustup's {TARGET}"),
            Self::Debian { version, .. } => write!(f, "Debian's {version}, building std"),
        }
    }
}

fn has_target(project: &Project) -> bool {
    let sysroot = process::first_line(project.command("rustc").args(["--print", "sysroot"]));
    sysroot.is_some_and(|sysroot| {
        let library = Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib");
        std::fs::read_dir(library).is_ok_and(|mut files| files.next().is_some())
    })
}

fn cargo_home() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    // The flags are split at spaces.
    home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
        .filter(|home| !home.to_string_lossy().contains(' '))
}

/// The file that remembers that rustup could not get the target for this version of the compiler.
fn memory(project: &Project) -> Result<PathBuf> {
    let version = process::first_line(project.command("rustc").arg("--version"))
        .and_then(|line| line.split_whitespace().nth(1).map(str::to_owned))
        .context("rustc does not tell its version; is Rust installed?")?;
    Ok(project.cache.join(format!("wasm-of-rustc-{version}")))
}

fn llvm_major() -> Option<String> {
    let output = Command::new(DEBIAN_RUSTC).arg("-vV").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    Some(version.split('.').next()?.to_owned())
}

/// A path for people: the home folder as `~`.
fn tilde(path: &Path) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    match path.strip_prefix(&home) {
        Ok(rest) if !home.is_empty() => format!("~/{}", rest.display()),
        _ => path.display().to_string(),
    }
}
