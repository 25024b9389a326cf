//! How fast the reference evaluator decides, and how fast pods are decoded: `cargo bench -p scheduling`.
//!
//! The cluster and the pods are those of scheduler_perf's SchedulingBasic: 5,000 nodes of 4 CPU, pods that ask
//! for 100m and 500 MiB. Prints rates; judges nothing.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(missing_docs, reason = "a benchmark has no interface")]

use std::time::Instant;

use base::Now;
use scheduling::engine::{Command, Input, Scheduler};
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::decode::read_bytes;

const N_NODES: usize = 5_000;
const N_PODS: usize = 2_000;

fn main() {
    decisions();
    decoding();
}

fn decisions() {
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    let mut scheduler = Scheduler::new(&configuration, gates, 1).expect("the default configuration is valid");
    let now = Now::default();
    for i in 0..N_NODES {
        scheduler.step(Input::Upsert(&object(&node(i))), now);
    }
    for i in 0..N_PODS {
        scheduler.step(Input::Upsert(&object(&pod(i))), now);
    }
    let start = Instant::now();
    let mut n_bound = 0;
    loop {
        let step = scheduler.step(Input::Schedule, now);
        if step.tried.is_none() {
            break;
        }
        n_bound += step.commands.iter().filter(|command| matches!(command, Command::Bind { .. })).count();
    }
    assert_eq!(n_bound, N_PODS, "every pod fits");
    let rate = N_PODS as f64 / start.elapsed().as_secs_f64();
    println!("reference: {rate:.0} decisions/s ({N_NODES} nodes, {N_PODS} pods, 1 core)");
}

fn decoding() {
    let lines: String = (0..30_000).map(|i| pod(i) + "\n").collect();
    let start = Instant::now();
    let n = read_bytes("pods.jsonl", lines.as_bytes()).expect("well-formed pods").objects.len();
    let rate = n as f64 / start.elapsed().as_secs_f64();
    println!("decoding: {rate:.0} pods/s ({} bytes per pod, 1 core)", lines.len() / n);
}

fn object(text: &str) -> wire::Object {
    read_bytes("object", text.as_bytes()).expect("well-formed").objects.remove(0).object
}

fn node(i: usize) -> String {
    format!(
        r#"{{"kind":"Node","apiVersion":"v1","metadata":{{"name":"node-{i}","labels":{{
            "kubernetes.io/hostname":"node-{i}","kubernetes.io/os":"linux","kubernetes.io/arch":"amd64",
            "topology.kubernetes.io/zone":"zone-{}"}}}},
            "status":{{"allocatable":{{"cpu":"4","memory":"32Gi","pods":"110"}}}}}}"#,
        i % 3
    )
}

/// A pod as the API server writes it: about 2 KB in one line.
fn pod(i: usize) -> String {
    let managed = r#""managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-01-09T23:00:14Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"5eed0001\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"pause\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{".":{},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}}]"#;
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"pod-{i}","generateName":"pod-","namespace":"default","uid":"5eed0001-0000-4000-8000-{i:012}","resourceVersion":"{i}","generation":1,"creationTimestamp":"2026-01-09T23:00:14Z","labels":{{"app":"pause","pod-template-hash":"6f9c"}},{managed}}},"spec":{{"volumes":[{{"name":"token","projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}}],"defaultMode":420}}}}],"containers":[{{"name":"pause","image":"registry.k8s.io/pause:3.10","resources":{{"requests":{{"cpu":"100m","memory":"500Mi"}}}},"volumeMounts":[{{"name":"token","readOnly":true,"mountPath":"/var/run/secrets"}}],"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","securityContext":{{}},"schedulerName":"default-scheduler","tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}},"status":{{"phase":"Pending","qosClass":"Burstable"}}}}"#
    )
}
