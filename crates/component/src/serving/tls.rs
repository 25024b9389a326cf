//! What is agreed on with clients before anything is said.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, NamedGroup, RootCertStore, ServerConfig, SignatureScheme,
};

use super::names::{Named, Names};
use crate::certificates::Identity;

/// A version of TLS, as `--tls-min-version` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// `VersionTLS12`
    #[default]
    Tls12,
    /// `VersionTLS13`
    Tls13,
}

/// What cannot be served with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A version that does not exist or is no longer safe.
    #[error(
        "unknown tls version {0:?}: VersionTLS12 and VersionTLS13 are served; older versions are not safe any more"
    )]
    Version(String),
    /// A cipher suite that does not exist or is no longer safe.
    #[error("Cipher suite {name} not supported or doesn't exist; these are: {known}")]
    CipherSuite {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A group for the exchange of keys that does not exist or is not served.
    #[error("curve {name} is not supported; these are: {known}")]
    Curve {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// Key and certificate do not belong together, or nobody is trusted.
    #[error("the serving certificate or the client CA cannot be used")]
    Rustls(#[from] rustls::Error),
    /// The client CA cannot be used.
    #[error("the client CA cannot be used")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
}

/// What is chosen of TLS.
#[derive(Debug, Default)]
pub struct TlsOptions {
    /// Certificates for some names only (`--tls-sni-cert-key`). Patterns such as `*.example.com` may be among the names;
    /// without names, those that the certificate is for.
    pub named: Vec<(Vec<String>, Identity)>,
    /// Whether HTTP/2 is not offered (`--disable-http2-serving`).
    pub only_http1: bool,
    /// Names of the groups for the exchange of keys, as `--tls-curve-preferences` names them or numbers them; empty for
    /// all that are safe.
    pub curves: Vec<String>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Names of the cipher suites of TLS 1.2 that are spoken, as `--tls-cipher-suites` names them; empty for all that
    /// are safe. Those of TLS 1.3 cannot be chosen, as upstream's cannot.
    pub cipher_suites: Vec<String>,
}

/// How a server proves who it is, and whom it believes.
#[derive(Clone)]
pub struct Tls {
    pub(super) config: Arc<ServerConfig>,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
}

impl TlsVersion {
    /// Reads the value of `--tls-min-version`. Empty is the default.
    ///
    /// # Errors
    /// If it is no version that is served.
    pub fn parse(text: &str) -> Result<TlsVersion, TlsError> {
        match text {
            "" | "VersionTLS12" => Ok(TlsVersion::Tls12),
            "VersionTLS13" => Ok(TlsVersion::Tls13),
            text => Err(TlsError::Version(text.to_owned())),
        }
    }
}

impl Tls {
    /// A server with a certificate, that believes clients whose certificates one of `client_roots` has signed.
    ///
    /// # Errors
    /// If the key does not belong to the certificate, or an option names what does not exist.
    pub fn new(
        identity: &Identity,
        client_roots: RootCertStore,
        options: &TlsOptions,
    ) -> Result<Tls, TlsError> {
        let provider = Arc::new(provider(options)?);
        let verifier = if client_roots.is_empty() {
            None
        } else {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(client_roots), provider.clone());
            Some(verifier.allow_unauthenticated().build()?)
        };
        let asks =
            verifier.clone().map(|verifier| Arc::new(AskOnly(verifier)) as Arc<dyn ClientCertVerifier>);
        Ok(Tls { config: Arc::new(config(provider, asks, identity, options)?), verifier })
    }

    /// A server with a certificate, that asks clients for theirs and believes none: whoever authenticates knows by then
    /// whom to trust ([`crate::certificates::ClientAuthority`]).
    ///
    /// # Errors
    /// If the key does not belong to the certificate, or an option names what does not exist.
    pub fn asking(identity: &Identity, options: &TlsOptions) -> Result<Tls, TlsError> {
        let provider = Arc::new(provider(options)?);
        let asks: Arc<dyn ClientCertVerifier> = Arc::new(AskAnybody(provider.clone()));
        Ok(Tls { config: Arc::new(config(provider, Some(asks), identity, options)?), verifier: None })
    }

    /// What is wrong with a client's certificates.
    pub(super) fn refusal(&self, certificates: &[CertificateDer<'_>]) -> Option<String> {
        let (own, intermediates) = certificates.split_first()?;
        let Some(verifier) = &self.verifier else {
            return Some("no client CA is configured".to_owned());
        };
        verifier.verify_client_cert(own, intermediates, UnixTime::now()).err().map(|error| error.to_string())
    }
}

fn config(
    provider: Arc<CryptoProvider>,
    asks: Option<Arc<dyn ClientCertVerifier>>,
    identity: &Identity,
    options: &TlsOptions,
) -> Result<ServerConfig, TlsError> {
    let versions: &[&rustls::SupportedProtocolVersion] = match options.min_version {
        TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        TlsVersion::Tls13 => &[&rustls::version::TLS13],
    };
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions)?;
    let builder = match asks {
        Some(asks) => builder.with_client_cert_verifier(asks),
        None => builder.with_no_client_auth(),
    };
    let mut config = if options.named.is_empty() {
        builder.with_single_cert(identity.chain.clone(), identity.key.clone_key())?
    } else {
        let named = |(names, identity): &(Vec<String>, Identity)| Named::new(names, identity, &provider);
        let named: Result<Vec<_>, _> = options.named.iter().map(named).collect();
        builder.with_cert_resolver(Arc::new(Names {
            named: named?,
            other: Named::new(&[], identity, &provider)?,
        }))
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if !options.only_http1 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok(config)
}

/// What encrypts: ring's, with the chosen suites of TLS 1.2 and the chosen groups.
fn provider(options: &TlsOptions) -> Result<CryptoProvider, TlsError> {
    let mut provider = rustls::crypto::ring::default_provider();
    if !options.curves.is_empty() {
        provider.kx_groups = curves(&provider, &options.curves)?;
    }
    choose_suites(provider, &options.cipher_suites)
}

/// Groups by their names or numbers in Go, in the order in which they are given.
fn curves(
    provider: &CryptoProvider,
    names: &[String],
) -> Result<Vec<&'static dyn SupportedKxGroup>, TlsError> {
    let known = |group: &dyn SupportedKxGroup| match group.name() {
        NamedGroup::X25519 => ("X25519", "29"),
        NamedGroup::secp256r1 => ("CurveP256", "23"),
        NamedGroup::secp384r1 => ("CurveP384", "24"),
        _ => ("", ""),
    };
    let find = |name: &String| {
        let is_it = |group: &&&'static dyn SupportedKxGroup| {
            let (own, number) = known(**group);
            !own.is_empty() && (own == name || number == name)
        };
        provider.kx_groups.iter().find(is_it).copied().ok_or_else(|| {
            let names: Vec<&str> = provider.kx_groups.iter().map(|group| known(*group).0).collect();
            TlsError::Curve { name: name.clone(), known: names.join(",") }
        })
    };
    names.iter().map(find).collect()
}

fn choose_suites(mut provider: CryptoProvider, names: &[String]) -> Result<CryptoProvider, TlsError> {
    if names.is_empty() {
        return Ok(provider);
    }
    let is_tls13 = |suite: &rustls::SupportedCipherSuite| suite.tls13().is_some();
    let name_of =
        |suite: &rustls::SupportedCipherSuite| format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
    for name in names {
        let is_known = |suite: &rustls::SupportedCipherSuite| {
            let known = name_of(suite);
            known == *name || known.strip_suffix("_SHA256") == Some(name)
        };
        if !provider.cipher_suites.iter().any(is_known) {
            let known: Vec<String> = provider.cipher_suites.iter().map(name_of).collect();
            return Err(TlsError::CipherSuite { name: name.clone(), known: known.join(",") });
        }
    }
    provider.cipher_suites.retain(|suite| {
        let known = name_of(suite);
        is_tls13(suite)
            || names.iter().any(|name| known == *name || known.strip_suffix("_SHA256") == Some(name))
    });
    Ok(provider)
}

/// Asks for a certificate and whether the client has its key, and leaves what it is worth to later: a bad certificate is
/// an answer of 401, not a connection that fails.
#[derive(Debug)]
struct AskOnly(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AskOnly {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Asks for a certificate and whether the client has its key. There is nobody yet who could vouch for it.
#[derive(Debug)]
struct AskAnybody(Arc<CryptoProvider>);

impl ClientCertVerifier for AskAnybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(names: &[String]) -> Result<CryptoProvider, TlsError> {
        super::provider(&TlsOptions { cipher_suites: names.to_vec(), ..TlsOptions::default() })
    }

    #[test]
    fn curves_have_gos_names_and_numbers() {
        let chosen = |curves: &[&str]| {
            let curves = curves.iter().map(|name| (*name).to_owned()).collect();
            super::provider(&TlsOptions { curves, ..TlsOptions::default() })
        };
        let names: Vec<_> =
            chosen(&["CurveP384", "29"]).unwrap().kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(names, [NamedGroup::secp384r1, NamedGroup::X25519]);
        let error = chosen(&["CurveP521"]).unwrap_err().to_string();
        assert_eq!(error, "curve CurveP521 is not supported; these are: X25519,CurveP256,CurveP384");
    }

    #[test]
    fn versions_and_suites_have_upstreams_names() {
        assert_eq!(TlsVersion::parse("VersionTLS13").unwrap(), TlsVersion::Tls13);
        assert!(TlsVersion::parse("VersionTLS10").unwrap_err().to_string().contains("VersionTLS12"));
        let chosen = provider(&["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305".to_owned()]).unwrap();
        let tls12: Vec<_> = chosen.cipher_suites.iter().filter(|suite| suite.tls13().is_none()).collect();
        assert_eq!(tls12.len(), 1);
        assert!(chosen.cipher_suites.iter().any(|suite| suite.tls13().is_some()));
        let error = provider(&["TLS_RSA_WITH_RC4_128_SHA".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("Cipher suite TLS_RSA_WITH_RC4_128_SHA not supported or doesn't exist"));
        assert!(error.contains("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "{error}");
    }
}
