//! Certificates by the name that a client asks for (SNI).

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use super::TlsError;
use crate::certificates::Identity;

/// A certificate and the names it is shown for, in lower case; `*.` stands for one more label.
#[derive(Debug)]
pub(super) struct Named {
    names: Vec<String>,
    key: Arc<CertifiedKey>,
}

impl Named {
    /// Without names, those in the certificate.
    pub(super) fn new(
        names: &[String],
        identity: &Identity,
        provider: &CryptoProvider,
    ) -> Result<Named, TlsError> {
        let key = CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), provider)?;
        let names = if names.is_empty() { names_of(identity) } else { names.to_vec() };
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Ok(Named { names, key: Arc::new(key) })
    }

    fn is_for(&self, name: &str) -> bool {
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            Some(parent) => name.split_once('.').is_some_and(|(_, rest)| rest == parent),
            None => own == name,
        })
    }
}

fn names_of(identity: &Identity) -> Vec<String> {
    let own = identity.chain.first().and_then(|own| X509Certificate::from_der(own).ok());
    let Some((_, certificate)) = own else { return Vec::new() };
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.into_iter().flat_map(|extension| &extension.value.general_names);
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}

/// All certificates of a server.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) named: Vec<Named>,
    /// For all other names, and for clients that ask for none.
    pub(super) other: Named,
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().unwrap_or_default().to_ascii_lowercase();
        let found = self.named.iter().find(|named| named.is_for(&asked));
        Some(Arc::clone(&found.unwrap_or(&self.other).key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::Authority;

    #[test]
    fn certificates_are_found_by_names_and_patterns() {
        let folder = tempfile::tempdir().unwrap();
        let now = "2026-11-29T12:00:00Z".parse().unwrap();
        let authority = Authority::open(folder.path(), now).unwrap();
        let identity = authority.serving("s", &["a.example.com".to_owned()], now).unwrap();
        let provider = rustls::crypto::ring::default_provider();
        let patterns = ["*.Example.org".to_owned(), "b".to_owned()];
        let named = Named::new(&patterns, &identity, &provider).unwrap();
        for (name, expected) in
            [("x.example.org", true), ("b", true), ("x.y.example.org", false), ("example.org", false)]
        {
            assert_eq!(named.is_for(name), expected, "{name}");
        }
        let own = Named::new(&[], &identity, &provider).unwrap();
        assert!(own.is_for("a.example.com") && !own.is_for("b"));
    }
}
