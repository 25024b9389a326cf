use serde_json::{Value, json};

use super::*;
use crate::field::{ErrorList, FieldError, Path};
use crate::group::{GroupKind, GroupResource};

fn check(status: &Status, code: u16, reason: Option<&str>, message: &str, details: Option<Value>) {
    let body = status.to_document();
    let mut expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "code": code,
    });
    if let Some(reason) = reason {
        expected["reason"] = reason.into();
    }
    if let Some(details) = details {
        expected["details"] = details;
    }
    assert_eq!(body, expected);
    assert_eq!(Status::from_document(&body).as_ref(), Some(status));
}

#[test]
fn every_reason_has_its_code_message_and_details() {
    let deployments = GroupResource::new("apps", "deployments");
    let pods = GroupResource::new("", "pods");
    let about = || Some(json!({"group": "apps", "kind": "deployments", "name": "d"}));
    let not_found = Status::not_found(&deployments, "d");
    check(&not_found, 404, Some("NotFound"), "deployments.apps \"d\" not found", about());
    check(
        &Status::already_exists(&pods, "p"),
        409,
        Some("AlreadyExists"),
        "pods \"p\" already exists",
        Some(json!({"kind": "pods", "name": "p"})),
    );
    check(
        &Status::generate_name_exhausted(&pods, "p"),
        409,
        Some("AlreadyExists"),
        "pods \"p\" already exists, the server was not able to generate a unique name for the object",
        Some(json!({"kind": "pods", "name": "p", "retryAfterSeconds": 1})),
    );
    check(
        &Status::modified(&deployments, "d"),
        409,
        Some("Conflict"),
        "Operation cannot be fulfilled on deployments.apps \"d\": the object has been modified; please apply \
         your changes to the latest version and try again",
        about(),
    );
    let forbidden = Status::forbidden(&pods, "", "no");
    check(&forbidden, 403, Some("Forbidden"), "pods is forbidden: no", Some(json!({"kind": "pods"})));
    let forbidden = Status::forbidden(&GroupResource::default(), "", "no");
    check(&forbidden, 403, Some("Forbidden"), "forbidden: no", Some(json!({})));
    check(&Status::bad_request("why"), 400, Some("BadRequest"), "why", None);
    check(&Status::unauthorized(), 401, Some("Unauthorized"), "Unauthorized", None);
    check(&Status::unknown("raw"), 500, None, "raw", None);
    check(
        &Status::internal_error("broken"),
        500,
        Some("InternalError"),
        "Internal error occurred: broken",
        Some(json!({"causes": [{"message": "broken"}]})),
    );
    check(
        &Status::method_not_supported(&deployments, "create"),
        405,
        Some("MethodNotAllowed"),
        "create is not supported on resources of kind \"deployments.apps\"",
        Some(json!({"group": "apps", "kind": "deployments"})),
    );
    check(
        &Status::server_timeout(&pods, "list", 2),
        500,
        Some("ServerTimeout"),
        "The list operation against pods could not be completed at this time, please try again.",
        Some(json!({"kind": "pods", "name": "list", "retryAfterSeconds": 2})),
    );
    check(
        &Status::too_large_resource_version(99, 5),
        504,
        Some("Timeout"),
        "Timeout: Too large resource version: 99, current: 5",
        Some(json!({
            "causes": [{"message": "Too large resource version", "reason": "ResourceVersionTooLarge"}],
            "retryAfterSeconds": 1,
        })),
    );
    check(&Status::unprocessable(), 422, Some("Invalid"), &Status::unprocessable().message, Some(json!({})));
    check(
        &Status::request_entity_too_large("limit is 3145728"),
        413,
        Some("RequestEntityTooLarge"),
        "Request entity too large: limit is 3145728",
        None,
    );
}

#[test]
fn invalid_says_each_text_once_but_keeps_every_cause() {
    let uid = Path::new("metadata").child("uid");
    let error = FieldError::invalid(&uid, "b", "field is immutable");
    let errors = ErrorList(vec![error.clone(), error]);
    let status = Status::invalid(&GroupKind::new("", "ConfigMap"), "a", &errors);
    let cause = json!({
        "field": "metadata.uid", "message": "Invalid value: \"b\": field is immutable",
        "reason": "FieldValueInvalid",
    });
    check(
        &status,
        422,
        Some("Invalid"),
        "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"b\": field is immutable",
        Some(json!({"kind": "ConfigMap", "name": "a", "causes": [cause, cause]})),
    );
}

#[test]
fn a_deletion_that_succeeded_has_no_code() {
    let body = success(&GroupResource::new("rbac.authorization.k8s.io", "roles"), "a", "u");
    let details = json!({"group": "rbac.authorization.k8s.io", "kind": "roles", "name": "a", "uid": "u"});
    assert_eq!(
        body,
        json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details,
        })
    );
}
