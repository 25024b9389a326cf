//! Options of deletions.

use serde_json::{Map, Value};

use super::query::Query;
use super::write::validate_dry_run;
use super::{bad_request, invalid_unless_empty};
use crate::field::{ErrorList, FieldError, Path};
use crate::go;
use crate::json::{self, JsonError};
use crate::status::Status;

/// What happens to the objects that belong to a deleted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropagationPolicy {
    /// They stay.
    Orphan,
    /// They are deleted afterwards.
    Background,
    /// They are deleted before.
    Foreground,
}

/// What an object must be so that it is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// The object with this uid, and no later one of the same name.
    pub uid: Option<String>,
    /// This version.
    pub resource_version: Option<String>,
}

/// Options of delete and deletecollection (`meta.k8s.io/v1` `DeleteOptions`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds that the object has to end.
    pub grace_period_seconds: Option<i64>,
    /// What the object must be.
    pub preconditions: Preconditions,
    /// Whether dependents stay; the older form of the policy.
    pub orphan_dependents: Option<bool>,
    /// What happens to dependents.
    pub propagation_policy: Option<PropagationPolicy>,
    /// Whether nothing is to be deleted.
    pub is_dry_run: bool,
    /// Whether an object is to be deleted though it cannot be read.
    pub ignore_store_read_error: bool,
}

/// Options as they came, before it is known whether they fit together.
#[derive(Default)]
struct Raw<'r> {
    options: DeleteOptions,
    propagation_policy: Option<&'r str>,
    dry_run: Vec<&'r str>,
}

impl DeleteOptions {
    /// Options from a query, which count where there is no body. Fails with a bad request where the grace
    /// period is no number, and with an invalid `DeleteOptions`.
    pub fn from_query(query: Query<'_>) -> Result<Self, Box<Status>> {
        let ignore_store_read_error =
            query.boolean("ignoreStoreReadErrorWithClusterBreakingPotential").unwrap_or_default();
        let options = Self {
            grace_period_seconds: query.integer("gracePeriodSeconds")?,
            orphan_dependents: query.boolean("orphanDependents"),
            ignore_store_read_error,
            ..Self::default()
        };
        let propagation_policy = query.get("propagationPolicy");
        Raw { options, propagation_policy, dry_run: query.all("dryRun").collect() }.validated()
    }

    /// Options from a body. Unknown members are ignored. Fails with a bad request where the body is no JSON or
    /// of another kind, and with an invalid `DeleteOptions`.
    pub fn from_body(body: &[u8]) -> Result<Self, Box<Status>> {
        let decoded = json::decode(body)
            .map_err(|error| bad_request(format!("couldn't get version/kind; json parse error: {error}")))?;
        let Value::Object(members) = &decoded.value else {
            let error = JsonError::mismatch(
                &decoded.value,
                "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                 \"json:\\\"kind,omitempty\\\"\" }",
            );
            return Err(bad_request(format!("couldn't get version/kind; json parse error: {error}")));
        };
        Self::from_members(members)
    }

    /// Options from a body that has been read already, as [`DeleteOptions::from_body`].
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, Box<Status>> {
        let kind = members.get("kind").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "" | "DeleteOptions") {
            let version = members.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
            return Err(bad_request(format!(
                "no kind {} is registered for version {} in scheme \
                 \"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"",
                go::quote(kind),
                go::quote(version)
            )));
        }
        let body = Body { members, prefix: "" };
        let mut preconditions = Preconditions::default();
        if let Some(members) = body.get("preconditions", "v1.Preconditions", Value::as_object)? {
            let body = Body { members, prefix: "preconditions." };
            preconditions.uid = body.get("uid", "types.UID", Value::as_str)?.map(str::to_owned);
            preconditions.resource_version =
                body.get("resourceVersion", "string", Value::as_str)?.map(str::to_owned);
        }
        let mut dry_run = Vec::new();
        for value in body.get("dryRun", "[]string", Value::as_array)?.into_iter().flatten() {
            dry_run.push(value.as_str().ok_or_else(|| body.mismatch("dryRun", value, "string"))?);
        }
        let options = Self {
            grace_period_seconds: body.get("gracePeriodSeconds", "int64", Value::as_i64)?,
            preconditions,
            orphan_dependents: body.get("orphanDependents", "bool", Value::as_bool)?,
            ignore_store_read_error: body
                .get("ignoreStoreReadErrorWithClusterBreakingPotential", "bool", Value::as_bool)?
                .unwrap_or_default(),
            ..Self::default()
        };
        let propagation_policy = body.get("propagationPolicy", "v1.DeletionPropagation", Value::as_str)?;
        Raw { options, propagation_policy, dry_run }.validated()
    }
}

struct Body<'b> {
    members: &'b Map<String, Value>,
    prefix: &'static str,
}

impl<'b> Body<'b> {
    fn get<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&'b Value) -> Option<T>,
    ) -> Result<Option<T>, Box<Status>> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.mismatch(name, value, wanted)),
        }
    }

    fn mismatch(&self, name: &str, value: &Value, wanted: &str) -> Box<Status> {
        let field = format!("Go struct field DeleteOptions.{}{name} of type {wanted}", self.prefix);
        let error = JsonError::mismatch(value, wanted).to_string();
        bad_request(error.replace(&format!("Go value of type {wanted}"), &field))
    }
}

impl Raw<'_> {
    fn validated(self) -> Result<DeleteOptions, Box<Status>> {
        let mut errors = ErrorList::new();
        let path = Path::new("propagationPolicy");
        let mut propagation_policy = None;
        if let Some(text) = self.propagation_policy {
            if self.options.orphan_dependents.is_some() {
                let message = "orphanDependents and deletionPropagation cannot be both set";
                errors.push(FieldError::invalid(&path, text, message));
            }
            propagation_policy = match text {
                "Orphan" => Some(PropagationPolicy::Orphan),
                "Background" => Some(PropagationPolicy::Background),
                "Foreground" => Some(PropagationPolicy::Foreground),
                unknown => {
                    let supported = ["Foreground", "Background", "Orphan", "nil"];
                    errors.push(FieldError::not_supported(&path, unknown, &supported));
                    None
                }
            };
        }
        errors.extend(validate_dry_run(&self.dry_run));
        invalid_unless_empty("DeleteOptions", &errors)?;
        Ok(DeleteOptions { propagation_policy, is_dry_run: !self.dry_run.is_empty(), ..self.options })
    }
}
