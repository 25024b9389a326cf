//! Op-codes for objects of any kind: once, or again and again.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::background::{create_again_and_again, recreate_again_and_again};
use super::run::Run;
use crate::bench::opcodes::{Churn, ChurnMode, CreateAny, UpdateAny};

const CHURN_INTERVAL_MS: u64 = 500;

impl Run<'_> {
    pub(super) async fn create_any(&mut self, op: &CreateAny) -> Result<()> {
        let count = self.params.count("count", op.count, op.count_param.as_deref())?.unwrap_or(1);
        let template_params = self.template_params(&op.template_params)?;
        if let Some(namespace) = &op.namespace {
            self.requests.ensure_namespace(namespace).await?;
        }
        for i in 0..count {
            let object = self.templates.tree(&op.template_path, i, count, &template_params)?;
            self.requests.create_any(&object, op.namespace.as_deref()).await?;
        }
        Ok(())
    }

    pub(super) async fn update_any(&mut self, op: &UpdateAny) -> Result<()> {
        let count = self.params.count("count", op.count, op.count_param.as_deref())?.unwrap_or(1);
        let template_params = self.template_params(&op.template_params)?;
        let mut ticks = (op.update_per_second > 0)
            .then(|| tokio::time::interval(Duration::from_secs(1).div_f64(op.update_per_second as f64)));
        for i in 0..count {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            let object = self.templates.tree(&op.template_path, i, count, &template_params)?;
            let collection = self.requests.collection(&object, op.namespace.as_deref()).await?;
            let name = object["metadata"]["name"].as_str().with_context(|| {
                format!("{}: metadata.name must be given for an update", op.template_path)
            })?;
            self.update(&format!("{collection}/{name}"), &object, &op.subresources).await?;
        }
        Ok(())
    }

    /// Gives an object the form of the template.
    async fn update(&self, path: &str, wanted: &Value, subresources: &[String]) -> Result<()> {
        if let Some(subresource) = subresources.first() {
            let mut object = self.requests.get(path).await?;
            lay_over(&mut object["spec"]["containers"], &wanted["spec"]["containers"]);
            return self.requests.replace(&format!("{path}/{subresource}"), &object).await;
        }
        if wanted["kind"] != "Pod" {
            self.requests.replace(path, wanted).await?;
            if let Some(status) = wanted.get("status") {
                self.requests.patch(&format!("{path}/status"), &json!({ "status": status })).await?;
            }
            return Ok(());
        }
        // Most of a pod's spec is never changed, and the API server has completed it.
        let mut pod = self.requests.get(path).await?;
        lay_over(&mut pod["metadata"], &wanted["metadata"]);
        lay_over(&mut pod["spec"], &wanted["spec"]);
        if wanted["spec"].get("schedulingGates").is_none()
            && let Some(spec) = pod["spec"].as_object_mut()
        {
            spec.remove("schedulingGates");
        }
        self.requests.replace(path, &pod).await
    }

    pub(super) async fn churn(&mut self, op: &Churn, index: usize) -> Result<()> {
        let namespace = op.namespace.clone().unwrap_or_else(|| format!("namespace-{index}"));
        self.requests.ensure_namespace(&namespace).await?;
        let mut objects = Vec::new();
        for path in &op.template_paths {
            let object = self.templates.tree(path, 0, 1, &Default::default())?;
            let object = Rc::unwrap_or_clone(object);
            let namespace = self.requests.is_namespaced(&object).await?.then(|| namespace.clone());
            objects.push((object, namespace));
        }
        let ms = if op.interval_milliseconds == 0 { CHURN_INTERVAL_MS } else { op.interval_milliseconds };
        let (every, requests) = (Duration::from_millis(ms), self.requests.clone());
        match op.mode {
            Some(ChurnMode::Recreate) => {
                let n_slots = usize::try_from(op.number).context("number")?;
                self.background.spawn(recreate_again_and_again(requests, objects, n_slots, every));
            }
            Some(ChurnMode::Create) => {
                let n_times = if op.number == 0 { u64::MAX } else { op.number };
                self.background.spawn(create_again_and_again(requests, objects, n_times, every));
            }
            None => bail!("mode must be given: create or recreate"),
        }
        Ok(())
    }
}

/// Puts the wanted fields over those that are there; lists one item after the other, if they are as long.
fn lay_over(there: &mut Value, wanted: &Value) {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => {
            for (name, value) in wanted {
                lay_over(there.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(there), Value::Array(wanted)) if there.len() == wanted.len() => {
            there.iter_mut().zip(wanted).for_each(|(there, wanted)| lay_over(there, wanted));
        }
        (there, wanted) => there.clone_from(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_laid_over_what_is_there() {
        let mut there = json!({"a": {"x": 1, "y": [{"n": 1, "m": 2}]}, "b": [1]});
        lay_over(&mut there, &json!({"a": {"y": [{"n": 3}]}, "b": [1, 2], "c": "new"}));
        assert_eq!(there, json!({"a": {"x": 1, "y": [{"n": 3, "m": 2}]}, "b": [1, 2], "c": "new"}));
    }
}
