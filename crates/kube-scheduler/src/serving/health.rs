//! Whether the scheduler is well.

use component::health::{Endpoints, Health};
use component::metrics::{Counter, Gauge, Registry};
use component::serving::Response;
use component::shutdown::{Shutdown, Stage};

/// The checks of the three endpoints. Unlike those of the API server they have little in common.
pub struct Checks {
    healthz: Health,
    livez: Health,
    readyz: Health,
}

impl Checks {
    /// kube-scheduler's checks. `is_synced` says whether everything that was there at the beginning has been taken in.
    pub fn new(
        elects_leader: bool,
        shutdown: Shutdown,
        is_synced: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Checks {
        let (mut healthz, mut livez, mut readyz) = (Health::default(), Health::default(), Health::default());
        let name = if elects_leader { "leaderElection" } else { "ping" };
        // As upstream, whose watchdog of the elector is never told of the elector.
        healthz.add(name, Endpoints::All, || Ok(()));
        livez.add("ping", Endpoints::All, || Ok(()));
        if elects_leader {
            readyz.add(name, Endpoints::All, || Ok(()));
        }
        readyz.add("shutdown", Endpoints::All, move || match shutdown.stage() {
            Stage::Running => Ok(()),
            _ => Err("process is shutting down".to_owned()),
        });
        readyz.add("sched-handler-sync", Endpoints::All, move || {
            if is_synced() { Ok(()) } else { Err("handlers are not fully synchronized".to_owned()) }
        });
        Checks { healthz, livez, readyz }
    }

    /// The answer to a path; `None` if the path is none of ours.
    pub(super) fn answer(&self, path: &str, query: &[(String, String)]) -> Option<Response> {
        let endpoint = path.strip_prefix('/')?.split('/').next()?;
        let health = match endpoint {
            "healthz" => &self.healthz,
            "livez" => &self.livez,
            "readyz" => &self.readyz,
            _ => return None,
        };
        health.answer(path, query)
    }
}

/// Metrics about checks: how often they passed, and whether they did the last time.
pub(super) fn slis(checks: &mut Checks) -> Registry {
    let registry = Registry::new();
    let last = registry.family::<Gauge, 2>(
        "kubernetes_healthcheck",
        "[STABLE] Whether a check passed the last time (1) or failed (0).",
        ["name", "type"],
        (),
    );
    let total = registry.family::<Counter, 3>(
        "kubernetes_healthchecks_total",
        "[STABLE] How often a check was made, by what came of it.",
        ["name", "status", "type"],
        (),
    );
    for health in [&mut checks.healthz, &mut checks.livez, &mut checks.readyz] {
        let (last, total) = (last.clone(), total.clone());
        health.tell(move |endpoint, name, has_passed| {
            last.with([name, endpoint]).set(i64::from(has_passed));
            total.with([name, if has_passed { "success" } else { "error" }, endpoint]).inc();
        });
    }
    registry.collect_with(|text| {
        let start = component::metrics::process_start_seconds();
        if let Some(start) = start {
            let name = "process_start_time_seconds";
            let help = "[ALPHA] When the process started, in seconds since 1970.";
            text.family(name, component::metrics::Type::Gauge, help).value(name, &[], start);
        }
    });
    registry
}
