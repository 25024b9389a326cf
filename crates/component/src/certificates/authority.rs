//! A certificate authority of one's own.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use time::OffsetDateTime;

use super::files::{self, CertificateError};
use super::{Identity, Subject};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long an authority is believed.
const AUTHORITY_DAYS: i32 = 3650;

/// How long what it signs is believed.
const SIGNED_DAYS: i32 = 365;

/// What would not be believed any more in this time is made anew.
const RENEWAL_DAYS: i32 = 30;

/// Certificates are valid from a little before now on, for clients whose clocks are behind.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A certificate authority that keeps its files in a folder.
pub struct Authority {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A client's certificate and key, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate.
    pub certificate_pem: String,
    /// Its key.
    pub key_pem: String,
}

impl Authority {
    /// The authority that has its files in `folder`; a new one if there are none, or if it will soon not be believed
    /// any more.
    ///
    /// # Errors
    /// If files cannot be read or written, or hold something else, or one of the two is missing.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Authority, CertificateError> {
        let (certificate_path, key_path) = (folder.join("ca.crt"), folder.join("ca.key"));
        let files = (files::read_if_there(&certificate_path)?, files::read_if_there(&key_path)?);
        match files {
            (Some(certificate_pem), Some(key_pem)) => {
                let mut found = files::certificates(&certificate_path, &certificate_pem)?;
                let certificate = found.swap_remove(0);
                if is_authority_good(&certificate, now + DAY * RENEWAL_DAYS) {
                    let bad_key =
                        |error| CertificateError::content(&key_path, format!("cannot be used: {error}"));
                    let key = KeyPair::from_pem(&key_pem).map_err(bad_key)?;
                    let bad = |error| {
                        CertificateError::content(&certificate_path, format!("cannot be used: {error}"))
                    };
                    let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(bad)?;
                    return Ok(Authority { folder: folder.to_owned(), certificate, certificate_pem, issuer });
                }
            }
            (None, None) => {}
            (Some(_), None) => {
                let problem =
                    format!("is there but {} is not: restore it, or remove both", key_path.display());
                return Err(CertificateError::content(&certificate_path, problem));
            }
            (None, Some(_)) => {
                let problem =
                    format!("is there but {} is not: restore it, or remove both", certificate_path.display());
                return Err(CertificateError::content(&key_path, problem));
            }
        }
        Authority::make(folder, now)
    }

    fn make(folder: &Path, now: Timestamp) -> Result<Authority, CertificateError> {
        let name = "kubernetes";
        let failed = |source| CertificateError::Make { subject: name.to_owned(), source };
        let mut params = params(name, &[], now, AUTHORITY_DAYS).map_err(failed)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?;
        let certificate_pem = certificate.pem();
        // The key first: a certificate without its key is the worse half to be left with.
        files::write_private(&folder.join("ca.key"), &key.serialize_pem())?;
        files::write(&folder.join("ca.crt"), &certificate_pem, 0o644)?;
        let certificate = certificate.der().clone();
        Ok(Authority {
            folder: folder.to_owned(),
            certificate,
            certificate_pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// Its certificate as PEM: what clients have to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Adds it to those who are trusted.
    ///
    /// # Errors
    /// If its certificate cannot vouch for others.
    pub fn add_to(&self, roots: &mut RootCertStore) -> Result<(), CertificateError> {
        files::add_roots(&self.folder.join("ca.crt"), vec![self.certificate.clone()], roots)
    }

    /// The serving certificate for `names` (host names and addresses) in `NAME.crt` and `NAME.key`; a new one if there
    /// is none, or it is not good for all of them for another month.
    ///
    /// # Errors
    /// If files cannot be read or written, or one of the names cannot be in a certificate.
    pub fn serving(
        &self,
        file_name: &str,
        names: &[String],
        now: Timestamp,
    ) -> Result<Identity, CertificateError> {
        let (certificate_path, key_path) = self.paths(file_name);
        let is_good =
            |chain: &[CertificateDer<'_>]| self.is_serving_good(chain, names, now + DAY * RENEWAL_DAYS);
        let files = (files::read_if_there(&certificate_path)?, files::read_if_there(&key_path)?);
        if let (Some(certificate_pem), Some(key_pem)) = files
            && let Ok(chain) = files::certificates(&certificate_path, &certificate_pem)
            && let Ok(key) = files::key(&key_path, &key_pem)
            && belong_together(&chain, &key_pem)
            && is_good(&chain)
        {
            return Ok(Identity { chain, key });
        }
        let failed = |source| CertificateError::Make { subject: file_name.to_owned(), source };
        let mut params = params("kube-apiserver", names, now, SIGNED_DAYS).map_err(failed)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let signed = self.sign(file_name, &params)?;
        self.write(file_name, &signed)?;
        let chain = files::certificates(&certificate_path, &signed.certificate_pem)?;
        Ok(Identity { chain, key: files::key(&key_path, &signed.key_pem)? })
    }

    /// A client's certificate in `NAME.crt` and `NAME.key`; a new one if there is none, or it is somebody else's, or it is
    /// not good for another month.
    ///
    /// # Errors
    /// If files cannot be read or written.
    pub fn client(
        &self,
        file_name: &str,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<ClientIdentity, CertificateError> {
        let (certificate_path, key_path) = self.paths(file_name);
        let files = (files::read_if_there(&certificate_path)?, files::read_if_there(&key_path)?);
        if let (Some(certificate_pem), Some(key_pem)) = files
            && let Ok(chain) = files::certificates(&certificate_path, &certificate_pem)
            && belong_together(&chain, &key_pem)
            && self.is_client_good(&chain, subject, now + DAY * RENEWAL_DAYS)
        {
            return Ok(ClientIdentity { certificate_pem, key_pem });
        }
        let signed = self.sign_client(subject, now)?;
        self.write(file_name, &signed)?;
        Ok(signed)
    }

    /// A client's certificate that is kept nowhere.
    ///
    /// # Errors
    /// If the subject cannot be in a certificate.
    pub fn sign_client(&self, subject: &Subject, now: Timestamp) -> Result<ClientIdentity, CertificateError> {
        let failed = |source| CertificateError::Make { subject: subject.common_name.clone(), source };
        let mut params = params(&subject.common_name, &[], now, SIGNED_DAYS).map_err(failed)?;
        params.distinguished_name = distinguished_name(subject)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&subject.common_name, &params)
    }

    fn sign(&self, subject: &str, params: &CertificateParams) -> Result<ClientIdentity, CertificateError> {
        let failed = |source| CertificateError::Make { subject: subject.to_owned(), source };
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(ClientIdentity { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    fn write(&self, file_name: &str, signed: &ClientIdentity) -> Result<(), CertificateError> {
        let (certificate_path, key_path) = self.paths(file_name);
        files::write_private(&key_path, &signed.key_pem)?;
        files::write(&certificate_path, &signed.certificate_pem, 0o644)
    }

    fn paths(&self, file_name: &str) -> (PathBuf, PathBuf) {
        let path = |ending: &str| self.folder.join(format!("{file_name}.{ending}"));
        (path("crt"), path("key"))
    }

    fn roots(&self) -> Option<Arc<RootCertStore>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).ok()?;
        Some(Arc::new(roots))
    }

    /// Whether a client that trusts us would believe a server under each of its names.
    fn is_serving_good(&self, chain: &[CertificateDer<'_>], names: &[String], at: Timestamp) -> bool {
        let Some((own, intermediates)) = chain.split_first() else { return false };
        let Some(roots) = self.roots() else { return false };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(roots, provider).build() else {
            return false;
        };
        names.iter().all(|name| {
            ServerName::try_from(name.as_str()).is_ok_and(|name| {
                verifier.verify_server_cert(own, intermediates, &name, &[], unix_time(at)).is_ok()
            })
        })
    }

    /// Whether a server that trusts us would believe a client, and take it for `subject`.
    fn is_client_good(&self, chain: &[CertificateDer<'_>], subject: &Subject, at: Timestamp) -> bool {
        let Some((own, intermediates)) = chain.split_first() else { return false };
        let Some(roots) = self.roots() else { return false };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
        let is_believed = verifier
            .is_ok_and(|verifier| verifier.verify_client_cert(own, intermediates, unix_time(at)).is_ok());
        let found = Subject::of(own);
        is_believed
            && found.is_some_and(|found| {
                found.common_name == subject.common_name && found.organizations == subject.organizations
            })
    }
}

/// A request for a client's certificate with a key of its own, in PEM.
///
/// # Errors
/// If the subject cannot be in a certificate.
pub fn signing_request(subject: &Subject) -> Result<String, CertificateError> {
    let failed = |source| CertificateError::Make { subject: subject.common_name.clone(), source };
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(subject)?;
    let key = KeyPair::generate().map_err(failed)?;
    params.serialize_request(&key).and_then(|request| request.pem()).map_err(failed)
}

/// The library keeps one value per type of attribute. The type has two spellings there, so there is room for two groups.
fn distinguished_name(subject: &Subject) -> Result<DistinguishedName, CertificateError> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, subject.common_name.clone());
    let types = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
    if subject.organizations.len() > types.len() {
        return Err(CertificateError::Groups { subject: subject.common_name.clone() });
    }
    for (kind, organization) in types.into_iter().zip(&subject.organizations) {
        name.push(kind, organization.clone());
    }
    Ok(name)
}

fn unix_time(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

fn is_authority_good(certificate: &CertificateDer<'_>, at: Timestamp) -> bool {
    Subject::of(certificate).is_none_or(|subject| subject.not_after > at)
}

/// Whether a key is that of a certificate. A crash between writing the two leaves a pair that is none.
fn belong_together(chain: &[CertificateDer<'_>], key_pem: &str) -> bool {
    let Ok(key) = KeyPair::from_pem(key_pem) else { return false };
    let Some(subject) = chain.first().and_then(|own| Subject::of(own)) else { return false };
    subject.public_key == key.public_key_raw()
}

fn params(
    common_name: &str,
    names: &[String],
    now: Timestamp,
    days: i32,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    let time = |at: Timestamp| OffsetDateTime::from_unix_timestamp(at.as_second());
    // Only times thousands of years away cannot be written; the defaults of the library hold then.
    if let (Ok(from), Ok(until)) = (time(now - CLOCK_SKEW), time(now + DAY * days)) {
        (params.not_before, params.not_after) = (from, until);
    }
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    for name in names {
        params.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into()?),
        });
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-29T12:00:00Z".parse().unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn admin() -> Subject {
        Subject::new("kubernetes-admin", &["system:masters"])
    }

    #[test]
    fn files_are_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = names(&["localhost", "127.0.0.1", "::1"]);
        let first = Authority::open(folder.path(), now()).unwrap();
        let serving = first.serving("apiserver", &hosts, now()).unwrap();
        let client = first.client("admin", &admin(), now()).unwrap();
        for name in ["ca.key", "apiserver.key", "admin.key"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let again = Authority::open(folder.path(), now()).unwrap();
        assert_eq!(again.certificate_pem(), first.certificate_pem());
        assert_eq!(again.serving("apiserver", &hosts, now()).unwrap().chain, serving.chain);
        assert_eq!(again.client("admin", &admin(), now()).unwrap(), client);
        let fewer = again.serving("apiserver", &hosts[..1], now()).unwrap();
        assert_eq!(fewer.chain, serving.chain, "a name more does no harm");
    }

    #[test]
    fn what_is_no_longer_good_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = names(&["localhost"]);
        let authority = Authority::open(folder.path(), now()).unwrap();
        let serving = authority.serving("apiserver", &hosts, now()).unwrap();
        let client = authority.client("admin", &admin(), now()).unwrap();

        let more = authority.serving("apiserver", &names(&["localhost", "192.0.2.10"]), now()).unwrap();
        assert_ne!(more.chain, serving.chain, "another address");
        let other = authority.client("admin", &Subject::new("somebody", &["system:masters"]), now()).unwrap();
        assert_ne!(other, client, "another user");

        let later = now() + DAY * 340;
        assert_ne!(authority.serving("apiserver", &hosts, later).unwrap().chain, more.chain, "it ends soon");
        assert_ne!(authority.client("admin", &admin(), later).unwrap(), client, "it ends soon");

        let much_later = now() + DAY * 3640;
        let next = Authority::open(folder.path(), much_later).unwrap();
        assert_ne!(next.certificate_pem(), authority.certificate_pem(), "the authority ends soon");
        let signed_by_the_old = files::load_certificates(&folder.path().join("apiserver.crt")).unwrap();
        assert_ne!(next.serving("apiserver", &hosts, much_later).unwrap().chain, signed_by_the_old);
    }

    #[test]
    fn a_key_of_another_certificate_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let hosts = names(&["localhost"]);
        let authority = Authority::open(folder.path(), now()).unwrap();
        let serving = authority.serving("apiserver", &hosts, now()).unwrap();
        files::write_private(
            &folder.path().join("apiserver.key"),
            &KeyPair::generate().unwrap().serialize_pem(),
        )
        .unwrap();
        assert_ne!(authority.serving("apiserver", &hosts, now()).unwrap().chain, serving.chain);
    }

    #[test]
    fn half_an_authority_is_not_replaced() {
        for missing in ["ca.crt", "ca.key"] {
            let folder = tempfile::tempdir().unwrap();
            Authority::open(folder.path(), now()).unwrap();
            fs::remove_file(folder.path().join(missing)).unwrap();
            let Err(error) = Authority::open(folder.path(), now()) else { panic!("{missing}") };
            assert!(error.to_string().contains("restore it, or remove both"), "{error}");
        }
    }
}
