//! Subresources that lead to something outside of this server: logs, terminals, proxies.
//!
//! What can be said without a kubelet is said as upstream says it; beyond that the answer is that it cannot be reached,
//! never something made up.

use apimachinery::field::{FieldError, Path};
use apimachinery::{ErrorList, GroupKind, Status};
use serde_json::Value;

use crate::authorization::Authorized;
use crate::call::Call;
use crate::registry::Target;
use crate::reply::Reply;
use crate::server::Server;

pub(super) async fn handle(
    server: &Server,
    request: &Authorized,
    target: &Target,
    subresource: &str,
    call: &mut Call,
) -> Result<Reply, Box<Status>> {
    if call.query().get("dryRun").is_some() {
        return Err(Box::new(Status::bad_request("dryRun is not supported")));
    }
    let is_pod = target.kind().kind == "Pod";
    let object = match subresource {
        "proxy" => {
            // `[scheme:]name[:port]`
            let parts: Vec<&str> = target.name.split(':').collect();
            let name = match parts.as_slice() {
                [name] | [name, _] | [_, name, _] => (*name).to_owned(),
                _ => {
                    let what = target.kind().singular;
                    let message = format!("invalid {what} request {:?}", target.name);
                    return Err(Box::new(Status::bad_request(message)));
                }
            };
            let named = Target { name, ..target.clone() };
            server.registry.get(request, &named, "").await?.document()
        }
        _ => server.registry.get(request, target, "").await?.document(),
    };
    let node = object["spec"]["nodeName"].as_str().unwrap_or_default();
    let name = &target.name;
    match subresource {
        "log" => {
            validate_log_options(name, call)?;
            container(&object, call)?;
            if node.is_empty() {
                return Ok(Reply::new(204, "", ""));
            }
        }
        "exec" | "attach" => {
            container(&object, call)?;
            if node.is_empty() {
                return Err(Box::new(Status::bad_request(format!(
                    "pod {name} does not have a host assigned"
                ))));
            }
        }
        "portforward" if is_pod && node.is_empty() => {
            return Err(Box::new(Status::bad_request(format!("pod {name} does not have a host assigned"))));
        }
        // Without an address there is nothing to connect to.
        "proxy" if is_pod && object["status"]["podIP"].as_str().is_none_or(str::is_empty) => {
            return Err(Box::new(Status::bad_request("address not allowed")));
        }
        _ => {}
    }
    let message =
        format!("{subresource} is not supported by this server yet: it does not connect to kubelets");
    Err(Box::new(Status::service_unavailable(message)))
}

/// Which container is meant.
fn container(pod: &Value, call: &Call) -> Result<String, Box<Status>> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let names = |list: &str| -> Vec<String> {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|container| container["name"].as_str()).map(str::to_owned).collect()
    };
    let containers = names("containers");
    match call.query().get("container").filter(|asked| !asked.is_empty()) {
        Some(asked) => {
            let all = [names("initContainers"), containers, names("ephemeralContainers")].concat();
            if all.iter().any(|known| known == asked) {
                return Ok(asked.to_owned());
            }
            let message = format!("container {asked} is not valid for pod {name}");
            Err(Box::new(Status::bad_request(message)))
        }
        None if containers.len() == 1 => Ok(containers.into_iter().next().unwrap_or_default()),
        None => {
            let default = pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str();
            if let Some(default) = default.filter(|default| containers.iter().any(|known| known == default)) {
                return Ok(default.to_owned());
            }
            let choice = containers.join(" ");
            let message =
                format!("a container name must be specified for pod {name}, choose one of: [{choice}]");
            Err(Box::new(Status::bad_request(message)))
        }
    }
}

/// Whether the options of a log make sense.
fn validate_log_options(name: &str, call: &Call) -> Result<(), Box<Status>> {
    let query = call.query();
    let mut errors = ErrorList::new();
    let at_least = |field: &str, least: i64, detail: &str, errors: &mut ErrorList| {
        let value = query.integer(field)?;
        if let Some(value) = value.filter(|value| *value < least) {
            errors.push(FieldError::invalid(&Path::new(field), value, detail));
        }
        Ok::<_, Box<Status>>(value.is_some())
    };
    at_least("tailLines", 0, "must be greater than or equal to 0", &mut errors)?;
    at_least("limitBytes", 1, "must be greater than 0", &mut errors)?;
    let has_seconds = query.get("sinceSeconds").is_some();
    if has_seconds && query.get("sinceTime").is_some() {
        let message = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        errors.push(FieldError::forbidden(&Path::new("[]"), message));
    } else {
        at_least("sinceSeconds", 1, "must be greater than 0", &mut errors)?;
    }
    if query.get("stream").is_some_and(|stream| !stream.is_empty() && stream != "All") {
        errors.push(FieldError::forbidden(&Path::new("stream"), "may not be specified"));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Box::new(Status::invalid(&GroupKind::new("", "PodLogOptions"), name, &errors)))
}
