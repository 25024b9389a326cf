//! Who asks: client certificates, static tokens, nobody in particular.
//!
//! Whoever can tell says so; the first that knows the user counts. Credentials that are there and wrong are 401, never
//! taken for none. A user that is known is in `system:authenticated`.
//!
//! Not here yet: bootstrap and OIDC tokens, front proxies, impersonation. A token of those is one that
//! nobody knows.

mod certificate;
mod csv;
mod tokens;

use std::sync::Arc;

use apimachinery::Status;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use component::serving::Peer;
use http::{Extensions, HeaderMap, header};
use jiff::Timestamp;

pub use tokens::{TokenFileError, Tokens};

use crate::service_account::ServiceAccounts;
use crate::user::User;

/// How browsers send a token, which cannot set headers of websockets.
const WEBSOCKET_TOKEN: &str = "base64url.bearer.authorization.k8s.io.";

/// What is known about users.
#[derive(Clone, Debug, Default)]
pub struct Authentication {
    /// Static tokens (`--token-auth-file`).
    pub tokens: Arc<Tokens>,
    /// Whether requests without credentials are let in as `system:anonymous` (`--anonymous-auth`).
    pub allows_anonymous: bool,
    /// For whom tokens are good (`--api-audiences`).
    pub api_audiences: Vec<String>,
    /// Tokens that this server has signed.
    pub service_accounts: Option<Arc<ServiceAccounts>>,
}

/// Why credentials are refused. Users see only 401, TokenReview shows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// A token that nobody knows.
    #[error("invalid bearer token")]
    InvalidToken,
    /// A token of a service account that does not hold.
    #[error("{0}")]
    ServiceAccount(String),
    /// A certificate that is not good.
    #[error("verifying certificate failed: {0}")]
    Certificate(String),
    /// No credentials, and anonymous requests are not let in.
    #[error("no credentials")]
    None,
}

impl Authentication {
    /// Who asks. A request made in the same process carries its [`User`] among its extensions.
    ///
    /// # Errors
    /// Why the credentials are refused.
    pub fn authenticate(
        &self,
        headers: &HeaderMap,
        extensions: &Extensions,
        peer: &Peer,
        now: Timestamp,
    ) -> Result<User, AuthenticationError> {
        if peer.is_in_process()
            && let Some(user) = extensions.get::<User>()
        {
            return Ok(known(user.clone()));
        }
        let by_certificate = certificate::authenticate(peer, now);
        if let Ok(Some(user)) = by_certificate {
            return Ok(known(user));
        }
        let token = bearer_token(headers).or_else(|| websocket_token(headers));
        if let Some(token) = token {
            return Ok(self.authenticate_token(&token, &self.api_audiences, now)?.0);
        }
        by_certificate?;
        if self.allows_anonymous { Ok(User::anonymous()) } else { Err(AuthenticationError::None) }
    }

    /// Whose token it is, and for which of the audiences. A static token is good for those of the server itself.
    ///
    /// # Errors
    /// If nobody knows it, or it does not hold.
    pub fn authenticate_token(
        &self,
        token: &str,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<(User, Vec<String>), AuthenticationError> {
        if let Some(user) = self.tokens.get(token) {
            let audiences = audiences.iter().filter(|one| self.api_audiences.contains(one));
            return Ok((known(user.clone()), audiences.cloned().collect()));
        }
        let found = self.service_accounts.as_ref().map(|known| known.authenticate(token, audiences, now));
        match found.transpose()?.flatten() {
            Some((user, audiences)) => Ok((known(user), audiences)),
            None => Err(AuthenticationError::InvalidToken),
        }
    }
}

impl From<AuthenticationError> for Box<Status> {
    fn from(_error: AuthenticationError) -> Box<Status> {
        Box::new(Status::unauthorized())
    }
}

/// A user of whom we know who it is, with the group of those.
fn known(mut user: User) -> User {
    let is_grouped = user.is_in(User::AUTHENTICATED) || user.is_in(User::UNAUTHENTICATED);
    if !is_grouped && user.name != "system:anonymous" {
        user.groups.push(User::AUTHENTICATED.to_owned());
    }
    user
}

/// The token of `Authorization: Bearer TOKEN`; what follows it is ignored, and so are other schemes.
fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let mut parts = value.splitn(3, ' ');
    let is_bearer = parts.next()?.eq_ignore_ascii_case("bearer");
    let token = parts.next()?;
    (is_bearer && !token.is_empty()).then(|| token.to_owned())
}

fn websocket_token(headers: &HeaderMap) -> Option<String> {
    let is_upgrade = headers.get(header::UPGRADE)?.as_bytes().eq_ignore_ascii_case(b"websocket");
    if !is_upgrade {
        return None;
    }
    let protocols = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut protocols = protocols.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let encoded = protocols.find_map(|protocol| protocol.trim().strip_prefix(WEBSOCKET_TOKEN))?;
    let token = URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?;
    String::from_utf8(token).ok().filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use component::certificates::{Authority, Subject};
    use http::HeaderValue;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-29T12:00:00Z".parse().unwrap()
    }

    fn authentication(allows_anonymous: bool) -> Authentication {
        let tokens = Tokens::parse("t", "tok-alice,alice,uid-alice,dev\n").unwrap();
        Authentication { tokens: Arc::new(tokens), allows_anonymous, ..Authentication::default() }
    }

    #[test]
    fn tokens_are_upstreams() {
        for (value, expected) in [
            (Some("Bearer tok-alice"), Ok("alice")),
            (Some("bearer tok-alice"), Ok("alice")),
            (Some("  Bearer tok-alice more"), Ok("alice")),
            (Some("Bearer nope"), Err(AuthenticationError::InvalidToken)),
            (Some("Bearer x y"), Err(AuthenticationError::InvalidToken)),
            (Some("Bearer"), Ok("system:anonymous")),
            (Some("Bearer "), Ok("system:anonymous")),
            (Some("Bearer  tok-alice"), Ok("system:anonymous")),
            (Some("Basic YWRtaW46eA=="), Ok("system:anonymous")),
            (Some("Token x"), Ok("system:anonymous")),
            (None, Ok("system:anonymous")),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            let ask = |allows_anonymous| {
                let found = authentication(allows_anonymous);
                let found = found.authenticate(&headers, &Extensions::new(), &Peer::in_process(), now());
                found.map(|user| user.name)
            };
            assert_eq!(ask(true), expected.clone().map(str::to_owned), "{value:?}");
            if expected == Ok("system:anonymous") {
                assert_eq!(ask(false), Err(AuthenticationError::None), "{value:?}");
            }
        }
        let user = authentication(true).authenticate_token("tok-alice", &[], now()).unwrap().0;
        assert_eq!(
            (user.uid.as_str(), user.groups),
            ("uid-alice", vec!["dev".into(), User::AUTHENTICATED.into()])
        );
    }

    #[test]
    fn browsers_send_tokens_as_protocols() {
        let mut headers = HeaderMap::new();
        let protocol = format!("v5.channel.k8s.io, {WEBSOCKET_TOKEN}{}", URL_SAFE_NO_PAD.encode("tok-alice"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol.parse().unwrap());
        let ask = |headers: &HeaderMap| {
            authentication(true)
                .authenticate(headers, &Extensions::new(), &Peer::in_process(), now())
                .unwrap()
                .name
        };
        assert_eq!(ask(&headers), "system:anonymous", "no websocket");
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        assert_eq!(ask(&headers), "alice");
    }

    #[test]
    fn certificates_tell_name_and_groups() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), now()).unwrap();
        let client = authority.sign_client(&Subject::new("carol", &["dev", "ops"]), now()).unwrap();
        let certificate = CertificateDer::from_pem_slice(client.certificate_pem.as_bytes()).unwrap();
        let address = "127.0.0.1:1".parse().unwrap();
        let peer = |refusal: Option<&str>| {
            Peer::remote(address, true, vec![certificate.clone()], refusal.map(str::to_owned))
        };
        let ask = |peer: &Peer, headers: &HeaderMap, now: Timestamp| {
            authentication(true).authenticate(headers, &Extensions::new(), peer, now)
        };
        let none = HeaderMap::new();
        let good = peer(None);
        let user = ask(&good, &none, now()).unwrap();
        assert_eq!(user.name, "carol");
        assert_eq!(user.groups, ["dev", "ops", "system:authenticated"]);
        let (key, values) = &user.extra[0];
        assert_eq!(key, "authentication.kubernetes.io/credential-id");
        assert!(values[0].starts_with("X509SHA256=") && values[0].len() == 11 + 64, "{values:?}");

        let bad = peer(Some("UnknownIssuer"));
        let refused = AuthenticationError::Certificate("UnknownIssuer".into());
        assert_eq!(ask(&bad, &none, now()), Err(refused));
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer tok-alice"));
        assert_eq!(ask(&bad, &headers, now()).unwrap().name, "alice", "another credential is good");
        assert_eq!(ask(&good, &headers, now()).unwrap().name, "carol", "the certificate comes first");

        let later = "2028-01-01T00:00:00Z".parse().unwrap();
        assert!(matches!(ask(&good, &none, later), Err(AuthenticationError::Certificate(_))), "it has ended");
    }

    #[test]
    fn only_requests_of_the_same_process_say_who_they_are() {
        let mut extensions = Extensions::new();
        extensions.insert(User { name: "system:kube-scheduler".into(), ..User::default() });
        let ask = |peer: &Peer| {
            authentication(true).authenticate(&HeaderMap::new(), &extensions, peer, now()).unwrap().name
        };
        assert_eq!(ask(&Peer::in_process()), "system:kube-scheduler");
        let remote = Peer::remote("127.0.0.1:1".parse().unwrap(), false, Vec::new(), None);
        assert_eq!(ask(&remote), "system:anonymous");
    }
}
