//! The release build of the client: Trunk, then compressed variants, skipped when nothing changed.

use crate::files;
use crate::process::{self, Show};
use crate::project::Project;
use crate::steps::Context;
use crate::{tools, ui};
use anyhow::{Context as _, Result, bail, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of the client: the folder inside `dist/`, and the page that Trunk builds it from.
const PROGRAMS: &[(&str, &str)] = &[
    (MAIN, MAIN_PAGE),
    ("own", "own.html"),
    ("staff", "staff.html"),
    ("manage", "manage.html"),
    ("office", "office.html"),
    ("desk", "desk.html"),
];
const MAIN: &str = "main";
const MAIN_PAGE: &str = "index.html";
/// What a browser on a slow line has to fetch before the first page: WASM, JS and CSS of one program, compressed
/// by brotli.
const LIMIT: u64 = 350_000;
/// Smaller files fit in one packet anyway.
const WORTH_COMPRESSING: usize = 256;
const COMPRESSIBLE: &[&str] =
    &["css", "html", "ico", "js", "json", "map", "svg", "txt", "wasm", "webmanifest", "xml"];

/// Builds the client into `dist/` unless what is there came from the same sources and tools.
pub fn build(context: &mut Context) -> Result<String> {
    let project = &context.project;
    let wasm = context.wasm()?;
    let dist = project.dist();
    let inputs = inputs(project, &format!("{wasm} {}", tools::versions(project)?))?;
    let stamp = project.root.join("target/client.stamp");
    let known = std::fs::read_to_string(&stamp).unwrap_or_default();
    if known == format!("{inputs} {}\n", files::fingerprint(&dist, std::slice::from_ref(&dist))?) {
        return Ok("unchanged".to_owned());
    }

    ui::note(&format!("with {wasm}"));
    same_pages(project)?;
    only_programs(&dist)?;
    for mut command in trunks(project, "build")? {
        command.args(["--release", "--cargo-profile", "wasm-release"]);
        wasm.apply(project, &mut command);
        process::expect(&mut command, Show::Always)?;
    }
    for (name, _) in PROGRAMS {
        ensure!(dist.join(name).join("index.html").is_file(), "Trunk left no dist/{name}/index.html");
    }
    let compressed = compress(&dist)?;

    if let Some(folder) = stamp.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let outputs = files::fingerprint(&dist, std::slice::from_ref(&dist))?;
    std::fs::write(&stamp, format!("{inputs} {outputs}\n"))?;
    Ok(format!("built, {compressed} files compressed"))
}

/// The folder that the server embeds must exist even before the first build of the client.
pub fn ensure_dist(project: &Project) -> Result<()> {
    std::fs::create_dir_all(project.dist()).context("dist/")
}

/// `trunk <subcommand>` for each program, with its tools on `PATH` and nothing fetched by itself.
pub fn trunks(project: &Project, subcommand: &str) -> Result<Vec<Command>> {
    let one = |(name, page): &(&str, &str)| {
        let mut command = project.command("trunk");
        tools::on_path(project, &mut command)?;
        // Trunk's own reading of NO_COLOR refuses the usual value `1`.
        command.env_remove("NO_COLOR").args(["--color", if ui::colour() { "always" } else { "never" }]);
        command.args(["--skip-version-check", subcommand, &format!("frontend/{page}")]);
        command.args(["--dist", &format!("dist/{name}"), "--public-url", &format!("/{name}/")]);
        Ok(command)
    };
    PROGRAMS.iter().map(one).collect()
}

/// The pages of the programs differ in the program that they load, and in nothing else.
fn same_pages(project: &Project) -> Result<()> {
    let read = |page: &str| {
        let path = project.root.join("frontend").join(page);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let lines: Vec<String> =
            text.lines().filter(|line| !line.contains("data-bin=")).map(str::to_owned).collect();
        ensure!(text.lines().count() == lines.len() + 1, "frontend/{page} must load one program");
        Ok(lines)
    };
    let main = read(MAIN_PAGE)?;
    for (_, page) in PROGRAMS {
        ensure!(read(page)? == main, "frontend/{page} and frontend/{MAIN_PAGE} differ");
    }
    Ok(())
}

/// What else lies in `dist/` would be embedded with them.
fn only_programs(dist: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(dist) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if PROGRAMS.iter().any(|(name, _)| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Prints what the browser downloads and refuses a program that has grown too big.
pub fn size(context: &mut Context) -> Result<String> {
    let mut said = Vec::new();
    let mut too_big = false;
    for (name, _) in PROGRAMS {
        let dist = context.project.dist().join(name);
        let total = weight(&dist)?;
        list(&dist, name)?;
        too_big |= total > LIMIT;
        said.push(format!("{name} {}", ui::kilobytes(total)));
    }
    let said =
        format!("{} of at most {} each (WASM, JS, CSS; brotli)", said.join(", "), ui::kilobytes(LIMIT));
    if too_big {
        bail!("the client is too big: {said}");
    }
    Ok(said)
}

/// Prints the files of a program.
fn list(dist: &Path, program: &str) -> Result<()> {
    let mut wasm = 0;
    ui::line(&format!("    {program:<44} {:>11} {:>11} {:>11}", "raw", "gzip", "brotli"));
    for file in plain_files(dist)? {
        let raw = std::fs::metadata(&file)?.len();
        let variant = |suffix| std::fs::metadata(with_suffix(&file, suffix)).map_or(raw, |meta| meta.len());
        let brotli = variant(".br");
        if extension(&file) == "wasm" {
            wasm += 1;
            without_regex(&file)?;
        }
        let name = file.strip_prefix(dist).unwrap_or(&file).display().to_string();
        ui::line(&format!(
            "    {name:<44} {:>11} {:>11} {:>11}",
            ui::kilobytes(raw),
            ui::kilobytes(variant(".gz")),
            ui::kilobytes(brotli)
        ));
    }
    ensure!(wasm == 1, "dist/{program}/ holds {wasm} WASM files");
    Ok(())
}

/// The bytes that a browser fetches before the first page: those of the main program.
pub fn download(project: &Project) -> Result<u64> {
    weight(&project.dist().join(MAIN))
}

/// WASM, JS and CSS of a program, compressed by brotli.
fn weight(dist: &Path) -> Result<u64> {
    let mut total = 0;
    for file in plain_files(dist)? {
        if matches!(extension(&file), "wasm" | "js" | "css") {
            let brotli = with_suffix(&file, ".br");
            total += std::fs::metadata(if brotli.is_file() { &brotli } else { &file })?.len();
        }
    }
    ensure!(total > 0, "{} holds no client: cargo xtask client", dist.display());
    Ok(total)
}

/// A regular-expression engine weighs half of what we allow. Its panics would name its sources.
fn without_regex(file: &Path) -> Result<()> {
    let content = std::fs::read(file)?;
    for name in ["regex-automata", "regex-syntax"] {
        if content.windows(name.len()).any(|window| window == name.as_bytes()) {
            bail!("the WASM holds {name}: something in the client uses regular expressions");
        }
    }
    Ok(())
}

/// Everything that decides what the client becomes.
fn inputs(project: &Project, tools: &str) -> Result<String> {
    let ours = ["xtask/src/client.rs", "xtask/src/wasm.rs"];
    let names = ["frontend", "shared", "Cargo.lock", "Cargo.toml", "Trunk.toml"].into_iter().chain(ours);
    let roots: Vec<PathBuf> = names.map(|name| project.root.join(name)).collect();
    let compiler = process::first_line(project.command("rustc").arg("--version")).unwrap_or_default();
    let sources = files::fingerprint(&project.root, &roots)?;
    Ok(format!("{sources} {compiler} {tools}"))
}

fn compress(dist: &Path) -> Result<usize> {
    let mut count = 0;
    for file in plain_files(dist)? {
        let content = std::fs::read(&file)?;
        if content.len() < WORTH_COMPRESSING || !COMPRESSIBLE.contains(&extension(&file)) {
            continue;
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
        gzip.write_all(&content)?;
        std::fs::write(with_suffix(&file, ".gz"), gzip.finish()?)?;

        let mut squeezed = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
        brotli::BrotliCompress(&mut content.as_slice(), &mut squeezed, &parameters)
            .with_context(|| file.display().to_string())?;
        std::fs::write(with_suffix(&file, ".br"), squeezed)?;
        count += 1;
    }
    Ok(count)
}

fn plain_files(dist: &Path) -> Result<Vec<PathBuf>> {
    let mut files = files::all(&[dist.to_path_buf()])?;
    files.retain(|file| !matches!(extension(file), "br" | "gz"));
    Ok(files)
}

fn extension(file: &Path) -> &str {
    file.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
