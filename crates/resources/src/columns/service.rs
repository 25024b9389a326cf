//! Service, Endpoints.

use serde_json::Value;

use super::cell::{age, joined, labels, list, load_balancer, name, number, text, texts, with_more};
use super::{AGE, NAME, string, wide};
use crate::kind::Columns;

/// How many endpoints are shown.
const ENDPOINTS_MAX: usize = 3;

/// Service.
pub const SERVICE: Columns = Columns {
    columns: &[
        NAME,
        string("Type", "D:ServiceSpec.type"),
        string("Cluster-IP", "D:ServiceSpec.clusterIP"),
        string("External-IP", "D:ServiceSpec.externalIPs"),
        string("Port(s)", "D:ServiceSpec.ports"),
        AGE,
        wide("Selector", "D:ServiceSpec.selector"),
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(object, "/spec/type").into(),
            texts(object, "/spec/clusterIPs").next().unwrap_or("<none>").into(),
            external_ips(object).into(),
            ports(object).into(),
            age(object, now),
            labels(object, "/spec/selector").into(),
        ]
    },
};

fn external_ips(service: &Value) -> String {
    let given = texts(service, "/spec/externalIPs");
    let (addresses, absent) = match text(service, "/spec/type") {
        "ClusterIP" | "NodePort" => (joined(given, ","), "<none>"),
        "LoadBalancer" => (joined(load_balancer(service).into_iter().chain(given), ","), "<pending>"),
        "ExternalName" => return text(service, "/spec/externalName").to_owned(),
        _ => return "<unknown>".to_owned(),
    };
    if addresses.is_empty() { absent.to_owned() } else { addresses }
}

fn ports(service: &Value) -> String {
    let ports = list(service, "/spec/ports").iter().map(|port| {
        let node_port = match number(port, "/nodePort") {
            0 => String::new(),
            node_port => format!(":{node_port}"),
        };
        format!("{}{node_port}/{}", number(port, "/port"), text(port, "/protocol"))
    });
    let ports: Vec<String> = ports.collect();
    if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") }
}

/// Endpoints.
pub const ENDPOINTS: Columns = Columns {
    columns: &[NAME, string("Endpoints", "D:Endpoints.subsets"), AGE],
    cells: |object, now| vec![name(object), endpoints(object).into(), age(object, now)],
};

fn endpoints(object: &Value) -> String {
    let subsets = list(object, "/subsets");
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let (mut shown, mut n_all) = (Vec::new(), 0);
    for subset in subsets {
        let ports = list(subset, "/ports");
        // Endpoints of a headless service may have no ports; they are shown all the same.
        let ports: Vec<Option<i64>> = if ports.is_empty() {
            vec![None]
        } else {
            ports.iter().map(|port| Some(number(port, "/port"))).collect()
        };
        for port in ports {
            for address in list(subset, "/addresses") {
                n_all += 1;
                if shown.len() < ENDPOINTS_MAX {
                    shown.push(host_and_port(text(address, "/ip"), port));
                }
            }
        }
    }
    with_more(&shown, ",", n_all)
}

fn host_and_port(ip: &str, port: Option<i64>) -> String {
    match port {
        None => ip.to_owned(),
        Some(port) if ip.contains(':') => format!("[{ip}]:{port}"),
        Some(port) => format!("{ip}:{port}"),
    }
}
