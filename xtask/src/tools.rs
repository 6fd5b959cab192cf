//! Trunk, wasm-bindgen and wasm-opt, and the mail server of the tests, in the user's cache folder by version: a second clone pays nothing.

use crate::process::{self, Show};
use crate::project::Project;
use crate::ui;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// The newest Trunk that Rust 1.95 compiles.
const TRUNK: &str = "0.21.14";
/// Sends requests at a constant rate (`cargo xtask bench`).
const OHA: &str = "1.16.0";
/// The npm package with a current `wasm-opt`; distributions' own are too old for today's wasm features.
const BINARYEN: &str = "132.0.0";

/// The mail server of the tests, from PyPI, and what it stands on.
const AIOSMTPD: &str = "1.4.6";
const AIOSMTPD_NEEDS: &[&str] = &["atpublic==5.1", "attrs==25.3.0"];

/// Installs what is missing; answers what is there.
pub fn ensure(project: &Project) -> Result<String> {
    let bindgen = project.locked_version("wasm-bindgen")?;
    cargo_tool(project, "trunk", "trunk", TRUNK, false, &[])?;
    cargo_tool(project, "wasm-bindgen-cli", "wasm-bindgen", &bindgen, false, &[])?;
    binaryen(project)?;
    Ok(format!("trunk {TRUNK}, wasm-bindgen {bindgen}, binaryen {BINARYEN}"))
}

/// The load generator. It shares the machine with what it measures, and so is optimised; it needs no TLS, but
/// does not compile without any: OpenSSL is here already.
pub fn oha(project: &Project) -> Result<PathBuf> {
    cargo_tool(project, "oha", "oha", OHA, true, &["--no-default-features", "--features", "native-tls"])?;
    Ok(folder(project, "oha", OHA).join("bin/oha"))
}

/// The variable by which tests find the Python that has the mail server; they fail without it.
pub const SMTP_PYTHON: &str = "EPOS_TEST_SMTP_PYTHON";

/// Installs the mail server of the tests into a virtual environment of its own.
pub fn mail_server(project: &Project) -> Result<String> {
    let python = smtp_python(project);
    let known = || {
        process::first_line(
            Command::new(&python).args(["-c", "import aiosmtpd; print(aiosmtpd.__version__)"]),
        )
    };
    if known().as_deref() == Some(AIOSMTPD) {
        return Ok(format!("aiosmtpd {AIOSMTPD}"));
    }
    ui::note(&format!("installing aiosmtpd {AIOSMTPD} from PyPI, once for this user"));
    let mut venv = project.command("python3");
    venv.args(["-m", "venv", "--clear"]).arg(folder(project, "aiosmtpd", AIOSMTPD));
    process::expect(&mut venv, Show::OnFailure)?;
    let mut install = project.command(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.arg(format!("aiosmtpd=={AIOSMTPD}")).args(AIOSMTPD_NEEDS);
    process::expect(&mut install, Show::OnFailure)
        .with_context(|| format!("by hand: {} -m pip install aiosmtpd=={AIOSMTPD}", python.display()))?;
    match known() {
        Some(version) if version == AIOSMTPD => Ok(format!("installed aiosmtpd {AIOSMTPD}")),
        _ => bail!("aiosmtpd was installed and does not tell version {AIOSMTPD}"),
    }
}

/// The Python that has the mail server of the tests.
pub fn smtp_python(project: &Project) -> PathBuf {
    folder(project, "aiosmtpd", AIOSMTPD).join("bin/python")
}

/// Puts the tools before everything else on a command's `PATH`.
pub fn on_path(project: &Project, command: &mut Command) -> Result<()> {
    let mut folders = vec![
        folder(project, "trunk", TRUNK).join("bin"),
        folder(project, "wasm-bindgen-cli", &project.locked_version("wasm-bindgen")?).join("bin"),
        folder(project, "binaryen", BINARYEN).join("node_modules/.bin"),
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let joined: OsString = std::env::join_paths(folders).context("PATH")?;
    command.env("PATH", joined);
    Ok(())
}

/// What the client's stamp must change with.
pub fn versions(project: &Project) -> Result<String> {
    Ok(format!("trunk {TRUNK} wasm-bindgen {} binaryen {BINARYEN}", project.locked_version("wasm-bindgen")?))
}

fn folder(project: &Project, package: &str, version: &str) -> PathBuf {
    project.cache.join("tools").join(format!("{package}-{version}"))
}

fn cargo_tool(
    project: &Project,
    package: &str,
    binary: &str,
    version: &str,
    optimised: bool,
    features: &[&str],
) -> Result<()> {
    let folder = folder(project, package, version);
    let installed = folder.join("bin").join(binary);
    if tells_version(&installed, version) {
        return Ok(());
    }
    ui::note(&format!("building {package} {version}, once for this user: some minutes"));
    std::fs::create_dir_all(&folder)?;
    // Its own target folder, so that a folder shared by clones does not fill with tools.
    let scratch = project.cache.join("tools/build");
    let install = |locked: bool| {
        let mut command = project.command("cargo");
        command.current_dir(&folder).env("CARGO_TARGET_DIR", &scratch).args(["install", "--force"]);
        // They run for seconds; what costs is compiling them with everything that their own profiles ask for.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        if !optimised {
            command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        }
        if locked {
            command.arg("--locked");
        }
        command.arg("--root").arg(&folder).args(["--version", version, package]).args(features);
        command
    };
    // A freshly released lock file may name a package that a mirror does not have yet.
    if !process::run(&mut install(true), Show::Always)?.status.success() {
        ui::note("once more without the package's own lock file");
        if !process::run(&mut install(false), Show::Always)?.status.success() {
            bail!("{package} could not be built; see above. By hand: cargo install {package}@{version}");
        }
    }
    let _ = std::fs::remove_dir_all(&scratch);
    if tells_version(&installed, version) {
        Ok(())
    } else {
        bail!("{package} was installed and does not tell version {version}")
    }
}

fn binaryen(project: &Project) -> Result<()> {
    let folder = folder(project, "binaryen", BINARYEN);
    if folder.join("node_modules/.bin/wasm-opt").is_file() {
        return Ok(());
    }
    ui::note(&format!("installing binaryen {BINARYEN} from npm, once for this user"));
    std::fs::create_dir_all(&folder)?;
    let mut command = project.command("npm");
    command.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix", "."]);
    command.arg(format!("binaryen@{BINARYEN}"));
    process::expect(&mut command, Show::OnFailure)
        .with_context(|| format!("by hand: npm install --prefix {} binaryen@{BINARYEN}", folder.display()))?;
    Ok(())
}

fn tells_version(program: &std::path::Path, version: &str) -> bool {
    process::first_line(Command::new(program).arg("--version"))
        .is_some_and(|line| line.split_whitespace().any(|word| word == version))
}
