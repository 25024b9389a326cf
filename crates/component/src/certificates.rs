//! Certificates: those that are given as files, and those that are made when none are given.
//!
//! In a folder of its own (`--cert-dir`) an [`Authority`] keeps `ca.crt` and `ca.key`, and what it has signed:
//! `apiserver.crt`, `apiserver.key`, `admin.crt`, `admin.key`. All of them are used again as long as they would still be
//! believed in a month under every name that is asked for. Keys are readable by their owner only.

mod authority;
mod client_authority;
mod files;
mod rsa_key;
mod subject;

pub use authority::{Authority, ClientIdentity, signing_request};
pub use client_authority::ClientAuthority;
pub use files::{CertificateError, load_certificates, load_roots, write_private};
pub use rsa_key::make_rsa_key;
pub use subject::Subject;

use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate, those that vouch for it, and its key.
#[derive(Debug)]
pub struct Identity {
    /// The certificate, then intermediate ones.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads a certificate and a key, as `--tls-cert-file` and `--tls-private-key-file` name them.
    ///
    /// # Errors
    /// If a file cannot be read or holds no such thing. Whether they belong together is found out when serving starts.
    pub fn load(certificate: &Path, key: &Path) -> Result<Identity, CertificateError> {
        Ok(Identity { chain: load_certificates(certificate)?, key: files::load_key(key)? })
    }
}
