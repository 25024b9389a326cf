//! Questions about users and rights: documents in, documents out. Nothing is stored.

mod access;
mod identity;
mod rules;
#[cfg(test)]
mod tests;

use apimachinery::{ErrorList, GroupKind, Status};
use jiff::Timestamp;
use serde_json::Value;

use super::modes::Modes;
use crate::authentication::Authentication;
use crate::user::User;

/// What answers depend on.
pub struct Reviewer<'r> {
    /// Who may do what.
    pub modes: &'r Modes,
    /// Who is whom.
    pub authentication: &'r Authentication,
    /// Who asks.
    pub user: &'r User,
    /// When.
    pub now: Timestamp,
}

impl Reviewer<'_> {
    /// Answers the body of a POST to one of the reviews, by the plural of its resource; `None` if it is none of them.
    /// The document is decoded and normalised, its namespace is that of the request. The answer is sent with code 201.
    pub fn answer(&self, resource: &str, review: &Value) -> Option<Result<Value, Box<Status>>> {
        Some(match resource {
            "subjectaccessreviews" => access::subject(self.modes, review),
            "localsubjectaccessreviews" => access::local_subject(self.modes, review),
            "selfsubjectaccessreviews" => access::self_subject(self.modes, self.user, review),
            "selfsubjectrulesreviews" => rules::self_subject(self.modes, self.user, review),
            "selfsubjectreviews" => Ok(identity::self_subject(self.user, review, self.now)),
            "tokenreviews" => identity::token(self.authentication, review, self.now),
            _ => return None,
        })
    }
}

/// Upstream's errors about reviews name no kind.
fn invalid(errors: &ErrorList) -> Box<Status> {
    Box::new(Status::invalid(&GroupKind::new("authorization.k8s.io", ""), "", errors))
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
