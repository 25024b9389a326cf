//! What is true of all hints: about changes of other objects they answer for a shape, not for a pod.

use base::Stream;

use super::*;
use crate::plugins::REGISTRY;

/// A pod spec with some of what plugins look at.
fn spec(stream: &mut Stream) -> Value {
    let mut spec = asking_cpu(["100m", "1", "3"][stream.below(3)]);
    let terms = json!([{"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "x"}}}]);
    match stream.below(6) {
        0 => spec["nodeSelector"] = json!({"zone": "a"}),
        1 => spec["tolerations"] = json!([{"operator": "Exists"}]),
        2 => spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]),
        3 => {
            let kind = ["podAffinity", "podAntiAffinity"][stream.below(2)];
            spec["affinity"] = json!({kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}});
        }
        4 => {
            spec["topologySpreadConstraints"] = json!([{"maxSkew": 1, "topologyKey": "zone",
                "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "x"}}}]);
        }
        _ => {
            spec["hostNetwork"] = json!(true);
            spec["hostUsers"] = json!(false);
        }
    }
    spec
}

fn labels(stream: &mut Stream) -> Value {
    json!({"app": (["x", "y"][stream.below(2)])})
}

fn any_node(table: &mut Table, stream: &mut Stream) -> Arc<Node> {
    let labels = [json!({}), json!({"zone": "a"}), json!({"zone": "b"})][stream.below(3)].clone();
    let spec = [
        json!({}),
        json!({"unschedulable": true}),
        json!({"taints": [{"key": "k", "effect": "NoSchedule"}]}),
    ][stream.below(3)]
    .clone();
    let (cpu, pods) = (["1", "4"][stream.below(2)], ["0", "9"][stream.below(2)]);
    table.node(json!({"cpu": cpu, "pods": pods}), labels, spec)
}

fn any_pod(table: &mut Table, stream: &mut Stream) -> Pod {
    let (labels, spec) = (labels(stream), spec(stream));
    match stream.below(3) {
        0 => table.pod("other", labels, spec),
        _ => table.placed("other", labels, spec),
    }
}

#[test]
fn siblings_get_the_same_answer_about_others() {
    let (mut n_asked, mut n_yes) = (0, 0);
    for seed in 0..60 {
        let mut stream = Stream::new(seed, "contract");
        let mut table = Table::new();
        let (labels, spec) = (labels(&mut stream), spec(&mut stream));
        let one = table.pod("one", labels.clone(), spec.clone());
        let sibling = {
            let mut sibling = table.pod("two", labels, spec);
            assert!(Arc::ptr_eq(&sibling.shape, &one.shape));
            let somewhere = table.placed("x", json!({}), json!({}));
            sibling.nominated_node_name = somewhere.node_name;
            sibling.priority = 7;
            sibling.never_preempts = true;
            sibling.generation = 3;
            sibling.start_time = Some(1);
            sibling.is_terminating = true;
            sibling
        };
        for _ in 0..20 {
            let (old_pod, new_pod) = (any_pod(&mut table, &mut stream), any_pod(&mut table, &mut stream));
            let (old_node, new_node) = (any_node(&mut table, &mut stream), any_node(&mut table, &mut stream));
            for plugin in REGISTRY {
                for event in plugin.events {
                    let (old, new) = ([true, true, false][stream.below(3)], stream.below(3) > 0);
                    let changed = match event.resource {
                        Resource::Node => Changed::Node {
                            old: old.then_some(&*old_node),
                            new: (new || !old).then_some(&*new_node),
                        },
                        _ => Changed::Pod {
                            old: old.then_some(&old_pod),
                            new: (new || !old).then_some(&new_pod),
                        },
                    };
                    let profile = &table.scheduler.profiles()[0];
                    let Some(plugin) = profile.plugin(plugin.name) else { continue };
                    let cycle = table.scheduler.cycle();
                    let answer = plugin.plugin.hint(cycle, &one, *event, changed);
                    let other = plugin.plugin.hint(cycle, &sibling, *event, changed);
                    assert_eq!(answer, other, "{} about {event}, seed {seed}", plugin.registration.name);
                    n_asked += 1;
                    n_yes += u32::from(answer == Hint::Queue);
                }
            }
        }
    }
    assert!(n_yes > 1_000 && n_asked - n_yes > 1_000, "{n_yes} of {n_asked}");
}
