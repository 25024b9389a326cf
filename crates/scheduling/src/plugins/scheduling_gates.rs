//! SchedulingGates: pods wait until their gates are removed (KEP-3521).

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, Plugin, Reason, Registration, Status};
use crate::model::Pod;

const NAME: &str = "SchedulingGates";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreEnqueue],
    ..Registration::named(NAME, |_| Ok(Box::new(SchedulingGates)))
};

struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn pre_enqueue(&self, cycle: Cycle<'_>, pod: &Pod) -> Result<(), Status> {
        let gates = &pod.shape.scheduling_gates;
        if gates.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = gates.iter().map(|gate| cycle.symbols.resolve(*gate)).collect();
        let text = format!("waiting for scheduling gates: [{}]", names.join(" "));
        Err(Status::unresolvable(NAME, Reason::text(text)))
    }
}
