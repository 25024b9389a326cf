//! ServiceAccount: every pod runs as one, and gets its token.

use std::sync::{Arc, LazyLock};

use apimachinery::Status;
use serde_json::{Value, json};

use super::{Operation, Plugin, Request, append, items, text};

const MIRROR: &str = "kubernetes.io/config.mirror";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX: &str = "kube-api-access-";
const MOUNTABLE_SECRETS: &str = "kubernetes.io/enforce-mountable-secrets";

/// How long the token in a pod is good: an hour and a little, by which the token request knows such tokens.
const TOKEN_SECONDS: i64 = 3607;

pub(super) struct ServiceAccount {
    /// Makes the five characters at the end of the volume's name.
    pub(super) name_suffix: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Plugin for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let is_new = request.operation == Operation::Create && request.is_of("", "pods");
        let Some(pod) = object.filter(|_| is_new) else { return Ok(()) };
        // A kubelet would take a changed mirror pod for another one, and delete it.
        if is_mirror(pod) {
            return check_mirror(request, pod);
        }
        if text(pod, "/spec/serviceAccountName").is_empty() {
            pod["spec"]["serviceAccountName"] = json!("default");
        }
        // The old name of the field says the same.
        pod["spec"]["serviceAccount"] = pod["spec"]["serviceAccountName"].clone();
        let account = account_of(request, pod)?;
        let automount = &pod["spec"]["automountServiceAccountToken"];
        let automount =
            if automount.is_null() { &account["automountServiceAccountToken"] } else { automount };
        if *automount != false {
            self.mount_token(pod);
        }
        let has_own = items(pod, "/spec/imagePullSecrets").next().is_some();
        if !has_own && items(&account, "/imagePullSecrets").next().is_some() {
            let names = items(&account, "/imagePullSecrets").map(|secret| json!({"name": secret["name"]}));
            pod["spec"]["imagePullSecrets"] = names.collect();
        }
        Ok(())
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let attributes = request.attributes;
        let is_pod = attributes.group.is_empty() && attributes.resource == "pods";
        let is_new = request.operation == Operation::Create && attributes.subresource.is_empty();
        let is_ephemeral =
            request.operation == Operation::Update && attributes.subresource == "ephemeralcontainers";
        let Some(pod) = object.filter(|_| is_pod && (is_new || is_ephemeral)) else { return Ok(()) };
        if is_mirror(pod) {
            return if is_new { check_mirror(request, pod) } else { Ok(()) };
        }
        let account = account_of(request, pod)?;
        if account["metadata"]["annotations"][MOUNTABLE_SECRETS] != "true" {
            return Ok(());
        }
        let refused = if is_new { secret_of_pod(pod, &account) } else { secret_of_ephemeral(pod, &account) };
        refused.map_or(Ok(()), |what| {
            let name = text(&account, "/metadata/name");
            Err(request.forbidden(format!(
                "{what} is not allowed because service account {name} does not reference that secret"
            )))
        })
    }
}

impl ServiceAccount {
    /// Every container that has nothing at the path gets the token there.
    fn mount_token(&self, pod: &mut Value) {
        let own = items(pod, "/spec/volumes").map(|volume| text(volume, "/name"));
        let own = own.into_iter().find(|name| name.starts_with(VOLUME_PREFIX)).map(str::to_owned);
        let has_volume = own.is_some();
        let name = own.unwrap_or_else(|| format!("{VOLUME_PREFIX}{}", (self.name_suffix)()));
        let mut needs_volume = false;
        for list in ["initContainers", "containers"] {
            for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
                if items(container, "/volumeMounts").any(|mount| mount["mountPath"] == MOUNT_PATH) {
                    continue;
                }
                let mount = json!({"name": name, "readOnly": true, "mountPath": MOUNT_PATH});
                append(&mut container["volumeMounts"], mount);
                needs_volume = true;
            }
        }
        if needs_volume && !has_volume {
            append(&mut pod["spec"]["volumes"], token_volume(&name));
        }
    }
}

/// The volume with the token, of which only the name differs from pod to pod.
fn token_volume(name: &str) -> Value {
    static UNNAMED: LazyLock<Value> = LazyLock::new(unnamed_token_volume);
    let mut volume = UNNAMED.clone();
    volume["name"] = name.into();
    volume
}

fn unnamed_token_volume() -> Value {
    let namespace = json!({"apiVersion": "v1", "fieldPath": "metadata.namespace"});
    json!({
        "projected": {
            "defaultMode": 0o644,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": namespace}]}},
            ],
        },
    })
}

fn is_mirror(pod: &Value) -> bool {
    !pod["metadata"]["annotations"][MIRROR].is_null()
}

fn check_mirror(request: &Request<'_>, pod: &Value) -> Result<(), Box<Status>> {
    let has_token = items(pod, "/spec/volumes").any(|volume| {
        items(volume, "/projected/sources").any(|source| !source["serviceAccountToken"].is_null())
    });
    if !text(pod, "/spec/serviceAccountName").is_empty() {
        return Err(request.forbidden("a mirror pod may not reference service accounts"));
    }
    if secrets_of_pod(pod).next().is_some() {
        return Err(request.forbidden("a mirror pod may not reference secrets"));
    }
    if has_token {
        return Err(request.forbidden("a mirror pod may not use ServiceAccountToken volume projections"));
    }
    Ok(())
}

fn account_of(request: &Request<'_>, pod: &Value) -> Result<Arc<Value>, Box<Status>> {
    let (namespace, name) = (request.attributes.namespace.as_str(), text(pod, "/spec/serviceAccountName"));
    request.get("", "serviceaccounts", namespace, name).ok_or_else(|| {
        request.forbidden(format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        ))
    })
}

/// The secrets of a container with how they are referred to.
fn secrets_of_container(container: &Value, kind: &str) -> Vec<(String, String)> {
    let own = text(container, "/name");
    let of_env = items(container, "/env").filter_map(|env| {
        let name = env["valueFrom"]["secretKeyRef"]["name"].as_str()?;
        let what = format!(
            "{kind} {own} with envVar {} referencing secret.secretName=\"{name}\"",
            text(env, "/name")
        );
        Some((name.to_owned(), what))
    });
    let of_env_from = items(container, "/envFrom").filter_map(|source| {
        let name = source["secretRef"]["name"].as_str()?;
        Some((name.to_owned(), format!("{kind} {own} with envFrom referencing secret.secretName=\"{name}\"")))
    });
    of_env.chain(of_env_from).collect()
}

/// The secrets of a pod with how they are referred to, in upstream's order.
fn secrets_of_pod(pod: &Value) -> impl Iterator<Item = (String, String)> {
    let of_volumes = items(pod, "/spec/volumes").filter_map(|volume| {
        let name = volume["secret"]["secretName"].as_str()?;
        Some((name.to_owned(), format!("volume with secret.secretName=\"{name}\"")))
    });
    let of_init = items(pod, "/spec/initContainers")
        .flat_map(|container| secrets_of_container(container, "init container"));
    let of_containers =
        items(pod, "/spec/containers").flat_map(|container| secrets_of_container(container, "container"));
    let of_pull = items(pod, "/spec/imagePullSecrets").filter_map(|secret| {
        let name = secret["name"].as_str()?;
        Some((name.to_owned(), format!("imagePullSecret.name=\"{name}\"")))
    });
    of_volumes.chain(of_init).chain(of_containers).chain(of_pull)
}

/// The first secret that a pod refers to and its account does not.
fn secret_of_pod(pod: &Value, account: &Value) -> Option<String> {
    let is_listed = |list: &str, name: &str| items(account, list).any(|secret| secret["name"] == name);
    let mut all = secrets_of_pod(pod);
    let refused = all.find(|(name, what)| {
        let list = if what.starts_with("imagePullSecret") { "/imagePullSecrets" } else { "/secrets" };
        !is_listed(list, name)
    });
    refused.map(|(_, what)| what)
}

fn secret_of_ephemeral(pod: &Value, account: &Value) -> Option<String> {
    let is_listed = |name: &str| items(account, "/secrets").any(|secret| secret["name"] == name);
    let mut all = items(pod, "/spec/ephemeralContainers")
        .flat_map(|container| secrets_of_container(container, "ephemeral container"));
    all.find(|(name, _)| !is_listed(name)).map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::super::test_request::Trial;
    use super::*;

    fn plugin() -> ServiceAccount {
        ServiceAccount { name_suffix: Arc::new(|| "abcde".to_owned()) }
    }

    fn account(name: &str, more: Value) -> (&'static str, Value) {
        let mut account = more;
        account["metadata"]["name"] = json!(name);
        account["metadata"]["namespace"] = json!("ns");
        ("serviceaccounts", account)
    }

    fn run(pod: Value) -> Result<Value, String> {
        let strict = json!({
            "metadata": {"annotations": {MOUNTABLE_SECRETS: "true"}},
            "secrets": [{"name": "good"}],
            "automountServiceAccountToken": false,
        });
        let trial = Trial::new(Operation::Create, "pods", "ns").with([
            account("default", json!({"imagePullSecrets": [{"name": "pull"}]})),
            account("strict", strict),
        ]);
        trial.run(&plugin(), pod).map_err(|(_, text)| text)
    }

    #[test]
    fn pods_get_the_token_of_their_account() {
        let pod = json!({"metadata": {"name": "p"}, "spec": {
            "initContainers": [{"name": "i"}],
            "containers": [{"name": "c", "volumeMounts": [{"name": "own", "mountPath": MOUNT_PATH}]}, {"name": "d"}],
        }});
        let admitted = run(pod).unwrap();
        let spec = &admitted["spec"];
        assert_eq!(spec["serviceAccountName"], "default");
        assert_eq!(spec["serviceAccount"], "default");
        assert_eq!(spec["imagePullSecrets"], json!([{"name": "pull"}]));
        assert_eq!(spec["volumes"], json!([token_volume("kube-api-access-abcde")]));
        let mount = json!([{"name": "kube-api-access-abcde", "readOnly": true, "mountPath": MOUNT_PATH}]);
        assert_eq!(spec["initContainers"][0]["volumeMounts"], mount);
        assert_eq!(spec["containers"][0]["volumeMounts"][0]["name"], "own");
        assert_eq!(spec["containers"][1]["volumeMounts"], mount);
        assert_eq!(run(admitted.clone()), Ok(admitted), "nothing is added twice");
    }

    #[test]
    fn who_wants_no_token_gets_none() {
        for spec in [
            json!({"containers": [{"name": "c"}], "automountServiceAccountToken": false}),
            json!({"containers": [{"name": "c"}], "serviceAccountName": "strict"}),
        ] {
            let admitted = run(json!({"metadata": {"name": "p"}, "spec": spec})).unwrap();
            assert!(admitted["spec"]["volumes"].is_null());
        }
    }

    #[test]
    fn refuses_in_upstreams_words() {
        let strict = |mut spec: Value| {
            spec["serviceAccountName"] = json!("strict");
            json!({"metadata": {"name": "p"}, "spec": spec})
        };
        let mirror =
            |spec: Value| json!({"metadata": {"name": "p", "annotations": {MIRROR: "x"}}, "spec": spec});
        let end = "is not allowed because service account strict does not reference that secret";
        let env = json!([{"name": "E", "valueFrom": {"secretKeyRef": {"name": "bad"}}}]);
        for (pod, text) in [
            (
                json!({"metadata": {"name": "p"}, "spec": {"serviceAccountName": "x"}}),
                "error looking up service account ns/x: serviceaccount \"x\" not found".to_owned(),
            ),
            (
                strict(
                    json!({"volumes": [{"secret": {"secretName": "good"}}, {"secret": {"secretName": "bad"}}]}),
                ),
                format!("volume with secret.secretName=\"bad\" {end}"),
            ),
            (
                strict(json!({"initContainers": [{"name": "i", "env": env}]})),
                format!("init container i with envVar E referencing secret.secretName=\"bad\" {end}"),
            ),
            (
                strict(json!({"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "bad"}}]}]})),
                format!("container c with envFrom referencing secret.secretName=\"bad\" {end}"),
            ),
            (
                strict(json!({"imagePullSecrets": [{"name": "good"}]})),
                format!("imagePullSecret.name=\"good\" {end}"),
            ),
            (
                mirror(json!({"serviceAccountName": "default"})),
                "a mirror pod may not reference service accounts".to_owned(),
            ),
            (
                mirror(json!({"volumes": [{"secret": {"secretName": "x"}}]})),
                "a mirror pod may not reference secrets".to_owned(),
            ),
            (
                mirror(json!({"volumes": [{"projected": {"sources": [{"serviceAccountToken": {}}]}}]})),
                "a mirror pod may not use ServiceAccountToken volume projections".to_owned(),
            ),
        ] {
            assert_eq!(run(pod), Err(format!("pods \"p\" is forbidden: {text}")));
        }
    }
}
