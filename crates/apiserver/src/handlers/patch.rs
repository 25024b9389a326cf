//! PATCH of an object, or of a subresource that has the form of the object.

use apimachinery::field::{FieldError, Path};
use apimachinery::options::{FieldValidation, WriteOptions};
use apimachinery::patch::json::JsonPatch;
use apimachinery::patch::merge::MergePatch;
use apimachinery::patch::strategic::StrategicPatch;
use apimachinery::patch::{APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH};
use apimachinery::{ErrorList, GroupKind, Status};
use resources::kind::Kind;
use resources::kinds;
use resources::schema::Schema;
use resources::schema::decode::{Decoded, StrictError};
use serde_json::Value;

use super::body::{self, Expected};
use super::{apply, quoted, render, update};
use crate::authorization::Authorized;
use crate::call::Call;
use crate::field_manager::{FieldManager, take_said};
use crate::negotiation::{self, Transforms};
use crate::registry::{Target, Update};
use crate::reply::Reply;
use crate::served::api_version;
use crate::server::Server;

/// The forms of patches, in upstream's order.
const MEDIA_TYPES: [&str; 4] = [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH];

/// A patch that has been read.
pub(super) enum Patch {
    Json(JsonPatch),
    Merge(MergePatch),
    Strategic(StrategicPatch),
}

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let media_type = media_type(call)?;
    if media_type == APPLY_PATCH {
        return apply::handle(server, request, target, call).await;
    }
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::All)?;
    let bytes = call.read_body().await?;
    let options = WriteOptions::for_patch(call.query(), false)?;
    let patch = Patch::read(media_type, &bytes)?;
    let mut own_warnings = Vec::new();
    let expected = Expected::of(target.served)?;
    let manager = FieldManager::of(target.served, &target.subresource, &options.field_manager, &call.headers);
    let patched = &mut |old: Option<&Value>| {
        own_warnings.clear();
        let mut object = old.cloned().unwrap_or_default();
        body::to_served(target.served, &mut object);
        let mut object = patch.apply(&expected, object, options.field_validation, &mut own_warnings)?;
        update::check_name(target, &object)?;
        body::check_namespace(target, &mut object)?;
        let said = take_said(&mut object);
        body::complete(target.served, &mut object);
        if let Some(old) = old {
            manager.update(old, &mut object, said);
        }
        body::to_stored(target.served, &mut object);
        Ok(object)
    };
    let update = Update {
        change: patched,
        uid: String::new(),
        may_create: false,
        is_dry_run: options.is_dry_run,
        is_internal: false,
    };
    let outcome = server.registry.update(request, target, update, &mut call.warnings).await;
    call.warnings.append(&mut own_warnings);
    let outcome = outcome?;
    render::written(server, call, target.served, &accepted, 200, outcome.written)
}

/// The form of the patch.
///
/// # Errors
/// The 415 with the forms that are taken.
pub(super) fn media_type(call: &Call) -> Result<&'static str, Box<Status>> {
    let media_type = negotiation::content_type(&call.headers);
    MEDIA_TYPES
        .into_iter()
        .find(|known| *known == media_type)
        .ok_or_else(|| Box::new(Status::unsupported_media_type(&MEDIA_TYPES)))
}

/// Decodes the result of a JSON or merge patch as what it says it is, and makes the kind of the path of it.
///
/// # Errors
/// It is not of that type, or of another kind, in upstream's words.
fn decode_as_said(expected: &Expected<'_>, patched: &Value) -> Result<Decoded, String> {
    let schema = Schema::get();
    let own = api_version(expected.group, expected.version);
    let said = |name: &str| patched[name].as_str().unwrap_or_default();
    let version = if said("apiVersion").is_empty() { &own } else { said("apiVersion") };
    let kind = if said("kind").is_empty() { expected.kind } else { said("kind") };
    if version == own && kind == expected.kind {
        return schema.decode_value(expected.of, patched).map_err(|error| error.to_string());
    }
    let from = version.split_once('/').unwrap_or(("", version));
    let of = schema.type_of(from.0, from.1, kind).ok_or_else(|| body::not_registered(version, kind))?;
    let mut decoded = schema.decode_value(of, patched).map_err(|error| error.to_string())?;
    let to = (expected.group, expected.version);
    let is_expected =
        |known: &&&Kind| known.kind == kind && known.versions.contains(&from) && known.versions.contains(&to);
    let Some(known) = kinds::all().iter().find(is_expected).filter(|_| kind == expected.kind) else {
        return Err(body::no_conversion(from, kind, expected));
    };
    known.strategy.set_defaults(&mut decoded.value, from.0, from.1);
    known.strategy.convert(&mut decoded.value, from, to);
    body::set_type(&mut decoded.value, &own, expected.kind);
    Ok(decoded)
}

impl Patch {
    /// Reads a patch.
    ///
    /// # Errors
    /// What upstream says about a body that is none.
    pub(super) fn read(media_type: &str, bytes: &[u8]) -> Result<Patch, Box<Status>> {
        Ok(match media_type {
            JSON_PATCH => Patch::Json(JsonPatch::decode(bytes)?),
            MERGE_PATCH => Patch::Merge(MergePatch::decode(bytes)?),
            _ => Patch::Strategic(StrategicPatch::decode(bytes)?),
        })
    }

    fn strict_errors(&self) -> &[String] {
        match self {
            Patch::Json(patch) => &patch.strict_errors,
            Patch::Merge(patch) => &patch.strict_errors,
            Patch::Strategic(patch) => &patch.strict_errors,
        }
    }

    /// The patched object, decoded, in the version that it was in.
    pub(super) fn apply(
        &self,
        expected: &Expected<'_>,
        object: Value,
        validation: FieldValidation,
        warnings: &mut Vec<String>,
    ) -> Result<Value, Box<Status>> {
        let schema = Schema::get();
        let failed = |status: Status| Box::new(status);
        let is_reset;
        // What messages quote: the result, or the patch.
        let (decoded, quote): (_, Box<dyn Fn() -> String>) = match self {
            Patch::Json(_) | Patch::Merge(_) => {
                let old = object.clone();
                let patched = match self {
                    Patch::Json(patch) => patch.apply(object).map_err(|error| failed(error.into()))?,
                    Patch::Merge(patch) => patch.apply(object),
                    Patch::Strategic(_) => object,
                };
                is_reset = forgets_managers(&patched);
                let decoded = decode_as_said(expected, &patched);
                (decoded, Box::new(move || quoted::patched(expected.of, &old, &patched)))
            }
            Patch::Strategic(patch) => {
                let patched = patch.apply(object, expected.of).map_err(|error| failed(error.into()))?;
                is_reset = forgets_managers(&patched);
                let decoded = schema.convert_patched(expected.of, &patched);
                (decoded.map_err(|error| error.to_string()), Box::new(|| patch.to_string()))
            }
        };
        let mut decoded = decoded.map_err(|error| invalid(&quote(), &error))?;
        let mut strict: Vec<String> = self.strict_errors().to_vec();
        match validation {
            FieldValidation::Ignore => {}
            FieldValidation::Warn => {
                warnings.append(&mut strict);
                warnings.extend(decoded.strict.iter().flat_map(StrictError::warnings));
            }
            FieldValidation::Strict => {
                strict.extend(decoded.strict.iter().map(ToString::to_string));
                if !strict.is_empty() {
                    return Err(strictly_invalid(&quote(), &strict));
                }
            }
        }
        if is_reset {
            body::forget_managers(&mut decoded.value);
        }
        Ok(decoded.value)
    }
}

/// Whether a patched object says by an empty list that nobody owns anything.
fn forgets_managers(patched: &Value) -> bool {
    patched["metadata"]["managedFields"].as_array().is_some_and(Vec::is_empty)
}

/// The error of a patch: without a kind, because upstream does not know it at that point.
fn invalid(value: &str, detail: &str) -> Box<Status> {
    let mut errors = ErrorList::new();
    errors.push(FieldError::invalid(&Path::new("patch"), value, detail));
    Box::new(Status::invalid(&GroupKind::default(), "", &errors))
}

fn strictly_invalid(value: &str, errors: &[String]) -> Box<Status> {
    let texts = errors.join(", ");
    invalid(value, &format!("strict decoding error: {texts}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patched_object_is_first_what_it_says_it_is() {
        let config_map = || Expected::named("", "v1", "ConfigMap").expect("a type");
        let scaler = || Expected::named("autoscaling", "v2", "HorizontalPodAutoscaler").expect("a type");
        let wrong: [(_, Expected<'_>, _, &str); 4] = [
            (
                "another kind, whose values are of other types",
                config_map(),
                json!({"apiVersion": "v1", "kind": "Secret", "data": {"k": "!"}}),
                "illegal base64 data at input byte 0",
            ),
            (
                "another kind",
                config_map(),
                json!({"apiVersion": "v1", "kind": "Secret"}),
                "converting (v1.Secret) to (core.ConfigMap): unknown conversion",
            ),
            (
                "no kind",
                config_map(),
                json!({"apiVersion": "v2", "kind": "ConfigMap"}),
                "no kind \"ConfigMap\" is registered for version \"v2\" in scheme \
                 \"pkg/api/legacyscheme/scheme.go:30\"",
            ),
            (
                "another kind of the same group",
                scaler(),
                json!({"apiVersion": "autoscaling/v1", "kind": "Scale"}),
                "converting (v1.Scale) to (autoscaling.HorizontalPodAutoscaler): unknown conversion",
            ),
        ];
        for (what, expected, patched, error) in wrong {
            assert_eq!(decode_as_said(&expected, &patched).expect_err(what), error, "{what}");
        }
        let older = json!({
            "apiVersion": "autoscaling/v1",
            "kind": "HorizontalPodAutoscaler",
            "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "A", "name": "b"}},
        });
        let decoded = decode_as_said(&scaler(), &older).expect("another version of the same kind").value;
        assert_eq!(decoded["apiVersion"], "autoscaling/v2");
        assert_eq!(decoded["spec"]["maxReplicas"], 3);
        let unsaid =
            decode_as_said(&config_map(), &json!({"data": {"k": "v"}})).expect("the kind of the path");
        assert_eq!(unsaid.value["data"], json!({"k": "v"}));
    }
}
