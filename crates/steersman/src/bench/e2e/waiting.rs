//! Op-codes about time, and waiting for pods.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::pods::pods_of;
use super::run::{Run, Stop};
use crate::bench::opcodes::{Barrier, Sleep, Stage};

/// How often it is looked whether pods have got where they should.
const LOOK: Duration = Duration::from_millis(2);

impl Run<'_> {
    /// Waits until so many pods of a namespace have reached a stage, or were gone before.
    pub(super) async fn wait(&self, namespace: &str, stage: Stage, n: u64) -> Result<(), Stop> {
        let n_behind = || n.saturating_sub(self.observed.lock().n_reached(namespace, stage));
        self.wait_for(namespace, stage, n_behind).await
    }

    /// Waits until nobody is behind; as long as there is progress.
    async fn wait_for(&self, namespace: &str, stage: Stage, n_behind: impl Fn() -> u64) -> Result<(), Stop> {
        let (mut fewest, mut deadline) = (u64::MAX, Instant::now() + self.patience);
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            let n = n_behind();
            if n == 0 {
                return Ok(());
            }
            self.progress.say(|| format!("{n} pods to be {stage} in {namespace}"));
            if n < fewest {
                (fewest, deadline) = (n, Instant::now() + self.patience);
            } else if Instant::now() > deadline {
                return Err(Stop::Failed(self.stuck(namespace, stage, n).await?));
            }
            ticks.tick().await;
        }
    }

    async fn stuck(&self, namespace: &str, stage: Stage, n: u64) -> Result<String> {
        let one = self.observed.lock().one_behind(namespace, stage).map(str::to_owned);
        let Some(name) = one else { return Ok(format!("{n} pods of namespace {namespace} were never seen")) };
        let pod = self.requests.get(&format!("{}/{name}", pods_of(namespace))).await?;
        let conditions = pod["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        let said = conditions.iter().find(|condition| condition["type"] == "PodScheduled");
        let said = said.and_then(|condition| condition["message"].as_str()).unwrap_or("it was never tried");
        Ok(format!("{n} pods do not get {stage}, such as {namespace}/{name}: {said}"))
    }

    pub(super) async fn barrier(&mut self, op: &Barrier) -> Result<(), Stop> {
        if let Some(unknown) = op.namespaces.iter().find(|namespace| !self.created.contains_key(*namespace)) {
            return Err(anyhow::anyhow!("namespaces: no pods were created in {unknown:?}").into());
        }
        let is_meant =
            |namespace: &str| op.namespaces.is_empty() || op.namespaces.iter().any(|n| n == namespace);
        let created: BTreeMap<String, u64> = self
            .created
            .iter()
            .filter(|(namespace, _)| is_meant(namespace))
            .map(|(n, m)| (n.clone(), *m))
            .collect();
        for (namespace, n) in created {
            if op.label_selector.is_empty() {
                self.wait(&namespace, op.stage_requirement, n).await?;
                continue;
            }
            // Nobody is missed: the watch has shown all pods.
            self.wait_for(&namespace, Stage::Attempted, || self.n_unseen(&namespace, n)).await?;
            let n_behind =
                || self.observed.lock().n_behind(&namespace, &op.label_selector, op.stage_requirement) as u64;
            self.wait_for(&namespace, op.stage_requirement, n_behind).await?;
        }
        Ok(())
    }

    /// How many of so many pods the watch has not shown yet.
    fn n_unseen(&self, namespace: &str, n: u64) -> u64 {
        n.saturating_sub(self.observed.lock().n_seen(namespace))
    }

    pub(super) async fn sleep(&self, op: &Sleep) -> Result<()> {
        let duration =
            self.params.duration("duration", op.duration.as_deref(), op.duration_param.as_deref())?;
        tokio::time::sleep(duration.unwrap_or_default()).await;
        Ok(())
    }
}
