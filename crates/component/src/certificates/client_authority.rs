//! Who vouches for clients, where that is not known when connections are made.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

/// Certificates that vouch for those of clients.
#[derive(Clone, Debug)]
pub struct ClientAuthority(Arc<dyn ClientCertVerifier>);

impl ClientAuthority {
    /// Reads certificates in PEM.
    ///
    /// # Errors
    /// What is wrong with them, as the end of a sentence that begins with where they are from.
    pub fn from_pem(pem: &str) -> Result<ClientAuthority, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| format!("is not valid PEM: {error}"))?;
            roots.add(certificate).map_err(|error| format!("holds a bad certificate: {error}"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        verifier.map(ClientAuthority).map_err(|_| "holds no certificate".to_owned())
    }

    /// Whether it vouches for a client that has shown these certificates, its own first.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn verify(&self, certificates: &[CertificateDer<'_>]) -> Result<(), String> {
        let Some((own, intermediates)) = certificates.split_first() else {
            return Err("there is none".to_owned());
        };
        let verified = self.0.verify_client_cert(own, intermediates, UnixTime::now());
        verified.map(drop).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Authority, Subject};
    use super::*;

    #[test]
    fn believes_those_whom_it_has_signed() {
        #[allow(clippy::disallowed_methods, reason = "the library that verifies looks at the clock as well")]
        let now = jiff::Timestamp::now();
        let (folder, other_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ours = Authority::open(folder.path(), now).unwrap();
        let others = Authority::open(other_folder.path(), now).unwrap();
        let authority = ClientAuthority::from_pem(ours.certificate_pem()).unwrap();
        let certificate = |authority: &Authority| {
            let client = authority.sign_client(&Subject::new("a", &[]), now).unwrap();
            CertificateDer::from_pem_slice(client.certificate_pem.as_bytes()).unwrap()
        };
        assert_eq!(authority.verify(&[certificate(&ours)]), Ok(()));
        assert!(authority.verify(&[certificate(&others)]).is_err());
        assert!(authority.verify(&[]).is_err());
        assert_eq!(ClientAuthority::from_pem("").unwrap_err(), "holds no certificate");
    }
}
