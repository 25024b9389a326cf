//! RSA keys, for what has to be signed with such (tokens of service accounts). Certificates have other keys.

use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::UnwrapErr;

use super::CertificateError;

/// What is not guessed in this decade, and upstream's tools make.
const BITS: usize = 2048;

/// A new RSA key as PEM (PKCS #8). Takes a tenth of a second up to several.
///
/// # Errors
/// If the system has no randomness.
pub fn make_rsa_key() -> Result<String, CertificateError> {
    let unmade = |problem: String| CertificateError::Key { problem };
    // The source of random numbers that the key is made with cannot say so itself.
    getrandom::fill(&mut [0; 8]).map_err(|error| unmade(error.to_string()))?;
    let mut random = UnwrapErr(getrandom::SysRng);
    let key = PrivateKey::new(&mut random, BITS).map_err(|error| unmade(error.to_string()))?;
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| unmade(error.to_string()))?;
    Ok(pem.to_string())
}
