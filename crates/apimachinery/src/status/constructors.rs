//! One constructor per reason.

use std::fmt::Display;

use super::{Cause, Details, Reason, Status};
use crate::field::ErrorList;
use crate::group::{GroupKind, GroupResource};

/// What a writer is told whose version of the object is not the newest.
pub const OPTIMISTIC_LOCK: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

fn about(resource: &GroupResource, name: &str) -> Details {
    Details {
        name: name.to_owned(),
        group: resource.group.clone(),
        kind: resource.resource.clone(),
        ..Details::default()
    }
}

impl Status {
    fn plain(reason: Reason, code: u16, message: impl Into<String>) -> Self {
        Self { reason, code, message: message.into(), details: None, continue_token: String::new() }
    }

    fn detailed(reason: Reason, code: u16, message: impl Into<String>, details: Details) -> Self {
        Self { details: Some(details), ..Self::plain(reason, code, message) }
    }

    /// The object is not there.
    pub fn not_found(resource: &GroupResource, name: &str) -> Self {
        let message = format!("{resource} \"{name}\" not found");
        Self::detailed(Reason::NotFound, 404, message, about(resource, name))
    }

    /// There is no such resource.
    pub fn resource_not_found() -> Self {
        let message = "the server could not find the requested resource";
        Self::detailed(Reason::NotFound, 404, message, Details::default())
    }

    /// An object of that name is there already.
    pub fn already_exists(resource: &GroupResource, name: &str) -> Self {
        let message = format!("{resource} \"{name}\" already exists");
        Self::detailed(Reason::AlreadyExists, 409, message, about(resource, name))
    }

    /// No free name was found for an object with `generateName`.
    pub fn generate_name_exhausted(resource: &GroupResource, name: &str) -> Self {
        let message = format!(
            "{resource} \"{name}\" already exists, the server was not able to generate a unique name for the \
             object"
        );
        let details = Details { retry_after_seconds: 1, ..about(resource, name) };
        Self::detailed(Reason::AlreadyExists, 409, message, details)
    }

    /// The object is not in the state that the request wants.
    pub fn conflict(resource: &GroupResource, name: &str, error: impl Display) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {error}");
        Self::detailed(Reason::Conflict, 409, message, about(resource, name))
    }

    /// The object has been written meanwhile.
    pub fn modified(resource: &GroupResource, name: &str) -> Self {
        Self::conflict(resource, name, OPTIMISTIC_LOCK)
    }

    /// An apply met fields of other managers. The causes say which.
    pub fn apply_conflict(causes: Vec<Cause>, message: impl Into<String>) -> Self {
        let details = Details { causes, ..Details::default() };
        Self::detailed(Reason::Conflict, 409, message, details)
    }

    /// The object, or options of the request, are not valid. Every error is a cause; the message has each text
    /// once.
    pub fn invalid(kind: &GroupKind, name: &str, errors: &ErrorList) -> Self {
        let message = if errors.is_empty() {
            format!("{kind} \"{name}\" is invalid")
        } else {
            format!("{kind} \"{name}\" is invalid: {errors}")
        };
        let details = Details {
            name: name.to_owned(),
            group: kind.group.clone(),
            kind: kind.kind.clone(),
            causes: errors.iter().map(Cause::from).collect(),
            ..Details::default()
        };
        Self::detailed(Reason::Invalid, 422, message, details)
    }

    /// The request cannot be carried out on this object, without a word why: failed patches.
    pub fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::detailed(Reason::Invalid, 422, message, Details::default())
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(Reason::BadRequest, 400, message)
    }

    /// The request has no valid credentials.
    pub fn unauthorized() -> Self {
        Self::plain(Reason::Unauthorized, 401, "Unauthorized")
    }

    /// The user may not do this. Name and resource may be empty.
    pub fn forbidden(resource: &GroupResource, name: &str, error: impl Display) -> Self {
        let message = if resource.resource.is_empty() && resource.group.is_empty() {
            format!("forbidden: {error}")
        } else if name.is_empty() {
            format!("{resource} is forbidden: {error}")
        } else {
            format!("{resource} \"{name}\" is forbidden: {error}")
        };
        Self::detailed(Reason::Forbidden, 403, message, about(resource, name))
    }

    /// The resource cannot do `action`.
    pub fn method_not_supported(resource: &GroupResource, action: &str) -> Self {
        let message = format!("{action} is not supported on resources of kind \"{resource}\"");
        Self::detailed(Reason::MethodNotAllowed, 405, message, about(resource, ""))
    }

    /// The path has no handler for this HTTP method.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::detailed(Reason::MethodNotAllowed, 405, message, Details::default())
    }

    /// None of the formats that the client takes can be made.
    pub fn not_acceptable(message: impl Into<String>) -> Self {
        Self::plain(Reason::NotAcceptable, 406, message)
    }

    /// None of the formats that the client takes can be made; these can.
    pub fn not_acceptable_media_type(accepted: &[&str]) -> Self {
        let accepted = accepted.join(", ");
        Self::not_acceptable(format!("only the following media types are accepted: {accepted}"))
    }

    /// No handler makes any of the formats that the client takes; these are made.
    pub fn no_representation(available: &[&str]) -> Self {
        let message = format!("406: Not Acceptable\n\nAvailable representations: {}", available.join(", "));
        Self::detailed(Reason::NotAcceptable, 406, message, Details::default())
    }

    /// The body has a format that is not understood; these are.
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Self::plain(Reason::UnsupportedMediaType, 415, message)
    }

    /// The resource version or the list is too old.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::plain(Reason::Expired, 410, message)
    }

    /// What was asked for will not come back.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::plain(Reason::Gone, 410, message)
    }

    /// The body, or something in it, is too large; `what` says the limit.
    pub fn request_entity_too_large(what: impl Display) -> Self {
        let message = format!("Request entity too large: {what}");
        Self::plain(Reason::RequestEntityTooLarge, 413, message)
    }

    /// The client sends too much, and may try again later.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        let details = Details { retry_after_seconds, ..Details::default() };
        Self::detailed(Reason::TooManyRequests, 429, message, details)
    }

    /// The server failed.
    pub fn internal_error(error: impl Display) -> Self {
        let details = Details { causes: vec![Cause::message(error.to_string())], ..Details::default() };
        Self::detailed(Reason::InternalError, 500, format!("Internal error occurred: {error}"), details)
    }

    /// The server failed with an error that has no reason.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::plain(Reason::Unknown, 500, message)
    }

    /// `operation` could not be done in time.
    pub fn server_timeout(resource: &GroupResource, operation: &str, retry_after_seconds: u32) -> Self {
        let message = format!(
            "The {operation} operation against {resource} could not be completed at this time, please try again."
        );
        let details = Details { retry_after_seconds, ..about(resource, operation) };
        Self::detailed(Reason::ServerTimeout, 500, message, details)
    }

    /// Something that is needed is not there at the moment.
    pub fn service_unavailable(message: impl Into<String>) -> Self {
        Self::plain(Reason::ServiceUnavailable, 503, message)
    }

    /// The request took too long. `retry_after_seconds` of 0 says nothing about repeating.
    pub fn timeout(message: impl Display, retry_after_seconds: u32) -> Self {
        let details = Details { retry_after_seconds, ..Details::default() };
        Self::detailed(Reason::Timeout, 504, format!("Timeout: {message}"), details)
    }

    /// A resource version that the server has not reached within the time it waits.
    pub fn too_large_resource_version(wanted: u64, current: u64) -> Self {
        let message = format!("Too large resource version: {wanted}, current: {current}");
        let mut status = Self::timeout(message, 1);
        let cause = Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        };
        status.details.get_or_insert_default().causes.push(cause);
        status
    }
}
