//! Where pods may not go.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{check, pod, pod_path, pod_with};

#[test]
fn a_node_takes_no_more_than_it_has() {
    check(1, async |cluster| {
        assert_eq!(cluster.place(&pod("three", "3")).await.node(), "a");
        let refused = cluster.place(&pod("two", "2")).await;
        assert_eq!(refused.node(), "");
        assert!(
            refused.message().starts_with("0/1 nodes are available: 1 Insufficient cpu."),
            "{}",
            refused.message()
        );
        assert_eq!(refused.condition("PodScheduled")["reason"], "Unschedulable");
        cluster.delete(&pod_path("three")).await;
        assert_eq!(cluster.wait_for_pod("two", |pod| !pod.node().is_empty()).await.node(), "a");
    });
}

#[test]
fn extended_resources_are_counted() {
    check(1, async |cluster| {
        let dongles = |name: &str, n: &str| {
            let mut pod = pod(name, "100m");
            let amounts = json!({"cpu": "100m", "example.com/dongle": n});
            pod["spec"]["containers"][0]["resources"] = json!({"requests": amounts, "limits": amounts});
            pod
        };
        assert_eq!(cluster.place(&dongles("one", "2")).await.node(), "a");
        let refused = cluster.place(&dongles("two", "1")).await;
        assert!(refused.message().contains("1 Insufficient example.com/dongle"), "{}", refused.message());
    });
}

#[test]
fn node_selectors_and_node_affinity_are_respected() {
    check(2, async |cluster| {
        let refused = cluster.place(&pod_with("ssd", "1", json!({"nodeSelector": {"disk": "ssd"}}))).await;
        assert!(
            refused.message().contains("didn't match Pod's node affinity/selector"),
            "{}",
            refused.message()
        );
        let fast = json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd", "nvme"]}]}]}}}});
        assert_eq!(cluster.place(&pod_with("fast", "1", fast)).await.node(), "");
        cluster.patch("/api/v1/nodes/b", &json!({"metadata": {"labels": {"disk": "ssd"}}})).await.unwrap();
        for name in ["ssd", "fast"] {
            assert_eq!(cluster.wait_for_pod(name, |pod| !pod.node().is_empty()).await.node(), "b");
        }
    });
}

#[test]
fn taints_are_tolerated_or_not() {
    check(1, async |cluster| {
        let taint = json!({"spec": {"taints": [{"key": "only", "value": "few", "effect": "NoSchedule"}]}});
        cluster.patch("/api/v1/nodes/a", &taint).await.unwrap();
        let refused = cluster.place(&pod("any", "1")).await;
        assert!(refused.message().contains("had untolerated taint"), "{}", refused.message());
        let tolerates = json!({"tolerations": [{"key": "only", "operator": "Equal", "value": "few", "effect": "NoSchedule"}]});
        assert_eq!(cluster.place(&pod_with("few", "1", tolerates)).await.node(), "a");
        let other = json!({"tolerations": [{"key": "only", "operator": "Equal", "value": "all", "effect": "NoSchedule"}]});
        assert_eq!(cluster.place(&pod_with("other", "1", other)).await.node(), "");
    });
}

#[test]
fn a_cordoned_node_takes_no_pods_until_it_is_opened() {
    check(1, async |cluster| {
        cluster.patch("/api/v1/nodes/a", &json!({"spec": {"unschedulable": true}})).await.unwrap();
        let refused = cluster.place(&pod("web", "1")).await;
        assert!(refused.message().contains("1 node(s) were unschedulable"), "{}", refused.message());
        cluster.patch("/api/v1/nodes/a", &json!({"spec": {"unschedulable": null}})).await.unwrap();
        assert_eq!(cluster.wait_for_pod("web", |pod| !pod.node().is_empty()).await.node(), "a");
    });
}

#[test]
fn host_ports_conflict_by_port_address_and_protocol() {
    check(1, async |cluster| {
        let port = |name: &str, ip: &str, protocol: &str| {
            let mut pod = pod(name, "100m");
            pod["spec"]["containers"][0]["ports"] = json!([
                {"containerPort": 8080, "hostPort": 54321, "hostIP": ip, "protocol": protocol}]);
            pod
        };
        assert_eq!(cluster.place(&port("tcp1", "127.0.0.1", "TCP")).await.node(), "a");
        assert_eq!(cluster.place(&port("tcp2", "127.0.0.2", "TCP")).await.node(), "a", "another address");
        assert_eq!(cluster.place(&port("udp1", "127.0.0.1", "UDP")).await.node(), "a", "another protocol");
        let refused = cluster.place(&port("all", "0.0.0.0", "TCP")).await;
        assert!(
            refused.message().contains("didn't have free ports for the requested pod ports"),
            "{}",
            refused.message()
        );
    });
}

#[test]
fn gated_pods_are_not_tried_until_all_gates_are_gone() {
    check(1, async |cluster| {
        let gates = json!({"schedulingGates": [{"name": "example.com/one"}, {"name": "example.com/two"}]});
        cluster.create("/api/v1/namespaces/default/pods", &pod_with("gated", "1", gates)).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        let gated = cluster.find_pod("gated").await.unwrap();
        assert_eq!(
            (gated.node(), &gated.condition("PodScheduled")["reason"]),
            ("", &json!("SchedulingGated"))
        );
        let one = json!({"spec": {"schedulingGates": [{"name": "example.com/two"}]}});
        cluster.patch(&pod_path("gated"), &one).await.unwrap();
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(cluster.find_pod("gated").await.unwrap().node(), "");
        cluster.patch(&pod_path("gated"), &json!({"spec": {"schedulingGates": null}})).await.unwrap();
        assert_eq!(cluster.wait_for_pod("gated", |pod| !pod.node().is_empty()).await.node(), "a");
    });
}
