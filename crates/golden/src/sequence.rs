//! Many pods, one after another.

use anyhow::{Context, Result};
use scheduling::agreement;
use scheduling::engine::{Input, Scheduler};
use scheduling::explanation::Explanation;
use scheduling::framework::Nomination;
use scheduling::reference::Decision;
use scheduling::snapshot::Row;
use serde_json::{Value, json};
use wire::{Object, Timestamp};

use crate::world::{NOW, decode, names};

/// 2026-02-01T00:00:00Z in seconds since the epoch: pods placed in step k start k seconds later.
const FIRST_START: i64 = 1_769_904_000;

/// Places the pods in order, always on the host whose name is smallest among the best.
pub(crate) fn answer(scheduler: &mut Scheduler, pods: &[Value]) -> Result<Value> {
    let mut steps: Vec<Value> = Vec::new();
    for pod in pods {
        let mut object = decode(pod)?;
        loop {
            scheduler.step(Input::Upsert(&object), NOW);
            let Object::Pod(pod) = &mut object else {
                anyhow::bail!("a sequence of something else than pods")
            };
            let compiled = scheduler.compile_pod(pod);
            let explanation = scheduler.explain(&compiled).context("no profile for the pod")?;
            if let Some(difference) = agreement::difference(scheduler, &compiled, &explanation) {
                return Ok(json!([{"fastPath": difference}]));
            }
            let key = compiled.key.to_string();
            match explanation.decision.as_ref().context("a gated pod")? {
                Decision::Placed(_) => {
                    let (step, host) = placed(scheduler, &key, &explanation)?;
                    scheduler.assume_volumes(&compiled, &host);
                    steps.push(step);
                    pod.spec.node_name = host;
                    let started = FIRST_START + steps.len() as i64;
                    pod.status.start_time = Some(Timestamp::from_nanos(started * 1_000_000_000));
                    scheduler.step(Input::Upsert(&object), NOW);
                    break;
                }
                decision => {
                    let message = scheduler.message(decision);
                    let mut step =
                        json!({"pod": key, "outcome": "unschedulable", "feasible": 0, "message": message});
                    let is_taken_back = matches!(decision, Decision::Unschedulable(refusal)
                        if refusal.nomination == Nomination::Clear);
                    let node = make_room(scheduler, decision, &mut step);
                    steps.push(step);
                    match node {
                        Some(node) => pod.status.nominated_node_name = node,
                        None => {
                            // A promise that could not be kept is taken back; the pod stays pending.
                            if is_taken_back {
                                pod.status.nominated_node_name.clear();
                                scheduler.step(Input::Upsert(&object), NOW);
                            }
                            break;
                        }
                    }
                }
            }
        }
    }
    Ok(json!({"outcome": "sequence", "steps": steps}))
}

fn placed(scheduler: &Scheduler, pod: &str, explanation: &Explanation) -> Result<(Value, String)> {
    let feasible = explanation.scores.as_ref().context("a placed pod without scores")?;
    let scores = feasible.scores.as_ref().ok().context("scoring failed")?;
    let best = names(scheduler, &scores.best(&feasible.rows));
    let host = best.first().context("no best host")?.clone();
    let step = json!({
        "pod": pod,
        "outcome": "scheduled",
        "feasible": feasible.rows.len(),
        "bestHosts": best,
        "maxTotal": scores.total.iter().max(),
        "host": host,
    });
    Ok((step, host))
}

/// Removes the victims of the smallest of the equally good nodes, and returns that node's name.
fn make_room(scheduler: &mut Scheduler, decision: &Decision, step: &mut Value) -> Option<String> {
    let Decision::Unschedulable(refusal) = decision else { return None };
    let preemption = refusal.preemption.as_ref()?;
    let rows: Vec<Row> = preemption.best.iter().map(|i| preemption.candidates[*i].row).collect();
    let nominated = names(scheduler, &rows);
    let node = nominated.first()?.clone();
    let row = scheduler.snapshot().row(scheduler.symbols().get(&node)?)?;
    let chosen = preemption.candidates.iter().find(|candidate| candidate.row == row)?;
    let mut victims: Vec<String> = chosen.victims.iter().map(|victim| victim.key.to_string()).collect();
    victims.sort();
    for victim in &chosen.victims {
        let mut pod = wire::Pod::default();
        pod.metadata.namespace = victim.key.namespace.to_string();
        pod.metadata.name = victim.key.name.to_string();
        pod.metadata.uid = victim.uid.to_string();
        scheduler.step(Input::Delete(&Object::Pod(Box::new(pod))), NOW);
    }
    step["nominatedNode"] = json!(node);
    step["victims"] = json!(victims);
    step["postFilter"] = json!({"nominatedNodes": nominated});
    Some(node)
}
