//! Op-codes that make and remove pods.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use wire::{
    Container, ContainerPort, Object, ObjectMeta, ObjectReference, PersistentVolumeClaim,
    PersistentVolumeClaimVolumeSource, Pod, PodSpec, ResourceRequirements, Volume,
};

use super::objects::interval;
use super::{CreatePodSets, CreatePods, DeletePods, Stage, TemplateParams};
use crate::bench::measure::Scope;
use crate::bench::run::{Run, Stop};
use crate::bench::world::{Background, Handle};

/// A pod with the volumes that are made for it.
pub(in crate::bench) struct Prepared {
    pub(in crate::bench) pod: Pod,
    volumes: Vec<Object>,
}

impl CreatePods {
    pub(super) fn problem(&self) -> Option<String> {
        let problem = if self.opcode.as_ref().is_some_and(|opcode| opcode != "createPods") {
            "opcode must be createPods"
        } else if self.collect_metrics && self.skip_wait_to_completion {
            "collectMetrics and skipWaitToCompletion exclude each other"
        } else if self.skip_wait_to_completion && self.steady_state {
            "skipWaitToCompletion and steadyState exclude each other"
        } else if self.persistent_volume_template_path.is_some()
            != self.persistent_volume_claim_template_path.is_some()
        {
            "persistentVolumeTemplatePath and persistentVolumeClaimTemplatePath need each other"
        } else {
            return None;
        };
        Some(problem.to_owned())
    }

    pub(super) fn run(&self, run: &mut Run<'_>, index: usize) -> Result<(), Stop> {
        let namespace = self.namespace.clone().unwrap_or_else(|| format!("namespace-{index}"));
        self.run_in(run, &namespace)
    }

    fn run_in(&self, run: &mut Run<'_>, namespace: &str) -> Result<(), Stop> {
        let count = run.params.required_count("count", self.count, self.count_param.as_deref())?;
        let steady = run.params.flag("steadyState", self.steady_state, self.steady_state_param.as_deref())?;
        let duration =
            run.params.duration("duration", self.duration.as_deref(), self.duration_param.as_deref())?;
        let template_params = run.template_params(&self.template_params)?;
        run.world.ensure_namespace(namespace)?;
        run.awaited.entry(namespace.to_owned()).or_default();
        if self.collect_metrics {
            let scope = Scope { namespaces: vec![namespace.to_owned()], ..Scope::default() };
            run.start_collecting(namespace.to_owned(), scope)?;
        }
        if steady {
            let duration = duration.filter(|duration| !duration.is_zero());
            let duration = duration.context("duration must be given, and be positive, in a steady state")?;
            let deadline = run.world.now().after(duration);
            self.keep_steady(run, namespace, count, &template_params, deadline)?;
        } else {
            let mut pods = Vec::new();
            for i in 0..count {
                pods.push(self.create(run, namespace, i, count, &template_params)?);
            }
            if self.skip_wait_to_completion {
                run.awaited.entry(namespace.to_owned()).or_default().extend(pods);
            } else {
                run.world.wait(pods, Stage::Scheduled)?;
            }
        }
        if self.collect_metrics {
            run.stop_collecting()?;
        }
        Ok(())
    }

    /// Replaces every pod that is bound by a new one, until the time is over.
    fn keep_steady(
        &self,
        run: &mut Run<'_>,
        namespace: &str,
        count: u64,
        params: &TemplateParams,
        deadline: base::Now,
    ) -> Result<(), Stop> {
        let mut waiting = Vec::new();
        for i in 0..count {
            waiting.push(self.create(run, namespace, i, count, params)?);
        }
        let mut n_bound = 0;
        while run.world.now() < deadline {
            // One decision at a time, so that the pod is gone before the next decision.
            let next = run.world.now().after(crate::bench::world::DECISION);
            run.world.run_until(next.min(deadline));
            for i in (0..waiting.len()).rev() {
                let is_bound = run.world.pod(&waiting[i]).is_none_or(|pod| !pod.spec.node_name.is_empty());
                if is_bound {
                    n_bound += 1;
                    run.world.delete(&Handle::Pod(waiting.swap_remove(i)));
                    // As upstream: each of the new ones is the first of one.
                    waiting.push(self.create(run, namespace, 0, 1, params)?);
                }
            }
        }
        if n_bound == 0 {
            return Err(Stop::Stuck("no pod was bound in the whole duration".to_owned()));
        }
        Ok(())
    }

    fn create(
        &self,
        run: &mut Run<'_>,
        namespace: &str,
        i: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<Arc<str>, Stop> {
        let Prepared { mut pod, volumes } = self.prepare(run, namespace, i, count, params)?;
        for object in volumes {
            run.world.create(object)?;
        }
        namespace.clone_into(&mut pod.metadata.namespace);
        match run.world.create(pod.into())? {
            Handle::Pod(uid) => Ok(uid),
            Handle::Other(..) => Err(anyhow!("a pod became something else").into()),
        }
    }

    /// Makes the i-th pod, without creating it.
    pub(in crate::bench) fn prepare(
        &self,
        run: &mut Run<'_>,
        namespace: &str,
        i: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<Prepared> {
        let path = self.pod_template_path.as_deref().or(run.default_pod_template_path);
        let mut pod = match path {
            Some(path) => run.templates.pod(path, i, count, params)?,
            None => base_pod()?,
        };
        let (Some(volume_path), Some(claim_path)) =
            (&self.persistent_volume_template_path, &self.persistent_volume_claim_template_path)
        else {
            return Ok(Prepared { pod, volumes: Vec::new() });
        };
        let (name, claim_name) = (format!("vol-{i}"), format!("pvc-{i}"));
        let volume = run.templates.object(volume_path, i, count, params)?;
        let Some(Object::PersistentVolume(mut volume)) = volume else {
            return Err(anyhow!("persistentVolumeTemplatePath: {volume_path}: this is no PersistentVolume"));
        };
        let claim = run.templates.object(claim_path, i, count, params)?;
        let Some(Object::PersistentVolumeClaim(mut claim)) = claim else {
            return Err(anyhow!(
                "persistentVolumeClaimTemplatePath: {claim_path}: this is no PersistentVolumeClaim"
            ));
        };
        bind_volume(&mut volume, &mut claim, &name, &claim_name, namespace);
        pod.spec.volumes = vec![Volume {
            name: "vol".to_owned(),
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource { claim_name, read_only: false }),
            ..Volume::default()
        }];
        Ok(Prepared {
            pod,
            volumes: vec![Object::PersistentVolume(volume), Object::PersistentVolumeClaim(claim)],
        })
    }
}

/// Makes a volume and a claim each other's, as a volume controller would.
fn bind_volume(
    volume: &mut wire::PersistentVolume,
    claim: &mut PersistentVolumeClaim,
    name: &str,
    claim_name: &str,
    namespace: &str,
) {
    name.clone_into(&mut volume.metadata.name);
    if let Some(csi) = &mut volume.spec.csi {
        name.clone_into(&mut csi.volume_handle);
    } else if let Some(disk) = &mut volume.spec.aws_elastic_block_store {
        name.clone_into(&mut disk.volume_id);
    }
    volume.spec.claim_ref = Some(ObjectReference {
        api_version: "v1".to_owned(),
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: namespace.to_owned(),
        name: claim_name.to_owned(),
        ..ObjectReference::default()
    });
    "Bound".clone_into(&mut volume.status.phase);
    claim.metadata =
        ObjectMeta { name: claim_name.to_owned(), namespace: namespace.to_owned(), ..claim.metadata.clone() };
    name.clone_into(&mut claim.spec.volume_name);
    "Bound".clone_into(&mut claim.status.phase);
}

/// The pod that is made without a template.
fn base_pod() -> Result<Pod> {
    let amount = |name: &str, text: &str| {
        let quantity = text.parse().map_err(|error| anyhow!("{text}: {error}"))?;
        Ok::<_, anyhow::Error>((name.to_owned(), quantity))
    };
    let amounts = [amount("cpu", "100m")?, amount("memory", "500Mi")?];
    let container = Container {
        name: "pause".to_owned(),
        image: "registry.k8s.io/pause:3.10.1".to_owned(),
        ports: vec![ContainerPort { container_port: 80, ..ContainerPort::default() }],
        resources: ResourceRequirements {
            requests: amounts.clone().into(),
            limits: amounts.into(),
            claims: Vec::new(),
        },
        ..Container::default()
    };
    Ok(Pod {
        metadata: ObjectMeta { generate_name: "pod-".to_owned(), ..ObjectMeta::default() },
        spec: PodSpec { containers: vec![container], ..PodSpec::default() },
        ..Pod::default()
    })
}

impl CreatePodSets {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let count = run.params.required_count("count", self.count, self.count_param.as_deref())?;
        for i in 0..count {
            self.create_pods_op.run_in(run, &format!("{}-{i}", self.namespace_prefix))?;
        }
        Ok(())
    }
}

impl DeletePods {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let pods = run.world.pods_in(&self.namespace, &self.label_selector);
        let Some(every) = interval(self.delete_pods_per_second) else {
            pods.into_iter().for_each(|uid| run.world.delete(&Handle::Pod(uid)));
            return Ok(());
        };
        let (n, now) = (u32::try_from(pods.len()).unwrap_or(u32::MAX), run.world.now());
        run.world.start(Background::delete(pods, every, now));
        if !self.skip_wait_to_completion {
            run.world.run_until(now.after(every.saturating_mul(n)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_and_its_claim_are_bound_to_each_other() {
        let mut volume = wire::PersistentVolume::default();
        volume.spec.csi = Some(wire::CsiPersistentVolumeSource::default());
        let mut claim = PersistentVolumeClaim::default();
        bind_volume(&mut volume, &mut claim, "vol-3", "pvc-3", "own");
        let claimed = volume.spec.claim_ref.expect("a reference");
        assert_eq!((claimed.namespace.as_str(), claimed.name.as_str()), ("own", "pvc-3"));
        assert_eq!((claim.metadata.namespace.as_str(), claim.metadata.name.as_str()), ("own", "pvc-3"));
        assert_eq!((volume.metadata.name.as_str(), claim.spec.volume_name.as_str()), ("vol-3", "vol-3"));
        assert_eq!(volume.spec.csi.expect("a source").volume_handle, "vol-3");
        assert_eq!((volume.status.phase.as_str(), claim.status.phase.as_str()), ("Bound", "Bound"));
    }

    #[test]
    fn pods_without_template_are_those_of_upstream() {
        let pod = base_pod().expect("a pod");
        assert_eq!(pod.spec.containers[0].resources.requests["cpu"].milli_value(), 100);
        assert_eq!(pod.metadata.generate_name, "pod-");
    }
}
