//! Who asks.

mod request_header;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use client::Connection;
use component::certificates::{ClientAuthority, Subject};
use component::serving::Peer;
use http::{HeaderMap, header};
use serde_json::{Value, json};

use crate::User;
use crate::cache::Cache;
use crate::review::review;
pub use request_header::RequestHeader;

/// Tokens longer than this are nobody's.
const TOKEN_BYTES_MAX: usize = 64 << 10;

/// Whose certificates are believed. Changes while the component runs.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Who vouches for clients.
    pub client_ca: Option<ClientAuthority>,
    /// Who vouches for proxies that say who asks.
    pub request_header: Option<RequestHeader>,
}

/// Why credentials are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// A certificate that nobody vouches for, or that is over.
    #[error("verifying certificate failed: {0}")]
    Certificate(String),
    /// A proxy that may not say who asks.
    #[error("x509: subject with cn={0} is not in the allowed list")]
    Proxy(String),
    /// A token that nobody knows.
    #[error("invalid bearer token")]
    Token,
    /// A token that nobody could be asked about.
    #[error("{0}")]
    Review(String),
}

/// Finds out who asks.
pub struct Authentication {
    connection: Option<Connection>,
    trust: RwLock<Arc<Trust>>,
    token_ttl: Duration,
    /// `None` for tokens that are nobody's.
    tokens: Cache<String, Option<User>>,
}

impl Authentication {
    /// Believes nobody's certificate until [`Authentication::trust`] is called. Tokens are reviewed over `connection`;
    /// without one they are not looked at. What became of a token is remembered for `token_ttl`
    /// (`--authentication-token-webhook-cache-ttl`).
    pub fn new(connection: Option<Connection>, token_ttl: Duration) -> Authentication {
        Authentication { connection, trust: RwLock::default(), token_ttl, tokens: Cache::new() }
    }

    /// Believes these from now on.
    pub fn trust(&self, trust: Trust) {
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(trust);
    }

    /// Whom it believes.
    pub fn trusted(&self) -> Arc<Trust> {
        Arc::clone(&self.trust.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who asks. Credentials that are there and not good are an error unless others are good.
    ///
    /// # Errors
    /// Why credentials are refused.
    pub async fn authenticate(
        &self,
        headers: &mut HeaderMap,
        peer: &Peer,
    ) -> Result<User, AuthenticationError> {
        let trust = self.trusted();
        let mut refused = None;
        let by_proxy = trust.request_header.as_ref().map(|proxy| proxy.authenticate(headers, peer));
        match by_proxy.transpose() {
            Ok(Some(Some(user))) => return Ok(user.known()),
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
        match trust.client_ca.as_ref().map(|authority| by_certificate(authority, peer)).transpose() {
            Ok(Some(Some(user))) => return Ok(user.known()),
            Ok(_) => {}
            Err(error) => refused = refused.or(Some(error)),
        }
        if let (Some(connection), Some(token)) = (&self.connection, bearer_token(headers)) {
            headers.remove(header::AUTHORIZATION);
            match self.by_token(connection, token).await {
                Ok(user) => return Ok(user.known()),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        refused.map_or_else(|| Ok(User::anonymous()), Err)
    }

    async fn by_token(&self, connection: &Connection, token: String) -> Result<User, AuthenticationError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthenticationError::Token);
        }
        if let Some(known) = self.tokens.get(&token) {
            return known.ok_or(AuthenticationError::Token);
        }
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": {},
            "spec": { "token": token },
        });
        let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
        let status = review(connection, reviews, &body, "reviewing a token").await;
        let status = status.map_err(|error| AuthenticationError::Review(error.to_string()))?;
        let user = (status["authenticated"] == true).then(|| user(&status["user"]));
        if let (None, Some(error)) = (&user, status["error"].as_str().filter(|error| !error.is_empty())) {
            return Err(AuthenticationError::Review(error.to_owned()));
        }
        self.tokens.put(token, user.clone(), self.token_ttl);
        user.ok_or(AuthenticationError::Token)
    }
}

fn by_certificate(authority: &ClientAuthority, peer: &Peer) -> Result<Option<User>, AuthenticationError> {
    let Some(own) = peer.certificates().first() else { return Ok(None) };
    authority.verify(peer.certificates()).map_err(AuthenticationError::Certificate)?;
    let subject = Subject::of(own).filter(|subject| !subject.common_name.is_empty());
    Ok(subject.map(|subject| User {
        name: subject.common_name,
        uid: subject.uid,
        groups: subject.organizations,
        extra: vec![(
            "authentication.kubernetes.io/credential-id".to_owned(),
            vec![format!("X509SHA256={}", subject.sha256)],
        )],
    }))
}

/// The token of `Authorization: Bearer TOKEN`; what follows it is ignored, and so are other schemes.
fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let mut parts = value.splitn(3, ' ');
    let is_bearer = parts.next()?.eq_ignore_ascii_case("bearer");
    let token = parts.next()?;
    (is_bearer && !token.is_empty()).then(|| token.to_owned())
}

fn user(review: &Value) -> User {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
    let extra = review["extra"].as_object().into_iter().flatten();
    User {
        name: text(&review["username"]),
        uid: text(&review["uid"]),
        groups: texts(&review["groups"]),
        extra: extra.map(|(key, values)| (key.clone(), texts(values))).collect(),
    }
}
