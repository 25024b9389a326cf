//! SchedulingGates: pods wait until their gates are removed (KEP-3521).

use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Hint, Plugin, Reason, Registration, Resource, Status,
};
use crate::model::Pod;

const NAME: &str = "SchedulingGates";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreEnqueue],
    events: &[ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_SCHEDULING_GATES_ELIMINATED)],
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

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        Hint::queue_if(changed.is_pod(pod))
    }
}
