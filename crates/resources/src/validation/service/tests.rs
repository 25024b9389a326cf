use serde_json::{Value, json};

use super::{validate, validate_status, validate_update};
use apimachinery::ErrorList;

/// A service in order, with some members of its spec changed.
fn service(changes: Value) -> Value {
    let mut service = json!({
        "metadata": {"name": "s", "namespace": "n"},
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        },
    });
    for (name, value) in changes.as_object().unwrap() {
        service["spec"][name] = value.clone();
    }
    service
}

fn check(errors: &ErrorList, expected: &[&str]) {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected);
}

#[test]
fn says_what_is_wrong_with_a_service() {
    let balanced = json!({
        "type": "LoadBalancer", "externalTrafficPolicy": "Local", "allocateLoadBalancerNodePorts": true,
        "healthCheckNodePort": 30000, "loadBalancerSourceRanges": [" 10.0.0.0/8 "],
    });
    for (changes, expected) in [
        (json!({}), vec![]),
        (balanced, vec![]),
        (json!({"ports": []}), vec!["spec.ports: Required value"]),
        (json!({"ports": [], "clusterIP": "None", "clusterIPs": ["None"]}), vec![]),
        (
            json!({"type": "ExternalName", "externalName": "a.example.com.", "clusterIP": null, "clusterIPs": null,
                "ipFamilies": null, "ipFamilyPolicy": null, "internalTrafficPolicy": null}),
            vec![],
        ),
        (
            json!({"ports": [
                {"port": 0, "protocol": "X", "targetPort": "a--b"}, {"name": "a", "port": 80, "protocol": "TCP", "targetPort": 1},
                {"name": "a", "port": 80, "protocol": "TCP", "targetPort": 1, "nodePort": 30000},
            ]}),
            vec![
                "spec.ports[0].name: Required value",
                "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "spec.ports[0].protocol: Unsupported value: \"X\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
                "spec.ports[0].targetPort: Invalid value: \"a--b\": must not contain consecutive hyphens",
                "spec.ports[2].name: Duplicate value: \"a\"",
                "spec.ports[2].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
                "spec.ports[2]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}",
            ],
        ),
        (
            json!({"sessionAffinity": "ClientIP"}),
            vec!["spec.sessionAffinityConfig: Required value: when session affinity type is ClientIP"],
        ),
        (
            json!({"clusterIPs": ["10.96.0.8", "10.96.0.9"]}),
            vec![
                "spec.clusterIPs: Invalid value: [\"10.96.0.8\",\"10.96.0.9\"]: first value must match `clusterIP`",
                "spec.clusterIPs: Invalid value: [\"10.96.0.8\",\"10.96.0.9\"]: may specify no more than one IP for each IP family",
            ],
        ),
        (
            json!({"ipFamilies": ["IPv6"]}),
            vec![
                "spec.clusterIPs[0]: Invalid value: \"10.96.0.9\": expected an IPv6 value as indicated by `ipFamilies[0]`",
            ],
        ),
        (
            json!({"externalIPs": ["127.0.0.1", "x"], "externalTrafficPolicy": "Cluster"}),
            vec![
                "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
                "spec.externalIPs[1]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            ],
        ),
        (
            json!({"loadBalancerSourceRanges": ["x"], "loadBalancerClass": "a/b", "externalTrafficPolicy": "Local"}),
            vec![
                "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
                "spec.LoadBalancerSourceRanges[0]: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
                "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
                "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services",
            ],
        ),
        (
            json!({"internalTrafficPolicy": "X", "trafficDistribution": "Y"}),
            vec![
                "spec.internalTrafficPolicy: Unsupported value: \"X\": supported values: \"Cluster\", \"Local\"",
                "spec.trafficDistribution: Unsupported value: \"Y\": supported values: \"PreferClose\", \"PreferSameZone\", \"PreferSameNode\"",
            ],
        ),
    ] {
        check(&validate(&service(changes)), &expected);
    }
}

#[test]
fn addresses_stay() {
    let old = service(json!({}));
    for (changes, expected) in [
        (json!({"selector": {"a": "b"}}), vec![]),
        (
            json!({"clusterIP": "10.96.0.8", "clusterIPs": ["10.96.0.8"]}),
            vec!["spec.clusterIPs[0]: Invalid value: [\"10.96.0.8\"]: may not change once set"],
        ),
        (
            json!({"clusterIP": null, "clusterIPs": null}),
            vec!["spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"],
        ),
    ] {
        check(&validate_update(&service(changes), &old), &expected);
    }
}

#[test]
fn only_load_balancers_answer_elsewhere() {
    let mut plain = service(json!({}));
    plain["status"] = json!({"loadBalancer": {"ingress": [{"ip": "1.2.3.4", "ipMode": "VIP"}]}});
    check(
        &validate_status(&plain, &plain),
        &["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
    );
    plain["spec"]["type"] = "LoadBalancer".into();
    check(&validate_status(&plain, &plain), &[]);
    plain["status"]["loadBalancer"]["ingress"] =
        json!([{"ip": "1.2.3.5"}, {"ipMode": "VIP", "hostname": "1.2.3.4"}]);
    check(
        &validate_status(&plain, &plain),
        &[
            "status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set",
            "status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set",
            "status.loadBalancer.ingress[1].hostname: Invalid value: \"1.2.3.4\": must be a DNS name, not an IP address",
        ],
    );
}
