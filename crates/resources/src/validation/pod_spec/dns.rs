//! Looking up names.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::{dns_subdomain, dns_subdomain_with_underscores};
use super::super::ip;
use super::super::members::Members as _;
use super::super::report::{Report as _, json_or_null};

const SERVERS_MAX: usize = 3;
const SEARCHES_MAX: usize = 32;
const SEARCH_LEN_MAX: usize = 2048;

/// What differs from the policy, or makes up for having none.
pub(super) fn config(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let config = spec.object("dnsConfig");
    if spec.text("dnsPolicy") == "None" {
        if config.is_none() {
            errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if config.items("nameservers").is_empty() {
            let message = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.required(&path.child("nameservers"), message);
            return;
        }
    }
    let Some(config) = config else { return };
    let servers_path = path.child("nameservers");
    let servers = config.texts("nameservers");
    if servers.len() > SERVERS_MAX {
        let message = format!("must not have more than {SERVERS_MAX} nameservers");
        errors.invalid(&servers_path, json_or_null(config.member("nameservers")), message);
    }
    for (i, server) in servers.iter().enumerate() {
        ip::address(errors, &servers_path.index(i), server, &[]);
    }
    searches(errors, &path.child("searches"), config);
    for (i, option) in config.items("options").iter().enumerate() {
        if option.text("name").is_empty() {
            errors.required(&path.child("options").index(i), "must not be empty");
        }
    }
}

fn searches(errors: &mut ErrorList, path: &Path, config: &Value) {
    let searches = config.texts("searches");
    let shown = || json_or_null(config.member("searches"));
    if searches.len() > SEARCHES_MAX {
        errors.invalid(path, shown(), format!("must not have more than {SEARCHES_MAX} search paths"));
    }
    if searches.join(" ").len() > SEARCH_LEN_MAX {
        let message = format!(
            "must not have more than {SEARCH_LEN_MAX} characters (including spaces) in the search list"
        );
        errors.invalid(path, shown(), message);
    }
    for (i, search) in searches.iter().enumerate().filter(|(_, search)| **search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        dns_subdomain_with_underscores(errors, &path.index(i), search);
    }
}

/// Further entries for `/etc/hosts`.
pub(super) fn host_aliases(errors: &mut ErrorList, path: &Path, aliases: &[Value]) {
    for (i, alias) in aliases.iter().enumerate() {
        let path = path.index(i);
        ip::address(errors, &path.child("ip"), alias.text("ip"), &[]);
        for (i, name) in alias.texts("hostnames").iter().enumerate() {
            dns_subdomain(errors, &path.child("hostnames").index(i), name);
        }
    }
}
