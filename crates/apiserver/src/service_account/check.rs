//! Whether a token holds: who signed it, for whom it is, when, and whether what it is bound to is still there.

use apimachinery::GroupResource;
use apimachinery::meta::Meta;
use jiff::Timestamp;
use serde_json::Value;

use super::{Claims, Reference, ServiceAccounts};
use crate::authentication::AuthenticationError;
use crate::user::User;

/// How far clocks may be apart, and how long objects that are being deleted count, in seconds.
const LEEWAY_SECONDS: i64 = 60;

type Checked<T> = Result<T, AuthenticationError>;

impl ServiceAccounts {
    /// Whose token it is, and for which of the audiences; `None` if it is not one of ours.
    ///
    /// # Errors
    /// Why a token of ours does not hold, in upstream's words.
    pub fn authenticate(
        &self,
        token: &str,
        audiences: &[String],
        now: Timestamp,
    ) -> Checked<Option<(User, Vec<String>)>> {
        let Some(claims) = Claims::read(token) else { return Ok(None) };
        if !self.settings.issuers.contains(&claims.issuer) {
            return Ok(None);
        }
        if !self.settings.keys.now().is_some_and(|keys| keys.has_signed(token)) {
            return refuse("go-jose/go-jose: error in cryptographic primitive".to_owned());
        }
        let good_for: Vec<String> =
            claims.audiences.iter().filter(|one| audiences.contains(one)).cloned().collect();
        if good_for.is_empty() {
            let (own, wanted) = (quoted(&claims.audiences), quoted(audiences));
            return refuse(format!("token audiences {own} is invalid for the target audiences {wanted}"));
        }
        check_times(&claims, now.as_second())?;
        self.check_objects(&claims, now)?;
        Ok(Some((user(&claims), good_for)))
    }

    fn check_objects(&self, claims: &Claims, now: Timestamp) -> Checked<()> {
        let own = &claims.service_account;
        let namespace = claims.namespace.as_str();
        let get = |resource: &str, namespace: &str, reference: &Reference| {
            self.objects.get(&GroupResource::new("", resource), namespace, &reference.name)
        };
        let Some(account) = get("serviceaccounts", namespace, own) else {
            return refuse(format!("serviceaccounts \"{}\" not found", own.name));
        };
        if is_gone(&account, now) {
            return refuse(format!("service account {namespace}/{} has been deleted", own.name));
        }
        let uid = Meta::of(&account).uid();
        if uid != own.uid {
            return refuse(format!("service account UID ({uid}) does not match claim ({})", own.uid));
        }
        let bound = &claims.bound;
        // The node of a pod is only told, a token that is bound to the node itself ends with it.
        let node = bound.node.as_ref().filter(|_| bound.pod.is_none() && bound.secret.is_none());
        let all = [
            ("secrets", namespace, "secret", "service account secret", bound.secret.as_ref()),
            ("pods", namespace, "pod", "service account pod", bound.pod.as_ref()),
            ("nodes", "", "node", "service account node", node),
        ];
        for (resource, namespace, what, claim, reference) in all {
            let Some(reference) = reference else { continue };
            let Some(object) = get(resource, namespace, reference).filter(|object| !is_gone(object, now))
            else {
                return refuse("service account token has been invalidated".to_owned());
            };
            let uid = Meta::of(&object).uid();
            if uid != reference.uid {
                let own = &reference.uid;
                return refuse(format!("{what} UID ({uid}) does not match {claim} ref claim ({own})"));
            }
        }
        Ok(())
    }
}

fn check_times(claims: &Claims, now: i64) -> Checked<()> {
    if now > claims.expires_at.saturating_add(LEEWAY_SECONDS) {
        return refuse("service account token has expired".to_owned());
    }
    let soon = now.saturating_add(LEEWAY_SECONDS);
    if soon < claims.not_before {
        return refuse("service account token is not valid yet".to_owned());
    }
    if soon < claims.issued_at {
        return refuse("service account token is issued in the future".to_owned());
    }
    Ok(())
}

/// Whether an object has been ending for so long that it does not count.
fn is_gone(object: &Value, now: Timestamp) -> bool {
    let ends =
        object["metadata"]["deletionTimestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    ends.is_some_and(|ends| ends.as_second() < now.as_second().saturating_sub(LEEWAY_SECONDS))
}

fn user(claims: &Claims) -> User {
    let key = |what: &str| format!("authentication.kubernetes.io/{what}");
    let mut extra = vec![(key("credential-id"), vec![format!("JTI={}", claims.id)])];
    for (what, reference) in [("node", &claims.bound.node), ("pod", &claims.bound.pod)] {
        if let Some(reference) = reference {
            extra.push((key(&format!("{what}-name")), vec![reference.name.clone()]));
            if !reference.uid.is_empty() {
                extra.push((key(&format!("{what}-uid")), vec![reference.uid.clone()]));
            }
        }
    }
    User {
        name: claims.subject(),
        uid: claims.service_account.uid.clone(),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{}", claims.namespace),
        ],
        extra,
    }
}

fn refuse<T>(error: String) -> Checked<T> {
    Err(AuthenticationError::ServiceAccount(error))
}

fn quoted(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| apimachinery::go::quote(text)).collect();
    format!("[{}]", texts.join(" "))
}
