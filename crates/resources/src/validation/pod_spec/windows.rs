//! Settings for Windows.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::{Report as _, named};
use super::all_containers;

const CREDENTIALS_LEN_MAX: usize = 64 * 1024;
const DOMAIN_LEN_MAX: usize = 256;
const USER_LEN_MAX: usize = 104;

/// Windows' own settings of a container or a pod.
pub(super) fn options(errors: &mut ErrorList, path: &Path, options: Option<&Value>) {
    let Some(options) = options else { return };
    if let Some(name) = options.optional_text("gmsaCredentialSpecName") {
        for message in names::dns1123_subdomain(name) {
            errors.invalid(&path.child("gmsaCredentialSpecName"), named(name), message);
        }
    }
    if let Some(credentials) = options.optional_text("gmsaCredentialSpec") {
        let path = path.child("gmsaCredentialSpec");
        if credentials.is_empty() {
            errors.invalid(&path, named(credentials), "gmsaCredentialSpec cannot be an empty string");
        } else if credentials.len() > CREDENTIALS_LEN_MAX {
            errors.invalid(&path, named(credentials), "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(user) = options.optional_text("runAsUserName") {
        for message in user_problems(user) {
            errors.invalid(&path.child("runAsUserName"), named(user), message);
        }
    }
}

/// What is wrong with `DOMAIN\user`, where the domain may be missing.
fn user_problems(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string".to_owned()];
    }
    if name.contains(|c: char| c.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters".to_owned()];
    }
    if name.matches('\\').count() > 1 {
        return vec!["runAsUserName cannot contain more than one backslash".to_owned()];
    }
    let (domain, user) = match name.split_once('\\') {
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut problems = Vec::new();
    if let Some(domain) = domain {
        if domain.len() >= DOMAIN_LEN_MAX {
            problems.push(format!("runAsUserName's Domain length must be under {DOMAIN_LEN_MAX} characters"));
        }
        if !is_net_bios(domain) && !is_dns(domain) {
            problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format".to_owned());
        }
    }
    if user.is_empty() {
        problems.push("runAsUserName's User cannot be empty".to_owned());
    } else if user.len() > USER_LEN_MAX {
        problems
            .push(format!("runAsUserName's User length must not be longer than {USER_LEN_MAX} characters"));
    }
    if !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')) {
        problems.push("runAsUserName's User cannot contain only periods or spaces".to_owned());
    }
    if user.contains(|c: char| "\"/\\:;|=,+*?<>@[]".contains(c)) {
        let problem = r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#;
        problems.push(problem.to_owned());
    }
    problems
}

fn is_net_bios(domain: &str) -> bool {
    let is_inside = |c: char| !"\\/:*?\"<>|".contains(c);
    (1..=15).contains(&domain.chars().count()) && !domain.starts_with('.') && domain.chars().all(is_inside)
}

fn is_dns(domain: &str) -> bool {
    let is_label = |label: &str| {
        let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        label.len() <= 63
            && is_end(label.bytes().next())
            && is_end(label.bytes().next_back())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    domain.split('.').all(is_label)
}

/// Containers that are processes of the node: all or none, and on the node's network. `path` is the spec.
pub(super) fn host_process(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let of = |holder: &Value| {
        let options = holder.member("securityContext").and_then(|it| it.member("windowsOptions"));
        options.and_then(|options| options.optional_flag("hostProcess"))
    };
    let of_pod = of(spec);
    let containers = all_containers(path, spec);
    let mut n_host_processes = 0;
    for (path, container) in &containers {
        let of_container = of(container);
        if let (Some(of_pod), Some(of_container)) = (of_pod, of_container)
            && of_pod != of_container
        {
            let message =
                format!("pod hostProcess value must be identical if both are specified, was {of_pod}");
            errors.invalid(&path.child("securityContext.windowsOptions.hostProcess"), of_container, message);
        }
        if of_container.or(of_pod) == Some(true) {
            n_host_processes += 1;
        }
    }
    if n_host_processes == 0 {
        return;
    }
    if n_host_processes != containers.len() {
        let message =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.invalid(path, "", message);
    }
    if !spec.flag("hostNetwork") {
        let message = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.invalid(&path.child("hostNetwork"), false, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_a_name_and_maybe_a_domain() {
        for (name, expected) in [
            ("ContainerUser", 0),
            ("EXAMPLE\\user.name", 0),
            ("a.example.com\\u", 0),
            ("", 1),
            ("a\\b\\c", 1),
            (".a\\b", 1),
            ("A\\", 1),
            ("..", 1),
            ("a@b", 1),
        ] {
            assert_eq!(user_problems(name).len(), expected, "{name}: {:?}", user_problems(name));
        }
    }
}
