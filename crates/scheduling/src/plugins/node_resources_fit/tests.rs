use std::sync::Arc;

use base::Interner;
use wire::config::FeatureGates;

use super::*;
use crate::cluster::Cluster;
use crate::evictions::Evictions;
use crate::framework::Around;
use crate::model::{Compiler, Node, pod::Shapes};
use crate::snapshot::{Nominator, Snapshot};

/// What the filter says about `pod` on `node`, on which `others` run.
fn verdict(node: &str, others: &[&str], pod: &str) -> Result<(), (Code, Vec<String>)> {
    let (mut symbols, gates, mut shapes) = (Interner::default(), FeatureGates::default(), Shapes::default());
    let mut compiler = Compiler { symbols: &mut symbols, gates: &gates };
    let plugin = (REGISTRATION.build)(&mut crate::framework::Build {
        args: None,
        compiler: Compiler { symbols: compiler.symbols, gates: &gates },
    })
    .expect("default arguments");
    let mut snapshot = Snapshot::default();
    let row = snapshot.upsert_node(Node::compile(&serde_json::from_str(node).expect("json"), &mut compiler));
    let mut compile = |text: &str, i: usize| {
        let mut pod: wire::Pod = serde_json::from_str(text).expect("json");
        pod.metadata.name = format!("pod-{i}");
        Pod::compile(&pod, &mut shapes, &mut compiler)
    };
    for (i, other) in others.iter().enumerate() {
        let mut other = compile(other, i);
        other.node_name = Some(snapshot.node(row).node.name);
        snapshot.upsert_pod(Arc::new(other));
    }
    let pod = compile(pod, others.len());
    let (cluster, nominator) = (Cluster::default(), Nominator::default());
    let evictions = Evictions::default();
    let cycle = Cycle {
        symbols: &symbols,
        snapshot: &snapshot,
        cluster: &cluster,
        nominator: &nominator,
        evictions: &evictions,
        around: Around::default(),
    };
    let plan = plugin.filter(cycle, &pod);
    let filter = plan.filter.expect("this plugin never skips");
    filter.filter(snapshot.node(row)).map_err(|status| {
        (status.code, status.reasons.iter().map(|reason| reason.sentence(&symbols)).collect())
    })
}

const NODE: &str = r#"{"metadata":{"name":"n"},"status":{"allocatable":{"cpu":"2","memory":"4Gi","pods":"2","example.com/gpu":"1"}}}"#;

fn asking(requests: &str) -> String {
    format!(r#"{{"spec":{{"containers":[{{"name":"c","resources":{{"requests":{requests}}}}}]}}}}"#)
}

#[test]
fn accepts_what_is_free() {
    assert_eq!(verdict(NODE, &[&asking(r#"{"cpu":"1"}"#)], &asking(r#"{"cpu":"1","memory":"4Gi"}"#)), Ok(()));
}

#[test]
fn names_every_resource_that_is_short() {
    let refusal =
        verdict(NODE, &[&asking(r#"{"cpu":"1500m"}"#)], &asking(r#"{"cpu":"1","example.com/gpu":"1"}"#));
    assert_eq!(refusal, Err((Code::Unschedulable, vec!["Insufficient cpu".into()])));
}

#[test]
fn calls_more_than_the_node_has_unresolvable() {
    let refusal = verdict(NODE, &[], &asking(r#"{"cpu":"3","example.com/gpu":"2"}"#));
    let reasons = vec!["Insufficient cpu".into(), "Insufficient example.com/gpu".into()];
    assert_eq!(refusal, Err((Code::UnschedulableAndUnresolvable, reasons)));
}

#[test]
fn counts_pods_even_if_they_request_nothing() {
    let refusal = verdict(NODE, &["{}", "{}"], "{}");
    assert_eq!(refusal, Err((Code::Unschedulable, vec!["Too many pods".into()])));
}
