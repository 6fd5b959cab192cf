//! ГОСТ Р 34.10-2012 through the `openssl` command with Debian's `libengine-gost-openssl`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::NamedTempFile;

/// Length of a raw signature by a 256-bit key.
pub const SIGNATURE_LENGTH: usize = 64;

/// The command could not do what was asked; a signature that does not fit is not such a failure.
#[derive(Debug, thiserror::Error)]
pub enum OpenSslError {
    /// It could not be run.
    #[error("openssl: {0}")]
    Run(#[from] std::io::Error),
    /// It ran and failed.
    #[error("openssl {doing}: {said}")]
    Failed {
        /// What it was asked to do.
        doing: &'static str,
        /// What it said.
        said: String,
    },
}

/// The `openssl` command, known to have the engine.
#[derive(Debug, Clone)]
pub struct OpenSsl {
    program: PathBuf,
}

impl OpenSsl {
    /// The command, if it is there and its engine can do Streebog.
    #[must_use]
    pub fn detect(program: &Path) -> Option<Self> {
        let openssl = Self { program: program.to_owned() };
        let output = openssl.run(["dgst", "-engine", "gost", "-md_gost12_256"], b"").ok()?;
        output.status.success().then_some(openssl)
    }

    /// A new key and a certificate signed by it, written into files.
    ///
    /// # Errors
    /// Fails where the command does.
    pub fn self_signed(&self, key: &Path, certificate: &Path, name: &str) -> Result<(), OpenSslError> {
        let subject = format!("/CN={name}");
        let arguments: [&OsStr; 19] = [
            "req".as_ref(),
            "-engine".as_ref(),
            "gost".as_ref(),
            "-newkey".as_ref(),
            "gost2012_256".as_ref(),
            "-pkeyopt".as_ref(),
            "paramset:A".as_ref(),
            "-x509".as_ref(),
            "-md_gost12_256".as_ref(),
            "-nodes".as_ref(),
            "-utf8".as_ref(),
            "-days".as_ref(),
            "3650".as_ref(),
            "-subj".as_ref(),
            subject.as_ref(),
            "-keyout".as_ref(),
            key.as_os_str(),
            "-out".as_ref(),
            certificate.as_os_str(),
        ];
        self.succeed("req", arguments, b"").map(drop)
    }

    /// A raw signature: s, then r, 32 bytes each, big-endian.
    ///
    /// # Errors
    /// Fails where the command does.
    pub fn sign(&self, key: &Path, bytes: &[u8]) -> Result<Vec<u8>, OpenSslError> {
        let arguments: [&OsStr; 6] = [
            "dgst".as_ref(),
            "-engine".as_ref(),
            "gost".as_ref(),
            "-md_gost12_256".as_ref(),
            "-sign".as_ref(),
            key.as_os_str(),
        ];
        let signature = self.succeed("dgst -sign", arguments, bytes)?;
        if signature.len() == SIGNATURE_LENGTH {
            Ok(signature)
        } else {
            Err(OpenSslError::Failed { doing: "dgst -sign", said: format!("{} bytes", signature.len()) })
        }
    }

    /// Whether a raw signature fits the bytes; `key` is a public key in PEM.
    ///
    /// # Errors
    /// Fails where the command cannot be run.
    pub fn verify(&self, key: &str, bytes: &[u8], signature: &[u8]) -> Result<bool, OpenSslError> {
        if signature.len() != SIGNATURE_LENGTH {
            return Ok(false);
        }
        let (key, signature) = (file_of(key.as_bytes())?, file_of(signature)?);
        let arguments: [&OsStr; 8] = [
            "dgst".as_ref(),
            "-engine".as_ref(),
            "gost".as_ref(),
            "-md_gost12_256".as_ref(),
            "-verify".as_ref(),
            key.path().as_os_str(),
            "-signature".as_ref(),
            signature.path().as_os_str(),
        ];
        let output = self.run(arguments, bytes)?;
        Ok(output.status.success() && output.stdout.starts_with(b"Verified OK"))
    }

    fn succeed<I, S>(&self, doing: &'static str, arguments: I, input: &[u8]) -> Result<Vec<u8>, OpenSslError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let output = self.run(arguments, input)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(OpenSslError::Failed { doing, said })
    }

    fn run<I, S>(&self, arguments: I, input: &[u8]) -> Result<Output, OpenSslError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that stopped reading says why on its own; its exit code is what counts.
            let _ = stdin.write_all(input);
        }
        Ok(child.wait_with_output()?)
    }
}

fn file_of(bytes: &[u8]) -> Result<NamedTempFile, std::io::Error> {
    let mut file = NamedTempFile::new()?;
    file.write_all(bytes)?;
    file.flush()?;
    Ok(file)
}
