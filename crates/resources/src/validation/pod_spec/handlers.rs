//! Probes, and what is run at the start and the end of a container.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::{NEGATIVE, port, port_number};
use super::super::members::Members as _;
use super::super::report::Report as _;

/// What a handler can be, in the order in which upstream looks.
const OF_PROBES: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];
const OF_LIFECYCLE: [&str; 4] = ["exec", "httpGet", "tcpSocket", "sleep"];

/// The probes and the lifecycle of a container that has them.
pub(super) fn lifecycle_and_probes(errors: &mut ErrorList, path: &Path, container: &Value, spec: &Value) {
    let grace_seconds = spec.optional_int("terminationGracePeriodSeconds");
    if let Some(lifecycle) = container.object("lifecycle") {
        lifecycle_of(errors, &path.child("lifecycle"), lifecycle, grace_seconds, spec);
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(it) = container.object(name) else { continue };
        let path = path.child(name);
        probe(errors, &path, it, grace_seconds);
        if name == "readinessProbe" {
            if let Some(seconds) = it.optional_int("terminationGracePeriodSeconds") {
                let path = path.child("terminationGracePeriodSeconds");
                errors.invalid(&path, seconds, "must not be set for readinessProbes");
            }
        } else if it.int("successThreshold") != 1 {
            errors.invalid(&path.child("successThreshold"), it.int("successThreshold"), "must be 1");
        }
    }
}

fn probe(errors: &mut ErrorList, path: &Path, probe: &Value, grace_seconds: Option<i64>) {
    handler(errors, path, probe, &OF_PROBES, grace_seconds);
    for name in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        if probe.int(name) < 0 {
            errors.invalid(&path.child(name), probe.int(name), NEGATIVE);
        }
    }
    if let Some(seconds) = probe.optional_int("terminationGracePeriodSeconds").filter(|seconds| *seconds <= 0)
    {
        errors.invalid(&path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0");
    }
}

fn lifecycle_of(
    errors: &mut ErrorList,
    path: &Path,
    lifecycle: &Value,
    grace_seconds: Option<i64>,
    spec: &Value,
) {
    for name in ["postStart", "preStop"] {
        if let Some(it) = lifecycle.object(name) {
            handler(errors, &path.child(name), it, &OF_LIFECYCLE, grace_seconds);
        }
    }
    if let Some(signal) = lifecycle.optional_text("stopSignal") {
        stop_signal(errors, &path.child("stopSignal"), signal, spec.member("os").text("name"));
    }
}

fn handler(errors: &mut ErrorList, path: &Path, handler: &Value, kinds: &[&str], grace_seconds: Option<i64>) {
    let mut has_handler = false;
    for name in kinds {
        let Some(action) = handler.object(name) else { continue };
        let path = path.child(name);
        if has_handler {
            errors.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        has_handler = true;
        match *name {
            "exec" if action.items("command").is_empty() => errors.required(&path.child("command"), ""),
            "httpGet" => http_get(errors, &path, action),
            "tcpSocket" => port(errors, &path.child("port"), action.member("port")),
            "grpc" => port_number(errors, &path.child("port"), action.int("port")),
            "sleep" => sleep(errors, &path, action.int("seconds"), grace_seconds),
            _ => {}
        }
    }
    if !has_handler {
        errors.required(path, "must specify a handler type");
    }
}

fn http_get(errors: &mut ErrorList, path: &Path, action: &Value) {
    if action.text("path").is_empty() {
        errors.required(&path.child("path"), "");
    }
    port(errors, &path.child("port"), action.member("port"));
    let scheme = action.text("scheme");
    if !matches!(scheme, "HTTP" | "HTTPS") {
        errors.not_supported(&path.child("scheme"), scheme, &["HTTP", "HTTPS"]);
    }
    for header in action.items("httpHeaders") {
        let name = header.text("name");
        errors.invalid_each(&path.child("httpHeaders"), name, names::http_header_name(name));
    }
}

fn sleep(errors: &mut ErrorList, path: &Path, seconds: i64, grace_seconds: Option<i64>) {
    // A missing grace period is reported where it is missing.
    let Some(grace_seconds) = grace_seconds else { return };
    if seconds < 0 || seconds > grace_seconds {
        let message =
            format!("must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})");
        errors.invalid(path, seconds, message);
    }
}

/// Signals that ask a container to end, by operating system (KEP-4960).
fn stop_signal(errors: &mut ErrorList, path: &Path, signal: &str, os: &str) {
    const WINDOWS: [&str; 2] = ["SIGKILL", "SIGTERM"];
    const NAMED: [&str; 35] = [
        "SIGABRT",
        "SIGALRM",
        "SIGBUS",
        "SIGCHLD",
        "SIGCLD",
        "SIGCONT",
        "SIGFPE",
        "SIGHUP",
        "SIGILL",
        "SIGINT",
        "SIGIO",
        "SIGIOT",
        "SIGKILL",
        "SIGPIPE",
        "SIGPOLL",
        "SIGPROF",
        "SIGPWR",
        "SIGQUIT",
        "SIGRTMAX",
        "SIGRTMIN",
        "SIGSEGV",
        "SIGSTKFLT",
        "SIGSTOP",
        "SIGSYS",
        "SIGTERM",
        "SIGTRAP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGUSR1",
        "SIGUSR2",
        "SIGVTALRM",
        "SIGWINCH",
        "SIGXCPU",
    ];
    if os.is_empty() {
        errors.forbidden(path, "may not be set for containers with empty `spec.os.name`");
        return;
    }
    if os == "windows" {
        if !WINDOWS.contains(&signal) {
            errors.not_supported(path, signal, &WINDOWS);
        }
        return;
    }
    let mut supported: Vec<String> = NAMED.iter().map(|name| (*name).to_owned()).collect();
    supported.push("SIGXFSZ".to_owned());
    supported.extend((1..=14).map(|i| format!("SIGRTMAX-{i}")));
    supported.extend((1..=15).map(|i| format!("SIGRTMIN+{i}")));
    supported.sort_unstable();
    let supported: Vec<&str> = supported.iter().map(String::as_str).collect();
    if !supported.contains(&signal) {
        errors.not_supported(path, signal, &supported);
    }
}
