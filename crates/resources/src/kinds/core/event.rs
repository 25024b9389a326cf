//! Events of both groups: one kind, the same facts under other names.

use serde_json::Value;

use crate::document::{Members as _, Object, members_of};
use crate::kind::Strategy;
use crate::schema::Schema;

/// The name in `v1`, and in `events.k8s.io/v1`.
const NAMES: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// The strategy of events.
pub(in crate::kinds) struct Event;

impl Strategy for Event {
    fn convert(&self, object: &mut Value, _from: (&str, &str), (group, version): (&str, &str)) {
        let members = members_of(object);
        for (core, new) in NAMES {
            if group.is_empty() { rename(members, new, core) } else { rename(members, core, new) }
        }
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        members.put("apiVersion", api_version);
        if let Some(of) = Schema::get().type_of(group, version, "Event") {
            Schema::get().normalise(of, object);
        }
    }
}

fn rename(members: &mut Object, from: &str, to: &str) {
    if let Some(value) = members.remove(from) {
        members.insert(to.to_owned(), value);
    }
}
