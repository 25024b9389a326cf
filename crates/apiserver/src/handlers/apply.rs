//! Server-side apply: PATCH with what one manager wants of an object (KEP-555).

use apimachinery::Status;
use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::{FieldValidation, WriteOptions};
use resources::schema::Schema;
use resources::schema::decode::StrictError;
use resources::schema::json::Node;
use serde_json::{Map, Value};

use super::body::{self, Expected};
use super::{render, update};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::field_manager::{FieldManager, forget_deep_managers};
use crate::negotiation::{self, Transforms};
use crate::registry::{Target, Update};
use crate::reply::Reply;
use crate::served::Served;
use crate::server::Server;

/// What is applied, as it was sent.
pub(super) struct Applied {
    text: Result<(Node, Option<StrictError>), String>,
    validation: FieldValidation,
}

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_patch(call.query(), true)?;
    let applied = Applied::read(&bytes, options.field_validation);
    let expected = Expected::of(target.served)?;
    let manager = FieldManager::of(target.served, &target.subresource, &options.field_manager, &call.headers);
    let mut own_warnings = Vec::new();
    let change = &mut |old: Option<&Value>| {
        own_warnings.clear();
        let object = applied.object()?;
        let merged = manager.apply(old, &object, options.force)?;
        applied.check_strictly(&mut own_warnings)?;
        let mut object = decode(&expected, &merged)?;
        check_uid(target, old, &object)?;
        body::check_namespace(target, &mut object)?;
        update::check_name(target, &object)?;
        body::complete(target.served, &mut object);
        forget_deep_managers(&mut object);
        body::to_stored(target.served, &mut object);
        if old.is_none() {
            MetaMut::of(&mut object).remove("resourceVersion");
        }
        Ok(object)
    };
    let update = Update {
        change,
        uid: String::new(),
        may_create: target.subresource.is_empty(),
        is_dry_run: options.is_dry_run,
        is_internal: false,
    };
    let outcome = server.registry.update(request, target, update, &mut call.warnings).await;
    call.warnings.append(&mut own_warnings);
    let outcome = outcome?;
    let status = if outcome.is_created { 201 } else { 200 };
    render::written(server, call, target.served, &accepted, status, outcome.written)
}

/// What becomes of a stored object when the server itself applies something, whoever owns it.
///
/// # Errors
/// What is wrong with what is applied.
pub(crate) fn apply_by_server(
    served: Served,
    manager: &FieldManager<'_>,
    old: &Value,
    applied: &Value,
) -> Result<Value, Box<Status>> {
    let merged = manager.apply(Some(old), applied, true)?;
    let mut object = decode(&Expected::of(served)?, &merged)?;
    body::complete(served, &mut object);
    forget_deep_managers(&mut object);
    body::to_stored(served, &mut object);
    Ok(object)
}

/// A merged object as one of its type.
pub(super) fn decode(expected: &Expected<'_>, merged: &Value) -> Result<Value, Box<Status>> {
    let decoded = Schema::get().decode_value(expected.of, merged);
    let decoded = decoded.map_err(|error| {
        Box::new(Status::unknown(format!("failed to convert new typed object to object: {error}")))
    })?;
    Ok(decoded.value)
}

/// An object that is not there cannot be the one with a certain uid.
fn check_uid(target: &Target, old: Option<&Value>, object: &Value) -> Result<(), Box<Status>> {
    let uid = Meta::of(object).uid();
    if old.is_some() || uid.is_empty() {
        return Ok(());
    }
    let error =
        format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
    Err(Box::new(Status::conflict(&target.group_resource(), &target.name, error)))
}

impl Applied {
    pub(super) fn read(body: &[u8], validation: FieldValidation) -> Applied {
        let text = std::str::from_utf8(body).map_err(|_| "yaml: invalid UTF-8".to_owned());
        let text = text.and_then(|text| Schema::parse_yaml(text).map_err(|error| error.to_string()));
        Applied { text, validation }
    }

    /// The object.
    pub(super) fn object(&self) -> Result<Value, Box<Status>> {
        let failed = |error: &str| Box::new(Status::bad_request(format!("error decoding YAML: {error}")));
        let node = match &self.text {
            Ok((node, _)) => node,
            Err(error) if error.starts_with("error converting") => return Err(failed(error)),
            Err(error) => return Err(failed(&format!("error converting YAML to JSON: {error}"))),
        };
        let is = match node.clone().into_value() {
            Value::Null => return Ok(Value::Object(Map::new())),
            object @ Value::Object(_) => return Ok(object),
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
        };
        Err(failed(&format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {is} into Go value of type \
             map[string]interface {{}}"
        )))
    }

    /// What strict validation has against names that occur twice. Unknown ones never get here.
    pub(super) fn check_strictly(&self, warnings: &mut Vec<String>) -> Result<(), Box<Status>> {
        let Ok((_, Some(duplicates))) = &self.text else { return Ok(()) };
        match self.validation {
            FieldValidation::Ignore => Ok(()),
            FieldValidation::Warn => {
                warnings.extend(duplicates.warnings());
                Ok(())
            }
            FieldValidation::Strict => Err(Box::new(Status::bad_request(format!(
                "error strict decoding YAML: error converting YAML to JSON: {duplicates}"
            )))),
        }
    }
}
