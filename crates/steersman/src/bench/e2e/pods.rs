//! Op-codes that make and remove pods.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::background::delete_one_by_one;
use super::observed::Observed;
use super::requests::Requests;
use super::run::{Run, Stop};
use crate::bench::measure::Scope;
use crate::bench::opcodes::{CreatePodSets, CreatePods, DeletePods, Stage, TemplateParams};

/// Says that a claim's volume was chosen, as a volume controller does.
const BIND_COMPLETED_ANNOTATION: &str = "pv.kubernetes.io/bind-completed";

/// The path of a namespace's pods.
pub(super) fn pods_of(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/pods")
}

/// What is to be created for one pod.
struct Prepared {
    pod: Vec<u8>,
    /// A volume and its claim, which come first.
    volumes: Option<Box<(Value, Value)>>,
}

impl Run<'_> {
    pub(super) async fn create_pods(&mut self, op: &CreatePods, index: usize) -> Result<(), Stop> {
        let namespace = op.namespace.clone().unwrap_or_else(|| format!("namespace-{index}"));
        self.create_pods_in(op, &namespace).await
    }

    pub(super) async fn create_pod_sets(&mut self, op: &CreatePodSets) -> Result<(), Stop> {
        let count = self.params.required_count("count", op.count, op.count_param.as_deref())?;
        for i in 0..count {
            self.create_pods_in(&op.create_pods_op, &format!("{}-{i}", op.namespace_prefix)).await?;
        }
        Ok(())
    }

    async fn create_pods_in(&mut self, op: &CreatePods, namespace: &str) -> Result<(), Stop> {
        let count = self.params.required_count("count", op.count, op.count_param.as_deref())?;
        let steady = self.params.flag("steadyState", op.steady_state, op.steady_state_param.as_deref())?;
        let duration =
            self.params.duration("duration", op.duration.as_deref(), op.duration_param.as_deref())?;
        let template_params = self.template_params(&op.template_params)?;
        self.requests.ensure_namespace(namespace).await?;
        if op.collect_metrics {
            let scope = Scope { namespaces: vec![namespace.to_owned()], ..Scope::default() };
            self.start_collecting(namespace.to_owned(), scope)?;
        }
        let n_before = self.observed.lock().n_reached(namespace, Stage::Scheduled);
        if steady {
            let duration = duration.filter(|duration| !duration.is_zero());
            let duration = duration.context("duration must be given, and be positive, in a steady state")?;
            self.keep_steady(op, namespace, count, &template_params, duration).await?;
        } else {
            self.create_all(op, namespace, count, &template_params).await?;
            if !op.skip_wait_to_completion {
                self.wait(namespace, Stage::Scheduled, n_before + count).await?;
            }
        }
        if op.collect_metrics {
            self.stop_collecting()?;
        }
        Ok(())
    }

    async fn create_all(
        &mut self,
        op: &CreatePods,
        namespace: &str,
        count: u64,
        params: &TemplateParams,
    ) -> Result<()> {
        let mut tasks = JoinSet::new();
        for i in 0..count {
            let prepared = self.prepare(op, namespace, i, count, params)?;
            let (requests, observed) = (self.requests.clone(), self.observed.clone());
            let (collection, namespace) = (pods_of(namespace), namespace.to_owned());
            let slot = requests.slot().await?;
            tasks.spawn(async move {
                let made = create(&requests, &observed, &collection, &namespace, prepared).await;
                drop(slot);
                made
            });
            while let Some(ended) = tasks.try_join_next() {
                Run::failed(ended)?;
            }
            if i % 256 == 0 {
                self.progress.say(|| format!("{i} of {count} pods created"));
            }
        }
        while let Some(ended) = tasks.join_next().await {
            Run::failed(ended)?;
        }
        *self.created.entry(namespace.to_owned()).or_default() += count;
        Ok(())
    }

    /// Replaces every pod that is bound by a new one, until the time is over.
    async fn keep_steady(
        &mut self,
        op: &CreatePods,
        namespace: &str,
        count: u64,
        params: &TemplateParams,
        duration: Duration,
    ) -> Result<(), Stop> {
        let mut bound = self.observed.listen(namespace);
        let deadline = Instant::now() + duration;
        self.create_all(op, namespace, count, params).await?;
        let mut n_bound = 0_u64;
        while let Ok(Some(name)) = tokio::time::timeout_at(deadline, bound.recv()).await {
            n_bound += 1;
            self.requests.delete(&format!("{}/{name}", pods_of(namespace)), true).await?;
            // As upstream: each of the new ones is the first of one.
            let prepared = self.prepare(op, namespace, 0, 1, params)?;
            create(&self.requests, &self.observed, &pods_of(namespace), namespace, prepared).await?;
        }
        if n_bound == 0 {
            return Err(Stop::Failed("no pod was bound in the whole duration".to_owned()));
        }
        Ok(())
    }

    /// Makes the i-th pod, without creating it.
    fn prepare(
        &mut self,
        op: &CreatePods,
        namespace: &str,
        i: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<Prepared> {
        let path = op.pod_template_path.as_deref().or(self.default_pod_template_path);
        let pod = match path {
            Some(path) => self.templates.tree(path, i, count, params)?,
            None => Rc::new(base_pod()),
        };
        if pod["kind"] != "Pod" {
            bail!("podTemplatePath: this is no Pod");
        }
        let (Some(volume), Some(claim)) =
            (&op.persistent_volume_template_path, &op.persistent_volume_claim_template_path)
        else {
            return Ok(Prepared { pod: pod.to_string().into_bytes(), volumes: None });
        };
        let mut volume = Rc::unwrap_or_clone(self.templates.tree(volume, i, count, params)?);
        let mut claim = Rc::unwrap_or_clone(self.templates.tree(claim, i, count, params)?);
        let (name, claim_name) = (format!("vol-{i}"), format!("pvc-{i}"));
        bind_volume(&mut volume, &mut claim, &name, &claim_name, namespace);
        let mut pod = Rc::unwrap_or_clone(pod);
        pod["spec"]["volumes"] =
            json!([{ "name": "vol", "persistentVolumeClaim": { "claimName": claim_name } }]);
        Ok(Prepared { pod: pod.to_string().into_bytes(), volumes: Some(Box::new((volume, claim))) })
    }

    pub(super) async fn delete_pods(&mut self, op: &DeletePods) -> Result<()> {
        let names = self.observed.lock().names(&op.namespace, &op.label_selector);
        let collection = pods_of(&op.namespace);
        let paths: Vec<String> = names.into_iter().map(|name| format!("{collection}/{name}")).collect();
        if op.delete_pods_per_second > 0 {
            let every = Duration::from_secs(1).div_f64(op.delete_pods_per_second as f64);
            let deletions = delete_one_by_one(self.requests.clone(), paths, every);
            if op.skip_wait_to_completion {
                self.background.spawn(deletions);
            } else {
                deletions.await;
            }
            return Ok(());
        }
        let mut tasks = JoinSet::new();
        for path in paths {
            let (requests, slot) = (self.requests.clone(), self.requests.slot().await?);
            tasks.spawn(async move {
                let deleted = requests.delete(&path, false).await;
                drop(slot);
                deleted
            });
        }
        while let Some(ended) = tasks.join_next().await {
            Run::failed(ended)?;
        }
        Ok(())
    }
}

/// Creates a pod with what it needs.
async fn create(
    requests: &Requests,
    observed: &Observed,
    collection: &str,
    namespace: &str,
    prepared: Prepared,
) -> Result<()> {
    if let Some(volumes) = prepared.volumes {
        let (volume, claim) = *volumes;
        for (object, namespace) in [(volume, None), (claim, Some(namespace))] {
            let path = requests.create_any(&object, namespace).await?;
            // What is created has the status of something new.
            requests.patch(&format!("{path}/status"), &json!({ "status": object["status"] })).await?;
        }
    }
    let sent = Instant::now();
    let name = requests.create(collection, prepared.pod).await?;
    observed.lock().created(namespace, &name, sent);
    Ok(())
}

/// Makes a volume and a claim each other's, as a volume controller would.
fn bind_volume(volume: &mut Value, claim: &mut Value, name: &str, claim_name: &str, namespace: &str) {
    volume["metadata"]["name"] = name.into();
    let spec = &mut volume["spec"];
    if !spec["csi"].is_null() {
        spec["csi"]["volumeHandle"] = name.into();
    } else if !spec["awsElasticBlockStore"].is_null() {
        spec["awsElasticBlockStore"]["volumeID"] = name.into();
    }
    // Looking for a field has made it.
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, value| !value.is_null());
    }
    spec["claimRef"] = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim_name });
    volume["status"] = json!({ "phase": "Bound" });
    claim["metadata"]["name"] = claim_name.into();
    claim["metadata"]["annotations"][BIND_COMPLETED_ANNOTATION] = "true".into();
    claim["spec"]["volumeName"] = name.into();
    claim["status"] = json!({ "phase": "Bound" });
}

/// The pod that is made without a template.
fn base_pod() -> Value {
    let amounts = json!({ "cpu": "100m", "memory": "500Mi" });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "generateName": "pod-" },
        "spec": { "containers": [{
            "name": "pause", "image": "registry.k8s.io/pause:3.10.1", "ports": [{ "containerPort": 80 }],
            "resources": { "requests": amounts, "limits": amounts },
        }] },
    })
}

/// One plain pod.
pub(super) fn plain_pod() -> Vec<u8> {
    base_pod().to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_and_its_claim_are_bound_to_each_other() {
        let mut volume = json!({ "spec": { "csi": { "driver": "d" } } });
        let mut claim = json!({ "spec": {} });
        bind_volume(&mut volume, &mut claim, "vol-3", "pvc-3", "own");
        assert_eq!(volume["spec"]["csi"], json!({ "driver": "d", "volumeHandle": "vol-3" }));
        assert_eq!(volume["spec"]["claimRef"]["name"], "pvc-3");
        assert_eq!(claim["spec"]["volumeName"], volume["metadata"]["name"]);
        assert_eq!(volume["spec"].as_object().expect("fields").len(), 2);
    }
}
