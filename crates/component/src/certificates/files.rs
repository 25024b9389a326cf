//! Certificates and keys as files.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What is wrong with a file, or with what is to be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} {problem}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// A key cannot be made.
    #[error("cannot make a key: {problem}")]
    Key {
        /// Why.
        problem: String,
    },
    /// A certificate cannot have so many groups.
    #[error("cannot make a certificate for {subject} with more than 2 groups")]
    Groups {
        /// Whose.
        subject: String,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate for {subject}")]
    Make {
        /// Whose.
        subject: String,
        /// Why.
        source: rcgen::Error,
    },
}

impl CertificateError {
    pub(super) fn content(path: &Path, problem: impl Into<String>) -> CertificateError {
        CertificateError::Content { path: path.to_owned(), problem: problem.into() }
    }
}

pub(super) fn read(path: &Path) -> Result<String, CertificateError> {
    let bytes = fs::read(path).map_err(|source| CertificateError::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|_| CertificateError::content(path, "is not text: PEM is expected"))
}

/// Reads a file that need not be there.
pub(super) fn read_if_there(path: &Path) -> Result<Option<String>, CertificateError> {
    match read(path) {
        Ok(text) => Ok(Some(text)),
        Err(CertificateError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file that only its owner can read, all of it or nothing.
///
/// # Errors
/// If it cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<(), CertificateError> {
    write(path, text, 0o600)
}

/// A file that is as it should be is left alone: a full disk is then no obstacle.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), CertificateError> {
    if is_there(path, text, mode) {
        return Ok(());
    }
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        // One that a crash has left may have another mode.
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|source| CertificateError::Write { path: path.to_owned(), source })
}

fn is_there(path: &Path, text: &str, mode: u32) -> bool {
    let has_mode =
        |metadata: fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o777 == mode;
    fs::symlink_metadata(path).is_ok_and(has_mode)
        && fs::read(path).is_ok_and(|found| found == text.as_bytes())
}

/// Reads a file of certificates.
///
/// # Errors
/// If it cannot be read, or holds none, or one that is none.
pub fn load_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    certificates(path, &read(path)?)
}

pub(super) fn certificates(
    path: &Path,
    text: &str,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(CertificateError::content(path, "holds no certificate: a PEM block CERTIFICATE is expected"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(CertificateError::content(path, format!("is not valid PEM: {error}"))),
    }
}

pub(super) fn load_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    key(path, &read(path)?)
}

pub(super) fn key(path: &Path, text: &str) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        let problem =
            "holds no private key: a PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY is expected";
        CertificateError::content(path, problem)
    })
}

/// Reads a file of certificates that vouch for others, as `--client-ca-file` names it, and adds them to `roots`.
///
/// # Errors
/// If it cannot be read, or holds none, or one that cannot vouch for others.
pub fn load_roots(path: &Path, roots: &mut RootCertStore) -> Result<(), CertificateError> {
    add_roots(path, load_certificates(path)?, roots)
}

pub(super) fn add_roots(
    path: &Path,
    certificates: Vec<CertificateDer<'static>>,
    roots: &mut RootCertStore,
) -> Result<(), CertificateError> {
    for certificate in certificates {
        let added = roots.add(certificate);
        added
            .map_err(|error| CertificateError::content(path, format!("holds a bad certificate: {error}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_file_that_is_as_it_should_be_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let written = |text: &str, mode: u32| {
            write(&path, text, mode).unwrap();
            fs::metadata(&path).unwrap().ino()
        };
        let first = written("a", 0o600);
        assert_eq!(written("a", 0o600), first);
        // The old file is still open, so that its number is not given again.
        let _kept = fs::File::open(&path).unwrap();
        let second = written("b", 0o600);
        assert_ne!(second, first);
        let _kept_too = fs::File::open(&path).unwrap();
        assert_ne!(written("b", 0o644), second, "another mode is another file");
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.crt");
        let error = load_certificates(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read {}", path.display()));
        for (text, problem) in [
            ("", "holds no certificate: a PEM block CERTIFICATE is expected"),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "is not valid PEM"),
        ] {
            fs::write(&path, text).unwrap();
            let error = load_certificates(&path).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{} {problem}", path.display())), "{error}");
        }
        fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        let error = load_roots(&path, &mut RootCertStore::empty()).unwrap_err().to_string();
        assert!(error.contains("holds a bad certificate"), "{error}");
        let error = load_key(&path).unwrap_err().to_string();
        assert!(error.contains("holds no private key"), "{error}");
    }

    #[test]
    fn private_files_are_their_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/key");
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(&path, "old").unwrap();
        write_private(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
