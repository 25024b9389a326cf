//! SelfSubjectReview and TokenReview: who am I, whose token is this?

use apimachinery::Status;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{text, texts};
use crate::authentication::Authentication;
use crate::bootstrap::seconds;
use crate::user::User;

pub(super) fn self_subject(user: &User, review: &Value, now: Timestamp) -> Value {
    let mut answered = review.clone();
    answered["metadata"]["creationTimestamp"] = seconds(now).into();
    answered["status"] = json!({"userInfo": user_info(user)});
    answered
}

pub(super) fn token(
    authentication: &Authentication,
    review: &Value,
    now: Timestamp,
) -> Result<Value, Box<Status>> {
    let spec = &review["spec"];
    let token = text(spec, "token");
    if !text(&review["metadata"], "namespace").is_empty() {
        let namespace = text(&review["metadata"], "namespace");
        return Err(Box::new(Status::bad_request(format!(
            "namespace is not allowed on this type: {namespace}"
        ))));
    }
    if token.is_empty() {
        let message = "token is required for TokenReview in authentication";
        return Err(Box::new(Status::bad_request(message)));
    }
    let api = &authentication.api_audiences;
    let asked = texts(&spec["audiences"]);
    let wanted = if asked.is_empty() { api } else { &asked };
    let mut status = Map::new();
    match authentication.authenticate_token(token, wanted, now) {
        Ok((user, audiences)) if asked.is_empty() || !audiences.is_empty() => {
            status.insert("authenticated".into(), true.into());
            status.insert("user".into(), user_info(&user));
            if !audiences.is_empty() {
                status.insert("audiences".into(), json!(audiences));
            }
        }
        found => {
            let error = found.err().unwrap_or(crate::authentication::AuthenticationError::InvalidToken);
            status.insert("user".into(), json!({}));
            status.insert("error".into(), error.to_string().into());
        }
    }
    let mut answered = review.clone();
    answered["status"] = status.into();
    Ok(answered)
}

/// A user as reviews and webhooks see it.
fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    for (member, text) in [("username", &user.name), ("uid", &user.uid)] {
        if !text.is_empty() {
            info.insert(member.into(), text.as_str().into());
        }
    }
    if !user.groups.is_empty() {
        info.insert("groups".into(), user.groups.clone().into());
    }
    if !user.extra.is_empty() {
        let extra: Map<String, Value> =
            user.extra.iter().map(|(key, values)| (key.clone(), values.clone().into())).collect();
        info.insert("extra".into(), extra.into());
    }
    info.into()
}
