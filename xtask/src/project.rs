//! Where things are: the workspace, its target folder, the user's cache; and what `Cargo.lock` pins.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders that the commands work with, all absolute.
#[derive(Debug, Clone)]
pub struct Project {
    /// The root of the workspace.
    pub root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR` if set, else `target/` of the workspace.
    pub target: PathBuf,
    /// Tools shared by all clones of one user: `$XDG_CACHE_HOME/epos` or `~/.cache/epos`.
    pub cache: PathBuf,
}

impl Project {
    /// Finds the workspace that this `cargo xtask` was called in.
    pub fn locate() -> Result<Self> {
        // Cargo sets the variable at run time too; the compiled-in value would be that of another clone if
        // clones shared a binary.
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().context("xtask/ has no parent folder")?.to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            // Cargo takes a relative folder from where it was called.
            Some(folder) => env::current_dir()?.join(folder),
            None => root.join("target"),
        };
        let cache = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
            (Some(cache), _) if Path::new(&cache).is_absolute() => PathBuf::from(cache).join("epos"),
            (_, Some(home)) => PathBuf::from(home).join(".cache/epos"),
            _ => root.join("target/cache"),
        };
        Ok(Self { root, target, cache })
    }

    /// The folder into which Trunk builds the client and from which the server embeds it.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The server's release binary, the one that ships.
    pub fn release_binary(&self) -> PathBuf {
        self.target.join("release/epos")
    }

    /// The release binary of the stand-in for ЕСИА.
    pub fn release_standin(&self) -> PathBuf {
        self.target.join("release/esia-standin")
    }

    /// `cargo <subcommand>` in the workspace, building into [`Self::target`].
    pub fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.command("cargo");
        command.arg(subcommand).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// A program started in the root of the workspace.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // Cargo puts its own library folders here for the programs it runs; they are not for other compilers.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// The version of a package in `Cargo.lock`.
    pub fn locked_version(&self, package: &str) -> Result<String> {
        let lock = std::fs::read_to_string(self.root.join("Cargo.lock")).context("Cargo.lock")?;
        let wanted = format!("name = \"{package}\"");
        let mut lines = lock.lines();
        while let Some(line) = lines.next() {
            if line == wanted
                && let Some(version) = lines.next().and_then(|next| next.strip_prefix("version = \""))
            {
                return Ok(version.trim_end_matches('"').to_owned());
            }
        }
        bail!("Cargo.lock names no package {package}")
    }
}
