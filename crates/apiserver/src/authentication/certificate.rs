//! Users by their client certificates: CN is the name, each O a group.

use component::certificates::Subject;
use component::serving::Peer;
use jiff::Timestamp;

use super::AuthenticationError;
use crate::user::User;

/// Whose certificate it is, and until when it is good: read once per connection.
type Found = Option<(User, Timestamp)>;

/// The user of the certificate that a client has shown; `None` if it has shown none, or one without a name.
pub(super) fn authenticate(peer: &Peer, now: Timestamp) -> Result<Option<User>, AuthenticationError> {
    if peer.certificates().is_empty() {
        return Ok(None);
    }
    if let Some(refusal) = peer.refusal() {
        return Err(AuthenticationError::Certificate(refusal.to_owned()));
    }
    let found = peer.memo::<Found>(|peer| peer.certificates().first().and_then(Subject::of).and_then(user));
    match found.as_deref() {
        Some(Some((_, not_after))) if *not_after < now => {
            // It was good when the connection was made.
            Err(AuthenticationError::Certificate(format!("the certificate has expired at {not_after}")))
        }
        Some(Some((user, _))) => Ok(Some(user.clone())),
        _ => Ok(None),
    }
}

fn user(subject: Subject) -> Found {
    if subject.common_name.is_empty() {
        return None;
    }
    let id = format!("X509SHA256={}", subject.sha256);
    let user = User {
        name: subject.common_name,
        uid: subject.uid,
        groups: subject.organizations,
        extra: vec![("authentication.kubernetes.io/credential-id".to_owned(), vec![id])],
    };
    Some((user, subject.not_after))
}
