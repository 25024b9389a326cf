//! Who may ask a component something, decided by the API server: delegated authentication and authorization.
//!
//! ```text
//! front proxy's headers -> client certificate -> token (TokenReview) -> nobody in particular
//!                                      |
//!                                      v
//! system:masters -> paths that are always allowed -> SubjectAccessReview
//! ```
//!
//! Certificates are believed that an authority has signed which the component was told of, or which the cluster's
//! ConfigMap `extension-apiserver-authentication` names ([`lookup`]). What the API server answers is remembered for a
//! while, within limits. If it cannot be reached, nobody is let in whom it would have to vouch for.
//!
//! Start reading at [`Delegation::admit`].

pub mod authentication;
pub mod authorization;
mod cache;
pub mod lookup;
mod review;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use component::body::Body;
use component::serving::{Peer, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

pub use authentication::Authentication;
pub use authorization::Authorization;

/// Somebody who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// `system:serviceaccount:monitoring:prometheus`
    pub name: String,
    /// Told apart from another of the same name; may be empty.
    pub uid: String,
    /// `system:authenticated` and others.
    pub groups: Vec<String>,
    /// What else is known, by key.
    pub extra: Vec<(String, Vec<String>)>,
}

impl User {
    /// Somebody who has shown nothing.
    pub fn anonymous() -> User {
        User {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..User::default()
        }
    }

    /// With the group of those of whom it is known who they are.
    fn known(mut self) -> User {
        let groups = ["system:authenticated", "system:unauthenticated"];
        let is_grouped = self.groups.iter().any(|group| groups.contains(&group.as_str()));
        if !is_grouped && self.name != "system:anonymous" {
            self.groups.push("system:authenticated".to_owned());
        }
        self
    }
}

/// Who may ask what.
#[derive(Clone)]
pub struct Delegation {
    /// Who asks.
    pub authentication: Arc<Authentication>,
    /// What they may ask.
    pub authorization: Arc<Authorization>,
}

impl Delegation {
    /// Finds out who asks and whether they may. Headers in which a front proxy says who asks are taken out.
    ///
    /// # Errors
    /// What is to be answered instead: 401, 403, or 500 if nobody knows.
    pub async fn admit(
        &self,
        method: &str,
        path: &str,
        headers: &mut HeaderMap,
        peer: &Peer,
    ) -> Result<User, Response> {
        let user = match self.authentication.authenticate(headers, peer).await {
            Ok(user) => user,
            Err(error) => {
                tracing::debug!(%error, "Unable to authenticate the request");
                return Err(unauthorized());
            }
        };
        let verb = method.to_ascii_lowercase();
        match self.authorization.authorize(&user, &verb, path).await {
            Ok(true) => Ok(user),
            Ok(false) => Err(forbidden(&user, &verb, path)),
            Err(error) => {
                tracing::error!(%error, path, "Authorizer failed");
                let text = format!("Internal Server Error: {path:?}: {error}\n");
                Err(answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", text))
            }
        }
    }
}

fn unauthorized() -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "Unauthorized", "reason": "Unauthorized", "code": 401,
    });
    answer(StatusCode::UNAUTHORIZED, "application/json", format!("{status}\n"))
}

fn forbidden(user: &User, verb: &str, path: &str) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("forbidden: User {:?} cannot {verb} path {path:?}", user.name),
        "reason": "Forbidden", "details": {}, "code": 403,
    });
    answer(StatusCode::FORBIDDEN, "application/json", format!("{status}\n"))
}

fn answer(code: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
