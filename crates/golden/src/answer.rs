//! Our answer to a case, in the form of the recording.

use anyhow::{Context, Result};
use scheduling::agreement;
use scheduling::engine::{Input, Scheduler};
use scheduling::explanation::{Explanation, FeasibleScores, NodeExplanation, PreFilterExplanation, Verdict};
use scheduling::framework::{Code, Nomination, PreFilter, Profile, Status};
use scheduling::reference::{Decision, Refusal, num_feasible_nodes_to_find};
use scheduling::snapshot::Row;
use serde_json::{Map, Value, json};
use wire::config::{ExtensionPoint, FeatureGates, SchedulerConfiguration};

use crate::case::Case;
use crate::sequence;
use crate::world::{self, NOW, decode};

/// What we answer.
pub(crate) fn answer(case: &Case) -> Result<Value> {
    let gates = FeatureGates::default();
    let configuration = match &case.config {
        None => SchedulerConfiguration::default_for(&gates),
        Some(config) => wire::config::load(config.to_string().as_bytes(), &case.id, &gates)?,
    };
    if let Some(n_nodes) = case.num_nodes {
        let profile = configuration.profiles.first().context("no profile")?;
        let percentage = profile.percentage_of_nodes_to_score.or(configuration.percentage_of_nodes_to_score);
        return Ok(json!({"nodesToFind": num_feasible_nodes_to_find(percentage.unwrap_or(0), n_nodes)}));
    }
    let mut scheduler = Scheduler::new(&configuration, gates, 0)?;
    scheduler.set_now(NOW);
    for objects in case.objects.values() {
        for object in objects {
            let object = decode(object)?;
            scheduler.step(Input::Upsert(&object), NOW);
        }
    }
    if let Some(pods) = &case.sequence {
        return sequence::answer(&mut scheduler, pods);
    }
    let pod = case.pod.as_ref().context("a case without pod")?;
    let pod: wire::Pod = serde_json::from_value(pod.clone())?;
    let pod = scheduler.compile_pod(&pod);
    if scheduler.profile_of(&pod).is_none() {
        return Ok(json!({"outcome": "ignored"}));
    }
    let explanation = scheduler.explain(&pod).context("no profile")?;
    if let Some(difference) = agreement::difference(&mut scheduler, &pod, &explanation) {
        return Ok(json!({"fastPath": difference}));
    }
    let mut answer = Answer { scheduler: &scheduler, fields: Map::new() };
    let profile = scheduler.profile_of(&pod).context("no profile")?;
    answer.put("profile", json!(profile.scheduler_name));
    if case.expect.get("resolvedPlugins").is_some() {
        answer.put("resolvedPlugins", resolved_plugins(profile, &case.expect["resolvedPlugins"]));
    }
    answer.fill(&explanation);
    Ok(Value::Object(answer.fields))
}

fn resolved_plugins(profile: &Profile, recorded: &Value) -> Value {
    let points = recorded.as_object().into_iter().flat_map(Map::keys);
    let resolved = points.filter_map(|name| {
        let point = ExtensionPoint::from_name(name)?;
        let plugins: Vec<Value> = if point == ExtensionPoint::Score {
            profile
                .scores()
                .map(|(p, weight)| json!({"name": p.registration.name, "weight": weight}))
                .collect()
        } else {
            profile.names_at(point).map(|name| json!({"name": name})).collect()
        };
        Some((name.clone(), Value::Array(plugins)))
    });
    Value::Object(resolved.collect())
}

struct Answer<'s> {
    scheduler: &'s Scheduler,
    fields: Map<String, Value>,
}

impl Answer<'_> {
    fn put(&mut self, key: &str, value: Value) {
        self.fields.insert(key.to_owned(), value);
    }

    fn fill(&mut self, explanation: &Explanation) {
        let Some(decision) = &explanation.decision else {
            let statuses = explanation.pre_enqueue.iter().map(|status| self.status(status, true)).collect();
            self.put("outcome", json!("gated"));
            self.put("preEnqueue", Value::Array(statuses));
            return;
        };
        if let Some(pre_filter) = &explanation.pre_filter {
            let value = self.pre_filter(pre_filter);
            self.put("preFilter", value);
            if pre_filter.result.is_ok() {
                let value = self.filter(&explanation.nodes, pre_filter, decision);
                self.put("filter", value);
            }
        }
        if let Some(scores) = &explanation.scores {
            self.scores(scores);
        }
        self.decision(decision);
    }

    fn decision(&mut self, decision: &Decision) {
        let outcome = match decision {
            Decision::Placed(_) => "scheduled",
            Decision::Unschedulable(_) | Decision::NoNodes => "unschedulable",
            Decision::Failed(_) => "error",
        };
        self.put("outcome", json!(outcome));
        if !matches!(decision, Decision::Placed(_)) {
            self.put("message", json!(self.scheduler.message(decision)));
        }
        if let Decision::Unschedulable(refusal) = decision {
            self.put("unschedulablePlugins", json!(refusal.diagnosis.unschedulable_plugins));
            let value = self.post_filter(refusal);
            self.put("postFilter", value);
        }
    }

    fn name(&self, row: Row) -> String {
        world::name(self.scheduler, row)
    }

    fn names(&self, rows: &[Row]) -> Vec<String> {
        world::names(self.scheduler, rows)
    }

    fn status(&self, status: &Status, with_plugin: bool) -> Value {
        let mut value = Map::new();
        value.insert("code".into(), json!(status.code.name()));
        if with_plugin && !status.plugin.is_empty() {
            value.insert("plugin".into(), json!(status.plugin));
        }
        if !status.reasons.is_empty() {
            let sentences = status.reasons.iter().map(|reason| reason.sentence(self.scheduler.symbols()));
            let mut sentences: Vec<_> = sentences.collect();
            sentences.sort();
            value.insert("reasons".into(), json!(sentences));
        }
        Value::Object(value)
    }

    fn pre_filter(&self, pre_filter: &PreFilterExplanation) -> Value {
        let node_names = |names: &Vec<base::Symbol>| {
            let resolved = names.iter().map(|name| self.scheduler.symbols().resolve(*name));
            let mut names: Vec<_> = resolved.collect();
            names.sort_unstable();
            json!(names)
        };
        let mut plugins = Map::new();
        for report in &pre_filter.plugins {
            let mut value = match &report.verdict {
                PreFilter::Skip => json!({"code": Code::Skip.name()}),
                PreFilter::Proceed => json!({"code": Code::Success.name()}),
                PreFilter::Reject(status) => self.status(status, false),
            };
            if let Some(nodes) = &report.nodes {
                value["nodeNames"] = node_names(nodes);
            }
            plugins.insert(report.plugin.to_owned(), value);
        }
        let status = match &pre_filter.result {
            Ok(()) => json!({"code": Code::Success.name()}),
            Err(status) => self.status(status, true),
        };
        let nodes = pre_filter.nodes.as_ref().map_or(Value::Null, node_names);
        json!({"status": status, "nodeNames": nodes, "plugins": plugins})
    }

    fn filter(
        &self,
        nodes: &[NodeExplanation],
        pre_filter: &PreFilterExplanation,
        decision: &Decision,
    ) -> Value {
        let mut value = Map::new();
        let mut feasible = Vec::new();
        let mut rejected = Map::new();
        for node in nodes {
            match &node.verdict {
                Verdict::LeftOut => {}
                Verdict::Fits => feasible.push(node.row),
                Verdict::Refused(status) => {
                    let mut entry = Map::new();
                    entry.insert("verdict".into(), self.status(status, true));
                    if !node.refused_by.is_empty() {
                        let each = node.refused_by.iter();
                        let each = each.map(|status| (status.plugin.to_owned(), self.status(status, false)));
                        entry.insert("plugins".into(), Value::Object(each.collect()));
                    }
                    rejected.insert(self.name(node.row), Value::Object(entry));
                }
            }
        }
        let selection = match decision {
            Decision::Placed(selection) if selection.is_nominated => Some(selection),
            _ => None,
        };
        if let Some(selection) = selection {
            feasible.clone_from(&selection.feasible);
            value.insert("nominatedNodeShortcut".into(), json!(true));
        }
        if pre_filter.nodes.is_some() {
            let absent = match decision {
                Decision::Placed(selection) => &selection.diagnosis.absent,
                Decision::Unschedulable(refusal) => &refusal.diagnosis.absent,
                Decision::NoNodes | Decision::Failed(_) => return Value::Null,
            };
            value.insert("absentNodes".into(), self.status(absent, true));
        }
        value.insert("feasible".into(), json!(self.names(&feasible)));
        value.insert("rejected".into(), Value::Object(rejected));
        Value::Object(value)
    }

    /// Without scores, because scoring failed, the decision says so.
    fn scores(&mut self, feasible: &FeasibleScores) {
        let Ok(scores) = &feasible.scores else { return };
        let mut order: Vec<usize> = (0..feasible.rows.len()).collect();
        order.sort_by_key(|i| self.name(feasible.rows[*i]));
        let column = |values: &[i64]| -> Vec<i64> { order.iter().map(|i| values[*i]).collect() };
        let plugins: Vec<Value> = scores
            .plugins
            .iter()
            .map(|plugin| {
                json!({
                    "name": plugin.plugin,
                    "weight": plugin.weight,
                    "raw": column(&plugin.raw),
                    "normalized": column(&plugin.normalized),
                })
            })
            .collect();
        let mut skipped = scores.skipped.clone();
        skipped.sort_unstable();
        let mut value = json!({
            "nodes": self.names(&feasible.rows),
            "plugins": plugins,
            "total": column(&scores.total),
        });
        if !skipped.is_empty() {
            value["skipped"] = json!(skipped);
        }
        self.put("score", value);
        let best = scores.best(&feasible.rows);
        let best = self.names(&best);
        self.put("bestHosts", json!(best));
    }

    fn post_filter(&self, refusal: &Refusal) -> Value {
        let mut value = Map::new();
        let mut nominated = Vec::new();
        if let Some(preemption) = &refusal.preemption {
            nominated = preemption.best.iter().map(|i| preemption.candidates[*i].row).collect();
            let mut candidates: Vec<(String, Value)> = preemption
                .candidates
                .iter()
                .map(|candidate| {
                    let mut victims: Vec<_> = candidate.victims.iter().map(|v| v.key.to_string()).collect();
                    victims.sort();
                    let node = self.name(candidate.row);
                    let entry =
                        json!({"node": node, "victims": victims, "pdbViolations": candidate.n_pdb_violations});
                    (node, entry)
                })
                .collect();
            candidates.sort_by(|a, b| a.0.cmp(&b.0));
            let candidates: Vec<Value> = candidates.into_iter().map(|(_, candidate)| candidate).collect();
            value.insert("candidates".into(), Value::Array(candidates));
        }
        value.insert("nominatedNodes".into(), json!(self.names(&nominated)));
        if refusal.nomination == Nomination::Clear {
            value.insert("clearNominatedNode".into(), json!(true));
        }
        let message = &refusal.diagnosis.post_filter_message;
        if !message.is_empty() {
            value.insert("message".into(), json!(message));
        }
        Value::Object(value)
    }
}
