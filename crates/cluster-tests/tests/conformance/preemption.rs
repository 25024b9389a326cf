//! Pods that make room for others.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{Cluster, check, pod, pod_with};

const CLASSES: &str = "/apis/scheduling.k8s.io/v1/priorityclasses";

fn class(name: &str, value: i64) -> Value {
    json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value})
}

async fn with_classes(cluster: &Cluster) {
    for (name, value) in [("low", 1), ("medium", 100), ("high", 1000)] {
        cluster.create(CLASSES, &class(name, value)).await;
    }
}

fn of_class(name: &str, cpu: &str, class: &str) -> Value {
    pod_with(name, cpu, json!({"priorityClassName": class}))
}

#[test]
fn the_less_important_pod_leaves_and_says_why() {
    check(2, async |cluster| {
        with_classes(&cluster).await;
        // Held by a finalizer, so that what its status says can be read.
        let mut low = of_class("low", "3", "low");
        low["metadata"]["finalizers"] = json!(["example.com/look"]);
        let on = cluster.place(&low).await.node().to_owned();
        cluster.place(&of_class("medium", "3", "medium")).await;
        cluster.create("/api/v1/namespaces/default/pods", &of_class("high", "3", "high")).await;
        let leaving =
            cluster.wait_for_pod("low", |pod| !pod.0["metadata"]["deletionTimestamp"].is_null()).await;
        let target = leaving.condition("DisruptionTarget");
        assert_eq!((&target["status"], &target["reason"]), (&json!("True"), &json!("PreemptionByScheduler")));
        assert_eq!(target["message"], "default-scheduler: preempting to accommodate a higher priority pod");
        let waiting =
            cluster.wait_for_pod("high", |pod| !pod.0["status"]["nominatedNodeName"].is_null()).await;
        assert_eq!(waiting.0["status"]["nominatedNodeName"], json!(on));
        cluster
            .patch(&crate::cluster::pod_path("low"), &json!({"metadata": {"finalizers": null}}))
            .await
            .unwrap();
        cluster.wait_until_gone("low").await;
        assert_eq!(cluster.wait_for_pod("high", |pod| !pod.node().is_empty()).await.node(), on);
        assert!(cluster.find_pod("medium").await.is_some(), "nobody leaves who need not");
    });
}

#[test]
fn critical_pods_preempt_all_others() {
    check(1, async |cluster| {
        with_classes(&cluster).await;
        cluster.place(&of_class("high", "3", "high")).await;
        let mut critical = of_class("critical", "3", "system-cluster-critical");
        critical["metadata"]["namespace"] = "kube-system".into();
        cluster.create("/api/v1/namespaces/kube-system/pods", &critical).await;
        cluster.wait_until_gone("high").await;
        let path = "/api/v1/namespaces/kube-system/pods/critical";
        cluster.wait_for(path, |pod| pod["spec"]["nodeName"] == "a").await;
    });
}

#[test]
fn who_never_preempts_waits() {
    check(1, async |cluster| {
        with_classes(&cluster).await;
        let mut polite = class("polite", 2000);
        polite["preemptionPolicy"] = "Never".into();
        cluster.create(CLASSES, &polite).await;
        cluster.place(&of_class("low", "3", "low")).await;
        let refused = cluster.place(&of_class("waits", "3", "polite")).await;
        assert!(refused.message().contains("preemptionPolicy=Never"), "{}", refused.message());
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(cluster.find_pod("low").await.is_some());
    });
}

#[test]
fn pods_with_a_budget_leave_last() {
    check(2, async |cluster| {
        with_classes(&cluster).await;
        let guarded = cluster.place(&of_class("guarded", "3", "low")).await.node().to_owned();
        cluster.place(&of_class("free", "3", "low")).await;
        let budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}},
        });
        cluster.create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", &budget).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let placed = {
            cluster.create("/api/v1/namespaces/default/pods", &of_class("high", "3", "high")).await;
            cluster.wait_for_pod("high", |pod| !pod.node().is_empty()).await
        };
        assert_ne!(placed.node(), guarded);
        assert!(cluster.find_pod("guarded").await.is_some());
    });
}

#[test]
fn preemption_that_would_not_help_evicts_nobody() {
    check(1, async |cluster| {
        with_classes(&cluster).await;
        cluster.place(&of_class("low", "1", "low")).await;
        let spec = json!({"priorityClassName": "high", "nodeSelector": {"disk": "ssd"}});
        cluster.place(&pod_with("picky", "1", spec)).await;
        assert_eq!(
            cluster.place(&pod_with("huge", "5", json!({"priorityClassName": "high"}))).await.node(),
            ""
        );
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(cluster.find_pod("low").await.is_some());
    });
}

#[test]
fn priority_classes_have_limits_and_values_that_stay() {
    check(0, async |cluster| {
        let refused = |error: client::Error| error.refusal().unwrap().clone();
        let above = refused(cluster.try_create(CLASSES, &class("above", 1_000_000_001)).await.unwrap_err());
        assert_eq!(above.code, 422);
        let system = refused(cluster.try_create(CLASSES, &class("system-mine", 5)).await.unwrap_err());
        assert!([403, 422].contains(&system.code.as_u16()), "{system}");
        cluster.create(CLASSES, &class("mine", 5)).await;
        let path = format!("{CLASSES}/mine");
        let changed = refused(cluster.patch(&path, &json!({"value": 6})).await.unwrap_err());
        assert!(changed.message.contains("may not be changed in an update"), "{changed}");
        cluster.patch(&path, &json!({"description": "new words"})).await.unwrap();
        let unknown =
            cluster.try_create("/api/v1/namespaces/default/pods", &of_class("x", "1", "none")).await;
        assert!(refused(unknown.unwrap_err()).message.contains("no PriorityClass with name none was found"));
    });
}

#[test]
fn pods_of_the_same_importance_do_not_preempt_each_other() {
    check(1, async |cluster| {
        cluster.place(&pod("first", "3")).await;
        assert_eq!(cluster.place(&pod("second", "3")).await.node(), "");
        cluster.delete(&crate::cluster::pod_path("first")).await;
        cluster.wait_for_pod("second", |pod| !pod.node().is_empty()).await;
    });
}
