//! What flags and the configuration file come to.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use component::flags;
use component::metrics;
use wire::config::{FeatureGates, FieldErrors, SchedulerConfiguration};

use super::flags::Options;
use crate::configuration::{check_plugins, load_configuration};

/// What is in force.
#[derive(Debug)]
pub(super) struct Effective {
    pub(super) configuration: SchedulerConfiguration,
    pub(super) gates: FeatureGates,
    pub(super) pod_max_in_unschedulable: Duration,
    pub(super) metrics: metrics::Options,
}

impl Effective {
    /// Reads, completes and checks everything, in kube-scheduler's order.
    pub(super) fn of(options: &Options) -> Result<Effective> {
        let given = &options.flags;
        if let Some(arguments) = not_empty(&given.arguments) {
            bail!("\"kube-scheduler\" does not take any arguments, got {arguments:?}");
        }
        let gates = FeatureGates::parse(&given.feature_gates.join(","))
            .map_err(|error| anyhow!("invalid argument for --feature-gates: {error}"))?;
        versions(&given.emulated_version, &given.min_compatibility_version)?;
        if !(0..=65535).contains(&given.secure_port) {
            bail!(
                "--secure-port {} must be between 0 and 65535, inclusive. 0 for turning off secure port",
                given.secure_port
            );
        }
        if !matches!(given.show_hidden_metrics_for_version.as_str(), "" | "1.35") {
            bail!(
                "--show-hidden-metrics-for-version must be omitted or have the value 1.35. Only the previous minor version is allowed"
            );
        }
        let metrics = metrics::Options::parse(&given.disabled_metrics, &allowed_labels(options)?)
            .context("--allow-metric-labels")?;
        let mut configuration = configuration(options, &gates)?;
        if let Some(name) = &given.shadow {
            follow(&mut configuration, name)?;
        }
        Ok(Effective {
            configuration,
            gates,
            pod_max_in_unschedulable: flags::duration(&given.pod_max_in_unschedulable_pods_duration)
                .context("--pod-max-in-unschedulable-pods-duration")?,
            metrics,
        })
    }
}

/// Keeps the profile of the scheduler that a shadow follows. A single profile is taken for it.
fn follow(configuration: &mut SchedulerConfiguration, name: &str) -> Result<()> {
    if let [only] = configuration.profiles.as_mut_slice() {
        only.scheduler_name = name.to_owned();
        return Ok(());
    }
    configuration.profiles.retain(|profile| profile.scheduler_name == name);
    if configuration.profiles.is_empty() {
        bail!("--shadow={name}: no profile of the configuration has this schedulerName");
    }
    Ok(())
}

fn not_empty(arguments: &[String]) -> Option<Vec<&String>> {
    let given: Vec<&String> = arguments.iter().filter(|argument| !argument.is_empty()).collect();
    (!given.is_empty()).then_some(given)
}

/// There is one version only.
fn versions(emulated: &[String], compatible: &[String]) -> Result<()> {
    let of = |text: &String| text.strip_prefix("kube=").unwrap_or(text).trim_start_matches('v').to_owned();
    for text in emulated.iter().flat_map(|text| text.split(',')) {
        let version = of(&text.to_owned());
        if version != "1.36" {
            bail!("--emulated-version={text}: only 1.36 can be emulated");
        }
    }
    for text in compatible.iter().flat_map(|text| text.split(',')) {
        let version = of(&text.to_owned());
        if !matches!(version.as_str(), "1.35" | "1.36") {
            bail!("--min-compatibility-version={text}: only 1.35 and 1.36 are possible");
        }
    }
    Ok(())
}

/// Labels of metrics from the flag, or else from the file: the flag goes first.
fn allowed_labels(options: &Options) -> Result<Vec<String>> {
    let given = &options.flags;
    if !given.allow_metric_labels.is_empty() || given.allow_metric_labels_manifest.is_empty() {
        return Ok(given.allow_metric_labels.clone());
    }
    let path = &given.allow_metric_labels_manifest;
    let text =
        std::fs::read_to_string(path).with_context(|| format!("--allow-metric-labels-manifest {path}"))?;
    let entries: std::collections::BTreeMap<String, String> =
        serde_saphyr::from_str(&text).with_context(|| {
            format!("--allow-metric-labels-manifest {path}: METRIC,LABEL: VALUE,VALUE is expected")
        })?;
    Ok(entries.into_iter().map(|(key, values)| format!("{key}={values}")).collect())
}

/// Without a file: the defaults, changed by flags that are given. With one: only leader election can be changed.
fn configuration(options: &Options, gates: &FeatureGates) -> Result<SchedulerConfiguration> {
    let given = &options.flags;
    if given.config.is_empty() {
        let mut configuration = SchedulerConfiguration::default_for(gates);
        deprecated(&mut configuration, options);
        leader_election(&mut configuration, options)?;
        configuration.apply_managed_resources().map_err(|error| anyhow!("extenders: {error}"))?;
        return Ok(configuration);
    }
    let path = Path::new(&given.config);
    let mut configuration = load_configuration(path, gates)?;
    leader_election(&mut configuration, options)?;
    let problems = wire::config::validate(&configuration, gates);
    if !problems.is_empty() {
        bail!("{}: {}", path.display(), FieldErrors(problems));
    }
    check_plugins(&mut configuration, path, gates)?;
    Ok(configuration)
}

fn deprecated(configuration: &mut SchedulerConfiguration, options: &Options) {
    let given = &options.flags;
    let connection = &mut configuration.client_connection;
    if options.is_explicit("profiling") {
        configuration.enable_profiling = given.profiling;
    }
    if options.is_explicit("contention-profiling") {
        configuration.enable_contention_profiling = given.contention_profiling;
    }
    if options.is_explicit("kubeconfig") {
        connection.kubeconfig.clone_from(&given.kubeconfig);
    }
    if options.is_explicit("kube-api-content-type") {
        connection.content_type.clone_from(&given.kube_api_content_type);
    }
    if options.is_explicit("kube-api-qps") {
        connection.qps = given.kube_api_qps;
    }
    if options.is_explicit("kube-api-burst") {
        connection.burst = given.kube_api_burst;
    }
}

fn leader_election(configuration: &mut SchedulerConfiguration, options: &Options) -> Result<()> {
    let given = &options.flags;
    let election = &mut configuration.leader_election;
    if options.is_explicit("leader-elect") {
        election.leader_elect = given.leader_elect;
    }
    for (name, text, field) in [
        ("leader-elect-lease-duration", &given.leader_elect_lease_duration, &mut election.lease_duration),
        ("leader-elect-renew-deadline", &given.leader_elect_renew_deadline, &mut election.renew_deadline),
        ("leader-elect-retry-period", &given.leader_elect_retry_period, &mut election.retry_period),
    ] {
        if options.is_explicit(name) {
            *field = text.parse().with_context(|| format!("--{name}"))?;
        }
    }
    for (name, text, field) in [
        ("leader-elect-resource-lock", &given.leader_elect_resource_lock, &mut election.resource_lock),
        ("leader-elect-resource-name", &given.leader_elect_resource_name, &mut election.resource_name),
        (
            "leader-elect-resource-namespace",
            &given.leader_elect_resource_namespace,
            &mut election.resource_namespace,
        ),
    ] {
        if options.is_explicit(name) {
            field.clone_from(text);
        }
    }
    if election.leader_elect && election.resource_lock != "leases" {
        bail!("resourceLock value must be \"leases\"");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::flags::tests::options;
    use super::*;

    fn effective(flags: &[&str]) -> Result<Effective> {
        Effective::of(&options(flags).unwrap())
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
        std::fs::write(file.path(), format!("{head}{text}")).unwrap();
        file
    }

    #[test]
    fn deprecated_flags_count_only_without_a_file() {
        let flags = ["--kube-api-qps=7", "--kubeconfig=/k", "--profiling=false", "--leader-elect=false"];
        let without = effective(&flags).unwrap().configuration;
        assert_eq!((without.client_connection.qps, without.client_connection.burst), (7.0, 100));
        assert_eq!(without.client_connection.kubeconfig, "/k");
        assert!(!without.enable_profiling && !without.leader_election.leader_elect);

        let file = file("clientConnection: {qps: 3, kubeconfig: /f}\nleaderElection: {retryPeriod: 3s}\n");
        let config = format!("--config={}", file.path().display());
        let flags = [&flags[..], &[&config, "--leader-elect-renew-deadline=11s"]].concat();
        let with = effective(&flags).unwrap().configuration;
        assert_eq!((with.client_connection.qps, with.client_connection.kubeconfig.as_str()), (3.0, "/f"));
        assert!(
            with.enable_profiling && !with.leader_election.leader_elect,
            "only leader election is changed"
        );
        assert_eq!(with.leader_election.renew_deadline.to_std(), Some(Duration::from_secs(11)));
        assert_eq!(with.leader_election.retry_period.to_std(), Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_file_is_checked_together_with_the_flags() {
        let file = file("leaderElection: {leaseDuration: 20s}\n");
        let config = format!("--config={}", file.path().display());
        let error = effective(&[&config, "--leader-elect-renew-deadline=20s"]).unwrap_err().to_string();
        assert!(error.contains("leaderElection.leaseDuration"), "{error}");
        assert!(effective(&[&config, "--leader-elect-renew-deadline=19s"]).is_ok());
    }

    #[test]
    fn a_shadow_follows_one_scheduler() {
        let single = effective(&["--shadow=other"]).unwrap().configuration;
        assert_eq!(single.profiles[0].scheduler_name, "other");
        let file = file("profiles: [{schedulerName: a}, {schedulerName: b}]\n");
        let config = format!("--config={}", file.path().display());
        let two = effective(&[&config, "--shadow=b"]).unwrap().configuration;
        assert_eq!((two.profiles.len(), two.profiles[0].scheduler_name.as_str()), (1, "b"));
        let error = effective(&[&config, "--shadow=c"]).unwrap_err().to_string();
        assert_eq!(error, "--shadow=c: no profile of the configuration has this schedulerName");
        assert!(options(&["--shadow-report=f"]).is_err());
    }

    #[test]
    fn says_what_is_wrong_with_flags() {
        for (flags, expected) in [
            (&["x", ""][..], r#""kube-scheduler" does not take any arguments, got ["x"]"#),
            (
                &["--secure-port=70000"],
                "--secure-port 70000 must be between 0 and 65535, inclusive. 0 for turning off secure port",
            ),
            (&["--feature-gates=Nope=true"], "invalid argument for --feature-gates"),
            (&["--emulated-version=kube=1.35"], "--emulated-version=kube=1.35: only 1.36 can be emulated"),
            (&["--leader-elect-retry-period=2"], "--leader-elect-retry-period"),
            (&["--leader-elect-resource-lock=endpoints"], "resourceLock value must be \"leases\""),
            (&["--pod-max-in-unschedulable-pods-duration=x"], "--pod-max-in-unschedulable-pods-duration"),
            (&["--allow-metric-labels=m"], "--allow-metric-labels"),
        ] {
            let error = effective(flags).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{flags:?}: {error}");
        }
    }
}
