//! Priority and fairness (KEP-1040).

use serde_json::Value;

use crate::document::{Members as _, at_mut};

/// A FlowSchema.
pub(crate) fn flow_schema(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        spec.fill_empty("matchingPrecedence", 1000);
    }
}

/// A PriorityLevelConfiguration.
pub(crate) fn priority_level(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    if let Some(limited) = spec.members_mut("limited") {
        limited.fill_absent("nominalConcurrencyShares", 30);
        limited.fill_absent("lendablePercent", 0);
        let queuing =
            limited.members_mut("limitResponse").and_then(|response| response.members_mut("queuing"));
        if let Some(queuing) = queuing {
            queuing.fill_empty("queues", 64);
            queuing.fill_empty("handSize", 8);
            queuing.fill_empty("queueLengthLimit", 50);
        }
    }
    if let Some(exempt) = spec.members_mut("exempt") {
        exempt.fill_absent("nominalConcurrencyShares", 0);
        exempt.fill_absent("lendablePercent", 0);
    }
}
