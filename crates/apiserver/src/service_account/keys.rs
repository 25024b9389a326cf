//! RSA keys, and what is signed with them: JWS in the compact form (RFC 7515), algorithm RS256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Claims;

/// AlgorithmIdentifier of RSA in DER: rsaEncryption, no parameters (RFC 8017, A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The key that signs, and all that are believed.
pub struct Keys {
    signing: RsaKeyPair,
    /// The first one belongs to the signing key.
    verifying: Vec<PublicKey>,
}

struct PublicKey {
    id: String,
    components: RsaPublicKeyComponents<Vec<u8>>,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key, or none of a kind that is known.
    #[error("no PEM block with an RSA key was found; PRIVATE KEY, RSA PRIVATE KEY or PUBLIC KEY is expected")]
    Pem,
    /// A key that cannot be used.
    #[error("this is no RSA key that can be used: 2048 to 4096 bits are expected ({0})")]
    Unusable(&'static str),
}

impl Keys {
    /// Reads the signing key, and further keys that are believed: public ones, or private ones of which the public part
    /// counts. All are PEM.
    ///
    /// # Errors
    /// If one of them is no RSA key.
    pub fn new(signing_pem: &str, believed_pems: &[String]) -> Result<Keys, KeyError> {
        let signing = private(signing_pem)?;
        let mut verifying = vec![PublicKey::of(&signing)];
        for pem in believed_pems {
            let key = match private(pem) {
                Ok(key) => PublicKey::of(&key),
                Err(KeyError::Pem) => PublicKey::parse(pem)?,
                Err(error) => return Err(error),
            };
            if verifying.iter().all(|known| known.id != key.id) {
                verifying.push(key);
            }
        }
        Ok(Keys { signing, verifying })
    }

    /// A token that says this.
    ///
    /// # Errors
    /// If the machine has no randomness.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let header = json!({"alg": "RS256", "kid": self.verifying[0].id});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", encode(&header), encode(&claims.to_json()));
        let mut signature = vec![0; self.signing.public().modulus_len()];
        self.signing
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| KeyError::Unusable("it does not sign"))?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(&signature));
        Ok(token)
    }

    /// Whether one of the keys has signed a token. The one that the token names is enough to look at.
    pub(super) fn has_signed(&self, token: &str) -> bool {
        let check = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let header = URL_SAFE_NO_PAD.decode(signed.split('.').next()?).ok()?;
            let header: Value = serde_json::from_slice(&header).ok()?;
            if header["alg"] != "RS256" {
                return None;
            }
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            let id = header["kid"].as_str();
            let mut keys =
                self.verifying.iter().filter(|key| id.is_none_or(|id| id.is_empty() || id == key.id));
            keys.find(|key| {
                let parameters = &RSA_PKCS1_2048_8192_SHA256;
                key.components.verify(parameters, signed.as_bytes(), &signature).is_ok()
            })
        };
        check().is_some()
    }

    /// All public keys (RFC 7517).
    pub(super) fn to_json(&self) -> Value {
        let keys = self.verifying.iter().map(|key| {
            json!({
                "use": "sig",
                "kty": "RSA",
                "kid": key.id,
                "alg": "RS256",
                "n": URL_SAFE_NO_PAD.encode(&key.components.n),
                "e": URL_SAFE_NO_PAD.encode(&key.components.e),
            })
        });
        json!({"keys": keys.collect::<Vec<_>>()})
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.verifying.iter().map(|key| &key.id);
        f.debug_list().entries(ids).finish()
    }
}

impl PublicKey {
    fn of(key: &RsaKeyPair) -> PublicKey {
        PublicKey::new(key.public().as_ref(), RsaPublicKeyComponents::from(key.public()))
    }

    /// `der` is the RSAPublicKey. Upstream's id of a key is the digest of what contains it, SubjectPublicKeyInfo.
    fn new(der: &[u8], components: RsaPublicKeyComponents<Vec<u8>>) -> PublicKey {
        let mut bits = vec![0];
        bits.extend_from_slice(der);
        let info = [RSA_ENCRYPTION.to_vec(), wrapped(0x03, &bits)].concat();
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(wrapped(0x30, &info)));
        PublicKey { id, components }
    }

    fn parse(pem: &str) -> Result<PublicKey, KeyError> {
        let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::Pem)?;
        let parse = || {
            let (info, rest) = contents(0x30, &info)?;
            let bits = info.strip_prefix(&RSA_ENCRYPTION)?;
            let (bits, after) = contents(0x03, bits)?;
            let key = bits.strip_prefix(&[0])?;
            let (numbers, behind) = contents(0x30, key)?;
            let (n, e) = contents(0x02, numbers)?;
            let (e, last) = contents(0x02, e)?;
            let is_all = [rest, after, behind, last].into_iter().all(<[u8]>::is_empty);
            let components = RsaPublicKeyComponents { n: unsigned(n), e: unsigned(e) };
            is_all.then(|| PublicKey::new(key, components))
        };
        parse().ok_or(KeyError::Unusable("its DER is not that of an RSA public key"))
    }
}

fn private(pem: &str) -> Result<RsaKeyPair, KeyError> {
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::Pem)?;
    let key = match &der {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(KeyError::Unusable("it is another kind of key")),
    };
    key.map_err(|_| KeyError::Unusable("its parts do not fit together"))
}

/// An element of DER.
fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut element = vec![tag];
    if content.len() >= 0x80 {
        element.push(0x80 | u8::try_from(significant.len()).expect("a length has at most 8 bytes"));
    }
    element.extend_from_slice(significant);
    element.extend_from_slice(content);
    element
}

/// What is in the first element, and what follows it.
fn contents(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let fits = bytes.len() <= 4;
        let length = bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        (fits.then_some(length)?, rest)
    };
    rest.split_at_checked(length)
}

/// A number of DER without the zero that marks it as positive.
fn unsigned(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number[start..].to_vec()
}
