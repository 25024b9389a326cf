//! Eviction of pods: deletion that disruption budgets have a say in.

use std::time::Duration;

use apimachinery::meta::Meta;
use apimachinery::options::{DeleteOptions, WriteOptions};
use apimachinery::selectors::labels;
use apimachinery::status::{Cause, Details};
use apimachinery::{GroupResource, Status};
use serde_json::{Map, Value, json};

use super::super::body::{self, Expected};
use super::binding::set_condition;
use crate::attributes::Attributes;
use crate::authorization::Authorized;
use crate::call::Call;
use crate::negotiation::{self, Transforms};
use crate::objects::Objects as _;
use crate::registry::{Deletion, Registry, Target, Update};
use crate::reply::{Reply, success};
use crate::server::Server;

/// How often a budget that others write too is tried, and how long to wait in between.
const N_TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// More evictions than this that the budget's controller has not seen are not allowed.
const N_DISRUPTED_MAX: usize = 2_000;

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
    let format = negotiation::body_format(&call.headers)?;
    let bytes = call.read_body().await?;
    let write = WriteOptions::for_create(call.query())?;
    let expected = Expected::named("policy", "v1", "Eviction")?;
    // The version before took the same body.
    let bytes = match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains("policy/v1beta1") => text.replace("policy/v1beta1", "policy/v1").into(),
        _ => bytes,
    };
    let mut eviction = body::decode(&expected, &bytes, format, write.field_validation, &mut call.warnings)?;
    body::check_namespace(target, &mut eviction)?;
    let name = Meta::of(&eviction).name();
    if name != target.name {
        return Err(Box::new(Status::bad_request("name in URL does not match name in Eviction object")));
    }
    let mut options = match eviction.get("deleteOptions").and_then(Value::as_object) {
        Some(members) => DeleteOptions::from_members(members)?,
        None => DeleteOptions::default(),
    };
    options.is_dry_run |= write.is_dry_run;
    server.registry.admit_subresource(request, target, &mut eviction, options.is_dry_run)?;
    server.registry.validate_subresource(request, target, &eviction, options.is_dry_run)?;
    evict(server, request, target, options).await?;
    Ok(Reply::document(201, &accepted, &success()))
}

async fn evict(
    server: &Server,
    request: &Authorized,
    target: &Target,
    mut options: DeleteOptions,
) -> Result<(), Box<Status>> {
    let registry = &server.registry;
    let pod = registry.get(request, target, "").await?.document();
    if !ignores_budgets(&pod) {
        let budgets = budgets(registry, &pod);
        if budgets.len() > 1 {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not \
                           support.";
            return Err(Box::new(Status::unknown(message)));
        }
        if let Some(budget) = budgets.first() {
            if !bypasses(&pod, budget) {
                spend(registry, target, budget, options.is_dry_run).await?;
            }
            // What was decided holds for the pod that was looked at.
            options.preconditions.uid.get_or_insert_with(|| Meta::of(&pod).uid().to_owned());
        }
    }
    if !options.is_dry_run && pod["status"]["phase"] != "Pending" {
        note(registry, request, target).await?;
    }
    let deleted = Target { subresource: String::new(), ..target.clone() };
    // It is the eviction that was admitted; the deletion is what the server makes of it.
    let deletion = Authorized::for_server(Attributes {
        verb: "delete".to_owned(),
        subresource: String::new(),
        ..request.attributes().clone()
    });
    registry.delete(&deletion, &deleted, &Deletion { options }).await?;
    Ok(())
}

/// Pods that do no work, or are on their way out.
fn ignores_budgets(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"))
        || Meta::of(pod).deletion_timestamp().is_some()
}

/// The budgets that count a pod.
fn budgets(registry: &Registry, pod: &Value) -> Vec<Value> {
    let resource = GroupResource::new("policy", "poddisruptionbudgets");
    let meta = Meta::of(pod);
    let all = registry.caches.list(&resource, Some(meta.namespace()));
    let counts = |budget: &Value| {
        let selector = &budget["spec"]["selector"];
        let Ok(selector) = serde_json::from_value::<wire::LabelSelector>(selector.clone()) else {
            return false;
        };
        labels::from_document(&selector).is_ok_and(|selector| selector.matches(&meta.labels()))
    };
    all.iter().filter(|budget| counts(budget)).map(|budget| Value::clone(budget)).collect()
}

/// Whether a pod that is not ready may go whatever the budget says.
fn bypasses(pod: &Value, budget: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let mut ready = conditions.filter(|condition| condition["type"] == "Ready");
    if ready.next().is_some_and(|condition| condition["status"] == "True") {
        return false;
    }
    let count = |name: &str| budget["status"][name].as_i64().unwrap_or_default();
    budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        || count("currentHealthy") >= count("desiredHealthy") && count("desiredHealthy") > 0
}

/// Takes one disruption from a budget.
async fn spend(
    registry: &Registry,
    target: &Target,
    budget: &Value,
    is_dry_run: bool,
) -> Result<(), Box<Status>> {
    let Some(served) = registry.kinds.stored("policy", "poddisruptionbudgets") else { return Ok(()) };
    let name = Meta::of(budget).name();
    let own = Target {
        served,
        namespace: target.namespace.clone(),
        name: name.to_owned(),
        subresource: "status".to_owned(),
    };
    let request = Authorized::for_server(Attributes {
        verb: "update".to_owned(),
        is_resource: true,
        group: "policy".to_owned(),
        version: "v1".to_owned(),
        resource: "poddisruptionbudgets".to_owned(),
        subresource: "status".to_owned(),
        namespace: own.namespace.clone(),
        name: own.name.clone(),
        ..Attributes::default()
    });
    let now = crate::clock::print(crate::clock::now());
    for _ in 0..N_TRIES {
        let mut change = |old: Option<&Value>| {
            let mut budget = old.cloned().unwrap_or_default();
            check(&budget)?;
            count_down(&mut budget, &target.name, &now);
            Ok(budget)
        };
        let update = Update {
            change: &mut change,
            uid: String::new(),
            may_create: false,
            is_dry_run,
            is_internal: false,
        };
        match registry.update(&request, &own, update, &mut Vec::new()).await {
            Err(status) if status.is_conflict() => tokio::time::sleep(PAUSE).await,
            done => return done.map(drop),
        }
    }
    let message = format!("couldn't update PodDisruptionBudget {name:?} due to conflicts");
    Err(Box::new(Status::timeout(message, 10)))
}

/// Whether a budget allows one more disruption.
fn check(budget: &Value) -> Result<(), Box<Status>> {
    let meta = Meta::of(budget);
    let name = meta.name();
    let status = &budget["status"];
    let count = |name: &str| status[name].as_i64().unwrap_or_default();
    if count("observedGeneration") < meta.generation() {
        let message = format!("The disruption budget {name} is still being processed by the server.");
        return Err(refused(message, 10));
    }
    let forbidden = |message: &str| {
        let resource = GroupResource::new("policy", "poddisruptionbudget");
        Err(Box::new(Status::forbidden(&resource, name, message)))
    };
    if count("disruptionsAllowed") < 0 {
        return forbidden("pdb disruptions allowed is negative");
    }
    if status["disruptedPods"].as_object().is_some_and(|pods| pods.len() > N_DISRUPTED_MAX) {
        return forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
    }
    if count("disruptionsAllowed") > 0 {
        return Ok(());
    }
    let (current, desired) = (count("currentHealthy"), count("desiredHealthy"));
    let mut message = if current <= desired {
        format!("The disruption budget {name} needs {desired} healthy pods and has {current} currently")
    } else {
        format!("The disruption budget {name} does not allow evicting pods currently")
    };
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let mut conditions = conditions.filter(|condition| condition["type"] == "DisruptionAllowed");
    if let Some(condition) = conditions.next()
        && condition["status"] == "False"
    {
        let text = |name: &str| condition[name].as_str().unwrap_or_default();
        match text("reason") {
            "SyncFailed" => {
                message = format!(
                    "The disruption budget {name} does not allow evicting pods currently because it failed sync: {}",
                    text("message")
                );
            }
            "InsufficientPods" | "" => {}
            reason => {
                let detail = text("message");
                message = format!(
                    "The disruption budget {name} does not allow evicting pods currently ({reason}): {detail}"
                );
            }
        }
    }
    Err(refused(message, 0))
}

fn refused(message: String, retry_after_seconds: u32) -> Box<Status> {
    let cause = Cause { reason: "DisruptionBudget".to_owned(), message, field: String::new() };
    let mut status = Status::too_many_requests(REFUSED, retry_after_seconds);
    status.details = Some(Details { causes: vec![cause], retry_after_seconds, ..Details::default() });
    Box::new(status)
}

fn count_down(budget: &mut Value, pod: &str, now: &str) {
    let Some(status) = budget.get_mut("status").and_then(Value::as_object_mut) else { return };
    let allowed = status.get("disruptionsAllowed").and_then(Value::as_i64).unwrap_or_default();
    status.insert("disruptionsAllowed".to_owned(), (allowed - 1).into());
    if allowed == 1 {
        let observed = status.get("observedGeneration").cloned().unwrap_or_default();
        let condition = json!({
            "type": "DisruptionAllowed",
            "status": "False",
            "observedGeneration": observed,
            "lastTransitionTime": now,
            "reason": "InsufficientPods",
            "message": "",
        });
        set_condition(status, condition);
    }
    let pods = status.entry("disruptedPods").or_insert_with(|| Map::new().into());
    if !pods.is_object() {
        *pods = Map::new().into();
    }
    if let Some(pods) = pods.as_object_mut() {
        pods.insert(pod.to_owned(), now.into());
    }
}

/// Notes on the pod why it goes.
async fn note(registry: &Registry, request: &Authorized, target: &Target) -> Result<(), Box<Status>> {
    let now = crate::clock::print(crate::clock::now());
    let mut change = |old: Option<&Value>| {
        let mut pod = old.cloned().unwrap_or_default();
        if let Some(status) = pod.get_mut("status").and_then(Value::as_object_mut) {
            let condition = json!({
                "type": "DisruptionTarget",
                "status": "True",
                "lastProbeTime": null,
                "lastTransitionTime": now,
                "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting",
            });
            set_condition(status, condition);
        }
        Ok(pod)
    };
    let update = Update {
        change: &mut change,
        uid: String::new(),
        may_create: false,
        is_dry_run: false,
        is_internal: false,
    };
    let own = Target { subresource: "status".to_owned(), ..target.clone() };
    registry.update(request, &own, update, &mut Vec::new()).await?;
    Ok(())
}
