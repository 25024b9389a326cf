//! The log, as flags want it.

use std::str::FromStr as _;
use std::sync::Arc;

use anyhow::{Result, bail};
use kube_scheduler::serving::SetVerbosity;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, reload};

use super::flags::Flags;

/// What of this program logs; libraries say little of use, and only when they fail.
const OWN: [&str; 7] =
    ["steersman", "kube_scheduler", "client", "component", "delegation", "scheduling", "simulated_nodes"];

/// Has the log written to standard error. Returns what changes how much.
pub(super) fn start(flags: &Flags) -> Result<SetVerbosity> {
    let modules = modules(&flags.vmodule)?;
    let (filter, handle) = reload::Layer::new(targets(flags.v, &modules));
    let text = fmt::layer().with_writer(std::io::stderr).with_target(false);
    // A log can be there already only in tests.
    let _ = match flags.logging_format.as_str() {
        "text" => tracing_subscriber::registry().with(filter).with(text.with_ansi(false)).try_init(),
        "json" => {
            tracing_subscriber::registry().with(filter).with(text.json().flatten_event(true)).try_init()
        }
        other => {
            bail!("format: Invalid value: {other:?}: Unsupported log format (--logging-format: text or json)")
        }
    };
    if flags.log_text_split_stream
        || flags.log_json_split_stream
        || flags.log_text_info_buffer_size != "0"
        || flags.log_json_info_buffer_size != "0"
    {
        bail!("options: Forbidden: Feature LoggingAlphaOptions is disabled (--log-text-…, --log-json-…)");
    }
    Ok(Arc::new(move |verbosity| {
        // It fails only if there is no log any more.
        let _ = handle.modify(|filter| *filter = targets(verbosity, &modules));
    }))
}

/// The levels of klog's verbosities.
fn level(verbosity: u32) -> LevelFilter {
    match verbosity {
        0..=3 => LevelFilter::INFO,
        4..=5 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

fn targets(verbosity: u32, modules: &[(String, u32)]) -> Targets {
    let own = OWN.map(|name| (name, level(verbosity)));
    let targets = Targets::new().with_default(LevelFilter::WARN).with_targets(own);
    modules
        .iter()
        .fold(targets, |targets, (module, verbosity)| targets.with_target(module.clone(), level(*verbosity)))
}

/// `driver=6` is about the module `kube_scheduler::driver`, `client=4` about the crate.
fn modules(entries: &[String]) -> Result<Vec<(String, u32)>> {
    let mut modules = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_empty()) {
        let parsed = entry.split_once('=').and_then(|(name, n)| Some((name, u32::from_str(n).ok()?)));
        let Some((name, verbosity)) = parsed else {
            bail!("--vmodule: {entry:?} is not of the form MODULE=N");
        };
        let name = name.replace('-', "_");
        let is_crate = OWN.contains(&name.as_str()) || name.contains("::");
        modules.push((if is_crate { name } else { format!("kube_scheduler::{name}") }, verbosity));
    }
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn verbosities_are_levels_and_modules_have_their_own() {
        let modules = modules(&["driver=6".to_owned(), "client=4".to_owned()]).unwrap();
        let targets = targets(0, &modules);
        for (target, level, expected) in [
            ("kube_scheduler::driver", Level::TRACE, true),
            ("kube_scheduler::executor", Level::DEBUG, false),
            ("kube_scheduler::executor", Level::INFO, true),
            ("client::source", Level::DEBUG, true),
            ("hyper::client", Level::INFO, false),
            ("hyper::client", Level::WARN, true),
        ] {
            assert_eq!(targets.would_enable(target, &level), expected, "{target} {level}");
        }
        assert!(super::modules(&["driver".to_owned()]).is_err());
    }
}
