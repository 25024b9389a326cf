//! Whose certificate it is.

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::AttributeTypeAndValue;

/// The attribute of a subject that holds a user's uid, in upstream's own tree of object identifiers.
const UID: &str = "1.3.6.1.4.1.57683.2";

/// What a certificate says of whom it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// CN: the user's name.
    pub common_name: String,
    /// O, each of them: the user's groups.
    pub organizations: Vec<String>,
    /// The user's uid; empty if it says none.
    pub uid: String,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// The public key, as its bits.
    pub public_key: Vec<u8>,
    /// The SHA-256 of the whole certificate in hexadecimal digits: what tells credentials apart.
    pub sha256: String,
}

impl Subject {
    /// A subject to make a certificate for.
    pub fn new(common_name: &str, organizations: &[&str]) -> Subject {
        Subject {
            common_name: common_name.to_owned(),
            organizations: organizations.iter().map(|name| (*name).to_owned()).collect(),
            uid: String::new(),
            not_after: Timestamp::MAX,
            public_key: Vec::new(),
            sha256: String::new(),
        }
    }

    /// Reads a certificate; `None` if it is none.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Subject> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let subject = parsed.subject();
        let text = |attribute: &AttributeTypeAndValue<'_>| attribute.as_str().ok().map(str::to_owned);
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
        let uid = subject.iter_attributes().find(|attribute| attribute.attr_type().to_id_string() == UID);
        Some(Subject {
            // Upstream's library keeps the last of several common names.
            common_name: subject.iter_common_name().filter_map(text).last().unwrap_or_default(),
            organizations: subject.iter_organization().filter_map(text).collect(),
            uid: uid.and_then(text).unwrap_or_default(),
            not_after: Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?,
            public_key: parsed.public_key().subject_public_key.data.to_vec(),
            sha256: digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Reads a request for a certificate in PEM; `None` if it is none. Nothing is known yet of the certificate itself.
    pub fn of_request(pem: &[u8]) -> Option<Subject> {
        let request = CertificateSigningRequestDer::from_pem_slice(pem).ok()?;
        let (_, parsed) = X509CertificationRequest::from_der(&request).ok()?;
        let subject = &parsed.certification_request_info.subject;
        let text = |attribute: &AttributeTypeAndValue<'_>| attribute.as_str().ok().map(str::to_owned);
        let organizations: Vec<String> = subject.iter_organization().filter_map(text).collect();
        let common_name = subject.iter_common_name().filter_map(text).last().unwrap_or_default();
        Some(Subject { organizations, ..Subject::new(&common_name, &[]) })
    }
}
