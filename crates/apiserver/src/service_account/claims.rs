//! What a token says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// Where Kubernetes' own claims are.
const PRIVATE: &str = "kubernetes.io";

/// An object as a token names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// What a token is bound to, besides the service account: it ends when that is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// A pod.
    pub pod: Option<Reference>,
    /// A secret.
    pub secret: Option<Reference>,
    /// A node; also the one of the pod, for information.
    pub node: Option<Reference>,
}

/// The claims of a token. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Who says so.
    pub issuer: String,
    /// For whom it is.
    pub audiences: Vec<String>,
    /// When it was made, and from when it is good.
    pub issued_at: i64,
    /// From when it is good.
    pub not_before: i64,
    /// Until when it is good.
    pub expires_at: i64,
    /// What tells tokens apart.
    pub id: String,
    /// The namespace of the service account.
    pub namespace: String,
    /// The service account.
    pub service_account: Reference,
    /// What else it is bound to.
    pub bound: Bound,
    /// After this time its use is a sign that a client does not read tokens again.
    pub warn_after: Option<i64>,
}

impl Claims {
    /// `system:serviceaccount:NAMESPACE:NAME`
    pub fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.service_account.name)
    }

    pub(super) fn to_json(&self) -> Value {
        let mut private = Map::new();
        let object = |reference: &Reference| {
            if reference.uid.is_empty() {
                json!({"name": reference.name})
            } else {
                json!({"name": reference.name, "uid": reference.uid})
            }
        };
        private.insert("namespace".into(), self.namespace.as_str().into());
        let Bound { pod, secret, node } = &self.bound;
        for (name, reference) in [("node", node), ("pod", pod), ("secret", secret)] {
            if let Some(reference) = reference {
                private.insert(name.into(), object(reference));
            }
        }
        private.insert("serviceaccount".into(), object(&self.service_account));
        if let Some(warn_after) = self.warn_after {
            private.insert("warnafter".into(), warn_after.into());
        }
        json!({
            "aud": self.audiences,
            "exp": self.expires_at,
            "iat": self.issued_at,
            "iss": self.issuer,
            "jti": self.id,
            PRIVATE: private,
            "nbf": self.not_before,
            "sub": self.subject(),
        })
    }

    /// What a token says, whoever signed it; `None` if it is none of a service account.
    pub(super) fn read(token: &str) -> Option<Claims> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let json: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let private = &json[PRIVATE];
        let audiences = match &json["aud"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let claims = Claims {
            issuer: text(&json["iss"]),
            audiences,
            issued_at: json["iat"].as_i64()?,
            not_before: json["nbf"].as_i64()?,
            expires_at: json["exp"].as_i64()?,
            id: text(&json["jti"]),
            namespace: text(&private["namespace"]),
            service_account: reference(&private["serviceaccount"])?,
            bound: Bound {
                pod: reference(&private["pod"]),
                secret: reference(&private["secret"]),
                node: reference(&private["node"]),
            },
            warn_after: private["warnafter"].as_i64(),
        };
        (claims.subject() == text(&json["sub"])).then_some(claims)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn reference(value: &Value) -> Option<Reference> {
    value.is_object().then(|| Reference { name: text(&value["name"]), uid: text(&value["uid"]) })
}
