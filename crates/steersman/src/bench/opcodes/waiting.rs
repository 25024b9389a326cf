//! Op-codes about time, and about what is measured when.

use anyhow::anyhow;

use super::{Barrier, Sleep, Stage, StartCollectingMetrics};
use crate::bench::measure::{Scope, has_labels};
use crate::bench::run::{Run, Stop};

impl Barrier {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        for namespace in &self.namespaces {
            if !run.awaited.contains_key(namespace) {
                return Err(anyhow!("namespaces: no pods were created in {namespace:?}").into());
            }
        }
        let mut pods = Vec::new();
        for (namespace, uids) in &run.awaited {
            if self.namespaces.is_empty() || self.namespaces.contains(namespace) {
                let is_meant = |pod| has_labels(pod, &self.label_selector);
                pods.extend(uids.iter().filter(|uid| run.world.pod(uid).is_some_and(is_meant)).cloned());
            }
        }
        run.world.wait(pods, self.stage_requirement)?;
        if self.stage_requirement == Stage::Scheduled {
            let is_over =
                |namespace: &String| self.namespaces.is_empty() || self.namespaces.contains(namespace);
            run.awaited
                .iter_mut()
                .filter(|(namespace, _)| is_over(namespace))
                .for_each(|(_, uids)| uids.clear());
        }
        Ok(())
    }
}

impl Sleep {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let duration =
            run.params.duration("duration", self.duration.as_deref(), self.duration_param.as_deref())?;
        run.world.run_until(run.world.now().after(duration.unwrap_or_default()));
        Ok(())
    }
}

impl StartCollectingMetrics {
    pub(super) fn run(&self, run: &mut Run<'_>) -> Result<(), Stop> {
        let scope = Scope { namespaces: self.namespaces.clone(), labels: self.label_selector.clone() };
        run.start_collecting(self.name.clone(), scope)
    }
}
