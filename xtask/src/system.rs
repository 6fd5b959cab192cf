//! What has to be installed on the machine itself, by Debian's packages.

use crate::process::{self, Show};
use crate::project::Project;
use crate::ui;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something the machine must have, and the Debian packages that bring it.
struct Need {
    packages: &'static [&'static str],
    present: fn() -> bool,
}

/// What building needs: a C compiler for the bundled databases, OpenSSL for PostgreSQL's TLS.
const BUILD: &[Need] = &[
    Need { packages: &["build-essential"], present: || on_path("cc").is_some() && on_path("make").is_some() },
    Need { packages: &["pkg-config"], present: || on_path("pkg-config").is_some() },
    Need { packages: &["libssl-dev"], present: has_openssl },
    Need { packages: &["nodejs", "npm"], present: || on_path("node").is_some() && on_path("npm").is_some() },
];

/// What the tests need on top.
const TEST: &[Need] = &[
    Need { packages: &["chromium"], present: || chromium().is_file() },
    Need { packages: &["postgresql"], present: || postgres_bin().is_some() },
    Need { packages: &["python3", "python3-venv"], present: has_venv },
    Need { packages: &["fonts-liberation"], present: || font("liberation") },
    Need { packages: &["fonts-paratype"], present: || font("paratype") },
    Need { packages: &["openssl"], present: || on_path("openssl").is_some() },
    Need { packages: &["libengine-gost-openssl"], present: has_gost },
];

/// Installs what building needs.
pub fn for_building(project: &Project) -> Result<String> {
    satisfy(project, BUILD)
}

/// Installs what the tests need: Chromium, PostgreSQL, Python, fonts, ГОСТ for the `openssl` command.
pub fn for_testing(project: &Project) -> Result<String> {
    satisfy(project, TEST)
}

/// The browser of the tests: `EPOS_CHROMIUM`, or where Debian installs it.
pub fn chromium() -> PathBuf {
    std::env::var_os("EPOS_CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from)
}

/// The folder of PostgreSQL's programs: the newest that Debian's packages installed, or the one on `PATH`.
pub fn postgres_bin() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .max();
    newest.map(|(_, bin)| bin).or_else(|| Some(on_path("initdb")?.parent()?.to_path_buf()))
}

/// Installs Debian packages: as root directly, else through `sudo` if it asks for no password.
///
/// # Errors
/// Tells the exact command for a person to run where it cannot be done from here.
pub fn install(project: &Project, packages: &[String]) -> Result<()> {
    let by_hand = format!("sudo apt-get install -y --no-install-recommends {}", packages.join(" "));
    if on_path("apt-get").is_none() {
        bail!("this machine has no apt-get; install what these Debian packages hold: {}", packages.join(" "));
    }
    let root = is_root();
    if !root && !sudo_without_password() {
        bail!("administrator's rights are needed; run this and try again:\n    {by_hand}");
    }
    ui::note(&format!("installing {}", packages.join(" ")));
    let apt = |arguments: &[&str]| {
        let mut command = if root {
            project.command("apt-get")
        } else {
            let mut command = project.command("sudo");
            command.args(["-n", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
            command
        };
        command.args(["-o", "DPkg::Lock::Timeout=300"]).args(arguments);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let install = || {
        let mut command = apt(&["install", "-y", "--no-install-recommends"]);
        command.args(packages);
        command
    };
    // Without lists, or with stale ones, the first try fails; only then are they fetched.
    if process::run(&mut install(), Show::Never)?.status.success() {
        return Ok(());
    }
    process::run(&mut apt(&["update"]), Show::OnFailure)?;
    if process::run(&mut install(), Show::Always)?.status.success() {
        return Ok(());
    }
    bail!("the packages could not be installed; run this, see what it says, and try again:\n    {by_hand}")
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    process::first_line(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// A program's place on `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn satisfy(project: &Project, needs: &[Need]) -> Result<String> {
    let missing: Vec<String> = needs
        .iter()
        .filter(|need| !(need.present)())
        .flat_map(|need| need.packages.iter().map(|package| (*package).to_owned()))
        .collect();
    if missing.is_empty() {
        return Ok("all there".to_owned());
    }
    install(project, &missing)?;
    if let Some(need) = needs.iter().find(|need| !(need.present)()) {
        bail!("{} was installed and is still not to be found", need.packages.join(" "));
    }
    Ok(format!("installed {}", missing.join(" ")))
}

fn sudo_without_password() -> bool {
    Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn has_openssl() -> bool {
    Command::new("pkg-config")
        .args(["--exists", "openssl"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether the `openssl` command can do ГОСТ, as the tests of signatures need.
fn has_gost() -> bool {
    Command::new("openssl")
        .args(["dgst", "-engine", "gost", "-md_gost12_256"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Debian has Python's virtual environments in a package of their own.
fn has_venv() -> bool {
    Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn font(family: &str) -> bool {
    Path::new("/usr/share/fonts/truetype").join(family).is_dir()
}
