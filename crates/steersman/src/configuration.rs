//! The scheduler's configuration: read, checked and completed.

use std::path::Path;

use anyhow::{Context, Result, bail};
use base::Interner;
use scheduling::framework::Profile;
use wire::config::{FeatureGates, FieldErrors, SchedulerConfiguration};

/// Reads a configuration for a command that decides without a cluster. Such a command cannot ask extenders, and
/// to leave them out would decide differently, so a configuration with one that takes part is refused.
pub(crate) fn read_configuration(
    path: Option<&Path>,
    gates: &FeatureGates,
) -> Result<SchedulerConfiguration> {
    let configuration = read_component_configuration(path, gates)?;
    for (i, extender) in configuration.extenders.iter().enumerate() {
        if let Some(verb) = extender.deciding_verbs().next() {
            bail!(
                "{}: extenders[{i}].{verb}: this command works without a network and cannot ask the extender at \
                 {}, so its decisions would differ from the cluster's. Remove the extender from a copy of the \
                 configuration to decide without it",
                path.unwrap_or(Path::new("")).display(),
                extender.url_prefix
            );
        }
    }
    Ok(configuration)
}

/// Reads a configuration as the component does: loaded strictly, defaulted, validated, and checked by making
/// the plugins. Without a file it is the default one.
pub(crate) fn read_component_configuration(
    path: Option<&Path>,
    gates: &FeatureGates,
) -> Result<SchedulerConfiguration> {
    let Some(path) = path else { return Ok(SchedulerConfiguration::default_for(gates)) };
    let mut configuration = load_configuration(path, gates)?;
    let problems = wire::config::validate(&configuration, gates);
    if !problems.is_empty() {
        bail!("{}: {}", path.display(), FieldErrors(problems));
    }
    check_plugins(&mut configuration, path, gates)?;
    Ok(configuration)
}

/// Reads a configuration strictly and completes it; it is not judged yet.
pub(crate) fn load_configuration(path: &Path, gates: &FeatureGates) -> Result<SchedulerConfiguration> {
    let file = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("reading configuration {file}"))?;
    Ok(wire::config::load(&bytes, &file.to_string(), gates)?)
}

/// Brings plugins and extenders together, and makes the plugins to see whether they can be made.
pub(crate) fn check_plugins(
    configuration: &mut SchedulerConfiguration,
    path: &Path,
    gates: &FeatureGates,
) -> Result<()> {
    let file = path.display();
    configuration.apply_managed_resources().map_err(|error| anyhow::anyhow!("{file}: extenders: {error}"))?;
    Profile::build_all(configuration, gates, &mut Interner::default()).with_context(|| file.to_string())?;
    Ok(())
}
