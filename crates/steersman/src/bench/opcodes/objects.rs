//! Op-codes for objects of any kind: once, or again and again.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use wire::Object;

use super::{Churn, ChurnMode, CreateAny, UpdateAny};
use crate::bench::run::{Run, Stop};
use crate::bench::templates::refuse_unnamed;
use crate::bench::world::Background;

const CHURN_INTERVAL_MS: u64 = 500;

impl CreateAny {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let count = run.params.count("count", self.count, self.count_param.as_deref())?.unwrap_or(1);
        let template_params = run.template_params(&self.template_params)?;
        ensure_namespace(run, self.namespace.as_deref())?;
        for i in 0..count {
            let object = run.templates.object(&self.template_path, i, count, &template_params)?;
            let Some(mut object) = object else { continue };
            refuse_unnamed(&object, &self.template_path)?;
            place(&mut object, self.namespace.as_deref(), &self.template_path)?;
            run.world.create(object)?;
        }
        Ok(())
    }
}

impl UpdateAny {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let count = run.params.count("count", self.count, self.count_param.as_deref())?.unwrap_or(1);
        let template_params = run.template_params(&self.template_params)?;
        let only_resources = !self.subresources.is_empty();
        for i in 0..count {
            if let Some(interval) = interval(self.update_per_second) {
                run.world.run_until(run.world.now().after(interval));
            }
            let object = run.templates.object(&self.template_path, i, count, &template_params)?;
            let Some(mut object) = object else { continue };
            refuse_unnamed(&object, &self.template_path)?;
            place(&mut object, self.namespace.as_deref(), &self.template_path)?;
            run.world.update(object, only_resources)?;
        }
        Ok(())
    }
}

impl Churn {
    pub(super) fn problem(&self) -> Option<String> {
        let problem = match self.mode {
            None => "mode must be given: create or recreate",
            Some(ChurnMode::Recreate) if self.number == 0 => "number must be given for mode recreate",
            _ if self.template_paths.is_empty() => "templatePaths must name a template",
            _ => return None,
        };
        Some(problem.to_owned())
    }

    pub(super) fn run(&self, run: &mut Run<'_>, index: usize) -> Result<(), Stop> {
        let namespace = self.namespace.clone().unwrap_or_else(|| format!("namespace-{index}"));
        run.world.ensure_namespace(&namespace)?;
        let mut objects = Vec::new();
        for path in &self.template_paths {
            let object = run.templates.object(path, 0, 1, &Default::default())?;
            let mut object = object.with_context(|| {
                format!("templatePaths: {path}: objects of this kind are read by no scheduler")
            })?;
            refuse_unnamed(&object, path)?;
            if object.kind().scope() == wire::Scope::Namespaced {
                object.meta_mut().namespace.clone_from(&namespace);
            }
            objects.push(object);
        }
        let ms = if self.interval_milliseconds == 0 { CHURN_INTERVAL_MS } else { self.interval_milliseconds };
        let (every, now) = (Duration::from_millis(ms), run.world.now());
        let background = match self.mode {
            Some(ChurnMode::Recreate) => {
                let n_slots = usize::try_from(self.number).map_err(|error| anyhow!("number: {error}"))?;
                Background::recreate(objects, n_slots, every, now)
            }
            _ => {
                Background::create(objects, if self.number == 0 { u64::MAX } else { self.number }, every, now)
            }
        };
        run.world.start(background);
        Ok(())
    }
}

/// The time between two of so many per second.
pub(super) fn interval(per_second: u64) -> Option<Duration> {
    (per_second > 0).then(|| Duration::from_secs(1) / u32::try_from(per_second).unwrap_or(u32::MAX))
}

fn ensure_namespace(run: &mut Run<'_>, namespace: Option<&str>) -> Result<()> {
    namespace.map_or(Ok(()), |namespace| run.world.ensure_namespace(namespace))
}

/// Puts an object into the namespace that is given for it.
fn place(object: &mut Object, namespace: Option<&str>, path: &str) -> Result<()> {
    let kind = object.kind();
    match (kind.scope(), namespace) {
        (wire::Scope::Namespaced, Some(namespace)) => {
            namespace.clone_into(&mut object.meta_mut().namespace);
            Ok(())
        }
        (wire::Scope::Cluster, None) => Ok(()),
        (wire::Scope::Namespaced, None) => bail!("{path}: namespace must be given for a {}", kind.name()),
        (wire::Scope::Cluster, Some(_)) => bail!("{path}: a {} is in no namespace", kind.name()),
    }
}
